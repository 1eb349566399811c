import assert from "node:assert/strict";
import { test } from "node:test";
import { lengthsOf, simulateDoors } from "../../../test/fakes/door-simulation.ts";
import { seededRandom } from "../../core/random.ts";
import { type TaggedDay, type TagSighting, tagVisits } from "./tag-lags.ts";
import { TAG_RULES, type TagVisit } from "./tag-weights.ts";

interface Shop {
  readonly days?: number;
  /** Mean time until a card is heard, and how long it is heard outside. */
  readonly detectMs?: number;
  readonly outsideMs?: number;
  /** When baskets are taken after the door, and set down before it. */
  readonly takenMs?: number;
  readonly leftMs?: number;
}

/** Every eighth visit carries a card; every third of five minutes or more has a basket. */
function taggedDays({
  days = 28,
  detectMs = 14_000,
  outsideMs = 4_000,
  takenMs = 6_000,
  leftMs = 9_000,
}: Shop = {}): TaggedDay[] {
  const random = seededRandom(11);
  const what = { reentries: 0, isEngaged: false, hasTwoZones: false };
  return simulateDoors({ days, seed: 3, groupedRatio: 0.2 }).map((doors) => ({
    doors,
    tags: doors.visits.flatMap(({ enteredMs, ms }, i): TagSighting[] => {
      const end = enteredMs + ms;
      if (i % 8 === 0) {
        const fromMs = enteredMs - detectMs * Math.log(1 - random());
        return fromMs < end
          ? [{ kind: "loyalty-card", fromMs, toMs: end + outsideMs, ...what }]
          : [];
      }
      if (i % 3 !== 0 || ms < 300_000) return [];
      return [{ kind: "basket", fromMs: enteredMs + takenMs, toMs: end - leftMs, ...what }];
    }),
  }));
}

const lengths = (days: readonly TaggedDay[], kind: TagVisit["kind"]): number[] =>
  tagVisits(days)
    .days.flat()
    .filter((visit) => visit.kind === kind)
    .map(({ ms }) => ms);

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

test("how late cards are heard shows in the crossings before them", () => {
  for (const detectMs of [5_000, 14_000, 20_000]) {
    const found = tagVisits(taggedDays({ detectMs })).detectMs;
    assert.ok(Math.abs(found - detectMs) < 3_500, `${found} of ${detectMs}`);
  }
});

test("baskets get back the time to the door at both ends", () => {
  const days = taggedDays({ takenMs: 20_000, leftMs: 35_000 });
  const found = mean(lengths(days, "basket"));
  const told = days.flatMap(({ tags }) => tags.filter(({ kind }) => kind === "basket"));
  const lost = found - mean(told.map(({ fromMs, toMs }) => toMs - fromMs));
  assert.ok(Math.abs(lost - 55_000) < 6_000, `${lost}`);
});

test("a few tags teach nothing: cards are taken as a walk found them, baskets as they are", () => {
  const days = taggedDays({ days: 1 }).map((day) => ({ ...day, tags: day.tags.slice(0, 60) }));
  assert.equal(tagVisits(days).detectMs > TAG_RULES.detectMs, true);
  const [told] = days.flatMap(({ tags }) => tags.filter(({ kind }) => kind === "basket"));
  const [visit] = lengths(days, "basket");
  assert.equal(visit, (told?.toMs ?? 0) - (told?.fromMs ?? 0));
});

test("nobody's visit gets shorter than it was heard, or longer than the wait allows", () => {
  const days = taggedDays();
  const { detectMs } = tagVisits(days);
  const heard = taggedDays({ outsideMs: 0 }).flatMap(({ tags }) => tags);
  assert.ok(heard.length > 1_000);
  for (const ms of lengths(days, "loyalty-card")) assert.ok(ms >= 0 && Number.isFinite(ms));
  assert.ok(detectMs > 0 && detectMs < 20_000);
});

test("cards of which the short ones are missed give the lengths of all when they are weighed", () => {
  const days = taggedDays();
  const all = lengthsOf(simulateDoors({ days: 28, seed: 3, groupedRatio: 0.2 }));
  const share = (values: readonly number[]): number =>
    values.filter((ms) => ms >= 60_000 && ms < 180_000).length /
    values.filter((ms) => ms >= 60_000).length;
  assert.ok(Math.abs(share(lengths(days, "loyalty-card")) - share(all)) < 0.02);
});

test("who goes out and comes back is as many visits, as the doors count", () => {
  const sighting: TagSighting = {
    kind: "basket",
    fromMs: 0,
    toMs: 600_000,
    reentries: 1,
    isEngaged: true,
    hasTwoZones: true,
  };
  const [visits] = tagVisits([{ doors: { ins: [], outs: [] }, tags: [sighting] }]).days;
  assert.deepEqual(
    visits?.map(({ ms, isPart }) => [ms, isPart]),
    [
      [300_000, true],
      [300_000, true],
    ],
  );
});
