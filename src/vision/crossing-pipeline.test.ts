import assert from "node:assert/strict";
import { test } from "node:test";
import { frameOf, type PipelineRig, pipelineRig } from "../../test/fakes/pipeline-rig.ts";
import { cameraId, lineId, monoMs, zoneId } from "../core/brand.ts";
import { normalDraw, seededRandom } from "../core/random.ts";
import type { CameraPlan } from "../core/site.ts";

const picture = { widthPx: 800, heightPx: 400 };

/** A line across the picture at x = 400 Px and a zone from x = 480 on. */
const plan: CameraPlan = {
  id: cameraId("cam"),
  name: "camera",
  lines: [
    { id: lineId("door"), name: "door", role: "door", a: { x: 0.5, y: 1 }, b: { x: 0.5, y: 0 } },
  ],
  zones: [
    {
      id: zoneId("table"),
      name: "table",
      kind: "display",
      polygon: [
        { x: 0.6, y: 0.1 },
        { x: 0.95, y: 0.1 },
        { x: 0.95, y: 0.9 },
        { x: 0.6, y: 0.9 },
      ],
    },
  ],
  exclusions: [],
};

interface Rig extends PipelineRig {
  /** Told crossings and stays, forecasts and groups left out. */
  happened(): string[];
}

function rig(): Rig {
  const { pipeline, events, shown } = pipelineRig({ plan, picture });
  const happened = (): string[] =>
    events.flatMap((event) => {
      if (event.kind === "line-crossed") return `${event.direction}`;
      return event.kind === "zone-entered" || event.kind === "zone-exited" ? event.kind : [];
    });
  return { pipeline, events, shown, happened };
}

test("a mannequin on the line and one in the zone are never counted, shown or told", () => {
  const { pipeline, events, shown } = rig();
  const random = seededRandom(5);
  const jolt = (): number => 4 * normalDraw(random);
  for (let i = 0; i < 2400; i += 1) {
    const feet = [
      [400 + jolt(), 200 + jolt()],
      [600 + jolt(), 250 + jolt()],
    ] as const;
    pipeline.push(frameOf(...feet), monoMs(125 * i));
  }
  pipeline.end(monoMs(400_000));
  assert.deepEqual(events, []);
  assert.ok(shown.every(({ people }) => people.length === 0));
});

test("a person who stood in the zone at first has been there since the beginning once they walk", () => {
  const { pipeline, events } = rig();
  for (let i = 0; i < 240; i += 1)
    pipeline.push(frameOf([600 + Math.max(0, i - 160), 250]), monoMs(125 * i));
  const [entered] = events.filter(({ kind }) => kind === "zone-entered");
  assert.equal(entered?.atMono, 0);
});

test("a person who walked in may stand still for ten minutes and is one stay with one crossing", () => {
  const { pipeline, events, happened } = rig();
  const random = seededRandom(6);
  const x = (i: number): number => Math.min(300 + 12 * i, 600) + 2 * normalDraw(random);
  for (let i = 0; i < 4800; i += 1) pipeline.push(frameOf([x(i), 200]), monoMs(125 * i));
  pipeline.end(monoMs(600_000));
  assert.deepEqual(happened(), ["out", "zone-entered", "zone-exited"]);
  const exited = events.find((event) => event.kind === "zone-exited");
  assert.ok(exited?.kind === "zone-exited" && exited.dwellMs > 595_000 && exited.censored);
});

test("a person who stood just before the line and then walks through is counted", () => {
  for (const restFrames of [4, 80]) {
    const { pipeline, happened } = rig();
    for (let i = 0; i < restFrames + 30; i += 1)
      pipeline.push(frameOf([374 + 6 * Math.max(0, i - restFrames), 200]), monoMs(125 * i));
    assert.deepEqual(happened()[0], "out", `after ${restFrames} frames of rest`);
  }
});

test("boxes that are none are dropped and counted and harm nobody", () => {
  const clean = rig();
  const dirty = rig();
  for (let i = 0; i < 40; i += 1) {
    const x = 300 + 8 * i;
    clean.pipeline.push(frameOf([x, 200]), monoMs(125 * i));
    const frame = frameOf([Number.NaN, 200], [x, 200], [x, Number.POSITIVE_INFINITY], [x, 210]);
    frame.xyxy.set([x + 20, 300, x - 20, 100], 12);
    dirty.pipeline.push(frame, monoMs(125 * i));
  }
  assert.deepEqual(dirty.events, clean.events);
  assert.equal(dirty.pipeline.stats().refusedDetections, 120);
  assert.equal(clean.pipeline.stats().refusedDetections, 0);
});
