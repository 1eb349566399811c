import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../core/random.ts";
import { type DoorTotals, estimateFromTags, type TagEstimate } from "./tag-estimate.ts";
import type { TagVisit } from "./tag-weights.ts";

/** Doors that are too unsure of the mean to move what the tags say. */
const DOORS: DoorTotals = {
  early: { value: 0, error: 0.001 },
  between: { value: 0, error: 0.001 },
  mean: { value: 900_000, error: 900_000 },
  shortMeanMs: 60_000,
  shortQuantile: () => null,
};

const visit = (kind: TagVisit["kind"], minutes: number, isPart: boolean): TagVisit => ({
  kind,
  ms: minutes * 60_000,
  isEngaged: false,
  hasTwoZones: false,
  isPart,
});

/** Eight days with as many baskets as cards, some of which are parts of visits, which are short. */
function estimateOf(parts: { readonly cards: number; readonly baskets: number }): TagEstimate {
  const day = (["loyalty-card", "basket"] as const).flatMap((kind) => {
    const count = kind === "basket" ? parts.baskets : parts.cards;
    return Array.from({ length: 60 }, (_, i) => visit(kind, 6 + (i % 20), i % 20 < count));
  });
  const days = Array.from({ length: 8 }, () => day);
  const work = estimateFromTags({ days, detectMs: 20_000 }, DOORS, seededRandom(3), 8);
  let step = work.next();
  while (step.done !== true) step = work.next();
  assert.ok(step.value !== null);
  return step.value;
}

test("whoever went out and came back with a card stands for those with baskets too", () => {
  const [none, some] = [estimateOf({ cards: 0, baskets: 0 }), estimateOf({ cards: 8, baskets: 0 })];
  assert.ok((some.median?.value ?? 0) < (none.median?.value ?? 0));
  assert.ok(some.effectiveN < none.effectiveN);
});

test("parts that a basket told of stand for themselves", () => {
  const [none, told] = [estimateOf({ cards: 0, baskets: 0 }), estimateOf({ cards: 0, baskets: 8 })];
  assert.deepEqual(told, none);
});

test("where baskets tell of parts as often as cards do, nobody stands for anybody else", () => {
  const [none, both] = [estimateOf({ cards: 0, baskets: 0 }), estimateOf({ cards: 8, baskets: 8 })];
  assert.deepEqual(both, none);
});
