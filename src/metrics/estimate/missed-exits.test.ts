import assert from "node:assert/strict";
import { test } from "node:test";
import { stayCurve, stillThere, withoutMissedExits } from "./missed-exits.ts";

const seen = (ms: number) => ({ ms, isCensored: false, isUntold: false });
const lost = (ms: number) => ({ ms, isCensored: true, isUntold: false });
const there = (ms: number) => ({ ms, isCensored: true, isUntold: true });
const evenly = Array.from({ length: 97 }, (_, i) => seen((i + 1) * 10_000));

test("as many lost tracks are left out as exits are missed, the others stay lower bounds", () => {
  const visits = [...evenly, ...Array.from({ length: 6 }, () => lost(500_000))];
  const kept = withoutMissedExits(visits, 0.03);
  assert.equal(kept.filter(({ isCensored }) => isCensored).length, 3);
  assert.equal(withoutMissedExits(visits, 0).length, visits.length);
  assert.equal(withoutMissedExits([...evenly, lost(1), lost(1)], 0.03).length, 97);
});

test("who seems to be inside far longer than anybody stays has left", () => {
  const kept = withoutMissedExits([...evenly, there(100_000), there(5_000_000)], 0.03);
  assert.deepEqual(
    kept.filter(({ isUntold }) => isUntold).map(({ ms }) => ms),
    [100_000],
  );
  assert.equal(withoutMissedExits([there(5_000_000)], 0.03).length, 1, "nothing to judge by");
});

test("the longer ago somebody came, the likelier their exit was missed", () => {
  assert.equal(stillThere(1, 0.03), 1);
  assert.ok(Math.abs(stillThere(0.03, 0.03) - 0.03 / (0.03 + 0.0291)) < 1e-12);
  assert.equal(stillThere(0, 0.03), 0);
  assert.equal(stillThere(0, 0), 1, "a door that misses nobody is believed");
});

test("the share that stays longer falls from one to zero", () => {
  const curve = stayCurve(evenly);
  assert.equal(curve?.(0), 1);
  assert.equal(curve?.(970_000), 0);
  assert.ok(Math.abs((curve?.(485_000) ?? 0) - 49 / 97) < 1e-9);
  assert.equal(stayCurve(evenly.slice(0, 19)), null);
});
