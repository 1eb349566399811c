import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { at, ToldEvents, visitPlan, watchVisits } from "../../../test/fakes/visit-shop.ts";
import type { EpochMs } from "../../core/brand.ts";
import type { JourneyCompleted, JourneyEvent } from "../../core/events.ts";
import { VISIT_RULES } from "./rules.ts";

const CARD = { kind: "loyalty-card" } as const;
const GAP_MIN = VISIT_RULES.reentryGapMs / 60_000;
const NEXT_DAY = at(20 * 60);

function visitsOf(events: readonly JourneyEvent[]): readonly JourneyCompleted[] {
  const shop = watchVisits();
  shop.play(events);
  shop.builder.advance(NEXT_DAY);
  return shop.visits();
}

const timesOf = (visits: readonly JourneyCompleted[]): readonly (readonly [EpochMs, EpochMs])[] =>
  visits.map(({ enteredAt, exitedAt }) => [enteredAt, exitedAt]);

test("a member who is recognised at a station was here: a visit without entry, exit, stays or doors", () => {
  const make = new ToldEvents();
  const passerBy = make.in(at(5), 1);
  const [visit, ...others] = visitsOf([passerBy, make.recognised(at(5, 1), "m")]).filter(
    ({ method }) => method === "tag",
  );
  assert.deepEqual(others, []);
  assert.deepEqual(
    [visit?.tagId, visit?.tagKind, visit?.endedBy, visit?.isStaff],
    ["m", "loyalty-card", "lost", false],
  );
  assert.deepEqual([visit?.enteredAt, visit?.exitedAt], [at(5, 1), at(5, 1)]);
  assert.deepEqual([visit?.isEntrySeen, visit?.isExitSeen], [false, false]);
  assert.deepEqual(visit?.stays, []);
  assert.deepEqual([visit?.entryLineId, visit?.exitLineId], [null, null], "no door is guessed");
});

test("recognitions within the re-entry gap of each other are one visit, later ones another", () => {
  const make = new ToldEvents();
  const visits = visitsOf([
    make.recognised(at(0), "m"),
    make.recognised(at(GAP_MIN), "m", "face"),
    make.recognised(at(2 * GAP_MIN, 1), "m"),
  ]);
  assert.deepEqual(timesOf(visits), [
    [at(0), at(GAP_MIN)],
    [at(2 * GAP_MIN, 1), at(2 * GAP_MIN, 1)],
  ]);
});

test("two members at one station are two visits", () => {
  const make = new ToldEvents();
  const visits = visitsOf([make.recognised(at(0), "m"), make.recognised(at(1), "n")]);
  assert.deepEqual(
    visits.map(({ tagId }) => tagId),
    ["m", "n"],
  );
});

test("a beacon that falls silent outside ends no visit that is known by a recognition alone", () => {
  const make = new ToldEvents();
  const silent = { ...make.presence(at(1), "m", "outside", CARD), previous: "passing" } as const;
  const [visit, ...others] = visitsOf([make.recognised(at(0), "m"), silent]);
  assert.deepEqual(others, []);
  assert.deepEqual([visit?.enteredAt, visit?.exitedAt, visit?.endedBy], [at(0), at(0), "lost"]);
});

test("a member whose beacon is heard inside is not doubled by the station", () => {
  const make = new ToldEvents();
  const [visit, ...others] = visitsOf([
    make.presence(at(0), "m", "inside", CARD),
    make.recognised(at(6), "m"),
    make.recognised(at(30), "m", "face"),
    make.presence(at(50), "m", "passing", CARD),
  ]);
  assert.deepEqual(others, []);
  assert.deepEqual([visit?.enteredAt, visit?.exitedAt, visit?.endedBy], [at(0), at(50), "exit"]);
  assert.deepEqual([visit?.isEntrySeen, visit?.isExitSeen, visit?.reentries], [true, true, 0]);
});

test("a beacon heard after the recognition goes on with its visit, whose entry nobody saw", () => {
  const make = new ToldEvents();
  const [visit, ...others] = visitsOf([
    make.recognised(at(0), "m"),
    make.presence(at(9), "m", "inside", CARD),
    make.presence(at(40), "m", "passing", CARD),
  ]);
  assert.deepEqual(others, []);
  assert.deepEqual([visit?.enteredAt, visit?.exitedAt], [at(0), at(40)]);
  assert.deepEqual([visit?.isEntrySeen, visit?.isExitSeen], [false, true]);
});

test("a member whose beacon fell silent and who is recognised within the gap never left", () => {
  const make = new ToldEvents();
  const [visit, ...others] = visitsOf([
    make.presence(at(0), "m", "inside", CARD),
    make.presence(at(10), "m", "outside", CARD),
    make.recognised(at(20), "m"),
  ]);
  assert.deepEqual(others, []);
  assert.deepEqual([visit?.enteredAt, visit?.exitedAt, visit?.endedBy], [at(0), at(20), "lost"]);
  assert.deepEqual([visit?.isEntrySeen, visit?.isExitSeen], [true, false]);
});

test("a recognition at the instant of going out is no coming back", () => {
  const make = new ToldEvents();
  const [visit, ...others] = visitsOf([
    make.presence(at(0), "m", "inside", CARD),
    make.presence(at(10), "m", "passing", CARD),
    make.recognised(at(10, 8), "m"),
  ]);
  assert.deepEqual(others, []);
  assert.deepEqual([visit?.exitedAt, visit?.isExitSeen, visit?.reentries], [at(10), true, 0]);
});

test("a receipt that names the member belongs to the visit and makes none of its own", () => {
  const make = new ToldEvents();
  const [visit, ...others] = visitsOf([
    make.recognised(at(0), "m"),
    make.receipt(at(1), "r-1", { tag: "m" }),
    make.receipt(at(90), "r-2", { tag: "m" }),
  ]);
  assert.deepEqual(others, []);
  assert.deepEqual(
    visit?.receipts.map(({ receiptId }) => receiptId),
    ["r-1"],
  );
});

test("a receipt that names nobody is not given to a member for having been at the station", () => {
  const make = new ToldEvents();
  const [visit] = visitsOf([make.recognised(at(0), "m"), make.receipt(at(0, 20), "r-1")]);
  assert.deepEqual(visit?.receipts, []);
});

test("the same event twice is one recognition", () => {
  const make = new ToldEvents();
  const event = make.recognised(at(0), "m");
  const shop = watchVisits();
  shop.play([event, event]);
  shop.builder.advance(at(40));
  shop.builder.take(event);
  shop.builder.advance(NEXT_DAY);
  assert.equal(shop.documents().length, 1);
});

test("recognitions over the cut-over hour within the gap are one visit, of the day on which it began", () => {
  const make = new ToldEvents();
  const cut = 18 * 60;
  const visits = visitsOf([
    make.recognised(at(cut - 3), "m"),
    make.recognised(at(cut + 5), "m"),
    make.recognised(at(cut + 40), "m"),
  ]);
  assert.deepEqual(timesOf(visits), [
    [at(cut - 3), at(cut + 5)],
    [at(cut + 40), at(cut + 40)],
  ]);
});

test("whoever is heard inside over the cut-over and recognised then is nobody new", () => {
  const make = new ToldEvents();
  const cut = 18 * 60;
  const visits = visitsOf([
    make.sensor(at(0), "north-east", "seeing", "radio"),
    make.presence(at(cut - 60), "m", "inside", CARD),
    make.recognised(at(cut + 2), "m"),
  ]);
  assert.equal(visits.length, 1);
});

test("a member who presses all day and all night is as many visits as days, and nothing grows", () => {
  const make = new ToldEvents();
  const days = 3;
  const presses = Array.from({ length: days * 144 }, (_, i) => make.recognised(at(10 * i), "m"));
  const shop = watchVisits();
  shop.play(presses);
  shop.builder.advance(at(days * 24 * 60 + 120));
  assert.equal(shop.visits().length, days + 1);
  assert.equal(shop.builder.counters.followed, 0);
});

test("more members than there is room for are counted, and the others told", () => {
  const make = new ToldEvents();
  const shop = watchVisits();
  for (let i = 0; i < 5_000; i += 1) shop.builder.take(make.recognised(at(0, i / 1_000), `m${i}`));
  assert.equal(shop.builder.counters.followed, 4_096);
  assert.equal(shop.builder.counters.visitsDropped, 904);
});

const deed = fc.record({
  minute: fc.constantFrom(0, 1, 12, 20, 33, 40, 70, 84),
  what: fc.constantFrom("code", "face", "beacon", "inside", "passing", "outside"),
  member: fc.constantFrom("m", "n"),
});

test("whatever the order in which recognitions and beacons are told, and how often, the visits are the same", () => {
  const plan = visitPlan();
  const said = fc.array(deed, { minLength: 1, maxLength: 24 }).chain((deeds) => {
    const make = new ToldEvents();
    const events = deeds.map(({ minute, what, member }, i) =>
      what === "inside" || what === "passing" || what === "outside"
        ? make.presence(at(minute, i), member, what, CARD)
        : make.recognised(at(minute, i), member, what),
    );
    const repeated = fc.shuffledSubarray([...events, ...events], {
      minLength: 2 * events.length,
    });
    return fc.record({ events: fc.constant(events), repeated });
  });
  fc.assert(
    fc.property(said, ({ events, repeated }) => {
      const sorted = watchVisits(plan);
      sorted.play([...events].sort((a, b) => a.at - b.at));
      sorted.builder.advance(NEXT_DAY);
      const jumbled = watchVisits(plan);
      for (const event of repeated) jumbled.builder.take(event);
      jumbled.builder.advance(NEXT_DAY);
      const told = (shop: typeof sorted): unknown =>
        shop.visits().map(({ seq: _, revision: __, ...rest }) => rest);
      assert.deepEqual(told(jumbled), told(sorted));
      const recognised = events.filter(({ kind }) => kind === "shopper-recognised");
      for (const event of recognised) {
        const holding = sorted
          .visits()
          .filter(
            ({ tagId, enteredAt, exitedAt }) =>
              event.kind === "shopper-recognised" &&
              tagId === event.pseudonym &&
              enteredAt <= event.at &&
              event.at <= exitedAt + VISIT_RULES.doorstepMs,
          );
        assert.equal(holding.length, 1, "every recognition is part of exactly one visit");
      }
    }),
    { numRuns: 300 },
  );
});
