import assert from "node:assert/strict";
import { test } from "node:test";
import type { BrowserContextOptions, Page } from "playwright-core";
import { WalkRig } from "../fakes/walk-rig.ts";
import {
  axeViolations,
  skip,
  textOf,
  type Visit,
  visit,
  waitForText,
} from "./dashboard-browser.ts";

const PHONE: BrowserContextOptions = { viewport: { width: 360, height: 740 }, hasTouch: true };
/** Smallest target for a thumb, px. @source WCAG 2.5.5 (enhanced), 44 CSS px. */
const THUMB_PX = 44;

async function walkPage(
  context: BrowserContextOptions = PHONE,
): Promise<Visit & { readonly rig: WalkRig }> {
  const rig = new WalkRig();
  const found = await visit({ path: "/set-up/walk", walk: rig.desk, context });
  await waitForText(found.page, "h1", /Walk/);
  return { ...found, rig };
}

/** Goes as far as standing in the till zone. */
async function atTheTill(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Start the walk" }).click();
  await page.getByRole("button", { name: /^Till/ }).click();
  await waitForText(page, '[data-testid="walk-here"]', /You are in Till/);
}

const overhang = (page: Page): Promise<unknown> =>
  page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");

test("a phone leads a walk: choose the tag, tap zones, finish, read, save", { skip }, async () => {
  const { page, rig, complaints } = await walkPage();
  await page.getByLabel("Tag you carry").selectOption("walker");
  await atTheTill(page);
  rig.stand(42);
  await waitForText(page, '[data-zone="till"]', /0:42 of 2:00/);
  assert.equal(await page.getAttribute('button[data-zone="till"]', "aria-pressed"), "true");
  assert.equal(await page.getAttribute('button[data-zone="shoes"]', "aria-pressed"), "false");
  await waitForText(page, '[data-receiver="door"]', /good, −70 dBm/);
  await waitForText(page, '[data-receiver="back"]', /not heard/);
  await waitForText(page, ".walk", /1 of 2 have not heard the tag yet/);
  assert.doesNotMatch(await textOf(page, ".walk"), /\d m\b/, "no metres");
  await page.getByRole("button", { name: /^Shoes/ }).click();
  await waitForText(page, '[data-testid="walk-here"]', /You are in Shoes/);
  await page.getByRole("button", { name: "Finish" }).click();
  await waitForText(page, '[data-testid="walk-result"]', /makes the zones clearer/);
  const result = await textOf(page, '[data-testid="walk-result"]');
  assert.match(result, /Right before60%/);
  assert.match(result, /Right with this walk90%/);
  assert.match(await textOf(page, 'tr[data-zone="till"]'), /40%.*Shoes 56%.*84%/);
  await page.getByRole("button", { name: "Save" }).click();
  await waitForText(page, ".walk", /Saved: 1 survey points are in the site plan/);
  assert.equal(rig.saves, 1);
  assert.deepEqual(complaints, []);
});

test("a walk that makes nothing better says so and does not push saving", { skip }, async () => {
  const { page, rig } = await walkPage();
  rig.verdict = "no-better";
  await atTheTill(page);
  rig.stand(30);
  await waitForText(page, '[data-zone="till"]', /0:30/);
  await page.getByRole("button", { name: "Finish" }).click();
  await waitForText(page, '[data-testid="walk-result"]', /makes nothing better.*Do not save it/);
  assert.equal(await page.getByRole("button", { name: "Save", exact: true }).count(), 0);
  assert.equal(await page.getByRole("button", { name: "Save all the same" }).count(), 1);
});

test("the walk goes on when the page is loaded again", { skip }, async () => {
  const { page, rig } = await walkPage();
  await atTheTill(page);
  rig.stand(20);
  await page.reload();
  await waitForText(page, '[data-testid="walk-here"]', /You are in Till/);
  await waitForText(page, '[data-zone="till"]', /0:20/);
});

test("undo takes the last tap back, pause stops the time, dropping asks twice", {
  skip,
}, async () => {
  const { page, rig } = await walkPage();
  await atTheTill(page);
  rig.stand(10);
  await page.getByRole("button", { name: /^Shoes/ }).click();
  await waitForText(page, '[data-testid="walk-here"]', /Shoes/);
  await page.getByRole("button", { name: "Undo" }).click();
  await waitForText(page, '[data-testid="walk-here"]', /Till/);
  await page.getByRole("button", { name: "Pause" }).click();
  await waitForText(page, '[data-testid="walk-here"]', /Paused/);
  rig.stand(60);
  await page.waitForTimeout(1_200);
  assert.match(
    await textOf(page, '[data-zone="till"]'),
    /0:07 of/,
    "ten seconds, less those around the tap",
  );
  await page.getByRole("button", { name: "Drop this walk" }).click();
  assert.equal(rig.desk.view().state, "paused");
  await page.getByRole("button", { name: /Press again/ }).click();
  await page.getByRole("button", { name: "Start the walk" }).waitFor();
  assert.equal(rig.desk.view().state, "idle");
});

test("a refused press says why and what to do", { skip }, async () => {
  const { page, rig } = await walkPage();
  await page.getByRole("button", { name: "Start the walk" }).waitFor();
  rig.desk.start("cart-1");
  const start = page.getByRole("button", { name: "Start the walk" });
  // The page may have noticed the other walk already; then there is nothing left to press.
  await start.click({ timeout: 900 }).catch(() => undefined);
  await waitForText(page, '[data-testid="walk-here"]', /Go into a zone/);
  assert.match(await textOf(page, ".walk-where"), /cart-1/);
});

test("the walk can be led by keyboard alone", { skip }, async () => {
  const { page, rig } = await walkPage();
  await page.getByRole("button", { name: "Start the walk" }).press("Enter");
  await page.getByRole("button", { name: /^Till/ }).press("Space");
  await waitForText(page, '[data-testid="walk-here"]', /You are in Till/);
  rig.stand(5);
  await waitForText(page, '[data-zone="till"]', /0:05/);
  await page.getByRole("button", { name: "Finish" }).press("Enter");
  await page.getByTestId("walk-result").waitFor();
});

for (const [form, width] of [
  ["a phone", 360],
  ["a desktop", 1280],
] as const) {
  for (const colorScheme of ["light", "dark"] as const) {
    test(`axe finds nothing in any state, and nothing sticks out, on ${form} in ${colorScheme}`, {
      skip,
    }, async () => {
      const { page, rig, complaints } = await walkPage({
        viewport: { width, height: 740 },
        colorScheme,
      });
      const fine = async (state: string): Promise<void> => {
        assert.deepEqual(await axeViolations(page), [], state);
        assert.equal(await overhang(page), 0, state);
      };
      await page.getByRole("button", { name: "Start the walk" }).waitFor();
      await fine("idle");
      await atTheTill(page);
      rig.stand(130);
      await waitForText(page, '[data-zone="till"]', /enough/);
      await fine("walking");
      for (const button of await page.locator(".walk-zones button, .walk-bar button").all()) {
        const box = await button.boundingBox();
        assert.ok((box?.height ?? 0) >= THUMB_PX && (box?.width ?? 0) >= THUMB_PX);
      }
      await page.getByRole("button", { name: "Finish" }).click();
      await page.getByTestId("walk-result").waitFor();
      await fine("done");
      assert.deepEqual(complaints, []);
    });
  }
}

test("Set-up leads to the walk and tells what receivers know of each other", { skip }, async () => {
  const rig = new WalkRig();
  const calibration = {
    view: () => ({
      warnings: ["Door and Back room look swapped in the plan."],
      facts: [["Door", "hears 4 dB weaker than the others"] as const],
      why: null,
    }),
  };
  const { page, complaints } = await visit({ path: "/set-up", walk: rig.desk, calibration });
  await waitForText(page, '[data-testid="locating"]', /look swapped.*hears 4 dB weaker/);
  assert.deepEqual(await axeViolations(page), []);
  await page.getByRole("link", { name: "Walk through the zones" }).click();
  await page.getByRole("button", { name: "Start the walk" }).waitFor();
  assert.deepEqual(complaints, []);
});

test("a gateway without receivers says what is missing and offers no walk", { skip }, async () => {
  const { page, complaints } = await visit({ path: "/set-up/walk" });
  await waitForText(page, ".walk", /locates no tags: it has no receiver/);
  assert.equal(await page.getByRole("button", { name: "Start the walk" }).count(), 0);
  assert.deepEqual(await axeViolations(page), []);
  assert.deepEqual(complaints, []);
});
