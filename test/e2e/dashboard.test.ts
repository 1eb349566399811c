import assert from "node:assert/strict";
import { test } from "node:test";
import type { MetricValue } from "../../src/core/metric-value.ts";
import { definitionOf } from "../../src/metrics/definitions.ts";
import type { TodayView } from "../../src/metrics/reports/today.ts";
import { createFormats, formatMetric } from "../../src/web/ui/format.ts";
import { isLive, skip, textOf, visit, waitForText } from "./dashboard-browser.ts";

const value = (metric: string): string => `[data-metric="${metric}"] .figure-value`;
const note = (metric: string): string => `.figures [data-metric="${metric}"] .figure-note`;

test("what is shown equals what the API says, in the reader's language", { skip }, async () => {
  const { page, url, complaints } = await visit({ context: { locale: "de-DE" } });
  await isLive(page);
  const today = (await (await fetch(`${url}/api/today`)).json()) as TodayView;
  const formats = createFormats("de-DE", "Europe/Berlin", "EUR");
  const expected = (metric: MetricValue): string =>
    formatMetric(formats, metric).replaceAll(/[\u00a0\u202f]/g, " ");
  for (const tile of today.tiles) {
    const shown = await textOf(page, value(tile.metric));
    assert.equal(shown.replace(/ unknown:$/, ""), expected(tile), tile.metric);
  }
  for (const zone of today.zones) {
    for (const metric of [zone.peopleNow, zone.visits, zone.dwellMedian, zone.dwellTotal]) {
      const cell = `[data-zone="${zone.zoneId}"] [data-metric="${metric.metric}"]`;
      assert.equal(await textOf(page, cell), expected(metric), cell);
    }
  }
  assert.equal(await textOf(page, value("passing-traffic")), "3.482");
  assert.equal(await textOf(page, value("visit-duration-mean")), "13 min 32 s");
  assert.deepEqual(complaints, []);
});

test("a new value appears in place: same element, same position, nothing else moves", {
  skip,
}, async () => {
  const { page, source } = await visit();
  await isLive(page);
  const figure = await page.waitForSelector('.figures [data-metric="entrants"]');
  const before = await figure.boundingBox();
  const chart = await page.locator(".chart").boundingBox();
  source.setTile("entrants", 1_413);
  await waitForText(page, value("entrants"), /^1,413$/);
  assert.equal(await figure.evaluate((element) => element.isConnected), true);
  assert.deepEqual(await figure.boundingBox(), before);
  assert.deepEqual(await page.locator(".chart").boundingBox(), chart);
});

test("a keyboard opens a figure, reads it, closes it, and the focus comes back", {
  skip,
}, async () => {
  const { page } = await visit();
  await isLive(page);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate("document.activeElement.textContent"), "Skip to the content");
  await page.keyboard.press("Enter");
  const focused = "document.activeElement.getAttribute('data-metric')";
  const passed: string[] = [];
  while (((await page.evaluate(focused)) ?? null) === null) {
    await page.keyboard.press("Tab");
    passed.push(await page.evaluate("document.activeElement.outerHTML.slice(0, 60)"));
    assert.ok(passed.length < 16, passed.join("; "));
  }
  assert.equal(await page.evaluate(focused), "passing-traffic");
  const outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle");
  assert.equal(outline, "solid");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(focused), "shopfront-conversion");
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog[open]");
  await page.waitForSelector("dialog[open] .hour-bars");
  const panel = await textOf(page, "dialog[open]");
  for (const wanted of [
    definitionOf("shopfront-conversion").formula,
    "95 % interval",
    "Coverage99.3% of the time was seen",
    "Revision0, never corrected",
    "Coverage by hour",
  ]) {
    assert.ok(panel.includes(wanted), `${wanted} in ${panel}`);
  }
  await page.keyboard.press("Escape");
  await page.waitForSelector("dialog", { state: "detached" });
  assert.equal(await page.evaluate(focused), "shopfront-conversion");
});

test("an open panel goes on showing the live value", { skip }, async () => {
  const { page, source } = await visit();
  await isLive(page);
  await page.click('.figures [data-metric="entrants"]');
  await waitForText(page, ".panel-value", /^412$/);
  source.setTile("entrants", 413);
  await waitForText(page, ".panel-value", /^413$/);
});

test("? opens the help, D leads back to Today, and both can be switched off", {
  skip,
}, async () => {
  const { page } = await visit({ path: "/definitions" });
  await isLive(page);
  await page.keyboard.press("?");
  await page.waitForSelector("dialog[open] .keys");
  await page.keyboard.press("Escape");
  await page.waitForSelector("dialog", { state: "detached" });
  await page.keyboard.press("d");
  await page.waitForSelector(".figures");
  assert.equal(new URL(page.url()).pathname, "/");
  await page.goBack();
  await page.waitForSelector(".definition");
  await page.keyboard.press("?");
  await page.getByLabel("Single-key shortcuts").uncheck();
  await page.keyboard.press("Escape");
  await page.waitForSelector("dialog", { state: "detached" });
  await page.keyboard.press("d");
  assert.equal(await page.locator(".figures").count(), 0);
});

test("each figure leads to its definition", { skip }, async () => {
  const { page } = await visit();
  await isLive(page);
  await page.click('.figures [data-metric="bounce-rate"]');
  await page.click("dialog a[data-link]");
  await page.waitForSelector("#bounce-rate");
  assert.equal(new URL(page.url()).hash, "#bounce-rate");
  assert.match(await textOf(page, "#bounce-rate"), /P\(W < tau\) over entrants/);
  assert.equal(await page.evaluate("document.activeElement.id"), "bounce-rate");
});

test("a blind camera gives a dash with its reason, words on the plan, and no dots", {
  skip,
}, async () => {
  const { page, source } = await visit();
  await isLive(page);
  source.move("door", [
    [1, 0.3, 0.7],
    [2, 0.5, 0.4],
  ]);
  await page.waitForSelector('[data-camera="door"] .dot');
  assert.equal(await page.locator('[data-camera="door"] .dot').count(), 2);
  source.play("blind");
  await waitForText(page, value("occupancy"), /^\u2013/);
  assert.equal(await textOf(page, note("occupancy")), "door camera blind since 14:02");
  assert.equal(await textOf(page, note("entrants")), "91% covered");
  await waitForText(page, '[data-camera="door"] .plan-blind', /Camera blind since 02:02 PM/);
  source.move("door", [[1, 0.3, 0.7]]);
  source.move("floor", [[7, 0.3, 0.3]]);
  await page.waitForSelector('[data-camera="floor"] .dot');
  assert.equal(await page.locator('[data-camera="door"] .dot').count(), 0);
  const attention = await textOf(page, ".attention");
  assert.match(
    attention,
    /Camera .Front door. is blind since .*What to do: The stream is reopened/,
  );
  assert.match(attention, /The central store is out of reach/);
  assert.match(await textOf(page, '[data-testid="delivery"]'), /offline.*Waiting events1,284/);
  await waitForText(page, '[data-testid="announcer"]', /Needs attention: Camera/);
});

test("the table behind the chart holds the counts of the API", { skip }, async () => {
  const { page, source } = await visit({ context: { viewport: { width: 1280, height: 900 } } });
  await isLive(page);
  await page.click("text=Show as table");
  const { series, comparison } = source.today();
  const counts = new Map(
    series.entrants.map((count, i) => [
      series.from + i * series.stepMs,
      [count, comparison?.series.entrants[i] ?? null],
    ]),
  );
  const formats = createFormats("en-US", "Europe/Berlin", "EUR");
  const rows = await page.locator(".slots tbody tr").all();
  assert.ok(rows.length > 20);
  const seen = new Set<string>();
  for (const row of rows) {
    const start = ((await row.locator("th").textContent()) ?? "").split(" \u2013 ")[0] ?? "";
    const [at, values] = [...counts].find(([from]) => formats.time(from) === start) ?? [];
    if (at === undefined || values === undefined) continue;
    seen.add(start);
    const shown = values.map((count) => (count === null ? "\u2013" : String(count)));
    assert.deepEqual(await row.locator("td").allTextContents(), shown, start);
  }
  assert.ok(seen.size > 15, [...seen].join());
});

test("when the gateway goes away the page says since when and how old its figures are", {
  skip,
}, async () => {
  const { page, dashboard } = await visit();
  await isLive(page);
  const before = await page.locator(".figures").boundingBox();
  await dashboard[Symbol.asyncDispose]();
  await page.waitForSelector(".pulse.is-reconnecting, .pulse.is-lost");
  await waitForText(
    page,
    '[data-testid="stale"]',
    /Connection lost since 02:37:\d\d PM, figures from 02:37 PM/,
  );
  assert.equal(await textOf(page, value("entrants")), "412");
  await waitForText(page, '[data-testid="announcer"]', /Connection lost/);
  assert.match(await textOf(page, ".attention"), /Check that the gateway is on/);
  assert.deepEqual(await page.locator(".figures").boundingBox(), before);
  assert.equal(await page.locator(".dot").count(), 0);
});

test("the first run says what is still missing instead of an empty page", { skip }, async () => {
  const { page } = await visit({ scene: "empty" });
  await isLive(page);
  assert.match(
    await textOf(page, ".first-run"),
    /A camera sees: missingIt opens within a few seconds/,
  );
  assert.match(await textOf(page, value("entrants")), /^\u2013/);
  assert.equal(await textOf(page, note("entrants")), "nothing has been counted yet today");
});

test("a page that cannot load says so and recovers by its button", { skip }, async () => {
  const { page } = await visit();
  await isLive(page);
  await page.route("**/api/today", (route) => route.fulfill({ status: 500, body: "{}" }));
  await page.reload();
  await page.waitForSelector(".boot-fault");
  assert.match(await textOf(page, ".boot-fault"), /could not be loaded.*answered 500/);
  await page.unroute("**/api/today");
  await page.click("text=Try again");
  await isLive(page);
});

test("a chosen theme is kept for the next visit", { skip }, async () => {
  const { page } = await visit({ context: { colorScheme: "light" } });
  await isLive(page);
  await page.getByRole("button", { name: "Use the dark theme" }).click();
  await page.reload();
  await isLive(page);
  assert.equal(await page.evaluate("document.documentElement.dataset.theme"), "dark");
  await page.getByRole("button", { name: "Use the light theme" }).waitFor();
});

test("with a password the page opens after signing in and closes after signing out", {
  skip,
}, async () => {
  const { page } = await visit({ password: "secret" });
  await page.waitForSelector("#password");
  await page.fill("#password", "guess");
  await page.keyboard.press("Enter");
  await waitForText(page, "#fault", /4 tries are left/);
  await page.fill("#password", "secret");
  await page.keyboard.press("Enter");
  await isLive(page);
  await page.click("text=Sign out");
  await page.waitForSelector("#password");
});
