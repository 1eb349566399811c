import assert from "node:assert/strict";
import { test } from "node:test";
import { shopSite, utc } from "../../test/fakes/journey-events.ts";
import type { OpeningHours, SitePlan, Weekday } from "../core/site.ts";
import { visitCalendar } from "./visit-calendar.ts";

const ALL: readonly Weekday[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

function shop(hours: readonly OpeningHours[] | undefined, timeZone = "Europe/Zurich"): SitePlan {
  const site = shopSite({ timeZone });
  return { ...site, store: { ...site.store, hours } };
}

const closing = (site: SitePlan, at: string): string | null => {
  const found = visitCalendar(site).closingOf(utc(at));
  return found === null ? null : new Date(found).toISOString();
};

test("closing time is the last one of the trading day, by the shop's own clock", () => {
  const site = shop([
    { days: ALL, fromMin: 9 * 60, toMin: 12 * 60 },
    { days: ALL, fromMin: 14 * 60, toMin: 19 * 60 },
  ]);
  assert.equal(closing(site, "2026-05-04T08:00:00Z"), "2026-05-04T17:00:00.000Z");
  assert.equal(closing(site, "2026-12-04T08:00:00Z"), "2026-12-04T18:00:00.000Z");
});

test("a shop that closes after midnight closes within the day that began before", () => {
  const site = shop([{ days: ALL, fromMin: 18 * 60, toMin: 26 * 60 }]);
  assert.equal(closing(site, "2026-05-04T23:30:00Z"), "2026-05-05T00:00:00.000Z");
});

test("past closing time, on a closed day and without hours there is none", () => {
  const site = shop([{ days: ["mon"], fromMin: 9 * 60, toMin: 19 * 60 }]);
  assert.equal(closing(site, "2026-05-04T17:00:00Z"), null);
  assert.equal(closing(site, "2026-05-05T08:00:00Z"), null);
  assert.equal(closing(shop(undefined), "2026-05-04T08:00:00Z"), null);
});

test("a shop open round the clock is cut by its day alone", () => {
  assert.equal(
    closing(shop([{ days: ALL, fromMin: 0, toMin: 1440 }]), "2026-05-04T08:00:00Z"),
    null,
  );
});

test("days have the hours that the clocks leave them", () => {
  const { dayOf } = visitCalendar(shop(undefined));
  const hours = (at: string): number => (dayOf(utc(at)).end - dayOf(utc(at)).start) / 3_600_000;
  assert.deepEqual(
    ["2026-03-28T12:00:00Z", "2026-05-04T12:00:00Z", "2026-10-24T12:00:00Z"].map(hours),
    [23, 24, 25],
  );
});
