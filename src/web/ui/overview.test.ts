import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeDashboard } from "../../../test/fakes/fake-dashboard.ts";
import { epochMs } from "../../core/brand.ts";
import type { PeriodReport } from "../../metrics/reports/reports.ts";
import { createFormats } from "./format.ts";
import { hasBefore, isForgotten, liveOverview, overviewOf } from "./overview.ts";
import { datesOf, periodLine, periodTitle } from "./period/period-words.ts";

const fake = new FakeDashboard();
const calendar = {
  formats: createFormats("en-GB", "Europe/Berlin", "EUR"),
  timeZone: "Europe/Berlin",
  today: "2026-11-22",
};

function reportOn(date: number | null, compare: "same-weekday" | "previous" | null): PeriodReport {
  const outcome = fake.reports?.report({
    period: { kind: "day", date },
    compare: compare === null ? null : { kind: compare },
  });
  assert.ok(outcome?.ok);
  return outcome.value;
}
const live = fake.today();

test("where live view and report both have a value the live one counts", () => {
  const overview = liveOverview(live, reportOn(null, "same-weekday"), true);
  const value = live.tiles.find(({ metric }) => metric === "entrants")?.value;
  assert.equal(overview.tiles.get("entrants")?.value, value);
  assert.ok(overview.tiles.has("units-per-transaction"), "the report fills what the view lacks");
  const zone = overview.zones.find(({ id }) => id === "new");
  assert.equal(zone?.values.get("zone-visits")?.value, live.zones[1]?.visits.value);
  assert.ok(zone?.values.has("zone-engagement"));
});

test("without any report the live view stands alone", () => {
  const { comparison: _, ...today } = live;
  const overview = liveOverview(today, null, true);
  assert.equal(overview.compared, null);
  assert.equal(overview.tiles.size, live.tiles.length);
  assert.deepEqual(overview.curveOf("entrants").before, []);
  assert.equal(periodLine(calendar, { kind: "day", date: null }, overview), "Not compared");
});

test("compared with another day than the live view knows, the curve is the report's", () => {
  const overview = liveOverview(live, reportOn(null, "previous"), false);
  const curve = overview.curveOf("entrants");
  assert.equal(curve.before.length, 96);
  assert.match(
    periodLine(calendar, { kind: "day", date: null }, overview),
    /^Compared with Saturday 21 November until 14:37$/,
  );
});

test("a day of which nothing is kept is forgotten, and one to compare with is named as unknown", () => {
  const old = overviewOf(reportOn(20_000, "previous"));
  assert.equal(isForgotten(old), true);
  assert.equal(hasBefore(old), false);
  assert.match(periodLine(calendar, { kind: "week", date: null }, old), /nothing is known of/);
  assert.equal(isForgotten(overviewOf(reportOn(null, null))), false);
});

test("a trading day that ends at four in the morning is named by the date on which it began", () => {
  const start = Date.UTC(2026, 10, 15, 3);
  const week = epochMs(start + 7 * 86_400_000);
  assert.deepEqual(datesOf("Europe/Berlin", start, week), {
    first: "2026-11-15",
    last: "2026-11-21",
  });
});

test("periods have the names people use", () => {
  const title = (kind: "day" | "week" | "month", date: string | null): string =>
    periodTitle(calendar.formats, { kind, date }, calendar.today);
  assert.deepEqual(
    [
      title("day", null),
      title("week", null),
      title("month", "2026-11-03"),
      title("month", "2026-09-30"),
    ],
    ["Today", "This week", "This month", "September 2026"],
  );
});
