import assert from "node:assert/strict";
import { test } from "node:test";
import { shareBelow, simulateDoors } from "../../../test/fakes/door-simulation.ts";
import { epochMs } from "../../core/brand.ts";
import { ESTIMATE_LIMITS, type EstimateRequest, Estimates, estimateKey } from "./estimates.ts";
import { learnFloor } from "./purchase-floor.ts";
import type { TagSighting } from "./tag-lags.ts";
import { TAG_RULES } from "./tag-weights.ts";
import type { EstimateInput } from "./visit-estimate.ts";

const small = simulateDoors({ days: 7, entriesPerHour: 20 });

function requestOf(
  key: string,
  version: string,
  onInput: () => void = () => undefined,
): EstimateRequest {
  return {
    key,
    version,
    input: (): EstimateInput => {
      onInput();
      return { days: small.map((doors) => ({ doors, tags: [] })), bounceMaxMs: 120_000 };
    },
  };
}

test("at once: the answer is there, and worked out once per state of the days", () => {
  const estimates = new Estimates("at-once");
  let inputs = 0;
  const first = estimates.visits(requestOf("a", "1", () => (inputs += 1)));
  const again = estimates.visits(requestOf("a", "1", () => (inputs += 1)));
  assert.equal(first, again);
  assert.equal(inputs, 1);
  estimates.visits(requestOf("a", "2", () => (inputs += 1)));
  assert.equal(inputs, 2);
  assert.equal(estimates.advance(), false);
});

test("in slices: unknown until the work is done, and then what is said at once", () => {
  let changes = 0;
  const estimates = new Estimates("in-slices", () => (changes += 1));
  assert.equal(estimates.visits(requestOf("a", "1")), null);
  let pieces = 1;
  while (estimates.advance()) pieces += 1;
  assert.ok(pieces > 20, `${pieces} pieces`);
  assert.equal(changes, 1);
  assert.deepEqual(
    estimates.visits(requestOf("a", "1")),
    new Estimates("at-once").visits(requestOf("a", "1")),
  );
});

test("while a correction is worked in, the estimate before it stands", () => {
  const estimates = new Estimates("in-slices");
  estimates.visits(requestOf("a", "1"));
  while (estimates.advance());
  const before = estimates.visits(requestOf("a", "1"));
  assert.equal(estimates.visits(requestOf("a", "2")), before);
  assert.equal(estimates.pending, 1);
  estimates.visits(requestOf("a", "3"));
  assert.equal(estimates.pending, 1, "work for a state that has passed is given up");
});

test("requests and results are bounded", () => {
  const estimates = new Estimates("in-slices");
  for (let i = 0; i < 9; i += 1) estimates.visits(requestOf(`k${i}`, "1"));
  assert.equal(estimates.pending, ESTIMATE_LIMITS.waiting);
  assert.equal(estimates.dropped, 9 - ESTIMATE_LIMITS.waiting);
});

test("a month's tau stands when what it was learned from is forgotten", () => {
  const estimates = new Estimates("at-once");
  const times = Array<number>(80).fill(95_000);
  const learned = estimates.floor("2026-10", true, () => learnFloor(times, "2026-10", 120_000));
  assert.equal(learned.bounceMaxMs, 95_000);
  const later = estimates.floor("2026-10", false, () => learnFloor([], "2026-10", 120_000));
  assert.equal(later, learned);
  const restarted = new Estimates("at-once");
  for (const floor of estimates.floors) restarted.restoreFloor(floor);
  assert.deepEqual(restarted.floors, [learned]);
  for (let i = 0; i < 50; i += 1) restarted.restoreFloor({ ...learned, month: `20${10 + i}-01` });
  assert.equal(restarted.floors.length, ESTIMATE_LIMITS.months);
});

test("the days and tau name an estimate", () => {
  assert.notEqual(
    estimateKey([epochMs(1), epochMs(9)], 1),
    estimateKey([epochMs(1), epochMs(9)], 2),
  );
  assert.notEqual(estimateKey([epochMs(1)], 1), estimateKey([], 1));
});

test("baskets give the upper half of the visits, doors the short end; the mean is that of the doors", () => {
  const days = simulateDoors({ seed: 6, groupedRatio: 0.2 });
  const input = (): EstimateInput => ({
    bounceMaxMs: 120_000,
    days: days.map((doors) => ({ doors, tags: doors.visits.filter(takesBasket).map(sightingOf) })),
  });
  const found = new Estimates("at-once").visits({ key: "tags", version: "1", input });
  const lengths = days.flatMap((day) => day.visits.map(({ ms }) => ms)).sort((a, b) => a - b);
  const median = lengths[Math.floor(lengths.length / 2)] ?? 0;
  const p90 = lengths[Math.floor(lengths.length * 0.9)] ?? 0;
  const tags = found?.tags;
  assert.ok(
    Math.abs((tags?.median?.value ?? 0) / median - 1) < 0.05,
    `${tags?.median?.value} of ${median}`,
  );
  assert.ok(Math.abs((tags?.p90?.value ?? 0) / p90 - 1) < 0.08, `${tags?.p90?.value} of ${p90}`);
  const [low, high] = tags?.median?.ci95 ?? [0, 0];
  assert.ok(low < median && high > median);
  const bounce = shareBelow(days, 120_000);
  assert.ok(Math.abs((found?.bounce.value ?? 0) - bounce) < 0.025);
  const [least, most] = found?.bounce.ci95 ?? [0, 0];
  assert.ok(least < bounce && most > bounce);
  assert.equal(found?.tagBounce, null, "baskets say nothing of those who leave at once");
});

const takesBasket = ({ ms }: { ms: number }, index: number): boolean =>
  ms >= TAG_RULES.carrierFloorMs && index % 3 === 0;

const sightingOf = ({ enteredMs, ms }: { enteredMs: number; ms: number }): TagSighting => ({
  kind: "basket",
  fromMs: enteredMs,
  toMs: enteredMs + ms,
  reentries: 0,
  isEngaged: false,
  hasTwoZones: true,
});
