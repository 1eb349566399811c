import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { at, ToldEvents, type WatchedVisits, watchVisits } from "../../../test/fakes/visit-shop.ts";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { JourneyCompleted, JourneyEvent } from "../../core/events.ts";
import type { UnderWay } from "./visit-builder.ts";

/** The shop's days are cut at 04:00, eighteen hours after the instant the times of these tests count from. */
const CUT = at(18 * 60);
const MINUTES = { min: -200, max: 120 };
const END = epochMs(CUT + 26 * 3_600_000);
/** As the app reads it back: clocks are put right by some minutes. */
const MARGIN_MS = 600_000;

/** What somebody does around the cut-over; a track is never heard of again so long after it went out. */
const deed = fc.record({
  minute: fc.integer(MINUTES),
  second: fc.integer({ min: 0, max: 59 }),
  lastsS: fc.integer({ min: 1, max: 2_400 }),
  who: fc.integer({ min: 1, max: 3 }),
  what: fc.constantFrom(
    "in",
    "out",
    "shelf",
    "queue",
    "till",
    "inside",
    "passing",
    "silent",
    "receipt",
    "staff",
    "put",
  ),
});
type Deed = typeof deed extends fc.Arbitrary<infer Value> ? Value : never;

const from = ({ minute, second }: Deed): EpochMs => epochMs(CUT + minute * 60_000 + second * 1_000);

function eventsOf(make: ToldEvents, one: Deed): JourneyEvent[] {
  const begin = from(one);
  const end = epochMs(begin + one.lastsS * 1_000);
  const { who, what } = one;
  switch (what) {
    case "in":
      return [make.in(begin, who)];
    case "out":
      return [make.out(begin, who)];
    case "inside":
      return [make.presence(begin, `b${who}`, "inside")];
    case "passing":
      return [make.presence(begin, `b${who}`, "passing")];
    case "silent":
      return [make.presence(begin, `b${who}`, "outside")];
    case "put":
      return [make.basket(begin, `b${who}`, "add")];
    case "receipt":
      return [make.receipt(begin, `r${one.minute}`, who > 2 ? { tag: `b${who}` } : {})];
    case "staff": {
      const crossing = make.in(begin, who);
      return [crossing, make.staff(crossing)];
    }
    default:
      return make.stay(begin, end, what, who);
  }
}

/** Two days in the order of what happened; of two stays of one track in one zone at once the first stands. */
const days = fc.array(deed, { maxLength: 60 }).map((deeds) => {
  const make = new ToldEvents();
  const taken = new Map<string, number>();
  const possible = [...deeds]
    .sort((a, b) => from(a) - from(b))
    .filter((one) => {
      const key = `${one.who} ${one.what}`;
      if ((taken.get(key) ?? 0) >= from(one)) return false;
      taken.set(key, from(one) + one.lastsS * 1_000);
      return true;
    });
  const events = possible.flatMap((one) => eventsOf(make, one));
  const radio = make.sensor(at(0), "lobby", "seeing", "radio");
  return [radio, ...events.sort((a, b) => a.at - b.at || (a.source < b.source ? -1 : 1))];
});

interface Recorded {
  readonly event: JourneyEvent;
  readonly at: EpochMs;
}

/** What a gateway has on its disk when it dies. */
interface Disk {
  readonly book: Recorded[];
  /** Noted as the second day began; null when it did not. */
  noted: UnderWay | null;
}

/** Lives until the disk holds so many events; time passes every minute, and before each event. */
function live(shop: WatchedVisits, disk: Disk, events: readonly JourneyEvent[], until: EpochMs) {
  let written = shop.told.length;
  const write = (now: EpochMs): void => {
    for (const event of shop.told.slice(written)) disk.book.push({ event, at: now });
    written = shop.told.length;
  };
  const pass = (now: EpochMs): void => {
    if (now >= CUT && disk.noted === null) disk.noted = shop.builder.underWay;
    shop.builder.advance(now);
    write(now);
  };
  let now = disk.book.at(-1)?.at ?? at(0);
  for (const event of events) {
    for (; now < event.at; now = epochMs(now + 60_000)) pass(now);
    pass(event.at);
    disk.book.push({ event, at: event.at });
    shop.builder.take(event);
    write(event.at);
    now = event.at;
  }
  for (; now < until; now = epochMs(now + 60_000)) pass(now);
}

/** As the app does it: what visits under way rest on, silence about what had been told, then the day so far. */
function reborn({ book, noted }: Disk): WatchedVisits {
  const shop = watchVisits();
  const { builder } = shop;
  const isToday = (one: Recorded): boolean => noted === null || one.at >= CUT;
  if (noted !== null) {
    const since = noted.since === null ? CUT : epochMs(noted.since - MARGIN_MS);
    for (const one of book)
      if (!isToday(one) && (one.at >= since || one.event.kind === "sensor-changed"))
        builder.restore(one.event);
    if (noted.decidedUntil !== null) builder.settle(noted.decidedUntil);
  }
  for (const one of book) if (isToday(one)) builder.restore(one.event);
  return shop;
}

const documents = (book: readonly Recorded[]): readonly JourneyCompleted[] =>
  book.flatMap(({ event }) => (event.kind === "completed" ? [event] : []));

/** The newest document of each visit. */
const newest = (book: readonly Recorded[]): ReadonlyMap<string, JourneyCompleted> =>
  new Map(documents(book).map((document) => [document.visitId, document]));

function story(events: readonly JourneyEvent[], shares: readonly number[]): Disk {
  const disk: Disk = { book: [], noted: null };
  let shop = watchVisits();
  let done = 0;
  for (const share of [...shares].sort((a, b) => a - b)) {
    const death = Math.round(share * events.length);
    live(shop, disk, events.slice(done, death), epochMs(0));
    done = Math.max(done, death);
    shop = reborn(disk);
  }
  live(shop, disk, events.slice(done), END);
  return disk;
}

/** After which share of the events the gateway dies. */
const deaths = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 3 });

test("whenever the gateway dies around a cut-over, the visits told in the end are the same", () => {
  fc.assert(
    fc.property(days, deaths, (events, shares) => {
      const plain = story(events, []);
      const broken = story(events, shares);
      assert.deepEqual(newest(broken.book), newest(plain.book));
    }),
    { numRuns: 400 },
  );
});

test("no visit is told with another content under one id and revision, whenever the gateway dies", () => {
  fc.assert(
    fc.property(days, deaths, (events, shares) => {
      const told = new Map<string, JourneyCompleted>();
      for (const document of documents(story(events, shares).book)) {
        const key = `${document.source} ${document.seq}`;
        assert.equal(told.has(key), false, `told twice: ${key}`);
        told.set(key, document);
      }
    }),
    { numRuns: 300 },
  );
});

test("what is told of queues is the same, whenever the gateway dies around a cut-over", () => {
  const queues = ({ book }: Disk): readonly JourneyEvent[] =>
    book.flatMap(({ event }) => (event.kind.startsWith("queue-") ? [event] : []));
  fc.assert(
    fc.property(days, deaths, (events, shares) => {
      assert.deepEqual(queues(story(events, shares)), queues(story(events, [])));
    }),
    { numRuns: 300 },
  );
});

test("a visit over the cut-over goes on under its name after a restart, and is told once", () => {
  const make = new ToldEvents();
  const events = [
    make.in(epochMs(CUT - 1_800_000), 1),
    ...make.stay(epochMs(CUT - 600_000), epochMs(CUT + 60_000), "shelf", 1),
    make.out(epochMs(CUT + 120_000), 1),
    make.in(epochMs(CUT + 7_200_000), 2),
  ];
  const [visit, ...others] = documents(story(events, [0.6]).book);
  assert.deepEqual(
    others.map(({ began }) => began.seq),
    [4],
  );
  assert.deepEqual(
    [visit?.enteredAt, visit?.endedBy, visit?.revision, visit?.began.seq],
    [CUT - 1_800_000, "day-end", 0, 0],
  );
});

test("where nobody is under way at the cut-over, nothing before it has to be kept", () => {
  const make = new ToldEvents();
  const shop = watchVisits();
  shop.play([make.in(at(0), 1), make.out(at(5), 1)]);
  shop.builder.advance(CUT);
  assert.deepEqual(shop.builder.underWay, { since: null, decidedUntil: CUT });
});

test("however long a track is there, what has to be kept is a day and some minutes", () => {
  const make = new ToldEvents();
  const shop = watchVisits();
  const { builder } = shop;
  for (let hour = 0; hour < 100; hour += 1) {
    const begin = at(60 * hour);
    shop.play(make.stay(begin, epochMs(begin + 3_000_000), "shelf", 1));
  }
  const { since, decidedUntil } = builder.underWay;
  assert.ok(since !== null && decidedUntil !== null);
  assert.ok(decidedUntil - since <= builder.reachMs, `${decidedUntil - since}`);
  assert.ok(builder.reachMs < 27 * 3_600_000);
});

test("the end of a visit whose beginning is not read back is no visit of its own", () => {
  const make = new ToldEvents();
  const minute = (n: number): EpochMs => epochMs(CUT + n * 60_000);
  const events = [
    make.in(minute(-130), 1),
    make.in(minute(-110), 2),
    make.out(minute(-105), 1),
    ...make.stay(minute(-100), minute(-1), "shelf", 2),
    make.out(minute(5), 2),
    make.in(minute(300), 3),
  ];
  const told = documents(story(events, [0.9]).book).map(({ began }) => began.seq);
  assert.deepEqual(told, [0, 1, 6]);
});
