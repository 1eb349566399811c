import assert from "node:assert/strict";
import { test } from "node:test";
import { monoMs } from "../core/brand.ts";
import { normalDraw, seededRandom } from "../core/random.ts";
import { type Corners, MovementGate } from "./movement-gate.ts";
import { createDetections } from "./ports.ts";
import { Tracker } from "./tracker.ts";

const picture = { widthPx: 800, heightPx: 600 };
type Box = readonly [left: number, top: number, right: number, bottom: number];

const corners = ([left, top, right, bottom]: Box): Corners => ({
  leftPx: left,
  topPx: top,
  widthPx: right - left,
  heightPx: bottom - top,
});

/** Whether the gate opens on a box every 125 ms. */
function opens(boxes: readonly Box[]): boolean {
  const gate = new MovementGate();
  boxes.forEach((box, i) => {
    if (i === 0) gate.begin(corners(box), monoMs(0));
    else gate.note(corners(box), picture, monoMs(125 * i));
  });
  return gate.hasMoved;
}

const steps = (n: number, make: (i: number) => Box): Box[] =>
  Array.from({ length: n }, (_, i) => make(i));

const cases: readonly { name: string; boxes: readonly Box[]; moved: boolean }[] = [
  {
    name: "walking sideways by half a body height",
    boxes: steps(9, (i) => [100 + 6 * i, 100, 140 + 6 * i, 200]),
    moved: true,
  },
  {
    name: "walking up the picture",
    boxes: steps(9, (i) => [100, 300 - 6 * i, 140, 400 - 6 * i]),
    moved: true,
  },
  {
    name: "shuffling along at a twentieth of a height a second for twenty seconds",
    boxes: steps(160, (i) => [100 + 0.625 * i, 100, 140 + 0.625 * i, 200]),
    moved: true,
  },
  {
    name: "coming straight at the camera: the box grows on all sides",
    boxes: steps(12, (i) => [300 - 2 * i, 200 - 5 * i, 340 + 2 * i, 300 + 5 * i]),
    moved: true,
  },
  {
    name: "coming in over the lower edge: only the head and the sides are seen to move",
    boxes: steps(10, (i) => [300, 560 - 12 * i, 360, 600]),
    moved: true,
  },
  {
    name: "swaying on the spot",
    boxes: steps(80, (i) => [100 + 5 * Math.sin(i), 100, 140 + 5 * Math.sin(i), 200]),
    moved: false,
  },
  {
    name: "a mannequin seen now whole, now as a bust",
    boxes: steps(80, (i) => [100, 100, 140, i % 6 < 3 ? 200 : 150]),
    moved: false,
  },
  {
    name: "a poster at the lower edge of the picture",
    boxes: steps(80, (i) => [100, 520 + (i % 3), 140, 600]),
    moved: false,
  },
];

for (const { name, boxes, moved } of cases)
  test(`${name}: ${moved ? "has moved" : "has not moved"}`, () =>
    assert.equal(opens(boxes), moved));

test("once moved, always moved; and the time of rest is when it set out", () => {
  const gate = new MovementGate();
  gate.begin(corners([100, 100, 140, 200]), monoMs(0));
  gate.note(corners([101, 100, 141, 200]), picture, monoMs(60_000));
  gate.note(corners([125, 100, 165, 200]), picture, monoMs(60_500));
  assert.equal(gate.hasMoved, false);
  gate.note(corners([140, 100, 180, 200]), picture, monoMs(61_000));
  assert.equal(gate.hasMoved, true);
  assert.equal(gate.restMono, 60_000);
  gate.note(corners([100, 100, 140, 200]), picture, monoMs(700_000));
  assert.equal(gate.hasMoved, true);
});

/** A thing whose box trembles as AR(1) noise for ten minutes, found in a share of the frames. */
function ghostBecomesPerson(fps: number, sigma: number, missRatio: number, seed: number): boolean {
  const random = seededRandom(seed);
  const noise = Array.from({ length: 4 }, () => normalDraw(random));
  const tracker = new Tracker({ picture });
  const frame = createDetections(1);
  for (let i = 0; i < 600 * fps; i += 1) {
    noise.forEach((value, k) => {
      noise[k] = 0.6 * value + 0.8 * normalDraw(random);
    });
    const [nx = 0, ny = 0, nw = 0, nh = 0] = noise;
    const x = 300 + 40 * sigma * nx;
    const y = 300 + 100 * sigma * ny;
    const width = 40 * (1 + sigma * nw);
    const height = 100 * (1 + sigma * nh);
    frame.xyxy.set([x - width / 2, y - height / 2, x + width / 2, y + height / 2]);
    frame.score[0] = 0.8;
    frame.count = random() < missRatio ? 0 : 1;
    tracker.update(frame, monoMs((1000 * i) / fps));
    for (const track of tracker.confirmed()) if (track.isPerson) return true;
  }
  return false;
}

for (const fps of [3.5, 10, 25])
  for (const sigma of [0.03, 0.06])
    test(`a thing trembling by ${100 * sigma} % at ${fps} frames a second is no person in ten minutes`, () => {
      const seeds = fps > 20 ? [1, 2] : [1, 2, 3, 4];
      for (const seed of seeds)
        for (const missRatio of [0, 0.3])
          assert.equal(ghostBecomesPerson(fps, sigma, missRatio, seed), false, `seed ${seed}`);
    });
