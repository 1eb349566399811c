import assert from "node:assert/strict";
import { test } from "node:test";
import { run, scoreStaff } from "./staff.ts";
import { runStaff } from "./staff-run.ts";

const shop = {
  staff: 4,
  openMs: 8 * 3_600_000,
  forgottenRatio: 0,
  flatRatio: 0,
  missRatio: 0.03,
  radio: "estimates",
} as const;

const error = (pair: readonly [number, number], which: 0 | 1): number => Math.abs(pair[which]);

test("staff with tags hardly change the figures of a quiet shop, and change them clearly without exclusion", () => {
  const score = scoreStaff(runStaff({ ...shop, seed: 3, days: 2, entrantsPerHour: 20 }));
  assert.ok(score.recall >= 0.9 && score.precision >= 0.9, JSON.stringify(score));
  assert.ok(error(score.entrants, 0) > 0.08 && error(score.entrants, 1) < 0.015);
  assert.ok(error(score.shopfront, 0) > 0.08 && error(score.shopfront, 1) < 0.015);
  assert.ok(error(score.sales, 0) > 0.08 && error(score.sales, 1) < 0.015);
  assert.ok(error(score.visit, 0) > 0.4 && error(score.visit, 1) < 0.1);
});

test("in a crowd customers are marked for staff now and then, and the count stays right", () => {
  const score = scoreStaff(runStaff({ ...shop, seed: 4, days: 1, entrantsPerHour: 180 }));
  assert.ok(score.precision >= 0.75 && score.recall >= 0.8, JSON.stringify(score));
  assert.ok(error(score.entrants, 1) < 0.004);
});

test("without tags nothing is marked and nothing gets worse", () => {
  const untagged = { ...shop, forgottenRatio: 1, seed: 5, days: 1, entrantsPerHour: 60 };
  const score = scoreStaff(runStaff(untagged));
  assert.deepEqual([score.marked, score.tagged], [0, 0]);
  assert.equal(score.entrants[0], score.entrants[1]);
});

test("the same seed gives the same marks", () => {
  const once = { ...shop, openMs: 2 * 3_600_000, seed: 6, days: 1, entrantsPerHour: 60 };
  assert.deepEqual(runStaff(once), runStaff(once));
});

test("the evaluation names every level, and refuses arguments that make no sense", async () => {
  const result = await run(["--days", "1", "--hours", "1", "--staff", "2"]);
  const levels = Object.keys(result).filter((key) => key.startsWith("perHour"));
  assert.deepEqual(levels, ["perHour20", "perHour60", "perHour180"]);
  for (const args of [
    ["--days", "0"],
    ["--radio", "magic"],
    ["--flat", "2"],
  ])
    await assert.rejects(run(args), { code: "USAGE" });
});
