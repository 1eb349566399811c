import assert from "node:assert/strict";
import { before, test } from "node:test";
import { run, table } from "./sim.ts";
import type { SimEntry } from "./sim-score.ts";

type Result = Readonly<Record<string, SimEntry>>;
let perfect: Result = {};

before(async () => {
  const args = ["--days", "2", "--sensors", "tracks", "--difficulty", "perfect"];
  perfect = (await run(args)) as Result;
});

for (const metric of ["entrantsRaw", "exits", "transactions", "netSales", "passingTraffic"])
  test(`perfect sensors count ${metric} exactly`, () => {
    assert.equal(perfect[metric]?.relError, 0);
  });

test("of re-entries only those out of sight are not merged", () => {
  const { value, truth, relError } = perfect["entrants"] ?? {};
  assert.ok((value ?? 0) >= (truth ?? 0) && (relError ?? 1) < 0.015);
});

test("perfect sensors know how long visits last", () => {
  assert.ok((perfect["visitDurationMean"]?.relError ?? 1) < 0.01);
});

test("the table for people names every way of watching and the targets", () => {
  const text = table(perfect);
  for (const word of ["tracks:", "meanVisit", "interval coverage"])
    assert.ok(text.includes(word), word);
});

test("an unknown way of watching is wrong usage", async () => {
  await assert.rejects(run(["--sensors", "eyes"]), { code: "USAGE" });
});
