import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fakeMetric } from "../../../test/fakes/fake-dashboard-scenes.ts";
import { changeOf } from "./change.ts";
import { createFormats } from "./format.ts";

const en = createFormats("en-US", "Europe/Berlin", "EUR");
const people = (value: number | null) => fakeMetric("entrants", value, "people");
const rate = (value: number | null, half?: number) =>
  fakeMetric("sales-conversion", value, "ratio", {
    ci95: half === undefined || value === null ? null : [value - half, value + half],
  });

test("counts change in percent, rates in points, each with its sign and in words", () => {
  assert.deepEqual(changeOf(en, people(448), people(400)), {
    direction: "up",
    text: "+12%",
    words: "12% more",
    tone: "better",
  });
  assert.deepEqual(changeOf(en, rate(0.2), rate(0.231)), {
    direction: "down",
    text: "\u22123.1 pts",
    words: "3.1 points less",
    tone: "worse",
  });
  assert.equal(changeOf(en, people(412), people(400))?.text, "+3.0%");
});

test("a difference that both intervals leave open is called none", () => {
  assert.equal(changeOf(en, rate(0.2, 0.03), rate(0.231, 0.03))?.direction, "same");
  assert.equal(changeOf(en, rate(0.2, 0.01), rate(0.231, 0.01))?.direction, "down");
});

test("less of what is bad is good, and what is neither has no tone", () => {
  const wait = (ms: number) => fakeMetric("queue-wait-mean", ms, "ms");
  assert.equal(changeOf(en, wait(60_000), wait(120_000))?.tone, "better");
  const now = (value: number) => fakeMetric("occupancy", value, "people");
  assert.equal(changeOf(en, now(6), now(3))?.tone, "neutral");
});

test("pieces per sale are no share: they change in percent, not in points", () => {
  const pieces = (value: number) => fakeMetric("units-per-transaction", value, "per-transaction");
  assert.equal(changeOf(en, pieces(2.4), pieces(2))?.text, "+20%");
});

test("an unknown value on either side gives no change instead of a made-up one", () => {
  assert.equal(changeOf(en, people(null), people(3)), null);
  assert.equal(changeOf(en, people(3), people(null)), null);
  assert.equal(changeOf(en, people(3), undefined), null);
});

test("from nothing, or from next to nothing, the difference itself is said", () => {
  assert.equal(changeOf(en, people(12), people(0))?.text, "+12");
  assert.equal(changeOf(en, people(400), people(2))?.text, "+398");
  assert.equal(changeOf(en, people(0), people(0))?.text, "\u00b10");
});

test("the direction follows the values and nothing is ever not a number", () => {
  fc.assert(
    fc.property(fc.nat(1_000_000), fc.nat(1_000_000), (a, b) => {
      const change = changeOf(en, people(a), people(b));
      assert.ok(change !== null);
      assert.doesNotMatch(change.text + change.words, /NaN|Infinity|\u221e/);
      if (change.direction === "up") assert.ok(a > b);
      if (change.direction === "down") assert.ok(a < b);
    }),
  );
});
