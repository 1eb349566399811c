import assert from "node:assert/strict";
import { test } from "node:test";
import { simulateDoors } from "../../../test/fakes/door-simulation.ts";
import { learnMisses, missDoubt } from "./door-misses.ts";

const countsOf = (options: Parameters<typeof simulateDoors>[0]) =>
  simulateDoors(options).map(({ ins, outs }) => ({ ins: ins.length, outs: outs.length }));

test("doors that miss nobody are known to miss nobody", () => {
  const misses = learnMisses(countsOf({ missInRatio: 0, missOutRatio: 0, days: 14 }));
  assert.equal(misses.origin, "learned");
  assert.deepEqual([misses.inRatio, misses.outRatio], [0, 0]);
  assert.equal(missDoubt(misses), 1);
});

test("what doors miss is learned from how much the days' differences vary", () => {
  const sums = { in: 0, out: 0 };
  let covered = 0;
  for (let seed = 1; seed <= 12; seed += 1) {
    const misses = learnMisses(countsOf({ seed }));
    sums.in += misses.inRatio / 12;
    sums.out += misses.outRatio / 12;
    covered += Number(misses.mean95[0] <= 0.025 && misses.mean95[1] >= 0.025);
  }
  assert.ok(covered >= 11, `${covered} of 12 intervals hold the truth`);
  assert.ok(Math.abs(sums.in - 0.02) < 0.005, `in ${sums.in}`);
  assert.ok(Math.abs(sums.out - 0.03) < 0.005, `out ${sums.out}`);
});

test("with few days the benchmark is assumed of the better direction", () => {
  const misses = learnMisses(Array(5).fill({ ins: 1000, outs: 990 }));
  assert.equal(misses.origin, "assumed");
  assert.ok(Math.abs(misses.inRatio - 0.02) < 1e-9);
  assert.ok(Math.abs(misses.outRatio - 0.03) < 1e-9);
});

test("without any day, and with days of one direction only, nothing is divided by zero", () => {
  for (const days of [[], Array(20).fill({ ins: 10, outs: 0 })]) {
    const misses = learnMisses(days);
    assert.equal(misses.origin, "assumed");
    assert.equal(misses.inRatio, misses.outRatio);
    assert.ok(Number.isFinite(misses.mean95[1]));
  }
});

test("a door that stands wrong is not corrected without end", () => {
  const wild = Array.from({ length: 20 }, (_, i) => ({
    ins: 1000,
    outs: i % 2 === 0 ? 300 : 1700,
  }));
  const misses = learnMisses(wild);
  assert.ok(misses.inRatio <= 0.15 && misses.outRatio <= 0.15);
});
