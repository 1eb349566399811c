import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { seededRandom } from "../../core/random.ts";
import type { RatioBlock } from "../estimate/bootstrap.ts";
import { perHeadInterval, ratioInterval, shareInterval } from "./rate-interval.ts";

const NEVER = { top: false, bottom: false };
const DOORS = { top: true, bottom: true };

test("the notes' cases: 15 entrants with 4 sales, and 600 with 160", () => {
  const percent = (top: number, bottom: number): number[] =>
    (shareInterval([{ top, bottom }], { top: false, bottom: true }).ci95 ?? []).map((share) =>
      Math.round(100 * share),
    );
  assert.deepEqual(percent(4, 15), [11, 52]);
  assert.deepEqual(percent(160, 600), [23, 30]);
});

test("more hits than trials have no interval", () => {
  assert.deepEqual(shareInterval([{ top: 5, bottom: 4 }], NEVER), {
    ci95: null,
    effectiveN: null,
  });
});

test("groups make people worth less, and what may be missed makes an interval wider", () => {
  const all = [{ top: 200, bottom: 800 }];
  const alone = shareInterval(all, NEVER);
  const grouped = shareInterval(all, NEVER, 0.9);
  assert.equal(alone.effectiveN, 800);
  assert.ok(Math.abs((grouped.effectiveN ?? 0) - 800 / 1.2) < 1e-9);
  const width = ({ ci95 }: typeof alone): number => (ci95?.[1] ?? 0) - (ci95?.[0] ?? 0);
  assert.ok(width(grouped) > width(alone) && width(shareInterval(all, DOORS)) > width(alone));
  const [low, high] = shareInterval([{ top: 1, bottom: 400_000 }], DOORS).ci95 ?? [-1, -1];
  assert.ok(low >= 0 && high <= 1);
});

/** A shop whose people come in groups: `share` of those who pass enter, group by group. */
function passingDay(
  random: () => number,
  people: number,
  share: number,
): RatioBlock & { units: number } {
  let [top, bottom, units] = [0, 0, 0];
  while (bottom < people) {
    const size = random() < 0.1 / 0.9 ? 2 + Number(random() < 0.2) : 1;
    const enters = random() < share;
    bottom += size;
    top += enters ? size : 0;
    units += enters ? 1 : 0;
  }
  return { top, bottom, units };
}

/** In how many of some runs the true share lies in the interval. */
function covered(days: number, runs: number, seed: number): number {
  const random = seededRandom(seed);
  const share = 1 / 6;
  let hits = 0;
  for (let run = 0; run < runs; run += 1) {
    const blocks = Array.from({ length: days }, () => passingDay(random, 600, share));
    const came = blocks.reduce((sum, { top }) => sum + top, 0);
    const units = blocks.reduce((sum, block) => sum + block.units, 0);
    const asked = days === 1 ? blocks : blocks.map(({ top, bottom }) => ({ top, bottom }));
    const [low, high] = shareInterval(asked, NEVER, units / came).ci95 ?? [1, 0];
    if (low <= share && share <= high) hits += 1;
  }
  return hits / runs;
}

for (const days of [1, 7, 28])
  test(`with every fifth person in a group, ${days} days: 90 to 99 % of intervals hold the truth`, () => {
    const share = covered(days, 600, 40 + days);
    assert.ok(share >= 0.9 && share <= 0.99, `${share}`);
  });

test("money per head: the spread of receipts, or that of days", () => {
  const amounts = Array.from({ length: 100 }, () => 2000);
  const [low, high] = perHeadInterval(amounts, 400, NEVER) ?? [0, 0];
  assert.deepEqual([Math.round(low), Math.round(high)], [411, 608]);
  assert.equal(perHeadInterval([], 10, NEVER), null);
  assert.equal(perHeadInterval([5], 0, NEVER), null);
  const same = Array.from({ length: 7 }, () => ({ top: 5000, bottom: 10 }));
  assert.deepEqual(ratioInterval(same, NEVER), [500, 500]);
  assert.deepEqual(
    ratioInterval(same, { top: false, bottom: true })?.map(Math.round),
    [480, 500],
    "missed heads make it smaller only",
  );
});

test("where nothing was given back no interval reaches below zero, and each holds its value", () => {
  const amounts = fc.array(fc.nat(100_000), { minLength: 2, maxLength: 30 });
  fc.assert(
    fc.property(amounts, fc.boolean(), (paid, bottom) => {
      const missable = { top: false, bottom };
      const blocks = paid.map((top) => ({ top, bottom: 1 }));
      const mean = paid.reduce((sum, one) => sum + one, 0) / paid.length;
      for (const interval of [
        ratioInterval(blocks, missable),
        perHeadInterval(paid, paid.length, missable),
      ]) {
        const [low, high] = interval ?? [0, mean];
        assert.ok(low >= 0 && low <= mean * (1 + 1e-9) && high >= mean * (1 - 1e-9));
        assert.ok(Number.isFinite(high), `${paid}`);
      }
    }),
  );
});

test("money given back may outweigh what was taken, and its interval says so", () => {
  const blocks = [5000, -4900, 200, 300].map((top) => ({ top, bottom: Number(top > 0) }));
  const [low, high] = ratioInterval(blocks, NEVER) ?? [0, 0];
  assert.ok(low < 0 && high > 200);
  assert.ok((perHeadInterval([5000, -4900, 200], 40, NEVER)?.[0] ?? 0) < 0);
});
