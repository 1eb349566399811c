import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import type { MetricId, MetricValue } from "../../src/core/metric-value.ts";
import type { PeriodReport } from "../../src/metrics/reports/reports.ts";
import { changeOf } from "../../src/web/ui/change.ts";
import { createFormats, formatMetric } from "../../src/web/ui/format.ts";
import { isLive, PATIENCE_MS, skip, textOf, visit, waitForText } from "./dashboard-browser.ts";

const formats = createFormats("en-US", "Europe/Berlin", "EUR");
const value = (metric: string): string => `[data-metric="${metric}"] .figure-value`;
const search = (page: Page): string => new URL(page.url()).search;

async function report(url: string, query: string): Promise<PeriodReport> {
  return (await (await fetch(`${url}/api/report?${query}`)).json()) as PeriodReport;
}

async function hasTitle(page: Page, title: RegExp): Promise<void> {
  await waitForText(page, "h1", title);
  await page.waitForSelector('[aria-busy="true"]', { state: "detached" });
}

test("a week shows the report's figures, each with its change against the week before", {
  skip,
}, async () => {
  const { page, url, complaints } = await visit({ path: "/?period=week" });
  await isLive(page);
  await hasTitle(page, /^This week$/);
  const { current, comparison } = await report(url, "period=week&compare=previous");
  const before = new Map(comparison?.tiles.map((tile) => [tile.metric, tile]));
  for (const tile of current.tiles) {
    const shown = (await textOf(page, value(tile.metric))).replace(/ unknown:$/, "");
    assert.equal(shown, formatMetric(formats, tile).replaceAll("\u00a0", " "), tile.metric);
    const change = changeOf(formats, tile, before.get(tile.metric));
    const told = await page.locator(`[data-metric="${tile.metric}"] .change`).allTextContents();
    if (change === null) assert.deepEqual(told, [], tile.metric);
    else assert.ok(told[0]?.includes(change.text) && told[0].includes(change.words), tile.metric);
  }
  assert.deepEqual(complaints, []);
});

test("the change against the same weekday is told by an arrow, a sign and words, not by colour alone", {
  skip,
}, async () => {
  const { page, source } = await visit();
  await isLive(page);
  const { tiles, comparison } = source.today();
  const find = (values: readonly MetricValue[] | undefined, id: MetricId) =>
    values?.find(({ metric }) => metric === id);
  const entrants = find(tiles, "entrants");
  assert.ok(entrants !== undefined);
  const change = changeOf(formats, entrants, find(comparison?.tiles, "entrants"));
  assert.ok(change !== null && change.direction === "up");
  const told = await textOf(page, '.figures [data-metric="entrants"] .change');
  assert.match(told, /^\u2191.*\+\d/);
  assert.ok(told.includes(`${change.words}, compared with Sun, Nov 15`), told);
  assert.match(
    await textOf(page, ".period-title"),
    /Compared with Sunday, November 15 until 02:37/,
  );
});

test("D, W and M choose the period, the arrows step, and back leads through all of it", {
  skip,
}, async () => {
  const { page } = await visit();
  await isLive(page);
  await page.keyboard.press("w");
  await hasTitle(page, /^This week$/);
  assert.equal(search(page), "?period=week");
  await page.keyboard.press("m");
  await hasTitle(page, /^This month$/);
  await page.keyboard.press("ArrowLeft");
  await hasTitle(page, /^October 2026$/);
  assert.equal(search(page), "?period=month&date=2026-10-31");
  await page.keyboard.press("ArrowRight");
  await hasTitle(page, /^This month$/);
  await page.keyboard.press("ArrowRight");
  assert.equal(search(page), "?period=month", "nothing lies after the present month");
  await page.keyboard.press("d");
  await hasTitle(page, /^Today$/);
  assert.equal(search(page), "");
  await page.goBack();
  await hasTitle(page, /^This month$/);
  await page.goBack();
  await hasTitle(page, /^October 2026$/);
  await page.goForward();
  await hasTitle(page, /^This month$/);
});

test("links to other pages keep period, comparison and zone, and so does a reload", {
  skip,
}, async () => {
  const kept = "?period=week&date=2026-11-10&compare=same-weekday&zone=new";
  const { page } = await visit({ path: `/${kept}` });
  await isLive(page);
  await waitForText(page, ".focus-bar", /New arrivals/);
  for (const name of ["Journeys", "Compare", "Definitions", "Today"]) {
    await page.getByRole("navigation", { name: "Pages" }).getByText(name, { exact: true }).click();
    assert.equal(search(page), kept, name);
  }
  await page.reload();
  await isLive(page);
  await waitForText(page, ".focus-bar", /New arrivals/);
  assert.equal(await page.locator("select").first().inputValue(), "same-weekday");
});

test("the date field goes to any day, by mouse or keyboard", { skip }, async () => {
  const { page, url } = await visit();
  await isLive(page);
  await page.fill('.steps-bar input[type="date"]', "2026-11-17");
  await hasTitle(page, /^Tuesday, November 17$/);
  assert.equal(search(page), "?period=day&date=2026-11-17");
  const { current } = await report(url, "period=day&date=2026-11-17");
  const entrants = current.tiles.find(({ metric }) => metric === "entrants");
  assert.ok(entrants !== undefined);
  assert.equal(await textOf(page, value("entrants")), formatMetric(formats, entrants));
  assert.equal(await page.locator(".plan").count(), 0, "a past day has no live plan");
  await page.getByRole("button", { name: "Next day" }).click();
  await hasTitle(page, /^Wednesday, November 18$/);
});

test("a day that is not kept any more says so once, instead of a page of dashes", {
  skip,
}, async () => {
  const { page } = await visit({ path: "/?date=2026-01-05" });
  await isLive(page);
  assert.match(await textOf(page, ".empty"), /not kept here.*goes back to.*Go to today/);
  assert.equal(await page.locator(".figures").count(), 0);
  await page.click(".empty a");
  await hasTitle(page, /^Today$/);
});

test("a report that fails says why and what to do, and comes back by its button", {
  skip,
}, async () => {
  const { page } = await visit();
  await isLive(page);
  const refusal = { error: "FAILED", message: "The gateway could not answer.", hint: "Look up." };
  await page.route("**/api/report*", (route) => route.fulfill({ status: 500, json: refusal }));
  await page.keyboard.press("w");
  await waitForText(page, ".failed", /could not be loaded.*The gateway could not answer. Look up./);
  await page.unroute("**/api/report*");
  await page.click(".failed >> text=Try again");
  await page.waitForSelector(".figures");
});

test("figures that cannot be renewed stay, with their age and a way to try again", {
  skip,
}, async () => {
  const { page } = await visit({ path: "/?period=week" });
  await isLive(page);
  await page.clock.install();
  await page.keyboard.press("m");
  await hasTitle(page, /^This month$/);
  await page.route("**/api/report*", (route) => route.abort());
  await page.clock.fastForward(61_000);
  await waitForText(page, ".stale-note", /Figures from 02:37 PM\. The gateway does not answer/);
  assert.ok((await page.locator(".figures").count()) > 0);
});

test("a zone's name leads to all its figures, and back to the shop", { skip }, async () => {
  const { page, url } = await visit();
  await isLive(page);
  await page.click('[data-zone="new"] a');
  await waitForText(page, ".focus-bar", /New arrivals/);
  const { current } = await report(url, "period=day");
  const values = current.zones.find(({ id }) => id === "new")?.values ?? [];
  for (const id of ["zone-engagement", "zone-draw", "zone-dwell-p90"] as const) {
    const metric = values.find((one) => one.metric === id);
    assert.ok(metric !== undefined);
    assert.equal(await textOf(page, value(id)), formatMetric(formats, metric), id);
  }
  await page.waitForSelector(".plot canvas");
  await page.click("text=Show the whole shop");
  await page.waitForSelector(value("entrants"));
  assert.equal(search(page), "");
});

test("what belongs to another period never stands under this one's title for good", {
  skip,
}, async () => {
  const { page } = await visit({ path: "/?period=week" });
  await isLive(page);
  const before = await page.locator(".figures").boundingBox();
  let release = (): void => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route("**/api/report*", async (route) => {
    await held;
    await route.continue();
  });
  await page.keyboard.press("ArrowLeft");
  await page.waitForSelector('.answered[aria-busy="true"]');
  assert.deepEqual(await page.locator(".figures").boundingBox(), before, "nothing jumps");
  release();
  await page.waitForSelector('.answered[aria-busy="true"]', {
    state: "detached",
    timeout: PATIENCE_MS,
  });
});
