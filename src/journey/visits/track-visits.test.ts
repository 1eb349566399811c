import assert from "node:assert/strict";
import { test } from "node:test";
import { at, ToldEvents, visitPlan, watchVisits } from "../../../test/fakes/visit-shop.ts";
import { epochMs } from "../../core/brand.ts";
import type { JourneyCompleted, JourneyEvent } from "../../core/events.ts";
import { VISIT_LIMITS, VISIT_RULES } from "./rules.ts";

/** The visits of a morning that is over, as they stand. */
function visitsOf(
  events: readonly JourneyEvent[],
  plan = visitPlan(),
): readonly JourneyCompleted[] {
  const shop = watchVisits(plan);
  shop.play(events);
  shop.builder.advance(at(20 * 60));
  return shop.visits();
}

const minutesOf = (visit: JourneyCompleted | undefined): number =>
  ((visit?.exitedAt ?? 0) - (visit?.enteredAt ?? 0)) / 60_000;

test("a track from door to door is one visit with its stays in order", () => {
  const make = new ToldEvents();
  const [visit, ...others] = visitsOf([
    make.in(at(0), 1),
    ...make.stay(at(1), at(3), "shelf", 1),
    ...make.stay(at(4), at(5), "rack", 1),
    make.out(at(10), 1, "south"),
  ]);
  assert.deepEqual(others, []);
  assert.ok(visit !== undefined);
  const { source, seq, visitId, began, atMono, clock, ...rest } = visit;
  assert.match(visitId, /^[A-Za-z0-9_-]+$/);
  assert.equal(source, "visit:camera:all#a@0");
  assert.deepEqual([seq, began, clock], [0, { source: "camera:all#a", seq: 0 }, "synced"]);
  assert.equal(atMono, 600_000);
  assert.deepEqual(rest, {
    kind: "completed",
    at: at(10),
    revision: 0,
    isWithdrawn: false,
    method: "track",
    tagKind: null,
    tagId: null,
    enteredAt: at(0),
    exitedAt: at(10),
    isEntrySeen: true,
    isExitSeen: true,
    entryLineId: "north",
    exitLineId: "south",
    endedBy: "exit",
    reentries: 0,
    isStaff: false,
    stays: [
      { zoneId: "shelf", enteredAt: at(1), dwellMs: 120_000, isCensored: false },
      { zoneId: "rack", enteredAt: at(4), dwellMs: 60_000, isCensored: false },
    ],
    staysDropped: 0,
    queues: [],
    basket: null,
    receipts: [],
  });
});

test("a visit is told only when the re-entry gap is over and everything of its time has come", () => {
  const make = new ToldEvents();
  const shop = watchVisits();
  shop.play([make.in(at(0), 1), make.out(at(10), 1)]);
  const due = at(10) + VISIT_RULES.reentryGapMs + VISIT_RULES.settleMs + 1;
  shop.builder.advance(epochMs(due - 1));
  assert.equal(shop.documents().length, 0);
  shop.builder.advance(epochMs(due));
  assert.equal(shop.documents().length, 1);
});

test("out and back within the gap is one visit, and the time outside is part of it", () => {
  const make = new ToldEvents();
  const [visit, ...others] = visitsOf([
    make.in(at(0), 1),
    make.out(at(5), 1),
    make.in(at(20), 1, "south"),
    make.out(at(30), 1, "south"),
  ]);
  assert.deepEqual([others.length, visit?.reentries, minutesOf(visit)], [0, 1, 30]);
  assert.deepEqual([visit?.entryLineId, visit?.exitLineId], ["north", "south"]);
});

test("a moment longer than the gap outside makes two visits", () => {
  const make = new ToldEvents();
  const visits = visitsOf([
    make.in(at(0), 1),
    make.out(at(5), 1),
    make.in(epochMs(at(20) + 1), 1),
    make.out(at(30), 1),
  ]);
  assert.deepEqual(
    visits.map((visit) => [visit.enteredAt, visit.exitedAt, visit.reentries]),
    [
      [at(0), at(5), 0],
      [at(20) + 1, at(30), 0],
    ],
  );
});

test("a shop may choose another gap", () => {
  const make = new ToldEvents();
  const events = [make.in(at(0), 1), make.out(at(5), 1), make.in(at(7), 1), make.out(at(9), 1)];
  assert.equal(visitsOf(events).length, 1);
  assert.equal(visitsOf(events, visitPlan({ measures: { reentryGapMs: 60_000 } })).length, 2);
});

test("a U-turn in the door is a visit of a second", () => {
  const make = new ToldEvents();
  const [visit] = visitsOf([make.in(at(0), 1), make.out(at(0, 1), 1)]);
  assert.deepEqual([visit?.endedBy, visit?.isExitSeen], ["exit", true]);
  assert.equal((visit?.exitedAt ?? 0) - (visit?.enteredAt ?? 0), 1_000);
});

test("an exit that nobody saw the entry of is a visit that says so", () => {
  const make = new ToldEvents();
  const [visit] = visitsOf([make.out(at(3), 1)]);
  assert.deepEqual(
    [visit?.isEntrySeen, visit?.isExitSeen, visit?.entryLineId, visit?.exitLineId],
    [false, true, null, "north"],
  );
  assert.deepEqual([visit?.enteredAt, visit?.exitedAt], [at(3), at(3)]);
});

test("somebody only seen inside is a visit without an entry", () => {
  const make = new ToldEvents();
  const [visit] = visitsOf([...make.stay(at(0), at(2), "shelf", 1), make.out(at(5), 1)]);
  assert.deepEqual([visit?.isEntrySeen, visit?.enteredAt, minutesOf(visit)], [false, at(0), 5]);
});

test("a stay before the shop window is no visit, and ahead of one it is no part of it", () => {
  const make = new ToldEvents();
  const passing = make.stay(at(0), at(1), "pane", 1);
  assert.deepEqual(visitsOf(passing), []);
  const [visit] = visitsOf([...make.stay(at(2), at(3), "pane", 2), make.in(at(3, 1), 2)]);
  assert.deepEqual([visit?.enteredAt, visit?.stays], [at(3, 1), []]);
});

test("a zone that reaches over the door line counts from the line on, and up to it", () => {
  const make = new ToldEvents();
  const [visit, ...others] = visitsOf([
    make.begin(at(0), "shelf", 1),
    make.in(at(0, 2), 1),
    make.end(at(1), 60_000, "shelf", 1),
    make.begin(at(9, 58), "rack", 1),
    make.out(at(10), 1),
    make.end(at(10, 3), 5_000, "rack", 1),
  ]);
  assert.deepEqual(others, []);
  assert.deepEqual([visit?.isEntrySeen, visit?.enteredAt], [true, at(0, 2)]);
  assert.deepEqual(
    visit?.stays.map(({ zoneId, enteredAt, dwellMs }) => [zoneId, enteredAt, dwellMs]),
    [
      ["shelf", at(0, 2), 58_000],
      ["rack", at(9, 58), 2_000],
    ],
  );
});

test("whoever lingers before the door is out; whoever is seen inside later came back unseen", () => {
  const make = new ToldEvents();
  const gone = [make.in(at(0), 1), make.out(at(5), 1)];
  const [out] = visitsOf([...gone, ...make.stay(at(5, 3), at(5, 20), "shelf", 1)]);
  assert.deepEqual([out?.exitedAt, out?.reentries, out?.stays], [at(5), 0, []]);
  const back = [...make.stay(at(6), at(7), "shelf", 1), make.out(at(8), 1)];
  const [visit, ...others] = visitsOf([...gone, ...back]);
  assert.deepEqual([others.length, visit?.reentries, visit?.exitedAt], [0, 1, at(8)]);
});

test("an entry into a zone whose end was lost on the way does not last until the next", () => {
  const make = new ToldEvents();
  const [visit] = visitsOf([
    make.in(at(0), 1),
    make.begin(at(1), "shelf", 1),
    ...make.stay(at(5), at(6), "shelf", 1),
    make.out(at(9), 1),
  ]);
  assert.deepEqual(
    visit?.stays.map(({ dwellMs, isCensored }) => [dwellMs, isCensored]),
    [
      [0, true],
      [60_000, false],
    ],
  );
});

test("a track lost in a zone is over where it was last seen", () => {
  const make = new ToldEvents();
  const [visit] = visitsOf([
    make.in(at(0), 1),
    make.begin(at(1), "shelf", 1),
    make.end(at(4), 180_000, "shelf", 1, { censored: true }),
  ]);
  assert.deepEqual(
    [visit?.endedBy, visit?.isExitSeen, visit?.exitedAt, visit?.stays[0]?.isCensored],
    ["lost", false, at(4), true],
  );
});

test("a camera that goes blind ends its tracks then, and nobody else's", () => {
  const make = new ToldEvents();
  const shop = watchVisits();
  shop.play([
    make.in(at(0), 1),
    make.begin(at(1), "shelf", 1),
    make.in(at(2), 2),
    make.out(at(3), 2),
    make.sensor(at(4), "far", "blind"),
    make.sensor(at(5), "all", "blind"),
  ]);
  shop.builder.advance(at(60));
  assert.deepEqual(
    shop.visits().map(({ endedBy, exitedAt, isExitSeen }) => [endedBy, exitedAt, isExitSeen]),
    [
      ["sensor", at(5), false],
      ["exit", at(3), true],
    ],
  );
});

test("twenty-four hours of blindness make no visit and end none twice", () => {
  const make = new ToldEvents();
  const shop = watchVisits();
  shop.play([make.in(at(0), 1), make.sensor(at(1), "all", "blind")]);
  shop.builder.advance(at(24 * 60));
  shop.play([make.sensor(at(24 * 60 + 1), "all", "seeing"), make.in(at(24 * 60 + 2), 9)]);
  shop.builder.advance(at(24 * 60 + 30));
  assert.deepEqual(
    shop.documents().map(({ endedBy, revision }) => [endedBy, revision]),
    [["sensor", 0]],
  );
});

const closingAt = (minutes: number) => ({
  calendar: {
    dayOf: () => ({ start: at(-6 * 60), end: at(18 * 60) }),
    closingOf: (when: number) => (when < at(minutes) ? at(minutes) : null),
  },
});

test("whoever is still inside an hour after closing time was missed at the door", () => {
  const make = new ToldEvents();
  const shop = watchVisits(visitPlan(), closingAt(10 * 60));
  shop.play([make.in(at(0), 1), ...make.stay(at(5), at(6), "shelf", 1)]);
  shop.builder.advance(at(11 * 60 + 2));
  assert.deepEqual(shop.documents(), []);
  shop.builder.advance(at(11 * 60 + 4));
  const [visit] = shop.visits();
  assert.deepEqual([visit?.endedBy, visit?.isExitSeen, visit?.exitedAt], ["closing", false, at(6)]);
});

test("somebody seen in a zone at closing time stayed at least until then", () => {
  const make = new ToldEvents();
  const shop = watchVisits(visitPlan(), closingAt(10 * 60));
  shop.play([make.in(at(0), 1), make.begin(at(5), "shelf", 1)]);
  shop.builder.advance(at(12 * 60));
  assert.deepEqual([shop.visits()[0]?.exitedAt], [at(10 * 60)]);
});

test("an exit in the hour after closing time is an exit; one later begins no visit", () => {
  const make = new ToldEvents();
  const shop = watchVisits(visitPlan(), closingAt(10 * 60));
  shop.play([
    make.in(at(0), 1),
    make.in(at(1), 2),
    make.out(at(10 * 60 + 50), 1),
    make.out(at(11 * 60 + 2), 2),
  ]);
  shop.builder.advance(at(17 * 60));
  assert.deepEqual(
    shop.visits().map(({ endedBy }) => endedBy),
    ["exit", "closing"],
  );
});

test("the cut-over ends what is open, and a visit belongs to the day of its entry", () => {
  const make = new ToldEvents();
  const cutover = at(18 * 60);
  const [first, second, ...others] = visitsOf(
    [make.in(at(17 * 60 + 50), 1), make.in(at(18 * 60 + 5), 2), make.out(at(18 * 60 + 9), 2)],
    visitPlan(),
  );
  assert.deepEqual(others, []);
  assert.deepEqual([first?.endedBy, first?.isExitSeen], ["day-end", false]);
  assert.ok(first !== undefined && first.enteredAt < cutover && first.exitedAt < cutover);
  assert.equal(second?.endedBy, "exit");
  assert.notEqual(first.source, second?.source);
});

test("a clock stepped back over the cut-over ends nothing twice and makes no visit shorter", () => {
  const make = new ToldEvents();
  const shop = watchVisits();
  const cutover = 18 * 60;
  shop.play([make.in(at(cutover - 10), 1), make.in(at(cutover + 5), 2)]);
  shop.builder.advance(at(cutover + 10));
  // The wall clock goes back by half an hour; the monotonic clock goes on.
  const back = (minutes: number) => make.head("camera:all", at(minutes - 30), at(minutes) - at(0));
  shop.play([
    { ...make.in(at(0), 3), ...back(cutover + 12) },
    { ...make.out(at(0), 2), ...back(cutover + 15) },
    { ...make.out(at(0), 3), ...back(cutover + 20) },
  ]);
  shop.builder.advance(at(cutover + 60));
  assert.deepEqual(
    shop.documents().map((visit) => [visit.endedBy, visit.revision, minutesOf(visit)]),
    [
      ["day-end", 0, 0],
      ["exit", 0, 8],
      ["exit", 0, 10],
    ],
  );
});

test("a door that only counts out makes exits without entries, one visit each", () => {
  const make = new ToldEvents();
  const visits = visitsOf([1, 2, 3].map((track) => make.out(at(track), track, "south")));
  assert.deepEqual(
    visits.map(({ isEntrySeen, isExitSeen }) => [isEntrySeen, isExitSeen]),
    [1, 2, 3].map(() => [false, true]),
  );
});

test("a counter that counts backwards makes visits without seen ends, never negative ones", () => {
  const make = new ToldEvents();
  const visits = visitsOf([
    make.out(at(0), 1),
    make.in(at(30), 1),
    make.out(at(31), 2),
    make.in(at(40), 2),
  ]);
  assert.deepEqual(
    visits.map((visit) => [visit.isEntrySeen, visit.isExitSeen]),
    [
      [false, true],
      [true, false],
      [false, false],
    ],
  );
  assert.ok(visits.every(({ enteredAt, exitedAt }) => exitedAt >= enteredAt));
});

test("in twice without out between is one visit, and counted as a contradiction", () => {
  const make = new ToldEvents();
  const shop = watchVisits();
  shop.play([make.in(at(0), 1), make.in(at(4), 1), make.out(at(9), 1)]);
  shop.builder.advance(at(60));
  assert.deepEqual(shop.visits().map(minutesOf), [9]);
  assert.equal(shop.builder.counters.contradictoryVisits, 1);
});

test("staff make staff's visits, also when it is found out after the visit was told", () => {
  const make = new ToldEvents();
  const shop = watchVisits();
  const [early, late] = [make.in(at(0), 1), make.out(at(9), 2)];
  shop.play([early, make.in(at(1), 2), make.out(at(8), 1), late, make.staff(early)]);
  shop.builder.advance(at(30));
  shop.builder.take(make.staff(late));
  shop.builder.advance(at(31));
  assert.deepEqual(
    shop.documents().map(({ isStaff, revision, exitedAt }) => [exitedAt, revision, isStaff]),
    [
      [at(8), 0, true],
      [at(9), 0, false],
      [at(9), 1, true],
    ],
  );
});

test("tracks of cameras that do not follow visits make none", () => {
  const make = new ToldEvents();
  const events = [make.in(at(0), 1, "yard"), ...make.stay(at(0), at(1), "shelf", 1, "far")];
  assert.deepEqual(visitsOf(events), []);
});

test("a short break in a zone is no second stay", () => {
  const make = new ToldEvents();
  const [visit] = visitsOf([
    make.in(at(0), 1),
    ...make.stay(at(1), at(2), "shelf", 1),
    ...make.stay(at(2, 9), at(3), "shelf", 1),
    ...make.stay(at(3, 10), at(4), "shelf", 1),
  ]);
  assert.deepEqual(
    visit?.stays.map(({ dwellMs }) => dwellMs),
    [120_000, 50_000],
  );
});

test("stays beyond those a document holds are counted in it", () => {
  const make = new ToldEvents();
  const stays = Array.from({ length: VISIT_LIMITS.stays + 7 }, (_, i) =>
    make.stay(at(1, i * 20), at(1, i * 20 + 6), "shelf", 1),
  );
  const [visit] = visitsOf([make.in(at(0), 1), ...stays.flat(), make.out(at(59), 1)]);
  assert.deepEqual([visit?.stays.length, visit?.staysDropped], [VISIT_LIMITS.stays, 7]);
});

test("a flood of tracks stays bounded and says how many it let go of", () => {
  const make = new ToldEvents();
  const shop = watchVisits();
  const people = VISIT_LIMITS.carriers + 100;
  for (let i = 0; i < people; i += 1) shop.builder.take(make.in(epochMs(at(0) + i), i));
  const { followed, visitsDropped } = shop.builder.counters;
  assert.deepEqual([followed, visitsDropped], [VISIT_LIMITS.carriers, 100]);
});

test("visits that are over leave nothing behind", () => {
  const make = new ToldEvents();
  const shop = watchVisits();
  shop.play([
    make.in(at(0), 1),
    ...make.stay(at(1), at(2), "shelf", 1),
    make.out(at(10), 1),
    ...make.stay(at(1), at(2), "queue", 5, "far"),
  ]);
  shop.builder.advance(at(60));
  assert.equal(shop.builder.counters.followed, 0);
  shop.builder.take(make.out(at(10), 1));
  shop.builder.advance(at(90));
  assert.deepEqual([shop.documents().length, shop.builder.counters.lateVisitEvents], [1, 1]);
});

test("finish tells everybody who is inside, as the end of what is known", () => {
  const make = new ToldEvents();
  const shop = watchVisits();
  shop.play([
    make.in(at(0), 1),
    make.begin(at(1), "shelf", 1),
    make.in(at(2), 2),
    make.in(at(3), 3),
    make.out(at(4), 3),
  ]);
  shop.builder.finish();
  assert.deepEqual(
    shop.visits().map(({ endedBy, exitedAt }) => [endedBy, exitedAt]),
    [
      ["sensor", at(4)],
      ["sensor", at(2)],
      ["exit", at(4)],
    ],
  );
});
