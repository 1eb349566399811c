import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { addDays } from "./dates.ts";
import { DEFAULT_VIEW, readView, searchOf, type View } from "./view-address.ts";

const day = fc.nat(20_000).map((days) => addDays("1990-01-01", days));
const span = fc
  .tuple(day, fc.nat(60))
  .map(([first, days]) => ({ kind: "custom" as const, first, last: addDays(first, days) }));
const id = fc.option(fc.string({ minLength: 1, maxLength: 40 }), { nil: null });
const view: fc.Arbitrary<View> = fc.record({
  period: fc.oneof(
    fc.record({
      kind: fc.constantFrom("day" as const, "week" as const, "month" as const),
      date: fc.option(day, { nil: null }),
    }),
    span,
  ),
  compare: fc.oneof(
    fc.record({ kind: fc.constantFrom("auto", "none", "previous", "same-weekday") }),
    span,
  ) as fc.Arbitrary<View["compare"]>,
  zone: id,
  chart: id,
  by: id,
  hours: fc.constantFrom(3, null),
});

test("a view comes back from its address as it was", () => {
  fc.assert(
    fc.property(view, (one) => assert.deepEqual(readView(searchOf(one)), structuredClone(one))),
  );
});

test("the plain page has a plain address", () => {
  assert.equal(searchOf(DEFAULT_VIEW), "");
  assert.deepEqual(readView(""), DEFAULT_VIEW);
});

test("an address somebody broke shows the plain page instead of failing", () => {
  const broken = [
    "?period=year",
    "?date=2026-02-31",
    "?from=2026-11-10&to=2026-11-01",
    "?compare=2026-11-10..2026-11-01",
    "?compare=..",
    "?compare=2026-11-01..2026-11-02..2026-11-03",
    `?zone=${"z".repeat(101)}`,
    "?zone=",
  ];
  for (const search of broken) assert.deepEqual(readView(search), DEFAULT_VIEW, search);
  fc.assert(fc.property(fc.webQueryParameters(), (query) => readView(`?${query}`) !== null));
});

test("parameters of others stay", () => {
  assert.equal(searchOf(DEFAULT_VIEW, "?theme=x&period=week"), "?theme=x");
});
