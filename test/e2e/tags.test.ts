import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { BrowserContextOptions, Page } from "playwright-core";
import { openTagDesk } from "../../src/app/tags/open-tag-desk.ts";
import type { TagDesk } from "../../src/app/tags/tag-desk.ts";
import type { TagRadio } from "../../src/app/tags/tag-diary.ts";
import { parseSitePlan } from "../../src/config/site.ts";
import { epochMs, monoMs, tagId, zoneId } from "../../src/core/brand.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { sitePlanInMemory } from "../../src/io/site/site-plan-file.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { FakeDashboard } from "../fakes/fake-dashboard.ts";
import {
  axeViolations,
  skip,
  textOf,
  type Visit,
  visit,
  waitForText,
} from "./dashboard-browser.ts";

const stateDir = mkdtempSync(join(tmpdir(), "vitrine-tags-page-"));
after(() => rmSync(stateDir, { recursive: true, force: true }));

const UUID = "0d9f4a52-8c1e-4f57-9d2b-6a1c3e5f7b90";
const tag = (id: string, kind: string, name: string, minor: number): object => ({
  id,
  kind,
  name,
  beacon: { format: "ibeacon", uuid: UUID, major: 1, minor },
});
const TAGS = [
  tag("basket-01", "basket", "Basket 1, red", 1),
  tag("badge-anna", "staff", "Badge of Anna", 2),
  tag("cart-07", "cart", "Cart 7", 3),
  tag("card-0001", "loyalty-card", "Member card", 4),
];
const PLAN = {
  v: 1,
  store: { id: "berlin-mitte", name: "Berlin Mitte", timeZone: "Europe/Berlin" },
  floor: {
    outline: [
      [0, 0],
      [9, 0],
      [9, 9],
      [0, 9],
    ],
    zones: [
      {
        id: "rack",
        name: "Basket rack",
        polygon: [
          [1, 1],
          [3, 1],
          [3, 3],
        ],
      },
    ],
  },
};

/** A registry on a plan in memory, with a radio that hears the first two tags. */
async function registry(tags: readonly object[]): Promise<TagDesk> {
  const document = { ...structuredClone(PLAN), tags };
  const outcome = parseSitePlan(document);
  assert.ok(outcome.ok);
  const now = new FakeDashboard().today().now;
  const clock = new FakeClock({ epoch: now, mono: 3_600_000 });
  const anchor = () => ({ mono: clock.mono(), epoch: epochMs(now), clock: "synced" as const });
  const deps = { site: outcome.value, anchor, clock, log: SILENT_LOG };
  const { desk } = await openTagDesk(stateDir, { ...deps, store: sitePlanInMemory(document) });
  const radio: TagRadio = {
    factsOf: (position) => ({
      tagId: tagId("x"),
      lastSeenMono: position < 2 ? monoMs(3_600_000 - 4_000 * (position + 1)) : null,
      state: position < 2 ? "inside" : "outside",
      zoneId: position === 0 ? zoneId("rack") : null,
      confidence: 0.9,
    }),
    learned: () => null,
    onTelemetry: (listener) => {
      const silent = { isMoving: null, motionCount: null, isPressed: null, temperatureC: null };
      listener(0, { ...silent, batteryRatio: 0.84, batteryMv: 2_950 }, monoMs(0));
      listener(1, { ...silent, batteryRatio: null, batteryMv: 2_150 }, monoMs(0));
      return () => undefined;
    },
  };
  desk.follow(radio);
  return desk;
}

async function page(
  tags: readonly object[],
  context: BrowserContextOptions = {},
): Promise<Visit & { readonly desk: TagDesk }> {
  const desk = await registry(tags);
  const found = await visit({ path: "/set-up", tags: desk, context });
  await found.page.waitForSelector('[data-testid="tags"]');
  return { ...found, desk };
}

const choose = (at: Page, name: string, text: string): Promise<void> =>
  at.setInputFiles('.tag-file input[type="file"]', {
    name,
    mimeType: "text/csv",
    buffer: Buffer.from(text),
  });

/** Looks at the page where a person asked for it: VITRINE_SHOTS names a folder. */
async function shot(at: Page, name: string): Promise<void> {
  const folder = process.env["VITRINE_SHOTS"];
  if (folder === undefined) return;
  await at.locator('[data-testid="tags"]').scrollIntoViewIfNeeded();
  await at.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

test("tags are shown with state, zone, last sight and battery, and are found by what people know of them", {
  skip,
}, async () => {
  const { page: at, complaints } = await page(TAGS);
  const cells = async (id: string): Promise<readonly string[]> =>
    (await at.locator(`[data-tag="${id}"] > *`).allTextContents()).map((text) => text.trim());
  await at.waitForSelector('[data-tag="basket-01"]');
  const [name, ...others] = await cells("basket-01");
  assert.equal(name, "Basket 1, redbasket-01");
  assert.match(
    others.join(" | "),
    /^inside \| Basket rack \| 84 % \| (\d+ s ago|\d\d:\d\d [AP]M) \| basket$/,
  );
  assert.equal((await cells("badge-anna"))[3], "2.1 V, change it");
  assert.deepEqual((await cells("cart-07")).slice(1, 5), ["not heard", "–", "–", "never"]);
  assert.match(await textOf(at, ".tags [role=status]"), /^4 tags are registered\.$/);
  assert.equal(await textOf(at, '[data-testid="tags-in-zones"]'), "In zones now: Basket rack 1.");
  assert.deepEqual(await axeViolations(at), []);
  await shot(at, "tags-light");
  await at.getByRole("searchbox", { name: "Find" }).fill("ANNA");
  await waitForText(at, ".tags [role=status]", /^1 of 4 tags match\.$/);
  assert.equal(await at.locator("[data-tag]").count(), 1);
  await at.getByRole("searchbox", { name: "Find" }).fill("nobody");
  await waitForText(at, ".tags [role=status]", /none of them matches/);
  assert.deepEqual(complaints, []);
});

test("a file is checked before anything happens; wrong rows are told cell by cell; the good ones are imported", {
  skip,
}, async () => {
  const { page: at, complaints, desk } = await page([]);
  assert.match(await textOf(at, ".tags"), /No tag is registered\. Write the baskets/);
  await shot(at, "tags-empty");
  const rows = ["id,kind,format,uuid,major,minor", `a,basket,ibeacon,${UUID},1,1`];
  const wrong = [`b,trolley,ibeacon,${UUID},1,2`, `c,cart,ibeacon,${UUID},1,1`];
  await choose(at, "shop.csv", [...rows, ...wrong].join("\n"));
  await at.waitForSelector('[data-testid="refused-rows"]');
  const cells = await at.locator('[data-testid="refused-rows"] tbody tr').allTextContents();
  assert.match(cells[0] ?? "", /^3kindtrolleybasket, cart, staff/);
  assert.match(cells[1] ?? "", /^4format.*an identity not used before \(a on line 2 has it\)$/);
  assert.equal(desk.book.active.length, 0);
  assert.deepEqual(await axeViolations(at), []);
  await shot(at, "tags-refused");
  await at.getByRole("button", { name: "Import only the 1 tag without a fault" }).press("Enter");
  await waitForText(at, ".tag-import-outcome", /^Imported: 1 new, 2 refused/);
  await at.waitForSelector('[data-tag="a"]');
  assert.deepEqual(
    desk.book.active.map(({ id }) => id),
    ["a"],
  );
  await choose(at, "shop.csv", rows.join("\n"));
  await waitForText(at, ".tag-import-outcome", /^shop\.csv: 1 unchanged/);
  assert.equal(await at.getByRole("button", { name: /^Import / }).count(), 0);
  await choose(at, "list.xlsx", "PK\u0003\u0004");
  await waitForText(at, ".tag-import-outcome", /1 refused/);
  assert.deepEqual(complaints, []);
});

test("in the dark and on a phone everything is readable and nothing runs out of the page", {
  skip,
}, async () => {
  const phone = { viewport: { width: 375, height: 760 }, hasTouch: true };
  for (const [name, context] of [
    ["dark", { colorScheme: "dark" }],
    ["phone", phone],
  ] as const) {
    const { page: at } = await page(TAGS, context);
    await at.waitForSelector('[data-tag="cart-07"]');
    await choose(at, "shop.csv", "id,colour\n");
    await at.waitForSelector('[data-testid="refused-rows"]');
    assert.deepEqual(await axeViolations(at), [], name);
    const overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
    assert.equal(await at.evaluate(overflow), 0, name);
    await shot(at, `tags-${name}`);
  }
});
