import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { cameraId, monoMs, trackId } from "../core/brand.ts";
import type { CameraPlan } from "../core/site.ts";
import { createFloor } from "./floor.ts";
import { FootPaths } from "./foot-paths.ts";

const picture = { widthPx: 800, heightPx: 400 };
const bare: CameraPlan = { id: cameraId("c"), name: "c", lines: [], zones: [], exclusions: [] };
/** The picture shows 8 m by 4 m, from straight above. */
const ground = [
  { image: { x: 0, y: 0 }, xM: 0, yM: 0 },
  { image: { x: 1, y: 0 }, xM: 8, yM: 0 },
  { image: { x: 1, y: 1 }, xM: 8, yM: 4 },
  { image: { x: 0, y: 1 }, xM: 0, yM: 4 },
];
const id = trackId(7);

function paths(plan: CameraPlan = bare): FootPaths {
  return new FootPaths(createFloor(plan, picture), picture);
}

const sight = (xPx: number, yPx: number, atMs: number, track = id) => ({
  trackId: track,
  xPx,
  yPx,
  heightPx: 100,
  score: 1,
  atMono: monoMs(atMs),
});

test("a foot path is the last two seconds, oldest first, told against the crossing", () => {
  const found = paths();
  for (let i = 0; i <= 8; i += 1) found.note(sight(100 + 40 * i, 200, 500 * i));
  assert.deepEqual(found.pathOf(id, monoMs(3750)), [
    [-1750, 0.325, 0.5],
    [-1250, 0.375, 0.5],
    [-750, 0.425, 0.5],
    [-250, 0.475, 0.5],
    [250, 0.525, 0.5],
  ]);
});

test("at any frame rate a path has at most 16 points, spans its two seconds and ends at the last sight", () => {
  for (const frameMs of [7, 20, 40, 66, 100, 125, 200, 285]) {
    const found = paths();
    let last = 0;
    for (; last < 6000; last += frameMs) found.note(sight(last / 10, 200, last));
    last -= frameMs;
    const path = found.pathOf(id, monoMs(last));
    assert.ok(path.length <= 16, `${path.length} points`);
    assert.ok(path.length >= Math.min(8, 2000 / frameMs), `${path.length} points of ${frameMs} ms`);
    assert.equal(path.at(-1)?.[0], 0);
    const spanMs = -(path[0]?.[0] ?? 0);
    assert.ok(spanMs <= 2000 && spanMs >= 2000 - 2 * Math.max(frameMs, 66), `${spanMs} ms`);
  }
});

test("places outside the picture are moved to its edge, and a nought has no sign", () => {
  const found = paths();
  found.note(sight(-30, 460, 1000));
  const path = found.pathOf(id, monoMs(1000.3));
  assert.deepEqual(path, [[0, 0, 1]]);
  assert.ok(!Object.is(path[0]?.[0], -0));
});

test("the path ends with the decision, however long somebody stood behind the line before it", () => {
  const found = paths();
  for (let atMs = 0; atMs <= 60_000; atMs += 200) found.note(sight(400, 200, atMs));
  const path = found.pathOf(id, monoMs(1000));
  assert.deepEqual(path.at(-1)?.[0], 59_000);
  assert.ok((path[0]?.[0] ?? 0) >= 57_000);
});

test("nothing is kept of a track that is over, and its memory serves the next", () => {
  const found = paths();
  found.note(sight(100, 200, 0));
  found.forget(id);
  found.forget(id);
  assert.equal(found.size, 0);
  assert.deepEqual(found.pathOf(id, monoMs(0)), []);
  const next = trackId(8);
  found.note(sight(300, 100, 50, next));
  assert.deepEqual(found.pathOf(next, monoMs(50)), [[0, 0.375, 0.25]]);
});

test("however many tracks come, only so many are remembered", () => {
  const found = paths();
  for (let i = 0; i < 2000; i += 1) found.note(sight(100, 200, i, trackId(i)));
  assert.equal(found.size, 512);
  assert.equal(found.trailOf(trackId(0)), null);
  assert.notEqual(found.trailOf(trackId(1999)), null);
});

test("speed is told in metres where the floor is measured, and nowhere else", () => {
  const measured = paths({ ...bare, ground });
  const unmeasured = paths();
  for (let i = 0; i <= 10; i += 1) {
    // 13 Px = 13 cm in 100 ms.
    measured.note(sight(100 + 13 * i, 200, 100 * i));
    unmeasured.note(sight(100 + 13 * i, 200, 100 * i));
    if (i === 0) assert.equal(measured.speedMPerS(id), null, "one sight is no speed");
  }
  assert.ok(Math.abs((measured.speedMPerS(id) ?? 0) - 1.3) < 1e-9);
  assert.equal(unmeasured.speedMPerS(id), null);
});

test("a foot point above the horizon has no speed", () => {
  // A floor seen at a slant: the upper edge of the picture lies above the horizon.
  const slant = [
    { image: { x: 0.4, y: 0.5 }, xM: 0, yM: 20 },
    { image: { x: 0.6, y: 0.5 }, xM: 8, yM: 20 },
    { image: { x: 1, y: 1 }, xM: 8, yM: 0 },
    { image: { x: 0, y: 1 }, xM: 0, yM: 0 },
  ];
  const found = paths({ ...bare, ground: slant });
  for (let i = 0; i < 10; i += 1) found.note(sight(400 + i, 20, 100 * i));
  assert.equal(found.speedMPerS(id), null);
});

test("the same sights give the same path to the last digit, whatever other tracks do", () => {
  const steps = fc.array(
    fc.tuple(fc.integer({ min: 1, max: 400 }), fc.double({ min: -50, max: 900, noNaN: true })),
    { minLength: 1, maxLength: 60 },
  );
  fc.assert(
    fc.property(steps, steps, (mine, others) => {
      const alone = paths();
      const together = paths();
      let atMs = 0;
      mine.forEach(([gapMs, x], i) => {
        atMs += gapMs;
        alone.note(sight(x, 100, atMs));
        together.note(sight(others[i]?.[1] ?? 0, 50, atMs, trackId(99)));
        together.note(sight(x, 100, atMs));
        if (i % 7 === 3) together.forget(trackId(99));
      });
      const path = alone.pathOf(id, monoMs(atMs - 300));
      assert.deepEqual(together.pathOf(id, monoMs(atMs - 300)), path);
      for (const [i, [dtMs, x, y]] of path.entries()) {
        assert.ok(dtMs >= -2000 && x >= 0 && x <= 1 && y >= 0 && y <= 1);
        if (i > 0) assert.ok(dtMs > (path[i - 1]?.[0] ?? 0));
      }
    }),
    { seed: 5, numRuns: 100 },
  );
});
