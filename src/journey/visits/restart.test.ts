import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { at, ToldEvents, visitPlan, watchVisits } from "../../../test/fakes/visit-shop.ts";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { JourneyEvent } from "../../core/events.ts";
import { VISIT_RULES } from "./rules.ts";

/** What somebody does in a minute of the morning. */
const deed = fc.record({
  minute: fc.integer({ min: 0, max: 90 }),
  second: fc.integer({ min: 0, max: 59 }),
  lastsS: fc.integer({ min: 1, max: 240 }),
  track: fc.integer({ min: 1, max: 4 }),
  what: fc.constantFrom(
    "in",
    "out",
    "shelf",
    "queue",
    "line-up",
    "till",
    "pane",
    "lost",
    "inside",
    "passing",
    "silent",
    "receipt",
    "staff",
    "take",
    "put",
    "taken",
    "set-down",
    "recognised",
    "card-inside",
    "card-silent",
  ),
});
type Deed = typeof deed extends fc.Arbitrary<infer Value> ? Value : never;

function eventsOf(make: ToldEvents, { minute, second, lastsS, track, what }: Deed): JourneyEvent[] {
  const from = at(minute, second);
  const to = at(minute, second + lastsS);
  switch (what) {
    case "in":
      return [make.in(from, track)];
    case "out":
      return [make.out(from, track)];
    case "inside":
      return [
        make.presence(from, `b${track}`, "inside"),
        ...make.tagStay(from, to, "till", `b${track}`),
      ];
    case "passing":
      return [make.presence(from, `b${track}`, "passing")];
    case "silent":
      return [make.presence(from, `b${track}`, "outside")];
    case "lost":
      return [
        make.begin(from, "shelf", track),
        make.end(to, to - from, "shelf", track, { censored: true }),
      ];
    case "receipt":
      return [make.receipt(from, `r${minute % 5}`)];
    case "staff": {
      const crossing = make.in(from, track);
      return [crossing, make.staff(crossing)];
    }
    case "take":
      return [make.moved(from, "vase", "picked-up", "shelf")];
    case "put":
      return [make.moved(from, "vase", "put-back", "shelf")];
    case "taken":
      return [make.moved(from, `b${track}`, "picked-up", "shelf", "basket")];
    case "set-down":
      return [make.moved(from, `b${track}`, "put-back", "till", "basket")];
    case "recognised":
      return [make.recognised(from, `c${track}`)];
    case "card-inside":
      return [make.presence(from, `c${track}`, "inside", { kind: "loyalty-card" })];
    case "card-silent":
      return [make.presence(from, `c${track}`, "outside", { kind: "loyalty-card" })];
    default:
      return make.stay(from, to, what, track);
  }
}

const ZONES: ReadonlySet<string> = new Set(["shelf", "queue", "line-up", "till", "pane", "lost"]);

/** No source tells that one track is in one zone twice at once: of two such deeds the first stands. */
function possible(deeds: readonly Deed[]): readonly Deed[] {
  const placeOf = ({ what }: Deed): string => (what === "lost" ? "shelf" : what);
  const begin = ({ minute, second }: Deed): number => 60 * minute + second;
  const end = (one: Deed): number => begin(one) + one.lastsS;
  const kept: Deed[] = [];
  for (const one of deeds) {
    const isTwice = kept.some(
      (other) =>
        ZONES.has(one.what) &&
        ZONES.has(other.what) &&
        other.track === one.track &&
        placeOf(other) === placeOf(one) &&
        begin(one) <= end(other) &&
        begin(other) <= end(one),
    );
    if (!isTwice) kept.push(one);
  }
  return kept;
}

/** A morning in the order of what happened. */
const morning = fc.array(deed, { maxLength: 40 }).map((deeds) => {
  const make = new ToldEvents();
  const events = possible(deeds).flatMap((one) => eventsOf(make, one));
  return events.sort((a, b) => a.at - b.at || (a.source < b.source ? -1 : 1) || a.seq - b.seq);
});

/** A time each at which the clock is looked at, besides those of the events. */
const looks = fc.array(fc.integer({ min: 0, max: 200 * 60 }), { maxLength: 12 });
const EVENING = at(5 * 60);

/** Plays events, with the clock looked at at these instants only. */
function played(
  events: readonly JourneyEvent[],
  instants: readonly EpochMs[],
): readonly JourneyEvent[] {
  const shop = watchVisits();
  let next = 0;
  const sorted = [...instants].sort((a, b) => a - b);
  for (const event of events) {
    for (; (sorted[next] ?? event.at + 1) <= event.at; next += 1)
      shop.builder.advance(sorted[next] ?? event.at);
    shop.builder.take(event);
  }
  shop.builder.advance(EVENING);
  return shop.told.filter(({ kind }) => kind !== "basket-changed");
}

test("when the clock is looked at changes nothing that is told", () => {
  fc.assert(
    fc.property(morning, looks, (events, seconds) => {
      const everyEvent = played(
        events,
        events.map((event) => event.at),
      );
      assert.deepEqual(
        played(
          events,
          seconds.map((second) => at(0, second)),
        ),
        everyEvent,
      );
      assert.deepEqual(played(events, []), everyEvent);
    }),
    { numRuns: 300 },
  );
});

test("events told twice tell nothing new", () => {
  fc.assert(
    fc.property(morning, (events) => {
      const once = watchVisits();
      const twice = watchVisits();
      once.play(events);
      twice.play(events.flatMap((event) => [event, event]));
      twice.play(events);
      for (const { builder } of [once, twice]) builder.advance(EVENING);
      assert.deepEqual(twice.told, once.told);
    }),
    { numRuns: 200 },
  );
});

test("the order of events within the time that is waited changes no document", () => {
  fc.assert(
    fc.property(morning, fc.array(fc.nat({ max: 150 }), { maxLength: 200 }), (events, delays) => {
      const bodies = (told: readonly JourneyEvent[]): readonly unknown[] =>
        told
          .filter((event) => event.kind === "completed")
          .map(({ clock: _, atMono: __, ...rest }) => rest);
      const delayed = events
        .map((event, i) => ({ event, comes: event.at + (delays[i] ?? 0) * 1000 }))
        .sort((a, b) => a.comes - b.comes);
      const shop = watchVisits();
      for (const { event, comes } of delayed) {
        shop.builder.advance(epochMs(comes));
        shop.builder.take(event);
      }
      shop.builder.advance(EVENING);
      assert.deepEqual(bodies(shop.told), bodies(played(events, [])));
    }),
    { numRuns: 200 },
  );
});

test("renamed and taken back in between is as if nothing had been", () => {
  fc.assert(
    fc.property(morning, fc.nat({ max: 90 }), (events, minute) => {
      const plain = watchVisits();
      plain.play(events);
      const other = watchVisits();
      const make = new ToldEvents();
      const news = [make.renamed(at(minute), 1, 2), make.renamed(at(minute), 1, 2, true)];
      other.play(events.filter((event) => event.at < at(minute)));
      other.builder.advance(at(minute));
      for (const event of news) other.builder.take(event);
      other.play(events.filter((event) => event.at >= at(minute)));
      for (const { builder } of [plain, other]) builder.advance(EVENING);
      assert.deepEqual(other.told, plain.told);
    }),
    { numRuns: 200 },
  );
});

test("after a restart at any moment nothing is told twice and nothing is missing", () => {
  fc.assert(
    fc.property(morning, fc.nat({ max: 120 }), (events, minute) => {
      const whole = watchVisits();
      whole.play(events);
      whole.builder.advance(EVENING);

      const first = watchVisits();
      const book: JourneyEvent[] = [];
      const before = events.filter((event) => event.at < at(minute));
      let written = 0;
      for (const event of before) {
        first.builder.advance(event.at);
        book.push(...first.told.slice(written), event);
        written = first.told.length;
        first.builder.take(event);
      }
      first.builder.advance(at(minute));
      book.push(...first.told.slice(written));
      const second = watchVisits();
      for (const event of book) second.builder.restore(event);
      assert.deepEqual(second.told, []);
      second.play(events.filter((event) => event.at >= at(minute)));
      second.builder.advance(EVENING);
      assert.deepEqual([...first.told, ...second.told], whole.told);
    }),
    { numRuns: 300 },
  );
});

test("a visit going on survives a restart under its name", () => {
  const make = new ToldEvents();
  const shop = watchVisits();
  const before = [make.presence(at(0), "b", "inside"), make.receipt(at(3), "r", { tag: "b" })];
  for (const event of before) shop.builder.restore(event);
  shop.play([make.presence(at(9), "b", "passing")]);
  shop.builder.advance(at(60));
  const [visit] = shop.documents();
  assert.deepEqual(
    [visit?.enteredAt, visit?.exitedAt, visit?.receipts.length, visit?.began.seq],
    [at(0), at(9), 1, 0],
  );
});

test("a visit that was told at a stop and goes on is taken back, and told again when it is over", () => {
  const make = new ToldEvents();
  const first = watchVisits();
  const inside = make.presence(at(0), "b", "inside");
  first.play([inside, ...make.tagStay(at(1), at(2), "shelf", "b")]);
  first.builder.finish();
  assert.deepEqual(
    first.documents().map(({ endedBy }) => endedBy),
    ["sensor"],
  );
  const second = watchVisits();
  for (const event of [inside, ...first.told]) second.builder.restore(event);
  second.play(make.tagStay(at(5), at(7), "rack", "b"));
  second.play([make.presence(at(9), "b", "outside")]);
  second.builder.advance(at(60));
  assert.deepEqual(
    second
      .documents()
      .map(({ revision, isWithdrawn, endedBy }) => [revision, isWithdrawn, endedBy]),
    [
      [1, true, "sensor"],
      [2, false, "silence"],
    ],
  );
});

test("a document lost with the disk's last moment is told after the restart", () => {
  const make = new ToldEvents();
  const events = [make.in(at(0), 1), make.out(at(5), 1)];
  const first = watchVisits();
  first.play(events);
  first.builder.advance(at(30));
  const second = watchVisits();
  for (const event of events) second.builder.restore(event);
  second.builder.advance(at(31));
  assert.deepEqual(second.told, first.told);
});

test("ids follow from what happened alone", () => {
  const hash = (text: string): string => `h${text.length}`;
  const make = new ToldEvents();
  const shop = watchVisits(visitPlan(), { hash });
  shop.play([make.in(at(0), 1), make.out(at(5), 1)]);
  shop.builder.advance(epochMs(at(5) + VISIT_RULES.reentryGapMs + VISIT_RULES.settleMs + 1));
  const text = JSON.stringify(["visit", "shop", "camera:all#a", 0]);
  assert.equal(shop.documents()[0]?.visitId, hash(text));
});

test("a cart that rested overnight and is the first to move is no visit of yesterday after a restart", () => {
  const make = new ToldEvents();
  const [, moved] = make.tagStay(at(-12 * 60), at(0), "shelf", "b");
  assert.ok(moved);
  const live = watchVisits();
  live.play([moved, make.presence(at(5), "b", "outside")]);
  live.builder.advance(EVENING);
  const restarted = watchVisits();
  restarted.builder.restore(moved);
  restarted.play([make.presence(at(5), "b", "outside")]);
  restarted.builder.advance(EVENING);
  assert.deepEqual(
    restarted.documents().map(({ enteredAt }) => enteredAt),
    live.documents().map(({ enteredAt }) => enteredAt),
  );
  assert.equal(restarted.documents()[0]?.enteredAt, at(0));
});
