import assert from "node:assert/strict";
import { test } from "node:test";
import { type Stop, VisitMaker, type VisitSketch } from "../../../test/fakes/completed-visits.ts";
import { utc } from "../../../test/fakes/journey-events.ts";
import { epochMs } from "../../core/brand.ts";
import type { JourneyCompleted } from "../../core/events.ts";
import { stillThere } from "./missed-exits.ts";
import { isExitMissed, learnSights, spansInside } from "./sight-gaps.ts";

const OPENS = utc("2026-11-20T09:00:00Z");
const near = (value: number | undefined, expected: number): void =>
  assert.ok(Math.abs((value ?? Number.NaN) - expected) < 1e-9, `${value}, expected ${expected}`);

function visits(count: number, sketch: (i: number) => VisitSketch): JourneyCompleted[] {
  const maker = new VisitMaker();
  return Array.from({ length: count }, (_, i) =>
    maker.visit(epochMs(OPENS + i * 60_000), sketch(i)),
  );
}

const missed = (sketch: VisitSketch): VisitSketch => ({
  ...sketch,
  change: { isExitSeen: false, endedBy: "closing" },
});

test("without zones it is what is known of who was not counted leaving", () => {
  // Visits of 1 to 97 minutes, and three whose exit was missed: there and nowhere seen since.
  const model = learnSights([
    ...visits(97, (i) => ({ lengthS: (i + 1) * 60 })),
    ...visits(3, () => missed({ lengthS: 0 })),
  ]);
  for (const minute of [0, 30, 60, 96, 97, 200])
    near(model?.stillInside(minute * 60_000), stillThere(Math.max(0, 97 - minute) / 97, 0.03));
  near(model?.seenShare, 0);
});

/** Two tables, ten seconds in between, ten to the first and twenty to the door. */
const STOPS: readonly Stop[] = [
  ["table", 10, 100],
  ["shoes", 120, 100],
];

test("on the way between two zones somebody is inside; who is out of sight for longer has left", () => {
  const model = learnSights([
    ...visits(98, () => ({ stops: STOPS, lengthS: 240 })),
    ...visits(2, () => missed({ stops: STOPS, lengthS: 220 })),
  ]);
  // 98 x 3 gaps and 2 x 2 are over; 2 never end. Some of those who were missed are still on their way out.
  near(model?.stillInside(0), 1);
  near(model?.stillInside(5_000), 1);
  near(model?.stillInside(15_000), (98 + 2) / (98 + 2));
  near(model?.stillInside(25_000), 0);
  near(model?.leavesAfter(19_000), 1);
  near(model?.leavesAfter(20_000), 0);
  near(model?.cameBefore(9_000), 1);
  near(model?.cameBefore(10_000), 0);
  near(model?.seenShare, (100 * 200) / (98 * 240 + 2 * 220));
});

test("a long gap that is seen now and then leaves a doubt in proportion", () => {
  const slow: readonly Stop[] = [["table", 60, 100]];
  const model = learnSights([
    ...visits(90, () => ({ stops: STOPS, lengthS: 240 })),
    ...visits(10, () => ({ stops: slow, lengthS: 180 })),
    ...visits(5, () => missed({ stops: STOPS, lengthS: 220 })),
  ]);
  // Ten gaps of a minute against five exits that were missed.
  near(model?.stillInside(30_000), 10 / 15);
});

test("who went out and came back, and one mistake among a thousand, teach nothing", () => {
  const plain = visits(999, () => ({ stops: STOPS, lengthS: 240 }));
  const strange = visits(2, (i) => ({
    stops: [["table", 10, 100]],
    lengthS: 20_000,
    ...(i === 0 ? { change: { reentries: 1 } } : {}),
  }));
  near(learnSights([...plain, ...strange])?.stillInside(60_000), 1);
  const lost = visits(10, () => missed({ stops: STOPS, lengthS: 220 }));
  near(learnSights([...plain, ...strange, ...lost])?.stillInside(60_000), 0);
});

test("a lost track is no missed exit, and of few visits nothing is learned", () => {
  const [row] = visits(1, () => ({ change: { isExitSeen: false, endedBy: "lost" } }));
  assert.equal(row === undefined ? null : isExitMissed(row), false);
  assert.equal(learnSights(visits(19, () => ({ lengthS: 60 }))), null);
  assert.notEqual(learnSights(visits(20, () => ({ lengthS: 60 }))), null);
});

test("who is out of sight far longer than anybody was not among the customers in between", () => {
  const model = learnSights(visits(100, () => ({ stops: STOPS, lengthS: 240 })));
  assert.equal(model?.longestGapMs, 80_000, "four times the longest");
  const [row] = visits(1, () => ({
    stops: [
      ["table", 10, 100],
      ["shoes", 150, 50],
      ["table", 3600, 100],
    ],
    lengthS: 9000,
  }));
  assert.ok(row !== undefined);
  const after = (seconds: number): number => OPENS + seconds * 1000;
  assert.deepEqual(spansInside(row, 80_000), [
    { from: after(0), to: after(200) },
    { from: after(3600), to: after(3700) },
    { from: after(9000), to: after(9000) },
  ]);
  assert.deepEqual(spansInside(row, Number.POSITIVE_INFINITY), [
    { from: after(0), to: after(9000) },
  ]);
});
