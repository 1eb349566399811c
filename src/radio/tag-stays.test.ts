import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { monoMs, tagId, zoneId } from "../core/brand.ts";
import { seededRandom } from "../core/random.ts";
import type { FloorZonePlan, TagPlan } from "../core/site.ts";
import { Presence } from "./presence.ts";
import { TagEvents, type WhereaboutsEvent } from "./tag-events.ts";
import { TagStays } from "./tag-stays.ts";
import { NO_ZONE, UNKNOWN_ZONE, type ZoneEstimate } from "./zones/zone-estimate.ts";

const tags: readonly TagPlan[] = [
  {
    id: tagId("basket-1"),
    kind: "basket",
    beacon: { format: "ibeacon", uuid: "00112233-4455-6677-8899-aabbccddeeff", major: 1, minor: 1 },
  },
];
const square = [
  { x: 0, y: 0 },
  { x: 1, y: 0 },
  { x: 1, y: 1 },
];
const zones: readonly FloorZonePlan[] = [
  { id: zoneId("A"), name: "A", kind: "display", polygon: square },
  { id: zoneId("B"), name: "B", kind: "till", polygon: square },
  { id: zoneId("C"), name: "C", kind: "area", polygon: square },
  { id: zoneId("street"), name: "Street", kind: "outside", polygon: square },
];
const ZONE_OF: Readonly<Record<string, number>> = {
  A: 0,
  B: 1,
  C: 2,
  o: 3,
  ".": NO_ZONE,
  "?": UNKNOWN_ZONE,
};

/** Presence and stays of one tag that is heard every second unless told otherwise. */
function shop() {
  const events: WhereaboutsEvent[] = [];
  const told = new TagEvents({ tags, run: "r1", onEvent: (event) => events.push(event) });
  let seconds = 0;
  let heardMono = monoMs(0);
  const presence = new Presence({
    events: told,
    receivers: 1,
    isByLevel: () => false,
    onLeave: (tag, mono) => stays.leave(tag, mono),
  });
  const stays = new TagStays({ zones, presence, events: told });
  presence.setSeeing(0, true, monoMs(0));
  const estimate = (zone: number, confidence: number): ZoneEstimate => {
    const probabilities = new Float64Array(5).fill((1 - confidence) / 4);
    probabilities[zone >= 0 ? zone : 4] = zone === UNKNOWN_ZONE ? 0.2 : confidence;
    return {
      tag: 0,
      atMono: monoMs(seconds * 1_000),
      zone,
      confidence: zone === UNKNOWN_ZONE ? 0 : confidence,
      probabilities,
      insideRatio: zone === 3 ? 1 - confidence : 0.9,
      atDoors: new Float64Array(0),
      xM: 0,
      yM: 0,
    };
  };
  return {
    events,
    stays,
    presence,
    /** One letter a second: a zone, o outside, . no zone, ? nobody knows. */
    go(letters: string, { confidence = 0.8, isHeard = true } = {}): void {
      for (const letter of letters) {
        if (isHeard) {
          heardMono = monoMs(seconds * 1_000 + 500);
          presence.reading(0, 0, -70, heardMono);
        }
        stays.take(estimate(ZONE_OF[letter] ?? NO_ZONE, confidence), heardMono);
        seconds += 1;
      }
    },
    finish: (): void => stays.finish(monoMs(seconds * 1_000)),
    /** Stays as zone, begin and end in seconds, * for a censored one. */
    stayed: (): string[] =>
      events.flatMap((e) =>
        e.kind !== "tag-zone-exited"
          ? []
          : [
              `${e.zoneId} ${(e.atMono - e.dwellMs) / 1000}-${e.atMono / 1000}${e.censored ? "*" : ""}`,
            ],
      ),
    states: (): string[] =>
      events.flatMap((e) => (e.kind === "tag-changed" ? [`${e.state}@${e.atMono / 1000}`] : [])),
  };
}

test("a stay lasts from the first second in its zone to the first in another", () => {
  const s = shop();
  s.go("AAAAAAAAAABBBBBBBB");
  s.finish();
  // The tag was first heard half a second after its first estimate begins.
  assert.deepEqual(s.stayed(), ["A 0.5-10", "B 10-18*"]);
  assert.deepEqual(s.states(), ["passing@0.5", "inside@0.5"]);
});

test("who comes in is told once it is sure, with the time at which it began", () => {
  const s = shop();
  s.go("..........AA");
  const entered = (): readonly (readonly [number, number])[] =>
    s.events.flatMap((e) => (e.kind === "tag-zone-entered" ? [[e.atMono, e.confidence]] : []));
  assert.deepEqual(entered(), []);
  s.go("A");
  assert.deepEqual(entered(), [[10_000, 0.8]]);
});

test("a flap of less than three seconds is bridged, in a stay and before one", () => {
  const s = shop();
  s.go("AAAAABBAAAAA.AAAAAoAAAA");
  s.go("..........");
  assert.deepEqual(s.stayed(), ["A 0.5-23"]);
});

test("who only walks through a zone in two seconds does not stay in it", () => {
  const s = shop();
  s.go("AAAAAABBCCCCCC");
  s.finish();
  assert.deepEqual(s.stayed(), ["A 0.5-6", "C 8-14*"]);
});

test("nobody stays in a zone that is the most likely one and nothing more", () => {
  const s = shop();
  s.go("AAAAAAAAAA", { confidence: 0.45 });
  assert.deepEqual(s.stayed(), []);
  assert.deepEqual(s.stays.located(), [0, 0, 0, 0]);
  s.go("A", { confidence: 0.55 });
  assert.deepEqual(s.stays.located(), [1, 0, 0, 0]);
  s.finish();
  assert.deepEqual(s.stayed(), ["A 0.5-11*"]);
});

test("a stay that was begun goes on while its zone is the most likely one", () => {
  const s = shop();
  s.go("AAAA");
  s.go("AAAAAAAA", { confidence: 0.4 });
  s.go("BBBB");
  assert.deepEqual(s.stayed(), ["A 0.5-12"]);
});

test("for some seconds nobody has to know where a tag is; then its stay ended where it was last known", () => {
  const s = shop();
  s.go("AAAAA??????????AAAAA");
  assert.deepEqual(s.stayed(), []);
  s.go("???????????????");
  assert.deepEqual(s.stayed(), ["A 0.5-20*"]);
});

test("who turns up elsewhere after nobody knew left at an unknown time", () => {
  const s = shop();
  s.go("AAAAA??????BBBB");
  assert.deepEqual(s.stayed(), ["A 0.5-5*"]);
  s.go("CCCC");
  assert.deepEqual(s.stayed().slice(1), ["B 11-15"]);
});

test("what is said of the time after a tag was last heard is a guess and moves nobody", () => {
  const s = shop();
  s.go("AAAAA");
  s.go("BBBBBBBBBB", { isHeard: false });
  assert.equal(s.stays.zoneOf(0), 0);
  s.presence.advance(monoMs(60_000));
  assert.deepEqual(s.stayed(), ["A 0.5-4.5*"]);
  assert.deepEqual(s.states(), ["passing@0.5", "inside@0.5", "outside@4.5"]);
});

test("silence ends a stay before it ends the presence", () => {
  const s = shop();
  s.go("AAAAA");
  s.presence.advance(monoMs(60_000));
  assert.deepEqual(
    s.events.slice(-2).map((e) => e.kind),
    ["tag-zone-exited", "tag-changed"],
  );
});

test("in front of the shop nobody stays anywhere: it is passing", () => {
  const s = shop();
  s.go("oooooooo");
  assert.deepEqual(s.states(), ["passing@0.5"]);
  s.go("AAAAAA");
  assert.deepEqual(s.states(), ["passing@0.5", "inside@8"]);
  s.go("ooooo");
  assert.deepEqual(s.states(), ["passing@0.5", "inside@8", "passing@14"]);
  assert.deepEqual(s.stayed(), ["A 8-14"]);
});

test("a second at the door does not bring anybody in", () => {
  const s = shop();
  s.go("ooooAAooooAooo");
  assert.deepEqual(s.states(), ["passing@0.5"]);
});

test("time without any estimate proves nothing: the stay ended before it", () => {
  const s = shop();
  s.go("AAAAA");
  const late = shopEstimate(0, 60);
  s.presence.reading(0, 0, -70, monoMs(25_000));
  s.presence.reading(0, 0, -70, monoMs(50_000));
  s.presence.reading(0, 0, -70, monoMs(60_500));
  s.stays.take(late, monoMs(60_500));
  assert.deepEqual(s.stayed(), ["A 0.5-5*"]);
});

function shopEstimate(zone: number, second: number): ZoneEstimate {
  const probabilities = new Float64Array(5);
  probabilities[zone] = 1;
  return {
    tag: 0,
    atMono: monoMs(second * 1_000),
    zone,
    confidence: 1,
    probabilities,
    insideRatio: 1,
    atDoors: new Float64Array(0),
    xM: 0,
    yM: 0,
  };
}

test("the events of a tag are in order, its stays never overlap and are part of its presence", () => {
  const run = fc.record({
    letters: fc.string({ unit: fc.constantFrom("A", "B", "C", "o", ".", "?"), maxLength: 12 }),
    times: fc.integer({ min: 1, max: 20 }),
    confidence: fc.double({ min: 0.2, max: 1, noNaN: true }),
    isHeard: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(run, { minLength: 1, maxLength: 12 }), (runs) => {
      const s = shop();
      for (const { letters, times, ...how } of runs) s.go(letters.repeat(times), how);
      s.finish();
      checkOrder(s.events);
    }),
    { numRuns: 400 },
  );
});

/** Fails unless the events of the one tag follow each other as they should. */
function checkOrder(events: readonly WhereaboutsEvent[]): void {
  let lastMono = 0;
  let open: { zone: string; atMono: number } | null = null;
  let presentMs = 0;
  let sinceMono = 0;
  let dwellMs = 0;
  events.forEach((event, seq) => {
    assert.equal(event.seq, seq);
    assert.ok(event.atMono >= lastMono, "the time of a tag goes back");
    lastMono = event.atMono;
    if (event.kind === "tag-changed") {
      if (event.previous === "outside") sinceMono = event.atMono;
      if (event.state === "outside") presentMs += event.atMono - sinceMono;
      if (event.state !== "inside") assert.equal(open, null, "a stay outlives being inside");
    } else if (event.kind === "tag-zone-entered") {
      assert.equal(open, null, "two stays at once");
      open = { zone: event.zoneId, atMono: event.atMono };
    } else {
      assert.deepEqual(open, { zone: event.zoneId, atMono: event.atMono - event.dwellMs });
      assert.ok(event.confidence >= 0 && event.confidence <= 1);
      dwellMs += event.dwellMs;
      open = null;
    }
  });
  assert.equal(open, null);
  assert.ok(dwellMs <= presentMs + lastMono - sinceMono);
}

test("over an hour of walking the time told in each zone is off by no more than a tenth", () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const random = seededRandom(seed);
    const s = shop();
    const trueSeconds: Record<string, number> = {};
    let at = 0;
    while (at < 3_600) {
      const zone = ["A", "B", "C", "."][Math.floor(4 * random())] ?? ".";
      const seconds = 8 + Math.floor(60 * random());
      trueSeconds[zone] = (trueSeconds[zone] ?? 0) + seconds;
      // What smoothed estimates are like: late or early at a border, now and then elsewhere for a second or two.
      const letters = Array.from({ length: seconds }, (_, i) => {
        const atBorder = i < 2 || i >= seconds - 2;
        return random() < (atBorder ? 0.4 : 0.06) ? "ABC.?"[Math.floor(5 * random())] : zone;
      });
      s.go(letters.join(""));
      at += seconds;
    }
    s.finish();
    let off = 0;
    for (const zone of ["A", "B", "C"]) {
      const told = s.events.reduce(
        (sum, e) => sum + (e.kind === "tag-zone-exited" && e.zoneId === zone ? e.dwellMs : 0),
        0,
      );
      off += Math.abs(told / 1000 - (trueSeconds[zone] ?? 0));
    }
    assert.ok(off / at <= 0.1, `seed ${seed}: ${off} s of ${at} s`);
  }
});
