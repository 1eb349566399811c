import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type EpochMs, epochMs, zoneId } from "../../core/brand.ts";
import { CarrierTimeline } from "./carrier-timeline.ts";

const at = (second: number): EpochMs => epochMs(1_800_000_000_000 + second * 1000);
const TABLE = zoneId("table");

type Step = readonly [what: "in" | "out", second: number] | Stay;
type Stay = readonly [what: "stay" | "lost", from: number, to: number | null];

function timeline(...steps: readonly Step[]): CarrierTimeline {
  const carrier = new CarrierTimeline("floor", null);
  for (const step of steps) {
    const [what, from, to = null] = step;
    if (what === "in" || what === "out") carrier.pass({ at: at(from), isIn: what === "in" });
    else if (to === null) carrier.begin(TABLE, at(from));
    else carrier.end({ zoneId: TABLE, at: at(from), to: at(to), isCensored: what === "lost" });
  }
  return carrier;
}

/** Seconds at which somebody was first and last known to be inside, and whether that is sure. */
function present(carrier: CarrierTimeline, second: number): unknown {
  const presence = carrier.presenceAt(at(second));
  const seconds = (time: EpochMs): number => (time - at(0)) / 1000;
  return presence === null
    ? null
    : [seconds(presence.from), seconds(presence.seenAt), presence.isSure];
}

const CASES: readonly {
  readonly name: string;
  readonly steps: readonly Step[];
  readonly when: number;
  readonly expected: unknown;
}[] = [
  {
    name: "who is in a zone is there",
    steps: [
      ["in", 10],
      ["stay", 20, null],
    ],
    when: 500,
    expected: [10, 500, true],
  },
  {
    name: "also when no door counted them in",
    steps: [["stay", 20, null]],
    when: 500,
    expected: [20, 500, true],
  },
  {
    name: "who left the zone was seen last when they did",
    steps: [
      ["in", 10],
      ["stay", 20, 60],
    ],
    when: 500,
    expected: [10, 60, false],
  },
  {
    name: "who is seen again later was there in between",
    steps: [
      ["in", 10],
      ["stay", 20, 60],
      ["stay", 90, 100],
    ],
    when: 75,
    expected: [10, 60, true],
  },
  {
    name: "who is counted leaving later was there until then",
    steps: [
      ["in", 10],
      ["stay", 20, 60],
      ["out", 90],
    ],
    when: 75,
    expected: [10, 60, true],
  },
  {
    name: "who was counted leaving is gone",
    steps: [
      ["in", 10],
      ["out", 90],
    ],
    when: 90,
    expected: null,
  },
  {
    name: "a zone that reaches over the line makes nobody come back",
    steps: [
      ["in", 10],
      ["out", 90],
      ["stay", 95, null],
    ],
    when: 96,
    expected: null,
  },
  {
    name: "who is in a zone long after an exit came back unseen",
    steps: [
      ["in", 10],
      ["out", 90],
      ["stay", 130, null],
    ],
    when: 140,
    expected: [130, 140, true],
  },
  {
    name: "what was before the last exit says nothing of the next stay",
    steps: [
      ["in", 10],
      ["stay", 20, 60],
      ["out", 90],
      ["in", 130],
    ],
    when: 140,
    expected: [130, 130, false],
  },
  {
    name: "a track that was lost in a zone is nobody any more",
    steps: [
      ["in", 10],
      ["lost", 20, 60],
    ],
    when: 61,
    expected: null,
  },
  {
    name: "unless it is found again",
    steps: [
      ["in", 10],
      ["lost", 20, 60],
      ["stay", 90, 95],
    ],
    when: 61,
    expected: [10, 60, true],
  },
  {
    name: "who comes in twice was missed going out in between, and is as sure as the last time",
    steps: [
      ["in", 10],
      ["in", 300],
    ],
    when: 310,
    expected: [10, 300, false],
  },
];

for (const { name, steps, when, expected } of CASES)
  test(`presence: ${name}`, () => {
    assert.deepEqual(present(timeline(...steps), when), expected);
    assert.deepEqual(present(timeline(...[...steps].reverse()), when), expected, "in any order");
  });

test("nobody is there before they came, and each stay is known once", () => {
  const carrier = timeline(["in", 10], ["stay", 20, null], ["stay", 20, 60], ["stay", 20, null]);
  assert.equal(present(carrier, 9), null);
  assert.equal(carrier.stays.length, 1);
});

test("a visit that was told, and staff, are not there any more", () => {
  const told = timeline(["in", 10], ["stay", 20, 60], ["out", 90], ["in", 2000]);
  told.finish(at(90));
  assert.equal(present(told, 70), null);
  assert.deepEqual(present(told, 2010), [2000, 2000, false]);
  const staff = timeline(["in", 10], ["stay", 20, null]);
  staff.markStaff(at(10));
  assert.equal(present(staff, 30), null);
});

test("who left was inside from their first sight to the exit", () => {
  const carrier = timeline(["stay", 20, 60], ["out", 90], ["in", 200], ["out", 260], ["in", 400]);
  assert.deepEqual(carrier.leftUpTo(at(500)), [
    { from: at(20), to: at(90) },
    { from: at(200), to: at(260) },
  ]);
  assert.deepEqual(carrier.leftUpTo(at(250)), [{ from: at(20), to: at(90) }]);
});

test("a visit may begin with a stay only where nothing was known before it", () => {
  const carrier = timeline(["stay", 20, 60], ["stay", 80, 90]);
  assert.equal(carrier.mayBeginAt(at(20)), true);
  assert.equal(carrier.mayBeginAt(at(80)), false);
  assert.equal(timeline(["in", 10], ["stay", 20, 60]).mayBeginAt(at(20)), false);
  assert.equal(timeline(["lost", 20, 60], ["stay", 80, 90]).mayBeginAt(at(80)), true);
});

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(fc.constantFrom("in" as const, "out" as const), fc.integer({ min: 0, max: 600 })),
  fc
    .tuple(fc.integer({ min: 0, max: 600 }), fc.integer({ min: 1, max: 200 }), fc.boolean())
    .map(([from, ms, isLost]): Step => [isLost ? "lost" : "stay", from, from + ms]),
);

test("presence holds together for any way, and everything is bounded", () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.integer({ min: 0, max: 900 }),
      (way, when) => {
        const carrier = timeline(...way);
        assert.ok(carrier.marks.length <= 32 && carrier.stays.length <= 32);
        const presence = carrier.presenceAt(at(when));
        if (presence !== null) {
          assert.ok(presence.from <= presence.seenAt && presence.seenAt <= at(when));
        }
        for (const { from, to } of carrier.leftUpTo(at(when)))
          assert.ok(from <= to && to <= at(when));
      },
    ),
    { numRuns: 300, seed: 7 },
  );
});
