import assert from "node:assert/strict";
import { test } from "node:test";
import { isLopsided, isSilent } from "./plausibility.ts";

const flows = [
  { name: "a tenth apart is drift", ins: 600, outs: 550, isClosed: true, odd: false },
  { name: "more than a tenth too many came in", ins: 600, outs: 500, isClosed: true, odd: true },
  { name: "on a day going on those are inside", ins: 600, outs: 500, isClosed: false, odd: false },
  { name: "more than a tenth too many left", ins: 500, outs: 600, isClosed: false, odd: true },
  { name: "a door that only counts out", ins: 0, outs: 60, isClosed: true, odd: true },
  { name: "few people prove nothing", ins: 10, outs: 30, isClosed: true, odd: false },
  { name: "nobody at all", ins: 0, outs: 0, isClosed: true, odd: false },
];

for (const { name, ins, outs, isClosed, odd } of flows)
  test(`entries and exits: ${name}`, () => assert.equal(isLopsided({ ins, outs }, isClosed), odd));

test("a line is silent when its usual share of what the others counted was not counted", () => {
  const usual = { own: 300, all: 1000, days: 5 };
  assert.equal(isSilent(0, 100, usual), true, "43 were to be expected");
  assert.equal(isSilent(0, 20, usual), false, "9 were to be expected");
  assert.equal(isSilent(1, 100, usual), false, "it counts");
  assert.equal(isSilent(0, 100, { ...usual, own: 20 }), false, "a door hardly used");
  assert.equal(isSilent(0, 100, { ...usual, days: 2 }), false, "too little is known");
  assert.equal(isSilent(0, 100, { own: 500, all: 500, days: 9 }), false, "the only one");
});
