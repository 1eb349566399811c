import assert from "node:assert/strict";
import { test } from "node:test";
import { monoMs, trackId } from "../core/brand.ts";
import { normalDraw, seededRandom } from "../core/random.ts";
import { joinDeviation, WayTrace } from "./crossing-join.ts";
import { LineCounter, type LineCrossing } from "./line-counter.ts";

/** Body height in all tests, Px. The line runs along y = 100; walking up goes `in`. */
const HEIGHT = 100;
const STEP_MS = 125;

interface Walk {
  readonly id: number;
  readonly fromMs: number;
  readonly toMs: number;
  /** Place at the start and speed, Px and Px/s. */
  readonly x: number;
  readonly y: number;
  readonly vx: number;
  readonly vy: number;
  readonly heightPx?: number;
}

interface Told extends LineCrossing {
  readonly id: number;
}

/** Plays the walks on a line from (0, 100) to (200, 100); every track ends three seconds after its last sight. */
function play(walks: readonly Walk[], isReversed = false): Told[] {
  const [a, b] = [
    { x: 0, y: 100 },
    { x: 200, y: 100 },
  ];
  const counter = isReversed ? new LineCounter(b, a) : new LineCounter(a, b);
  const told: Told[] = [];
  const note = (id: number, crossing: LineCrossing | null): void => {
    if (crossing !== null) told.push({ id, ...crossing });
  };
  for (let atMs = 0; atMs <= 12_000; atMs += STEP_MS) {
    for (const { id, fromMs, toMs, x, y, vx, vy, heightPx = HEIGHT } of walks) {
      const s = (atMs - fromMs) / 1000;
      if (atMs >= fromMs && atMs <= toMs)
        note(id, counter.observe(trackId(id), x + vx * s, y + vy * s, heightPx, monoMs(atMs)));
      else if (atMs - toMs > 3000) note(id, counter.forget(trackId(id)));
    }
  }
  return told;
}

/** Walks up at 80 Px/s from y = 200 and is lost 20 Px before the line, after a second. */
const lost: Walk = { id: 1, fromMs: 0, toMs: 1000, x: 100, y: 200, vx: 0, vy: -80 };
/** The same way, found again 750 ms later, 40 Px behind the line. */
const found: Walk = { id: 2, fromMs: 1750, toMs: 3000, x: 100, y: 60, vx: 0, vy: -80 };

test("a person lost before the line and found behind it, going on, is one crossing", () => {
  const told = play([lost, found]);
  assert.deepEqual(
    told.map(({ id, direction }) => [id, direction]),
    [[2, "in"]],
  );
  // 20 of the 60 Px between the two lie before the line.
  assert.ok(Math.abs((told[0]?.atMono ?? 0) - 1250) < 1);
});

test("with the line drawn the other way it is a crossing the other way", () => {
  assert.deepEqual(
    play([lost, found], true).map(({ direction }) => direction),
    ["out"],
  );
});

const strangers: readonly { name: string; second: Walk; first?: Walk }[] = [
  { name: "nobody appears: no crossing", second: { ...found, fromMs: 20_000, toMs: 20_000 } },
  { name: "the second stands behind the line", second: { ...found, vy: 0 } },
  { name: "the second walks back to the line", second: { ...found, y: 60, vy: 20 } },
  { name: "the second walks along the line", second: { ...found, vx: 80, vy: 0 } },
  {
    name: "two stand on either side of the line",
    first: { ...lost, y: 120, vy: 0 },
    second: { ...found, y: 60, vy: 0 },
  },
  {
    name: "the first stands before the line, another walks off behind it",
    first: { ...lost, y: 130, vy: 0 },
    second: found,
  },
  {
    name: "the first walks away from the line",
    first: { ...lost, y: 120, vy: 80 },
    second: found,
  },
  { name: "more than a second lies between", second: { ...found, fromMs: 2125, toMs: 3500 } },
  { name: "a child is found where a grown-up was lost", second: { ...found, heightPx: 60 } },
  { name: "the second is far to the side", second: { ...found, x: 190 } },
  {
    name: "the first is still seen when the second appears",
    first: { ...lost, vy: -40, toMs: 2500 },
    second: found,
  },
];

for (const { name, first = lost, second } of strangers)
  test(`two people, not one: ${name}`, () => assert.deepEqual(play([first, second]), []));

test("around the end of the line there is no crossing", () => {
  const beside = (walk: Walk): Walk => ({ ...walk, x: walk.x + 150 });
  assert.deepEqual(play([beside(lost), beside(found)]), []);
});

test("a lost end serves once: of two who appear behind the line only one crossed it", () => {
  const told = play([lost, found, { ...found, id: 3, x: 110 }]);
  assert.equal(told.length, 1);
});

test("a crossing that was told is not told again when the person is lost behind the line and found", () => {
  const first: Walk = { ...lost, toMs: 2000 };
  const second: Walk = { ...found, fromMs: 2500, y: 0 };
  assert.deepEqual(
    play([first, second]).map(({ id }) => id),
    [1],
  );
});

test("a person found just before the line who walks through it brings the side they came from along", () => {
  const second: Walk = { ...found, fromMs: 1125, toMs: 3000, y: 110 };
  const told = play([lost, second]);
  assert.deepEqual(
    told.map(({ id, direction }) => [id, direction]),
    [[2, "in"]],
  );
  assert.ok(Math.abs((told[0]?.atMono ?? 0) - 1250) < 1);
});

test("predictions do not lengthen the way of a lost person", () => {
  const counter = new LineCounter({ x: 0, y: 100 }, { x: 200, y: 100 });
  const see = (id: number, y: number, atMs: number, isSeen = true): LineCrossing | null =>
    counter.observe(trackId(id), 100, y, HEIGHT, monoMs(atMs), isSeen);
  for (let i = 0; i <= 8; i += 1) see(1, 200 - 10 * i, 125 * i);
  see(1, 110, 1125, false);
  see(1, 100, 1250, false);
  const told = [see(2, 90, 1375)];
  for (let i = 1; i <= 6; i += 1) told.push(see(2, 90 - 10 * i, 1375 + 125 * i));
  assert.deepEqual(
    told.flatMap((crossing) => crossing?.direction ?? []),
    ["in"],
  );
});

test("the speed of a straight walk is exact at any rate of sights, and a trembling box has next to none", () => {
  for (const stepMs of [40, 143, 286]) {
    const trace = new WayTrace(0, 0, HEIGHT, monoMs(0));
    for (let atMs = stepMs; atMs <= 3000; atMs += stepMs)
      trace.note(0.08 * atMs, -0.02 * atMs, HEIGHT, monoMs(atMs));
    assert.ok(Math.abs(trace.vxPxPerS - 80) < 1e-6);
    assert.ok(Math.abs(trace.vyPxPerS + 20) < 1e-6);
  }
  const random = seededRandom(3);
  const still = new WayTrace(0, 0, HEIGHT, monoMs(0));
  let fast = 0;
  for (let i = 1; i <= 4000; i += 1) {
    still.note(3 * normalDraw(random), 3 * normalDraw(random), HEIGHT, monoMs(125 * i));
    if (Math.hypot(still.vxPxPerS, still.vyPxPerS) > 0.3 * HEIGHT) fast += 1;
  }
  assert.ok(fast < 4, `${fast} of 4000`);
});

test("before its own end nothing is a continuation", () => {
  const end = { xPx: 0, yPx: 0, heightPx: 100, atMono: monoMs(1000), vxPxPerS: 80, vyPxPerS: 0 };
  const start = { xPx: 40, yPx: 0, heightPx: 100 };
  assert.equal(joinDeviation(end, { ...start, atMono: monoMs(1000) }), null);
  assert.ok(Math.abs((joinDeviation(end, { ...start, atMono: monoMs(1500) }) ?? 9) - 0) < 1e-9);
});

test("whoever goes back to the side the other way came from crosses once, in their own name", () => {
  // Found just behind the line, back over it, then through: the lost way must not be counted as well.
  const counter = new LineCounter({ x: 0, y: 100 }, { x: 200, y: 100 });
  const told: string[] = [];
  const see = (id: number, y: number, atMs: number): void => {
    const crossing = counter.observe(trackId(id), 100, y, HEIGHT, monoMs(atMs));
    if (crossing !== null) told.push(`${id} ${crossing.direction}`);
  };
  for (let i = 0; i <= 8; i += 1) see(1, 200 - 10 * i, i * STEP_MS);
  const way = [90, 95, 105, 115, 125, 130, 120, 100, 80, 60, 40, 20, 0, -20];
  for (const [i, y] of way.entries()) see(2, y, 1500 + i * STEP_MS);
  assert.deepEqual(told, ["2 in"]);
});
