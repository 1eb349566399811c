import assert from "node:assert/strict";
import { test } from "node:test";
import { frameOf, type PipelineRig, pipelineRig } from "../../test/fakes/pipeline-rig.ts";
import { cameraId, lineId, monoMs, trackId, zoneId } from "../core/brand.ts";
import type { CameraPlan } from "../core/site.ts";
import type { CameraPipeline, CameraPipelineOptions } from "./camera-pipeline.ts";

const picture = { widthPx: 800, heightPx: 400 };
const plan: CameraPlan = {
  id: cameraId("cam"),
  name: "camera",
  lines: [
    { id: lineId("door"), name: "door", role: "door", a: { x: 0.5, y: 1 }, b: { x: 0.5, y: 0 } },
  ],
  zones: [
    {
      id: zoneId("shelf"),
      name: "shelf",
      kind: "display",
      polygon: [
        { x: 0.7, y: 0.2 },
        { x: 0.9, y: 0.2 },
        { x: 0.9, y: 0.9 },
        { x: 0.7, y: 0.9 },
      ],
    },
  ],
  exclusions: [],
};

const rig = (overrides: Partial<CameraPipelineOptions> = {}): PipelineRig =>
  pipelineRig({ plan, picture, ...overrides });

const FRAME_MS = 125;

/** Two walk side by side from left to right, then nobody comes for `emptyMs`. Returns the time after it. */
function pass(pipeline: CameraPipeline, startMs: number, emptyMs: number): number {
  let atMs = startMs;
  for (let x = 300; x <= 620; x += 12, atMs += FRAME_MS)
    pipeline.push(frameOf([x, 200], [x - 6, 260]), monoMs(atMs));
  for (const endMs = atMs + emptyMs; atMs < endMs; atMs += FRAME_MS)
    pipeline.push(frameOf(), monoMs(atMs));
  return atMs;
}

test("a crossing carries the way of the feet through the line, in the picture, against its time", () => {
  const { pipeline, events } = rig();
  pass(pipeline, 0, 0);
  const crossings = events.filter((event) => event.kind === "line-crossed");
  assert.equal(crossings.length, 2);
  for (const event of crossings) {
    if (event.kind !== "line-crossed") continue;
    const { path } = event;
    assert.ok(path.length >= 8 && path.length <= 16, `${path.length} points`);
    const before = path.filter(([dtMs]) => dtMs <= 0).at(-1);
    const after = path.find(([dtMs]) => dtMs > 0);
    assert.ok((before?.[1] ?? 1) <= 0.5 && (after?.[1] ?? 0) >= 0.5, JSON.stringify(path));
    assert.ok((path.at(-1)?.[0] ?? 0) - (path[0]?.[0] ?? 0) <= 2000);
  }
});

test("a crossing decided only when the track has ended still has its path", () => {
  const { pipeline, events } = rig();
  let atMs = 0;
  for (let x = 304; x <= 412; x += 12, atMs += FRAME_MS)
    pipeline.push(frameOf([x, 200]), monoMs(atMs));
  for (let i = 0; i < 28; i += 1, atMs += FRAME_MS) pipeline.push(frameOf(), monoMs(atMs));
  const crossed = events.find(({ kind }) => kind === "line-crossed");
  assert.ok(crossed?.kind === "line-crossed" && crossed.path.length >= 8);
});

test("two who cross side by side are told as a group by the tracker's ids", () => {
  const { pipeline, events } = rig();
  pass(pipeline, 0, 4000);
  const group = events.find(({ kind }) => kind === "group-crossed");
  assert.deepEqual(group?.kind === "group-crossed" && [...group.trackIds].sort(), [1, 2]);
  assert.deepEqual(
    events.map(({ seq }) => seq),
    events.map((_, i) => i),
  );
});

test("a person of a third-party counter without a place is left out, the others are not", () => {
  const { pipeline, events, shown } = rig();
  const person = (id: number, xPx: number) => ({
    trackId: trackId(id),
    xPx,
    yPx: 200,
    heightPx: 100,
    score: 1,
  });
  for (let i = 0; i <= 20; i += 1)
    pipeline.pushTracks([person(1, Number.NaN), person(2, 300 + 12 * i)], monoMs(FRAME_MS * i));
  assert.deepEqual(
    shown.at(-1)?.people.map((shownPerson) => shownPerson.trackId),
    [2],
  );
  assert.ok(events.every((event) => "trackId" in event && event.trackId === 2));
});

test("the live plan has speeds where the floor is measured", () => {
  const ground = [
    { image: { x: 0, y: 0 }, xM: 0, yM: 0 },
    { image: { x: 1, y: 0 }, xM: 8, yM: 0 },
    { image: { x: 1, y: 1 }, xM: 8, yM: 4 },
    { image: { x: 0, y: 1 }, xM: 0, yM: 4 },
  ];
  const measured = rig({ plan: { ...plan, ground } });
  const unmeasured = rig();
  for (const { pipeline } of [measured, unmeasured]) pass(pipeline, 0, 0);
  // 12 Px = 12 cm in 125 ms.
  const speed = measured.shown.at(-1)?.people[0]?.speedMPerS ?? 0;
  assert.ok(Math.abs(speed - 0.96) < 0.05, `${speed}`);
  assert.ok(!("speedMPerS" in (unmeasured.shown.at(-1)?.people[0] ?? {})));
});

test("while anybody is remembered, or a group is open, there is no point to resume from", () => {
  const { pipeline } = rig();
  assert.deepEqual(pipeline.resumePoint(), { nextSeq: 0, nextTrackId: 1 });
  const nextMs = pass(pipeline, 0, 0);
  assert.equal(pipeline.resumePoint(), null);
  pass(pipeline, nextMs, 5000);
  assert.notEqual(pipeline.resumePoint(), null);
  const { pipeline: counter } = rig();
  const walker = { trackId: trackId(1), yPx: 200, heightPx: 100, score: 1 };
  for (let i = 0; i < 20; i += 1)
    counter.pushTracks([{ ...walker, xPx: 300 + 12 * i }], monoMs(FRAME_MS * i));
  assert.equal(counter.resumePoint(), null);
  counter.blind(monoMs(FRAME_MS * 20));
  assert.notEqual(counter.resumePoint(), null);
});

test("what is recorded from a resume point on gives the same events to the last byte", () => {
  const live = rig();
  const firstMs = pass(live.pipeline, 0, 5000);
  const point = live.pipeline.resumePoint();
  assert.ok(point !== null && point.nextSeq > 0 && point.nextTrackId > 1);
  const told = live.events.length;
  const replayed = rig({ firstSeq: point.nextSeq, firstTrackId: point.nextTrackId });
  for (const { pipeline } of [live, replayed]) pass(pipeline, pass(pipeline, firstMs, 5000), 5000);
  assert.ok(replayed.events.length >= 6);
  assert.equal(JSON.stringify(replayed.events), JSON.stringify(live.events.slice(told)));
});
