import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import type { Page } from "playwright-core";
import type { JourneysReport, PeriodReport } from "../../src/metrics/reports/reports.ts";
import { changeOf } from "../../src/web/ui/change.ts";
import { createFormats, formatMetric } from "../../src/web/ui/format.ts";
import { isLive, skip, textOf, visit, waitForText } from "./dashboard-browser.ts";

const formats = createFormats("en-US", "Europe/Berlin", "EUR");
const search = (page: Page): string => new URL(page.url()).search;

async function get<T>(url: string): Promise<T> {
  return (await (await fetch(url)).json()) as T;
}

test("the funnel and the transitions are the report's, and withheld cells are not zeros", {
  skip,
}, async () => {
  const { page, url, complaints } = await visit({ path: "/journeys" });
  await isLive(page);
  const report = await get<JourneysReport>(`${url}/api/journeys`);
  for (const { id, people } of report.funnel) {
    const shown = await textOf(page, `[data-step="${id}"] .funnel-count`);
    assert.equal(shown, people === null ? "\u2013" : formats.count(people), id);
  }
  const names = new Map(report.zones.map(({ id, name }) => [id, name]));
  let withheld = 0;
  for (const { scope, value } of report.transitions) {
    if (scope.kind !== "zone-pair" || !names.has(scope.to)) continue;
    const to = names.get(scope.to) ?? "";
    const cell = page.locator(`[data-from="${scope.from}"] button[aria-label*=" to ${to}: "]`);
    const text = await cell.textContent();
    if (value === null) withheld += 1;
    assert.equal(text, value === null ? "withheld" : formats.percent(value, 0), scope.from + to);
  }
  assert.ok(withheld > 0);
  assert.match(await textOf(page, ".flow"), /visits are told in whole steps of 5\./);
  assert.deepEqual(complaints, []);
});

test("a withheld cell opens to the reason why", { skip }, async () => {
  const { page } = await visit({ path: "/journeys" });
  await isLive(page);
  await page.locator(".heat.is-withheld button").first().click();
  assert.match(await textOf(page, ".panel-reason"), /about fewer than 5 visits/);
  assert.equal(await textOf(page, ".panel-value"), "\u2013");
});

test("choosing a zone narrows paths and pairs to it, in the address too", { skip }, async () => {
  const { page } = await visit({ path: "/journeys" });
  await isLive(page);
  const all = await page.locator(".path-list li").count();
  await page.selectOption(".flow-choice select", "fitting");
  await waitForText(page, ".focus-bar", /Fitting rooms/);
  assert.equal(search(page), "?zone=fitting");
  const paths = await page.locator(".path-list li").allTextContents();
  assert.ok(paths.length > 0 && paths.length < all);
  for (const path of paths) assert.match(path, /Fitting rooms/);
  await page.click("text=Show all");
  assert.equal(await page.locator(".path-list li").count(), all);
});

test("the table of all ways can be kept as CSV", { skip }, async () => {
  const { page } = await visit({ path: "/journeys" });
  await isLive(page);
  const download = page.waitForEvent("download");
  await page.click("text=CSV of this table");
  const text = await readFile(await (await download).path(), "utf8");
  assert.match(text, /^\uFEFFfrom,to,share/);
  assert.match(text, /New arrivals,Denim wall,0\.34,/);
  assert.match(text, /Till queue,New arrivals,,,,/);
});

test("the export of a period's figures arrives as a file", { skip }, async () => {
  const { page } = await visit({ path: "/?period=week" });
  await isLive(page);
  const download = page.waitForEvent("download");
  await page.getByLabel("Download CSV, by day").click();
  const file = await download;
  assert.match(file.suggestedFilename(), /\.csv$/);
  assert.match(await readFile(await file.path(), "utf8"), /from_local,to_local.*\r\n2026-11-16T/);
});

test("X compares and J goes to the journeys, wherever one is", { skip }, async () => {
  const { page } = await visit({ path: "/definitions" });
  await isLive(page);
  await page.keyboard.press("x");
  await page.waitForSelector(".compare");
  assert.equal(new URL(page.url()).pathname, "/compare");
  await page.keyboard.press("j");
  await page.waitForSelector(".funnel");
  assert.equal(new URL(page.url()).pathname, "/journeys");
  await page.keyboard.press("t");
  await page.waitForSelector(".figures");
});

test("two periods stand side by side with their difference, zones and doors too", {
  skip,
}, async () => {
  const query = "from=2026-11-01&to=2026-11-07&compare=2026-10-18..2026-10-24";
  const { page, url, complaints } = await visit({ path: `/compare?${query}` });
  await isLive(page);
  const { current, comparison } = await get<PeriodReport>(`${url}/api/report?${query}`);
  const text = async (row: string, cell: number): Promise<string> =>
    (
      (await page.locator(`[data-row="${row}"] td`).nth(cell).locator("button").textContent()) ?? ""
    ).replaceAll("\u00a0", " ");
  for (const id of ["entrants", "visit-duration-mean", "net-sales", "repeat-rate"] as const) {
    const now = current.tiles.find(({ metric }) => metric === id);
    const before = comparison?.tiles.find(({ metric }) => metric === id);
    assert.ok(now !== undefined && before !== undefined);
    assert.equal(await text(id, 0), formatMetric(formats, now), id);
    assert.equal(await text(id, 1), formatMetric(formats, before), id);
    const change = changeOf(formats, now, before);
    const told = await textOf(page, `[data-row="${id}"] .change`);
    assert.ok(change !== null && told.includes(change.text), `${id}: ${told}`);
  }
  await page.selectOption('[aria-label="Figure by which zones are compared"]', "zone-engagement");
  const zone = current.zones.find(({ id }) => id === "denim");
  const engaged = zone?.values.find(({ metric }) => metric === "zone-engagement");
  assert.ok(engaged !== undefined);
  assert.equal(await text("denim", 0), formatMetric(formats, engaged));
  assert.ok((await page.locator('[data-row="yard"]').count()) === 1);
  assert.deepEqual(complaints, []);
});

test("any days can be compared with any others", { skip }, async () => {
  const { page } = await visit({ path: "/compare" });
  await isLive(page);
  const dates = page.locator('.span-choice input[type="date"]');
  await dates.nth(0).fill("2026-11-02");
  await dates.nth(1).fill("2026-11-08");
  assert.equal(search(page), "?from=2026-11-02&to=2026-11-08");
  await page.selectOption(".span-choice select", "custom");
  await dates.nth(3).waitFor();
  await dates.nth(3).fill("2026-10-18");
  await dates.nth(2).fill("2026-10-12");
  assert.equal(search(page), "?from=2026-11-02&to=2026-11-08&compare=2026-10-12..2026-10-18");
  await waitForText(page, ".compare-words", /Nov 2 . 8, 2026 beside Oct 12 . 18, 2026/);
});

async function openSearch(page: Page): Promise<void> {
  await page.keyboard.press("/");
  await page.waitForSelector('[role="combobox"]:focus');
}

test("/ finds a figure, a zone and a definition by a few letters, by keyboard alone", {
  skip,
}, async () => {
  const { page } = await visit();
  await isLive(page);
  await openSearch(page);
  await page.keyboard.type("net sa");
  await page.keyboard.press("Enter");
  await waitForText(page, ".panel-value", /5,123/);
  await page.keyboard.press("Escape");
  await page.waitForSelector("dialog", { state: "detached" });
  await openSearch(page);
  await page.keyboard.type("denim");
  await page.keyboard.press("Enter");
  await waitForText(page, ".focus-bar", /Denim wall/);
  assert.equal(search(page), "?zone=denim");
  await openSearch(page);
  await page.keyboard.type("holding");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#zone-holding-power details[open]");
});

test("the definitions can be searched, and each has an address of its own", { skip }, async () => {
  const { page } = await visit({ path: "/definitions" });
  await isLive(page);
  const all = await page.locator(".definition").count();
  await page.getByLabel("Find a definition").fill("occupancy");
  await page.waitForFunction(`document.querySelectorAll(".definition").length < ${all}`);
  await page.waitForSelector("#occupancy details[open]");
  await page.getByLabel("Find a definition").fill("qwxyz");
  await waitForText(page, '[role="status"]', /^0 figures match$/);
});

test("coverage by hour is what the API says, with a table of the same", { skip }, async () => {
  const { page } = await visit({ path: "/?date=2026-11-17" });
  await isLive(page);
  await page.click('.figures [data-metric="entrants"]');
  await page.waitForSelector(".hour-bars .is-low");
  assert.equal(await page.locator(".hour-bars .is-low").count(), 1, "the hour that nobody saw");
  await page.click(".hours >> text=Show as table");
  const rows = await page.locator(".hours tbody tr").allTextContents();
  assert.ok(
    rows.includes("Tue, 11:00 AM0%\u2013") || rows.some((row) => /11:00.*0%\u2013$/.test(row)),
    rows.join(),
  );
});
