import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { epochMs, lineId, tagId } from "../core/brand.ts";
import {
  type Candidate,
  type CountedCrossing,
  type DoorClaim,
  mayBe,
  ownershipOf,
  wearerOdds,
} from "./staff-odds.ts";

/** The same sum written down plainly: every way to give each person one free crossing or none. */
function everyWay(people: readonly Candidate[]): { total: number; first: number[] } {
  const first = (people[0]?.odds ?? []).map(() => 0);
  let total = 0;
  const walk = (person: number, taken: readonly number[], weight: number): void => {
    const one = people[person];
    if (one === undefined) {
      total += weight;
      const own = taken[0] ?? -1;
      if (own >= 0) first[own] = (first[own] ?? 0) + weight;
      return;
    }
    walk(person + 1, [...taken, -1], weight * one.none);
    one.odds.forEach((odds, i) => {
      if (!taken.includes(i)) walk(person + 1, [...taken, i], weight * odds);
    });
  };
  walk(0, [], 1);
  return { total, first };
}

const weight = fc.double({ min: 0, max: 20, noNaN: true });
const crowd = fc.integer({ min: 1, max: 5 }).chain((crossings) =>
  fc.array(
    fc.record({
      odds: fc.array(weight, { minLength: crossings, maxLength: crossings }),
      none: fc.double({ min: 0.05, max: 1, noNaN: true }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
);

test("who owns which crossing is the exact sum over all ways to give them out", () => {
  fc.assert(
    fc.property(crowd, ([own, ...others]) => {
      assert.ok(own);
      const { total, first } = everyWay([own, ...others]);
      ownershipOf(own, others).forEach((share, i) => {
        assert.ok(Math.abs(share - (first[i] ?? 0) / total) < 1e-9);
      });
    }),
  );
});

test("two staff and two crossings: each is one of the two, and neither more likely", () => {
  const staff = { odds: [6, 6], none: 0.1 };
  const [left = 0, right = 0] = ownershipOf(staff, [staff]);
  assert.ok(Math.abs(left - right) < 1e-12 && left + right > 0.95);
});

test("two staff and one crossing: less than half for each", () => {
  const [share = 0] = ownershipOf({ odds: [6], none: 0.1 }, [{ odds: [6], none: 0.1 }]);
  assert.ok(share > 0.45 && share < 0.5);
});

const claim = (part: Partial<DoorClaim> = {}): DoorClaim => ({
  source: "radio-door:fused#a",
  tagId: tagId("ann"),
  lineId: lineId("door"),
  from: epochMs(10_000),
  to: epochMs(14_000),
  at: epochMs(12_000),
  probability: 0.9,
  direction: "in",
  ...part,
});
const crossing = (at: number, part: Partial<CountedCrossing> = {}): CountedCrossing => ({
  at: epochMs(at),
  lineId: lineId("door"),
  direction: "in",
  ...part,
});

test("a crossing must be at the line, in time and not the other way", () => {
  assert.ok(mayBe(claim(), crossing(7_000)) && mayBe(claim(), crossing(17_000)));
  assert.ok(!mayBe(claim(), crossing(6_999)) && !mayBe(claim(), crossing(17_001)));
  assert.ok(!mayBe(claim(), crossing(12_000, { direction: "out" })));
  assert.ok(mayBe(claim({ direction: null }), crossing(12_000, { direction: "out" })));
  assert.ok(!mayBe(claim(), crossing(12_000, { lineId: lineId("back") })));
});

test("the nearer, the surer and the emptier the shop, the likelier it was the wearer", () => {
  const at = (ms: number): number => wearerOdds(claim(), crossing(ms), 0.02);
  assert.ok(at(12_000) > at(13_000) && at(13_000) > at(16_000));
  assert.equal(at(11_000), at(13_000));
  const unsure = wearerOdds(claim({ probability: 0.4 }), crossing(12_000), 0.02);
  assert.ok(unsure < at(12_000) / 2);
  assert.ok(wearerOdds(claim(), crossing(12_000), 0.2) < at(12_000) / 9);
  assert.ok(wearerOdds(claim({ direction: null }), crossing(12_000), 0.02) < at(12_000) * 0.6);
});
