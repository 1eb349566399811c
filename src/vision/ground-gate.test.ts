import assert from "node:assert/strict";
import { test } from "node:test";
import { monoMs } from "../core/brand.ts";
import type { GroundPoint } from "../core/site.ts";
import { type Feet, FLOOR_LIMITS, GroundGate } from "./ground-gate.ts";
import { createGroundPlane } from "./ground-plane.ts";
import { createDetections, type Detections } from "./ports.ts";
import { Tracker } from "./tracker.ts";
import { TRACKER_PARAMETERS } from "./tracker-parameters.ts";

const picture = { widthPx: 800, heightPx: 600 };

/**
 * A camera at 3 m looking along the floor, horizon at y = 0, focal length 600 Px: a point at depth D m and X m to the
 * right is seen at (400 + 600 X / D, 1800 / D).
 */
const at = (xM: number, depthM: number): { x: number; y: number } => ({
  x: 400 + (600 * xM) / depthM,
  y: 1800 / depthM,
});
const ground: readonly GroundPoint[] = (
  [
    [-1, 4],
    [1, 4],
    [4, 12],
    [-4, 12],
  ] as const
).map(([xM, yM]) => {
  const { x, y } = at(xM, yM);
  return { image: { x: x / picture.widthPx, y: y / picture.heightPx }, xM, yM };
});
const gate = new GroundGate(createGroundPlane(ground, picture));

function feet(xM: number, depthM: number, hiddenPx = 0): Feet {
  const { x, y } = at(xM, depthM);
  const heightPx = (1.7 * 600) / depthM;
  return { xPx: x, footPx: y - hiddenPx, hiddenFootPx: y, heightPx };
}

test("a step is possible, four metres deeper in an eighth of a second is not", () => {
  assert.equal(gate.isPossible(feet(0, 6), feet(0.2, 6.1), 0.125, FLOOR_LIMITS), true);
  assert.equal(gate.isPossible(feet(0, 6), feet(0, 10), 0.125, FLOOR_LIMITS), false);
});

test("time makes more possible: the same four metres in a second and a half", () => {
  assert.equal(gate.isPossible(feet(0, 6), feet(0, 10), 1.5, FLOOR_LIMITS), true);
});

test("a person whose legs are hidden is judged by where the feet would be", () => {
  // The lower 80 Px hidden: by the end of the box they would stand more than four metres farther away.
  assert.equal(gate.isPossible(feet(0, 6), feet(0, 6, 80), 0.125, FLOOR_LIMITS), true);
});

test("places above the horizon are nobody's reason to refuse", () => {
  const sky: Feet = { xPx: 400, footPx: -50, hiddenFootPx: -50, heightPx: 100 };
  assert.equal(gate.isPossible(feet(0, 6), sky, 0.125, FLOOR_LIMITS), true);
  assert.equal(gate.isPossible(sky, feet(0, 6), 0.125, FLOOR_LIMITS), true);
});

/** Boxes of people of 1.7 m and 0.5 m at places on the floor. */
function frameOf(places: readonly (readonly [xM: number, depthM: number])[]): Detections {
  const frame = createDetections(Math.max(1, places.length));
  places.forEach(([xM, depthM], i) => {
    const { x, y } = at(xM, depthM);
    const [width, height] = [(0.5 * 600) / depthM, (1.7 * 600) / depthM];
    frame.xyxy.set([x - width / 2, y - height, x + width / 2, y], 4 * i);
    frame.score[i] = 0.9;
  });
  frame.count = places.length;
  return frame;
}

/** Ids at the end: somebody stands at 8 m and vanishes; in the next frame another stands at 13 m, right behind. */
function idsAfterExchange(withGround: boolean): readonly number[] {
  // A filter that would believe anything: only the floor is left to object.
  const parameters = { ...TRACKER_PARAMETERS, reachSigmas: 50 };
  const tracker = new Tracker({ picture, parameters, ...(withGround ? { ground } : {}) });
  let ids: number[] = [];
  for (let i = 0; i < 12; i += 1) {
    const present = tracker.update(frameOf([[0, i < 8 ? 8 : 13]]), monoMs(50 * i));
    ids = present.filter((track) => track.isSeen).map((track) => track.id);
  }
  return ids;
}

test("the id of a person is not handed to somebody metres behind in the same moment", () => {
  assert.deepEqual(idsAfterExchange(false), [1]);
  assert.deepEqual(idsAfterExchange(true), [2]);
});

test("a measured floor changes nothing for people who walk as people do", () => {
  const ids = (withGround: boolean): number[][] => {
    const tracker = new Tracker({ picture, ...(withGround ? { ground } : {}) });
    return Array.from({ length: 60 }, (_, i) => {
      const people = [
        [-1.5 + 0.05 * i, 5],
        [0.5, 10 - 0.08 * i],
      ] as const;
      return tracker.update(frameOf(people), monoMs(125 * i)).map((track) => track.id);
    });
  };
  assert.deepEqual(ids(true), ids(false));
  assert.deepEqual(ids(true).at(-1), [1, 2]);
});
