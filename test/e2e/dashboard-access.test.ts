import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { axeViolations, isLive, skip, visit } from "./dashboard-browser.ts";

const FORMS = [
  { name: "a desktop", viewport: { width: 1280, height: 900 } },
  { name: "a phone", viewport: { width: 390, height: 844 } },
];
/** Every page that draws something of its own. */
const PAGES = ["/?period=week", "/?zone=new", "/journeys", "/compare", "/definitions#occupancy"];
/** The same pages with nothing to show; made of the same parts, so one form of them is enough. */
const BARE_PAGES = [
  "/?date=2026-01-05",
  "/?zone=gone",
  "/journeys?date=2026-01-05",
  "/compare?from=2026-11-01&to=2026-11-15&compare=2026-01-01..2026-01-15",
  "/definitions",
];
const THEMES = ["light", "dark"] as const;

/** How far the page is wider than its window, CSS px; names what sticks out. */
async function sticksOut(page: Page): Promise<string> {
  return await page.evaluate(() => {
    const { clientWidth, scrollWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return "";
    const wide = [...document.querySelectorAll("*")].filter(
      (element) => element.getBoundingClientRect().right > clientWidth + 1,
    );
    return wide.map((element) => `${element.tagName}.${element.getAttribute("class")}`).join(" ");
  });
}

for (const { name, viewport } of FORMS) {
  for (const colorScheme of THEMES) {
    for (const scene of ["busy", "blind", "empty"] as const) {
      test(`axe finds nothing on ${name} in ${colorScheme}, scene ${scene}`, { skip }, async () => {
        const { page, source, complaints } = await visit({
          scene,
          context: { viewport, colorScheme },
        });
        await isLive(page);
        source.move("floor", [[1, 0.2, 0.3]]);
        await page.click("text=Show as table");
        assert.deepEqual(await axeViolations(page), []);
        assert.equal(await sticksOut(page), "");
        await page.click('.figures [data-metric="entrants"]');
        await page.waitForSelector("dialog[open]");
        assert.deepEqual(await axeViolations(page), []);
        assert.deepEqual(complaints, []);
      });
    }

    const isFirst = name === FORMS[0]?.name && colorScheme === THEMES[0];
    for (const path of isFirst ? [...PAGES, ...BARE_PAGES] : PAGES) {
      test(`axe finds nothing at ${path} on ${name} in ${colorScheme}`, { skip }, async () => {
        const { page, complaints } = await visit({ path, context: { viewport, colorScheme } });
        await isLive(page);
        assert.deepEqual(await axeViolations(page), []);
        assert.equal(await sticksOut(page), "");
        assert.deepEqual(complaints, []);
      });
    }

    test(`axe finds nothing in help, search and at the door on ${name} in ${colorScheme}`, {
      skip,
    }, async () => {
      const open = await visit({ context: { viewport, colorScheme } });
      await isLive(open.page);
      for (const key of ["?", "/"]) {
        await open.page.keyboard.press(key);
        await open.page.waitForSelector("dialog[open]");
        assert.deepEqual(await axeViolations(open.page), [], key);
        assert.equal(await sticksOut(open.page), "");
        await open.page.keyboard.press("Escape");
        await open.page.waitForSelector("dialog", { state: "detached" });
      }
      const closed = await visit({ password: "secret", context: { viewport, colorScheme } });
      await closed.page.fill("#password", "guess");
      await closed.page.keyboard.press("Enter");
      await closed.page.waitForSelector("#fault");
      assert.deepEqual(await axeViolations(closed.page), []);
      assert.equal(await sticksOut(closed.page), "");
    });
  }
}

for (const path of ["/", "/journeys", "/compare"]) {
  test(`nothing at ${path} on a phone is too small to hit`, { skip }, async () => {
    const { page } = await visit({ path, context: { viewport: { width: 390, height: 844 } } });
    await isLive(page);
    const small = await page.evaluate(() =>
      [...document.querySelectorAll("button, a, input, select")]
        .map((element) => ({ box: element.getBoundingClientRect(), element }))
        .filter(
          ({ box, element }) =>
            box.width > 0 && (box.width < 24 || box.height < 24) && !element.matches(".skip"),
        )
        .map(({ element }) => element.outerHTML.slice(0, 80)),
    );
    assert.deepEqual(small, []);
  });
}
