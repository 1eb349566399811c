import assert from "node:assert/strict";
import { test } from "node:test";
import { cameraId, lineId, monoMs, trackId } from "../../core/brand.ts";
import type { CameraPlan } from "../../core/site.ts";
import type { VisionEvent } from "../../vision/camera-pipeline.ts";
import { playPath } from "./path-playback.ts";

const plan: CameraPlan = {
  id: cameraId("gate"),
  name: "Gate",
  lines: [
    { id: lineId("door"), name: "Door", role: "door", a: { x: 0.5, y: 1 }, b: { x: 0.5, y: 0 } },
  ],
  zones: [],
  exclusions: [],
};
const picture = { widthPx: 640, heightPx: 360 };

/** Somebody who walks to and fro over the line, one step in `stepMs`. */
function walk(steps: number, stepMs: number) {
  const points = Array.from({ length: steps }, (_, i) => ({
    atMono: monoMs(i * stepMs),
    xNorm: 0.2 + 0.6 * Math.abs(((i / 10) % 2) - 1),
    yNorm: 0.8,
    heightNorm: 0.3,
  }));
  const events: VisionEvent[] = [];
  const used = playPath({ trackId: trackId(1), score: 1, points }, plan, picture, (event) => {
    events.push(event);
  });
  return { used, events };
}

test("a way told after its end crosses the line each time it did", () => {
  const { used, events } = walk(41, 500);
  assert.equal(used, 41);
  const ways = events.flatMap((event) => (event.kind === "line-crossed" ? event.direction : []));
  assert.deepEqual(ways, ["in", "out", "in", "out"]);
});

test("a way of ten hours is a fault of the counter: only its first six are played", () => {
  const { used } = walk(601, 60_000);
  assert.equal(used, 361);
});
