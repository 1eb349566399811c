import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  addDays,
  choiceAt,
  dateIn,
  daysBetween,
  holdsToday,
  isIsoDate,
  type PeriodChoice,
  spanOf,
  step,
} from "./dates.ts";

const TODAY = "2026-11-22"; // a Sunday

const kinds = ["day", "week", "month"] as const;
const date = fc.integer({ min: -20_000, max: 40_000 }).map((days) => addDays("1970-01-01", days));

test("a week runs from Monday to Sunday and a month from its first to its last day", () => {
  assert.deepEqual(spanOf({ kind: "week", date: TODAY }, TODAY), {
    first: "2026-11-16",
    last: "2026-11-22",
  });
  assert.deepEqual(spanOf({ kind: "month", date: "2024-02-10" }, TODAY), {
    first: "2024-02-01",
    last: "2024-02-29",
  });
  assert.deepEqual(spanOf({ kind: "day", date: null }, TODAY), { first: TODAY, last: TODAY });
});

test("stepping back and forth comes back to the same days", () => {
  fc.assert(
    fc.property(fc.constantFrom(...kinds), date, (kind, day) => {
      const today = addDays(day, 400);
      const choice: PeriodChoice = { kind, date: day };
      const before = step(choice, today, -1);
      assert.ok(before !== null);
      const back = step(before, today, 1);
      assert.ok(back !== null);
      assert.deepEqual(spanOf(back, today), spanOf(choice, today));
      assert.equal(addDays(spanOf(before, today).last, 1), spanOf(choice, today).first);
    }),
  );
});

test("every day of a period leads to the same period", () => {
  fc.assert(
    fc.property(fc.constantFrom(...kinds), date, fc.nat(30), (kind, day, further) => {
      const span = spanOf({ kind, date: day }, TODAY);
      const length = daysBetween(span.first, span.last) + 1;
      const other = addDays(span.first, further % length);
      assert.deepEqual(spanOf({ kind, date: other }, TODAY), span);
    }),
  );
});

test("nothing lies after the period that holds today", () => {
  for (const kind of kinds) assert.equal(step({ kind, date: null }, TODAY, 1), null);
  assert.deepEqual(step({ kind: "day", date: "2026-11-21" }, TODAY, 1), {
    kind: "day",
    date: null,
  });
});

test("a custom span steps by its own length", () => {
  const choice = { kind: "custom", first: "2026-11-01", last: "2026-11-10" } as const;
  assert.deepEqual(step(choice, TODAY, -1), {
    kind: "custom",
    first: "2026-10-22",
    last: "2026-10-31",
  });
  assert.equal(step({ ...choice, last: TODAY }, TODAY, 1), null);
});

test("the current period has no date in its name, so that its link goes on with time", () => {
  assert.deepEqual(choiceAt("week", "2026-11-17", TODAY), { kind: "week", date: null });
  assert.deepEqual(choiceAt("week", "2026-11-15", TODAY), { kind: "week", date: "2026-11-15" });
  assert.equal(holdsToday({ kind: "month", date: null }, TODAY), true);
  assert.equal(holdsToday({ kind: "month", date: "2026-10-31" }, TODAY), false);
});

test("a date that does not exist is none", () => {
  for (const text of ["2026-02-30", "2026-13-01", "26-01-01", "", "2026-1-1", "abcd-ef-gh"]) {
    assert.equal(isIsoDate(text), false, text);
  }
  assert.equal(isIsoDate("2024-02-29"), true);
  assert.equal(isIsoDate(null), false);
});

test("the date of an instant is the shop's, whatever zone the reader is in", () => {
  const at = Date.UTC(2026, 10, 22, 20, 0);
  assert.equal(dateIn("Europe/Berlin", at), "2026-11-22");
  assert.equal(dateIn("Asia/Kolkata", at), "2026-11-23");
});
