import assert from "node:assert/strict";
import { test } from "node:test";
import { shareBelow, simulateDoors } from "../../../test/fakes/door-simulation.ts";
import { seededRandom } from "../../core/random.ts";
import {
  affordableDays,
  DECONVOLUTION_RULES,
  Deconvolution,
  type DoorDay,
  lagBorders,
  lagTable,
  massQuantile,
  massUpTo,
  meanUpTo,
} from "./deconvolution.ts";
import { dayPulls, drawMasses, drawnInterval95 } from "./deconvolution-interval.ts";

const TAU_MS = 120_000;

function explained(days: readonly DoorDay[], cells = Number.POSITIVE_INFINITY) {
  const work = new Deconvolution(days, lagBorders(TAU_MS));
  while (!work.advance(cells));
  return work.result;
}

function finished<T>(work: Generator<void, T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

test("tau is a border of the lags, and none lies just beside it", () => {
  for (const tau of [30_000, 97_000, 120_000, 600_000]) {
    const borders = lagBorders(tau);
    assert.ok(borders.includes(tau));
    assert.equal(borders[0], 0);
    assert.ok(borders.every((at, i) => i === 0 || at - (borders[i - 1] ?? 0) >= 8000));
    assert.equal(borders.at(-1), DECONVOLUTION_RULES.maxLagMs);
  }
});

test("entries are counted by how long before the exit they were, later ones and too old ones not at all", () => {
  const day = { ins: [0, 5000, 20_000, 31_000], outs: [30_000, 40_000] };
  const table = lagTable(day, [0, 10_000, 20_000, 30_000]);
  assert.deepEqual([...table.counts], [0, 1, 1, 1, 0, 1]);
});

test("visits that all last the same are found where they are", () => {
  const [day] = simulateDoors({ days: 1, missInRatio: 0 });
  const ins = day?.ins ?? [];
  const found = explained([{ ins, outs: ins.map((at) => at + 200_000) }]);
  const within =
    massUpTo(found.mass, found.borders, 240_000) - massUpTo(found.mass, found.borders, 180_000);
  assert.ok(within > 0.99, `${within} of the visits between 180 and 240 s`);
  assert.ok(found.isSettled);
});

test("the share that leaves at once is found from counts alone, in the face of misses and groups", () => {
  const days = simulateDoors({ seed: 3, groupedRatio: 0.2 });
  const found = explained(days);
  const share = massUpTo(found.mass, found.borders, TAU_MS) / 0.97;
  const truth = shareBelow(days, TAU_MS);
  assert.ok(Math.abs(share - truth) < 0.025, `${share} of ${truth}`);
});

test("however the work is cut, the result is the same", () => {
  const days = simulateDoors({ days: 7, entriesPerHour: 30 });
  assert.deepEqual(explained(days, 1).mass, explained(days).mass);
});

test("without days, entries or exits there is no mass out of nowhere", () => {
  assert.equal(explained([]).iterations, 0);
  const lonely = explained([{ ins: [], outs: [1, 2] }]);
  assert.ok(lonely.mass.every((mass) => mass === 0));
  assert.equal(massQuantile(lonely.mass, lonely.borders, 0.5), null);
  assert.equal(meanUpTo(lonely.mass, lonely.borders, TAU_MS), null);
});

test("mass, quantile and mean are read by straight lines within a bin", () => {
  const borders = [0, 10, 20];
  assert.equal(massUpTo([0.4, 0.6], borders, 15), 0.7);
  assert.equal(massQuantile([0.4, 0.6], borders, 0.7), 15);
  assert.equal(meanUpTo([0.4, 0.4], borders, 20), 10);
});

test("a shop too busy for one estimate is estimated from its newest days", () => {
  const day = { doors: { ins: [], outs: Array<number>(50_000).fill(0) } };
  assert.equal(affordableDays([day, day, day]).length, 2);
  const huge = { doors: { ins: [], outs: Array<number>(200_000).fill(0) } };
  assert.equal(affordableDays([huge, huge]).length, 1);
});

test("the interval is that of days drawn anew, about as wide as estimates of such days differ", () => {
  const shares: number[] = [];
  let width = 0;
  for (let seed = 1; seed <= 8; seed += 1) {
    const found = explained(simulateDoors({ seed, days: 14, entriesPerHour: 40 }));
    const read = (mass: ArrayLike<number>) => massUpTo(mass, found.borders, TAU_MS);
    const draws = finished(drawMasses(finished(dayPulls(found)), seededRandom(1), 60));
    const [low, high] = drawnInterval95(draws, read) ?? [0, 0];
    width += (high - low) / 8;
    shares.push(read(found.mass));
  }
  const mean = shares.reduce((sum, share) => sum + share, 0) / 8;
  const spread = Math.sqrt(shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / 7);
  assert.ok(width > 2 * spread && width < 10 * spread, `width ${width}, spread ${spread}`);
});

test("one day alone has no interval", () => {
  const found = explained(simulateDoors({ days: 1 }));
  assert.equal(finished(drawMasses(finished(dayPulls(found)), seededRandom(1), 20)).length, 0);
  assert.equal(
    drawnInterval95([], () => 1),
    null,
  );
});
