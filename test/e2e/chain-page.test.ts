import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { FastifyInstance } from "fastify";
import { type Browser, chromium, type Page } from "playwright-core";
import { createSystemClock } from "../../src/app/system-clock.ts";
import { addKey } from "../../src/central/api/api-keys.ts";
import { createApi } from "../../src/central/api/create-api.ts";
import type { RollupRow } from "../../src/central/repository.ts";
import { StorePlans } from "../../src/central/rollups/store-plans.ts";
import { SqliteStore } from "../../src/central/sqlite/sqlite-store.ts";
import { epochMs, storeId } from "../../src/core/brand.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import type { SitePlan } from "../../src/core/site.ts";
import { shopDays } from "../../src/metrics/reports/report-period.ts";
import { loadChainUi } from "../../src/web/bundle.ts";
import { shopSite } from "../fakes/journey-events.ts";
import { axeViolations, PATIENCE_MS, skip } from "./dashboard-browser.ts";

const STORES = 1_000;
const plain = shopSite();
const sites: readonly SitePlan[] = Array.from({ length: STORES }, (_, i) => ({
  ...plain,
  store: { ...plain.store, id: storeId(`s${i}`), name: `Store ${i}` },
}));
const store = new SqliteStore(":memory:");
const clock = createSystemClock();
let app: FastifyInstance;
let browser: Browser;
let page: Page;
let url = "";
let key = "";
const complaints: string[] = [];

function figure(id: string, value: number, metric: string, completeness: number): RollupRow {
  const { start: from, end: to } = shopDays(plain).calendar.dayOf(clock.now());
  const detail = {
    ...{ unit: metric === "entrants" ? "people" : "ratio", reason: null, method: "count" },
    definition: { id: metric, version: 1, parameters: {} },
    ...{ coverage: 1, imputedShare: 0, n: value, effectiveN: null, ci95: null, to: from },
  };
  return {
    ...{ storeId: id, grain: "day", from, to, scope: "store", metric, value, completeness },
    ...{ detail: JSON.stringify(detail), finalAt: to, revision: 0 },
  };
}

before(
  async () => {
    if (skip !== false) return;
    for (const [i, { store: shop }] of sites.entries()) {
      const id = String(shop.id);
      const share = i === 7 ? 0.5 : 1;
      const rate = figure(id, 0.12, "shopfront-conversion", share);
      await store.saveRollups(id, [figure(id, i, "entrants", share), rate], []);
      if (i === 42) {
        await store.claimHome("g42", id);
        const gap = { kind: "gap", from: 1, to: 7, why: "cap" } as const;
        await store.commit([
          {
            ...{ gatewayId: "g42", epoch: "e", stream: "journey", first: 1, records: [gap] },
            ...{ receivedAt: clock.now(), storeId: id },
          },
        ]);
      }
    }
    key = await addKey(store, "office", ["read"], epochMs(1));
    app = await createApi({
      ...{ repository: store, metricsOf: null, fleet: null, clock, token: null, isOpen: true },
      plans: new StorePlans({ files: sites, repository: store, log: SILENT_LOG }),
      ...{ page: await loadChainUi(), linkState: () => ({ kind: "stopped" }) as never },
    });
    url = await app.listen({ host: "127.0.0.1", port: 0 });
    const args = ["--headless", "--no-sandbox", "--disable-gpu"];
    browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args });
    page = await (await browser.newContext({ locale: "en-US" })).newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    page.on("pageerror", (error) => complaints.push(error.message));
  },
  { timeout: 120_000 },
);
after(async () => {
  await browser?.close();
  await app?.close();
  await store.close();
});

/** Kept for people to look at, where a folder is given. */
async function picture(name: string): Promise<void> {
  const folder = process.env["VITRINE_SCREENSHOTS"];
  if (folder !== undefined) await page.screenshot({ path: `${folder}/${name}.png` });
}

test("without a key the page asks for one, says when it is wrong, and opens with the right one", {
  skip,
}, async () => {
  await page.goto(url);
  await page.waitForSelector("#key");
  assert.deepEqual(await axeViolations(page), []);
  await page.fill("#key", "vk_office_wrong");
  await page.keyboard.press("Enter");
  await page.waitForSelector('[role="alert"]');
  await page.fill("#key", key);
  await page.keyboard.press("Enter");
  await page.waitForSelector("tbody tr");
});

test("of a thousand stores those that need attention come first, and each says why", {
  skip,
}, async () => {
  const rows = await page.locator("tbody tr").allTextContents();
  assert.equal(rows.length, 100);
  assert.match(rows[0] ?? "", /Store 42.*1 gateway offline.*7 events lost/);
  assert.match(rows[1] ?? "", /Store 7.*50 % of today has arrived/);
  assert.match(
    (await page.textContent(".chain-summary")) ?? "",
    /2 of 1,000 stores need attention/,
  );
  assert.deepEqual(await axeViolations(page), []);
  await picture("chain-stores");
});

test("the filter narrows the list, and more rows come when they are asked for", {
  skip,
}, async () => {
  await page.click("text=Show 100 more");
  assert.equal(await page.locator("tbody tr").count(), 200);
  await page.fill('input[type="search"]', "store 99");
  await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 19);
  await page.fill('input[type="search"]', "");
  await page.check('input[type="checkbox"]');
  await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 2);
});

test("a store opens by keyboard with its figures and gaps, as the API tells them", {
  skip,
}, async () => {
  await page.focus("tbody tr:first-child a");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#gateways-title");
  await page.waitForSelector("#days-title");
  assert.match((await page.textContent("main")) ?? "", /7 of stream journey of g42 \(cap\)/);
  assert.match((await page.textContent(".chain-tiles")) ?? "", /Entrants today42/);
  assert.deepEqual(await axeViolations(page), []);
  await picture("chain-store");
});

test("stores compare by a metric, highest first, and as a file", { skip }, async () => {
  await page.click('nav a[href="#/compare"]');
  await page.waitForSelector("tbody tr");
  assert.match((await page.textContent("tbody tr:first-child")) ?? "", /Store 999999/);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.click("text=Download CSV"),
  ]);
  assert.equal(download.suggestedFilename(), "entrants.csv");
  assert.deepEqual(await axeViolations(page), []);
  await picture("chain-compare");
  await page.emulateMedia({ colorScheme: "dark" });
  assert.deepEqual(await axeViolations(page), []);
  assert.deepEqual(complaints, []);
});
