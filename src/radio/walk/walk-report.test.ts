import assert from "node:assert/strict";
import { test } from "node:test";
import { SIMULATED_SITE, simulatedWalk } from "../../../test/fakes/simulated-walk.ts";
import { monoMs } from "../../core/brand.ts";
import { insidePolygon } from "../../core/geometry.ts";
import { ConfusionCount } from "./walk-confusion.ts";
import { judgeStays, type WalkGround, wholeSeconds } from "./walk-judge.ts";
import { PLACE_RULES } from "./walk-places.ts";
import { reportWalk, surveyStays } from "./walk-report.ts";
import type { WalkRecord } from "./walk-session.ts";
import { halvesOf } from "./walk-stays.ts";

const floor = SIMULATED_SITE.floor ?? { outline: [], obstacles: [], zones: [], doors: [] };
const GROUND: WalkGround = { floor, receivers: SIMULATED_SITE.receivers, survey: [] };
const ZONES = floor.zones.map(({ id }) => id);
const SEEDS = [1, 3];

test("in a shop whose shelves bend the levels, a walk makes the zones clearer", (t) => {
  for (const seed of SEEDS) {
    const report = reportWalk(GROUND, simulatedWalk({ seed, shadowDb: 6, powerDbm: -60 }, 40));
    const [before, after] = [report.before.accuracy ?? 0, report.after.accuracy ?? 0];
    t.diagnostic(
      `seed ${seed}: ${before.toFixed(3)} -> ${after.toFixed(3)}, ${report.points.length} points`,
    );
    assert.equal(report.verdict, "better", `seed ${seed}: ${before} -> ${after}`);
    assert.equal(report.before.seconds, report.after.seconds, "judged on the very same seconds");
  }
});

test("points stand in the zone that was tapped, at most five in each and thirty in all", () => {
  const { points } = reportWalk(GROUND, simulatedWalk({ seed: 5, shadowDb: 6, powerDbm: -60 }, 45));
  const perZone = floor.zones.map(({ polygon }) => {
    const flat = polygon.flatMap(({ x, y }) => [x, y]);
    return points.filter(({ xM, yM }) => insidePolygon(flat, xM, yM)).length;
  });
  assert.ok(
    perZone.every((n) => n >= 1 && n <= 5),
    perZone.join(),
  );
  assert.equal(
    perZone.reduce((sum, n) => sum + n, 0),
    points.length,
  );
});

test("a tag of another power gives the same points but for its power", () => {
  const walk = simulatedWalk({ seed: 2, shadowDb: 5, powerDbm: -56 }, 45);
  const weaker: WalkRecord = {
    ...walk,
    readings: walk.readings.map((reading) => ({ ...reading, rssiDbm: reading.rssiDbm - 6 })),
  };
  const accuracy = (record: WalkRecord): number => reportWalk(GROUND, record).after.accuracy ?? 0;
  assert.ok(Math.abs(accuracy(walk) - accuracy(weaker)) <= 0.05);
});

test("nothing is judged by points made of itself: swapping what was taught changes the judgement", () => {
  const record = simulatedWalk({ seed: 3, shadowDb: 6, powerDbm: -60 }, 40);
  const [first, second] = halvesOf(record.stays);
  const rules = { ...PLACE_RULES, minSeconds: PLACE_RULES.minSeconds / 2 };
  const own = surveyStays(GROUND, record.readings, second, rules);
  const other = surveyStays(GROUND, record.readings, first, rules);
  const right = (survey: WalkGround["survey"]): number => {
    const count = new ConfusionCount(ZONES);
    judgeStays({ ...GROUND, survey }, record.readings, second, count);
    return count.read().accuracy ?? 0;
  };
  // The report has to give the honest one of the two; they differ, or this test shows nothing.
  const report = reportWalk(GROUND, record);
  const count = new ConfusionCount(ZONES);
  judgeStays({ ...GROUND, survey: other }, record.readings, second, count);
  judgeStays({ ...GROUND, survey: own }, record.readings, first, count);
  assert.deepEqual(report.after, count.read());
  assert.notEqual(right(own), right(other));
});

test("readings outside of the judged stays do not help", () => {
  const record = simulatedWalk({ seed: 3, shadowDb: 4, powerDbm: -60 }, 30);
  const [, second] = halvesOf(record.stays);
  const judged = (readings: WalkRecord["readings"]): unknown => {
    const count = new ConfusionCount(ZONES);
    judgeStays(GROUND, readings, second, count);
    return count.read();
  };
  const within = record.readings.filter(({ atMono }) =>
    second.some(({ fromMono, toMono }) => atMono >= fromMono && atMono < toMono),
  );
  assert.ok(within.length < record.readings.length);
  assert.deepEqual(judged(record.readings), judged(within));
});

test("every whole second of a stay is judged once; where nothing was heard it is unknown", () => {
  const stay = { zone: 0, fromMono: monoMs(10_300), toMono: monoMs(20_300) };
  assert.equal(wholeSeconds(stay).length, 10);
  const count = new ConfusionCount(ZONES);
  judgeStays(GROUND, [], [stay], count);
  const { rows, seconds } = count.read();
  assert.equal(seconds, 10);
  assert.equal(rows[0]?.unknownS, 10);
});

test("an empty walk and a walk of a few seconds are too short, and silent receivers are named", () => {
  const empty = reportWalk(GROUND, { readings: [], stays: [] });
  assert.equal(empty.verdict, "too-short");
  assert.deepEqual(empty.points, []);
  assert.equal(empty.silentReceivers.length, 6);
  const brief = simulatedWalk({ seed: 1, shadowDb: 0, powerDbm: -60 }, 2);
  assert.equal(reportWalk(GROUND, brief).verdict, "too-short");
});

test("the same walk gives the same report", () => {
  const record = simulatedWalk({ seed: 8, shadowDb: 6, powerDbm: -60 }, 20);
  assert.deepEqual(reportWalk(GROUND, record), reportWalk(GROUND, record));
});
