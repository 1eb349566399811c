import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { frameOf, type PipelineRig, pipelineRig } from "../../test/fakes/pipeline-rig.ts";
import { cameraId, lineId, monoMs, trackId, zoneId } from "../core/brand.ts";
import type { Point } from "../core/geometry.ts";
import type { CameraPlan } from "../core/site.ts";
import type { CameraPipeline, CameraPipelineOptions, VisionEvent } from "./camera-pipeline.ts";

const picture = { widthPx: 800, heightPx: 400 };
const square = (left: number, top: number, right: number, bottom: number): Point[] => [
  { x: left, y: top },
  { x: right, y: top },
  { x: right, y: bottom },
  { x: left, y: bottom },
];

/** A door line across the picture at x = 400 Px, drawn upwards (left of it is x < 400), and a zone around x 500..700. */
const plan: CameraPlan = {
  id: cameraId("cam"),
  name: "camera",
  lines: [
    {
      id: lineId("door"),
      name: "door",
      role: "door",
      a: { x: 0.5, y: 1 },
      b: { x: 0.5, y: 0 },
    },
  ],
  zones: [
    {
      id: zoneId("table"),
      name: "table",
      kind: "display",
      polygon: square(0.625, 0.25, 0.875, 0.75),
    },
  ],
  exclusions: [],
};

const rig = (overrides: Partial<CameraPipelineOptions> = {}): PipelineRig =>
  pipelineRig({ plan, picture, ...overrides });

/** Somebody walks along y = 200 from one x to another, a frame every 125 ms. Returns the time after it. */
function walk(pipeline: CameraPipeline, from: number, to: number, startMs = 0): number {
  const steps = Math.round(Math.abs(to - from) / 12);
  for (let i = 0; i <= steps; i += 1)
    pipeline.push(frameOf([from + ((to - from) * i) / steps, 200]), monoMs(startMs + 125 * i));
  return startMs + 125 * (steps + 1);
}

/** What happened; forecasts and groups have tests of their own. */
const summary = (events: readonly VisionEvent[]): string[] =>
  events
    .filter(({ kind }) => kind !== "zone-approached" && kind !== "group-crossed")
    .map((event) =>
      event.kind === "line-crossed" ? `${event.lineId} ${event.direction}` : event.kind,
    );

test("a person who walks through the door line and into the zone causes the events in order", () => {
  const { pipeline, events } = rig();
  walk(pipeline, 300, 600);
  assert.deepEqual(summary(events), ["door out", "zone-entered"]);
  const crossed = events.find(({ kind }) => kind === "line-crossed");
  assert.equal(crossed?.kind === "line-crossed" && crossed.trackId, 1);
  assert.ok(crossed?.kind === "line-crossed" && Math.abs(crossed.confidence - 0.9) < 1e-6);
  // 12 Px per 125 ms from x = 300: at the line after 1042 ms.
  assert.ok(Math.abs((crossed?.atMono ?? 0) - 1042) < 30, `at ${crossed?.atMono}`);
});

test("numbers of events are contiguous from zero and carry the run", () => {
  const { pipeline, events } = rig();
  const next = walk(pipeline, 300, 760);
  walk(pipeline, 760, 300, next);
  pipeline.end(monoMs(60_000));
  assert.ok(events.length >= 6);
  assert.deepEqual(
    events.map((event) => event.seq),
    events.map((_, i) => i),
  );
  assert.ok(events.every((event) => event.source === "camera:cam#r1"));
});

test("a blind camera ends the stay as censored and counts nothing across the gap", () => {
  const { pipeline, events, shown } = rig();
  const next = walk(pipeline, 500, 600);
  pipeline.blind(monoMs(next));
  assert.deepEqual(summary(events), ["zone-entered", "zone-exited"]);
  const exited = events[1];
  assert.equal(exited?.kind === "zone-exited" && exited.censored, true);
  assert.equal(exited?.atMono, next - 125);
  assert.deepEqual(shown.at(-1)?.people, []);
  // The same person on the other side of the line a moment later is nobody's crossing.
  walk(pipeline, 300, 200, next + 125);
  assert.equal(events.length, 2);
});

test("ids go on counting after the camera was blind", () => {
  const ids = new Set<number>();
  const { pipeline } = rig({ onTracks: (tracks) => tracks.forEach((t) => void ids.add(t.id)) });
  const next = walk(pipeline, 100, 200);
  pipeline.blind(monoMs(next));
  walk(pipeline, 200, 300, next + 125);
  assert.deepEqual([...ids], [1, 2]);
});

test("after the end nothing happens any more, and ending twice is harmless", () => {
  const { pipeline, events } = rig();
  const next = walk(pipeline, 500, 600);
  pipeline.end(monoMs(next));
  pipeline.end(monoMs(next + 1));
  const before = events.length;
  walk(pipeline, 600, 300, next + 125);
  assert.equal(events.length, before);
  assert.equal(pipeline.stats().liveTracks, 0);
});

test("somebody who vanishes just behind the line is counted by the prediction, once the track has ended", () => {
  const { pipeline, events } = rig();
  // At 12 Px a frame the last sight is 12 Px beyond the line; 20 Px are needed.
  const next = walk(pipeline, 304, 412);
  assert.deepEqual(summary(events), []);
  for (let i = 0; i < 28; i += 1) pipeline.push(frameOf(), monoMs(next + 125 * i));
  assert.deepEqual(summary(events), ["door out"]);
});

test("a late or repeated frame is refused and counted", () => {
  const { pipeline } = rig();
  pipeline.push(frameOf([100, 200]), monoMs(1000));
  pipeline.push(frameOf([100, 200]), monoMs(1000));
  pipeline.push(frameOf([100, 200]), monoMs(900));
  const { frames, lateFrames } = pipeline.stats();
  assert.deepEqual({ frames, lateFrames }, { frames: 1, lateFrames: 2 });
});

test("dropped and uneven frames lead to the same counts", () => {
  const even = rig();
  walk(even.pipeline, 300, 600);
  const uneven = rig();
  for (let i = 0; i <= 25; i += 1)
    if (i % 3 !== 1)
      uneven.pipeline.push(frameOf([300 + 12 * i, 200]), monoMs(125 * i + (i % 4) * 9));
  assert.deepEqual(summary(uneven.events), summary(even.events));
});

test("nobody in an excluded area is followed, and their neighbours are", () => {
  const { pipeline, shown } = rig({ plan: { ...plan, exclusions: [square(0, 0, 0.25, 1)] } });
  for (let i = 0; i < 12; i += 1)
    pipeline.push(frameOf([40 + 12 * i, 200], [340, 200 + 12 * i]), monoMs(125 * i));
  const people = shown.at(-1)?.people ?? [];
  assert.equal(people.length, 1);
  assert.ok(Math.abs((people[0]?.xNorm ?? 0) - 340 / 800) < 0.01);
  assert.ok(Math.abs((people[0]?.yNorm ?? 0) - 332 / 400) < 0.05);
});

test("lines judge the centre of the box where that is asked for", () => {
  // Horizontal line at y = 100: the centre goes through it, the foot stays 50 Px below.
  const flat: CameraPlan = {
    ...plan,
    zones: [],
    lines: [
      {
        id: lineId("flat"),
        name: "flat",
        role: "internal",
        a: { x: 0, y: 0.25 },
        b: { x: 1, y: 0.25 },
      },
    ],
  };
  const counts = (["foot", "centre"] as const).map((anchor) => {
    const plan = { ...flat, lines: flat.lines.map((line) => ({ ...line, anchor })) };
    const { pipeline, events } = rig({ plan });
    for (let i = 0; i < 25; i += 1) pipeline.push(frameOf([400, 190 - 3 * i]), monoMs(125 * i));
    return summary(events);
  });
  assert.deepEqual(counts, [[], ["flat in"]]);
});

test("somebody first seen cut off by the lower edge, already at the line, is taken to have come over it", () => {
  const line = { id: lineId("near"), name: "near", role: "internal", anchor: "centre" } as const;
  const nearEdge = {
    ...plan,
    lines: [{ ...line, a: { x: 0, y: 0.9 }, b: { x: 1, y: 0.9 } }],
    zones: [],
  };
  const come = (bottomPx: number): readonly string[] => {
    const { pipeline, events } = rig({ plan: nearEdge });
    for (let i = 0; i < 25; i += 1) {
      pipeline.push(frameOf([400, bottomPx - 4 * i]), monoMs(125 * i));
    }
    return summary(events);
  };
  const { heightPx } = picture;
  assert.deepEqual(come(heightPx), ["near in"]);
  assert.deepEqual(
    come(heightPx - 15),
    [],
    "whole in the picture: nobody knows where they came from",
  );
});

test("people tracked elsewhere are counted by their own ids and forgotten when they stay away", () => {
  const { pipeline, events, shown } = rig();
  const person = (x: number) => ({
    trackId: trackId(77),
    xPx: x,
    yPx: 200,
    heightPx: 100,
    score: 1,
  });
  for (let i = 0; i <= 25; i += 1) pipeline.pushTracks([person(300 + 12 * i)], monoMs(125 * i));
  assert.equal(shown.at(-1)?.people[0]?.trackId, 77);
  assert.equal(pipeline.stats().liveTracks, 1);
  pipeline.pushTracks([], monoMs(10_000));
  assert.deepEqual(summary(events), ["door out", "zone-entered", "zone-exited"]);
  assert.equal(pipeline.stats().liveTracks, 0);
  const exited = events.at(-1);
  assert.equal(exited?.kind === "zone-exited" && exited.censored, true);
});

const scene = fc.array(
  fc.record({
    gapMs: fc.integer({ min: 1, max: 1500 }),
    isBlind: fc.integer({ min: 0, max: 20 }).map((n) => n === 0),
    feet: fc.array(fc.tuple(fc.integer({ min: 0, max: 800 }), fc.integer({ min: 100, max: 400 })), {
      maxLength: 6,
    }),
  }),
  { maxLength: 60 },
);

test("on any input every entry has one exit of the same track, and the same input gives the same events", () => {
  const play = (frames: typeof scene extends fc.Arbitrary<infer T> ? T : never): VisionEvent[] => {
    const { pipeline, events } = rig();
    let at = 0;
    for (const { gapMs, isBlind, feet } of frames) {
      at += gapMs;
      if (isBlind) pipeline.blind(monoMs(at));
      else pipeline.push(frameOf(...feet), monoMs(at));
    }
    pipeline.end(monoMs(at + 1));
    return events;
  };
  fc.assert(
    fc.property(scene, (frames) => {
      const events = play(frames);
      const inside = new Set<number>();
      for (const event of events) {
        if (event.kind !== "zone-entered" && event.kind !== "zone-exited") continue;
        assert.equal(inside.has(event.trackId), event.kind === "zone-exited");
        if (event.kind === "zone-entered") inside.add(event.trackId);
        else inside.delete(event.trackId);
      }
      assert.equal(inside.size, 0);
      assert.deepEqual(play(frames), events);
    }),
    { seed: 12, numRuns: 60 },
  );
});
