import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { monoMs, trackId } from "../core/brand.ts";
import type { Point } from "../core/geometry.ts";
import { normalDraw, seededRandom } from "../core/random.ts";
import { LINE_HYSTERESIS, LineCounter, type LineCrossing } from "./line-counter.ts";

/** Body height in all tests, Px: the hysteresis is 20 Px. */
const HEIGHT = 100;
const A = { x: 0, y: 100 };
const B = { x: 200, y: 100 };
type Path = readonly (readonly [x: number, y: number])[];

function walk(path: Path, a: Point = A, b: Point = B, stepMs = 100, scale = 1): LineCrossing[] {
  const counter = new LineCounter(scaled(a, scale), scaled(b, scale));
  const crossings: LineCrossing[] = [];
  path.forEach(([x, y], i) => {
    const at = monoMs(i * stepMs);
    const crossing = counter.observe(trackId(1), x * scale, y * scale, HEIGHT * scale, at);
    if (crossing !== null) crossings.push(crossing);
  });
  const last = counter.forget(trackId(1));
  if (last !== null) crossings.push(last);
  return crossings;
}

const scaled = (p: Point, scale: number): Point => ({ x: p.x * scale, y: p.y * scale });
const directions = (crossings: readonly LineCrossing[]): string[] =>
  crossings.map((crossing) => crossing.direction);
const opposite = { in: "out", out: "in" } as const;

const cases: readonly { name: string; path: Path; expected: readonly ("in" | "out")[] }[] = [
  {
    name: "walking up through a line drawn to the right ends left of it: in",
    path: [
      [100, 150],
      [100, 110],
      [100, 90],
      [100, 60],
    ],
    expected: ["in"],
  },
  {
    name: "walking down: out",
    path: [
      [100, 60],
      [100, 90],
      [100, 110],
      [100, 150],
    ],
    expected: ["out"],
  },
  {
    name: "one long step from side to side counts",
    path: [
      [100, 40],
      [100, 160],
    ],
    expected: ["out"],
  },
  {
    name: "turning back on the line is not counted",
    path: [
      [100, 150],
      [100, 105],
      [100, 85],
      [100, 105],
      [100, 150],
    ],
    expected: [],
  },
  {
    name: "stopping just behind the line is not counted until going on",
    path: [
      [100, 150],
      [100, 90],
      [100, 85],
      [100, 88],
      [100, 70],
    ],
    expected: ["in"],
  },
  {
    name: "in, out and in again are three events in order",
    path: [
      [100, 150],
      [100, 50],
      [100, 150],
      [100, 50],
    ],
    expected: ["in", "out", "in"],
  },
  {
    name: "passing beside the end is not counted",
    path: [
      [230, 150],
      [230, 50],
    ],
    expected: [],
  },
  {
    name: "walking around the end and back through the line counts the way back only",
    path: [
      [230, 150],
      [230, 50],
      [100, 50],
      [100, 150],
    ],
    expected: ["out"],
  },
  {
    name: "a point exactly on the line belongs to the side it came from",
    path: [
      [100, 150],
      [100, 100],
      [100, 100],
      [100, 150],
      [100, 100],
      [100, 50],
    ],
    expected: ["in"],
  },
  {
    name: "somebody first seen on the line is not counted when leaving it",
    path: [
      [100, 95],
      [100, 110],
      [100, 150],
    ],
    expected: [],
  },
];

for (const { name, path, expected } of cases) {
  test(`line: ${name}`, () => assert.deepEqual(directions(walk(path)), expected));
  test(`line reversed: ${name}`, () =>
    assert.deepEqual(
      directions(walk(path, B, A)),
      expected.map((direction) => opposite[direction]),
    ));
}

test("the instant is where the path meets the line, not where the decision falls", () => {
  const [crossing] = walk(
    [
      [100, 150],
      [100, 110],
      [100, 95],
      [100, 60],
    ],
    A,
    B,
    1000,
  );
  assert.ok(Math.abs((crossing?.atMono ?? 0) - (1000 + (1000 * 10) / 15)) < 1e-9);
});

test("somebody who stands on the line for ten minutes with a trembling box is not counted", () => {
  const random = seededRandom(11);
  const path: Path = Array.from({ length: 4800 }, () => [
    100 + 5 * normalDraw(random),
    100 + 4 * normalDraw(random),
  ]);
  assert.deepEqual(walk(path, A, B, 125), []);
});

test("a person unseen for longer than the gap is not counted across it", () => {
  const counter = new LineCounter(A, B);
  counter.observe(trackId(1), 100, 150, HEIGHT, monoMs(0));
  assert.equal(counter.observe(trackId(1), 100, 50, HEIGHT, monoMs(5001)), null);
  assert.equal(counter.observe(trackId(1), 100, 150, HEIGHT, monoMs(5101))?.direction, "out");
});

test("a crossing still kept back when a person goes unseen is told when they are seen again", () => {
  const counter = new LineCounter(A, B);
  counter.observe(trackId(1), 100, 150, HEIGHT, monoMs(0));
  assert.equal(counter.observe(trackId(1), 100, 75, HEIGHT, monoMs(100)), null);
  assert.equal(counter.observe(trackId(1), 100, 75, HEIGHT, monoMs(5200))?.direction, "in");
});

test("people do not share their memory, and forgetting one leaves the other", () => {
  const counter = new LineCounter(A, B);
  counter.observe(trackId(1), 100, 150, HEIGHT, monoMs(0));
  counter.observe(trackId(2), 100, 50, HEIGHT, monoMs(0));
  counter.forget(trackId(1));
  assert.equal(counter.observe(trackId(1), 100, 50, HEIGHT, monoMs(100)), null);
  assert.equal(counter.observe(trackId(2), 100, 150, HEIGHT, monoMs(100))?.direction, "out");
});

test("over the line and back within half a second is a box that jumped, a second apart it is two crossings", () => {
  const jump: Path = [
    [100, 150],
    [100, 75],
    [100, 125],
    [100, 150],
  ];
  assert.deepEqual(directions(walk(jump, A, B, 100)), []);
  assert.deepEqual(directions(walk(jump, A, B, 1000)), ["in", "out"]);
});

test("far beyond the line a crossing is told at once, near it after half a second", () => {
  const told = (yPx: number): number => {
    const counter = new LineCounter(A, B);
    counter.observe(trackId(1), 100, 150, HEIGHT, monoMs(0));
    for (let atMs = 100; ; atMs += 100) {
      if (counter.observe(trackId(1), 100, yPx, HEIGHT, monoMs(atMs)) !== null) return atMs;
    }
  };
  assert.equal(told(55), 100);
  assert.equal(told(75), 600);
});

test("one sight barely beyond the line is no proof, staying there is, and so is being seen there last", () => {
  const jolt: Path = [
    [100, 150],
    [100, 110],
    [100, 78],
    [100, 95],
    [100, 95],
    [100, 95],
  ];
  assert.deepEqual(walk(jolt), []);
  const stays: Path = [...jolt.slice(0, 2), [100, 78], [100, 78], [100, 78], [100, 78], [100, 95]];
  assert.deepEqual(directions(walk(stays)), ["in"]);
  assert.deepEqual(directions(walk(jolt.slice(0, 3))), ["in"]);
});

test("memory is bounded however many tracks pass", () => {
  const counter = new LineCounter(A, B, { ...LINE_HYSTERESIS, maxTracks: 8 });
  for (let id = 1; id <= 1000; id += 1) counter.observe(trackId(id), 100, 150, HEIGHT, monoMs(id));
  assert.equal(counter.size, 8);
});

const anyPath = fc.array(
  fc.tuple(fc.integer({ min: -50, max: 250 }), fc.integer({ min: -50, max: 250 })),
  { minLength: 2, maxLength: 40 },
);

test("reversing the line swaps in and out, on any path", () => {
  fc.assert(
    fc.property(anyPath, (path) => {
      const forward = walk(path);
      const backward = walk(path, B, A);
      assert.deepEqual(
        directions(backward),
        forward.map(({ direction }) => opposite[direction]),
      );
      assert.deepEqual(
        backward.map((c) => Math.round(c.atMono)),
        forward.map((c) => Math.round(c.atMono)),
      );
    }),
    { seed: 5 },
  );
});

test("scaling all coordinates changes nothing, on any path", () => {
  fc.assert(
    fc.property(anyPath, fc.constantFrom(0.25, 0.5, 2, 8), (path, scale) =>
      assert.deepEqual(walk(path, A, B, 100, scale), walk(path)),
    ),
    { seed: 6 },
  );
});

test("on an endless line the balance of in and out is where the person is, on any path", () => {
  fc.assert(
    fc.property(anyPath, (inner) => {
      // Begin and end well beyond the line, so that both sides are certain.
      const path: Path = [[0, 200], ...inner, [0, 0]];
      const crossings = walk(path, { x: -1e6, y: 100 }, { x: 1e6, y: 100 });
      const balance = crossings.reduce((sum, c) => sum + (c.direction === "in" ? 1 : -1), 0);
      assert.equal(balance, 1);
      const alternating = crossings.every(
        (c, i) => i === 0 || c.direction !== crossings[i - 1]?.direction,
      );
      assert.ok(alternating);
    }),
    { seed: 8 },
  );
});
