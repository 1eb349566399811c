import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { EventMaker } from "../../test/fakes/journey-events.ts";
import { type EpochMs, epochMs, lineId, tagId } from "../core/brand.ts";
import type { CrossingDirection, CrossingRecorded } from "../core/events.ts";
import { type StaffMark, StaffMatcher } from "./staff-matcher.ts";
import type { DoorClaim } from "./staff-odds.ts";

const NOON = 1_800_000_000_000;
const LATER = epochMs(NOON + 3_600_000);
const at = (second: number): EpochMs => epochMs(NOON + second * 1000);

function startMatcher(): { matcher: StaffMatcher; marks: StaffMark[]; told: () => string[] } {
  const marks: StaffMark[] = [];
  const onMark = (mark: StaffMark): void => void marks.push(mark);
  const doors = [lineId("door"), lineId("back")];
  const matcher = new StaffMatcher(doors, { settleMs: 120_000, onMark });
  const told = (): string[] =>
    marks.map(({ claim, crossing }) => `${claim.tagId} ${(crossing.at - NOON) / 1000}`);
  return { matcher, marks, told };
}

function passage(
  tag: string,
  second: number,
  direction: CrossingDirection | null,
  part: Partial<DoorClaim> = {},
): DoorClaim {
  return {
    source: "radio-door:fused#a",
    tagId: tagId(tag),
    lineId: lineId("door"),
    from: at(second - 2),
    to: at(second + 2),
    at: at(second),
    probability: 0.9,
    direction,
    ...part,
  };
}

/** Customers in and out, one every `gapS` seconds, from ten minutes before to ten after, none within 20 s of noon. */
function customers(maker: EventMaker, gapS: number): CrossingRecorded[] {
  const all: CrossingRecorded[] = [];
  for (let second = -600; second <= 600; second += gapS) {
    if (Math.abs(second) <= 20) continue;
    all.push(maker.crossing(at(second), "door", "in"), maker.crossing(at(second), "door", "out"));
  }
  return all;
}

test("the crossing at the time of a passage is staff, with its probability", () => {
  const { matcher, marks, told } = startMatcher();
  const maker = new EventMaker();
  for (const event of customers(maker, 60)) matcher.crossing(event);
  matcher.crossing(maker.crossing(at(1), "door", "in"));
  matcher.claim(passage("ann", 0, "in"));
  matcher.advance(LATER);
  assert.deepEqual(told(), ["ann 1"]);
  assert.ok((marks[0]?.probability ?? 0) > 0.85);
});

test("nothing is decided before the time for late news is over", () => {
  const { matcher, told } = startMatcher();
  matcher.claim(passage("ann", 0, "in"));
  matcher.advance(at(2 + 3 + 119));
  // A counter that reports by the minute: the crossing comes two minutes late.
  matcher.crossing(new EventMaker().crossing(at(1), "door", "in"));
  assert.deepEqual([told(), matcher.waiting], [[], 1]);
  matcher.advance(at(2 + 3 + 120));
  assert.deepEqual([told(), matcher.waiting], [["ann 1"], 0]);
});

test("a crossing the other way, at another door, too early or too late is not this passage", () => {
  const { matcher, told } = startMatcher();
  const maker = new EventMaker();
  matcher.crossing(maker.crossing(at(0), "door", "out"));
  matcher.crossing(maker.crossing(at(0), "back", "in"));
  matcher.crossing(maker.crossing(at(-5.1), "door", "in"));
  matcher.crossing(maker.crossing(at(5.1), "door", "in"));
  matcher.crossing(maker.crossing(at(0), "pass-left", "in"));
  matcher.claim(passage("ann", 0, "in"));
  matcher.finish();
  assert.deepEqual(told(), []);
});

test("a customer in the same second: one of the two is taken out, not both and not neither", () => {
  const { matcher, marks } = startMatcher();
  const maker = new EventMaker();
  matcher.crossing(maker.crossing(at(0), "door", "in"));
  matcher.crossing(maker.crossing(at(0), "door", "in"));
  matcher.claim(passage("ann", 0, "in"));
  matcher.finish();
  assert.equal(marks.length, 1);
  const probability = marks[0]?.probability ?? 0;
  assert.ok(probability > 0.45 && probability <= 0.5, String(probability));
});

test("customers the other way in the same second do not compete when the direction is known", () => {
  const { matcher, marks } = startMatcher();
  const maker = new EventMaker();
  for (const event of customers(maker, 60)) matcher.crossing(event);
  matcher.crossing(maker.crossing(at(0), "door", "in"));
  for (let i = 0; i < 3; i += 1) matcher.crossing(maker.crossing(at(0), "door", "out"));
  matcher.claim(passage("ann", 0, "in"));
  matcher.finish();
  assert.deepEqual(
    marks.map(({ crossing }) => crossing.direction),
    ["in"],
  );
});

test("without a direction, one in and one out in the same second prove nothing", () => {
  const { matcher, told } = startMatcher();
  const maker = new EventMaker();
  for (const event of customers(maker, 60)) matcher.crossing(event);
  matcher.crossing(maker.crossing(at(0), "door", "in"));
  matcher.crossing(maker.crossing(at(0), "door", "out"));
  matcher.claim(passage("ann", 0, null));
  matcher.finish();
  assert.deepEqual(told(), []);
});

test("the same evidence is enough in a quiet shop and not in a crowd", () => {
  const marksAt = (gapS: number): number => {
    const { matcher, marks } = startMatcher();
    const maker = new EventMaker();
    for (const event of customers(maker, gapS)) matcher.crossing(event);
    matcher.crossing(maker.crossing(at(4), "door", "in"));
    matcher.claim(passage("ann", 0, "in", { probability: 0.5 }));
    matcher.finish();
    return marks.length;
  };
  assert.deepEqual([marksAt(120), marksAt(4)], [1, 0]);
});

test("two staff who come in together are the two crossings, whichever was told first", () => {
  for (const tags of [
    ["ann", "ben"],
    ["ben", "ann"],
  ]) {
    const { matcher, marks } = startMatcher();
    const maker = new EventMaker();
    for (const tag of tags) matcher.claim(passage(tag, 0, "in"));
    matcher.crossing(maker.crossing(at(0.4), "door", "in"));
    matcher.crossing(maker.crossing(at(1.2), "door", "in"));
    matcher.finish();
    assert.deepEqual(marks.map(({ crossing }) => crossing.seq).sort(), [0, 1]);
    assert.equal(new Set(marks.map(({ claim }) => claim.tagId)).size, 2);
  }
});

test("two staff and one crossing, the other missed by the camera: it is marked once", () => {
  const { matcher, marks } = startMatcher();
  matcher.claim(passage("ann", 0, "in"));
  matcher.claim(passage("ben", 0.5, "in"));
  matcher.crossing(new EventMaker().crossing(at(0), "door", "in"));
  matcher.finish();
  assert.equal(marks.length, 1);
});

test("a crossing belongs to the one of two staff whom it fits better, not to the one decided first", () => {
  const { matcher, told } = startMatcher();
  matcher.claim(passage("ann", 0, "in"));
  matcher.claim(passage("ben", 3, "in"));
  matcher.crossing(new EventMaker().crossing(at(3.2), "door", "in"));
  matcher.finish();
  assert.deepEqual(told(), ["ben 3.2"]);
});

test("a tag near two doors at once is one person: one crossing at one of them", () => {
  const { matcher, marks } = startMatcher();
  const maker = new EventMaker();
  matcher.claim(passage("ann", 0, "in", { probability: 0.6 }));
  matcher.claim(passage("ann", 0, "in", { probability: 0.5, lineId: lineId("back") }));
  matcher.crossing(maker.crossing(at(0), "door", "in"));
  matcher.crossing(maker.crossing(at(0), "back", "in"));
  matcher.finish();
  assert.deepEqual(
    marks.map(({ crossing }) => crossing.lineId),
    ["door"],
  );
});

test("out and back within seconds are two passages and two crossings", () => {
  const { matcher, told } = startMatcher();
  const maker = new EventMaker();
  matcher.crossing(maker.crossing(at(0), "door", "out"));
  matcher.crossing(maker.crossing(at(8), "door", "in"));
  matcher.claim(passage("ann", 0, "out"));
  matcher.claim(passage("ann", 8, "in"));
  matcher.finish();
  assert.deepEqual(told(), ["ann 0", "ann 8"]);
});

test("the order in which crossings and passages come changes nothing", () => {
  const second = fc.integer({ min: 0, max: 120 });
  const way = fc.constantFrom("in" as const, "out" as const);
  const people = fc.array(fc.tuple(second, way), { maxLength: 15 });
  const staff = fc.uniqueArray(
    fc.tuple(fc.constantFrom("ann", "ben", "cy"), second, fc.option(way)),
    { maxLength: 5, selector: ([tag, when]) => `${tag} ${when}` },
  );
  fc.assert(
    fc.property(people, staff, fc.infiniteStream(fc.nat(1000)), (crossings, passages, mix) => {
      const maker = new EventMaker();
      const news = [
        ...crossings.map(([when, direction]) => {
          const event = maker.crossing(at(when), "door", direction);
          return (matcher: StaffMatcher) => matcher.crossing(event);
        }),
        ...passages.map(([tag, when, direction]) => {
          const claim = passage(tag, when, direction);
          return (matcher: StaffMatcher) => matcher.claim(claim);
        }),
      ];
      const tell = (order: typeof news): StaffMark[] => {
        const { matcher, marks } = startMatcher();
        for (const say of order) say(matcher);
        matcher.advance(at(500));
        return marks;
      };
      const mixed = news
        .map((say) => ({ say, key: mix.next().value }))
        .sort((a, b) => a.key - b.key)
        .map(({ say }) => say);
      const marks = tell(news);
      assert.deepEqual(tell(mixed), marks);
      assert.equal(new Set(marks.map(({ crossing }) => crossing.seq)).size, marks.length);
      assert.equal(new Set(marks.map(({ claim }) => claim)).size, marks.length);
    }),
    { numRuns: 60 },
  );
});

test("a flood of crossings and passages stays bounded and says what it dropped", () => {
  const { matcher } = startMatcher();
  const maker = new EventMaker();
  for (let i = 0; i < 3000; i += 1) matcher.crossing(maker.crossing(at(i / 10), "door", "in"));
  for (let i = 0; i < 300; i += 1) matcher.claim(passage(`t${i}`, i, "in"));
  assert.deepEqual([matcher.waiting, matcher.dropped], [256, 3000 - 1024 + 300 - 256]);
  matcher.finish();
  assert.equal(matcher.waiting, 0);
});

test("a crossing told twice is one crossing", () => {
  const { matcher, marks } = startMatcher();
  const event = new EventMaker().crossing(at(0), "door", "in");
  matcher.crossing(event);
  matcher.crossing(event);
  matcher.claim(passage("ann", 0, "in"));
  matcher.claim(passage("ben", 0, "in"));
  matcher.finish();
  assert.equal(marks.length, 1);
});
