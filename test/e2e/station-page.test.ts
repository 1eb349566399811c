import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Browser, chromium, type Page } from "playwright-core";
import type { Eraser } from "../../src/app/consent/erasure-duty.ts";
import { createSystemClock } from "../../src/app/system-clock.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { UI_FILES, type UiFiles } from "../../src/web/assets.ts";
import { loadStationUi } from "../../src/web/bundle.ts";
import { createDashboard, type Dashboard } from "../../src/web/server.ts";
import { WORDS } from "../../src/web/ui/station/all-words.ts";
import { FakeDashboard } from "../fakes/fake-dashboard.ts";
import type { Shown } from "../fakes/fake-face-chain.ts";
import { STATION_TOKEN, StationRig } from "../fakes/station-rig.ts";
import { axeViolations, PATIENCE_MS, skip } from "./dashboard-browser.ts";

const ANN = 1;
const BOB = 2;
const none = new Uint8Array([0]);
const assets = Object.fromEntries(UI_FILES.map((name) => [name, none])) as UiFiles;
const { en, da, de } = WORDS;

let browser: Browser;
const undo: (() => Promise<unknown>)[] = [];
const complaints: string[] = [];

before(async () => {
  if (skip !== false) return;
  const args = ["--headless", "--no-sandbox", "--disable-gpu"];
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args });
});
after(async () => {
  for (const release of undo.reverse()) await release();
  await browser?.close();
});

/** A station whose camera shows a script in every look, and its page in a fresh profile. */
async function visit(
  shown: readonly Shown[],
  options: {
    readonly loyalty?: object;
    readonly hasModels?: boolean;
    readonly token?: string;
    /** Whether the page's time stands still but when the test lets it pass. */
    readonly isTimed?: boolean;
  } = {},
): Promise<{ readonly rig: StationRig; readonly page: Page }> {
  const rig = new StationRig(shown, options);
  rig.camera.paceMs = 30;
  await rig.start();
  undo.push(() => rig[Symbol.asyncDispose]());
  const dashboard: Dashboard = createDashboard({
    ...{ source: new FakeDashboard(), definitions: () => [], host: "127.0.0.1", port: 0, assets },
    ...{ password: "of the dashboard", clock: createSystemClock(), log: SILENT_LOG },
    requestsPerMinute: 10_000,
    station: { port: rig.station.port, files: await loadStationUi() },
  });
  await dashboard.start(new AbortController().signal);
  undo.push(() => dashboard[Symbol.asyncDispose]());
  const context = await browser.newContext({ locale: "en-US" });
  undo.push(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  if (options.isTimed === true) await page.clock.install();
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(`${dashboard.url}/station#${options.token ?? STATION_TOKEN}`);
  return { rig, page };
}

const heading = (page: Page, text: string) => page.locator("h1", { hasText: text }).waitFor();

/** Kept for people to look at, where a folder is given. */
async function checked(page: Page, name: string): Promise<void> {
  assert.deepEqual(await axeViolations(page), [], name);
  const folder = process.env["VITRINE_SCREENSHOTS"];
  if (folder !== undefined) await page.screenshot({ path: `${folder}/${name}.png` });
}

/** Becomes a member by keyboard and mouse; returns the code that is shown. */
async function join(page: Page, withFace: boolean): Promise<string> {
  await page.click(`button:has-text("${en.join}")`);
  await heading(page, en.join);
  await page.check("#purpose-loyalty-beacon");
  if (withFace) await page.check("#purpose-loyalty-face");
  await page.check("#age-adult");
  await page.click(`button:has-text("${en.agree}")`);
  await heading(page, en.joined);
  return ((await page.textContent(".code-text")) ?? "").replaceAll(" ", "");
}

test("without the station's token the page says so and does nothing", { skip }, async () => {
  const { page } = await visit([], { token: "wrong" });
  await page.locator('[role="alert"]', { hasText: en.noToken }).waitFor();
  assert.equal(await page.locator("button").count(), 0);
  assert.equal(new URL(page.url()).hash, "", "the token does not stay in the address");
});

test("the equal path: a code alone, with faces off, by keyboard as a scanner types it", {
  skip,
}, async () => {
  const { rig, page } = await visit([], { loyalty: { jurisdiction: "off", station: {} } });
  await heading(page, en.title);
  await checked(page, "station-start");
  const code = await join(page, false).catch(async () => assert.fail(await page.content()));
  await checked(page, "station-code");
  assert.equal(await page.locator("svg path.qr-dark").count(), 1);
  await page.click(`button:has-text("${en.done}")`);
  // A scanner types wherever the page is, also after somebody pressed beside everything.
  await heading(page, en.title);
  await page.mouse.click(5, 400);
  await page.keyboard.type(`${code.toLowerCase()}`);
  await page.keyboard.press("Enter");
  await heading(page, en.welcomeMember);
  await page.locator(".consents li").first().waitFor();
  assert.equal(await page.locator(`text=${en.confirmByFace}`).count(), 0, "no face is offered");
  await checked(page, "station-member");
  await page.click(`button:has-text("${en.goOnWithCode}")`);
  await heading(page, en.recognisedByCode);
  assert.deepEqual(
    rig.recognised.map(({ method }) => method),
    ["code"],
  );
  assert.equal(rig.camera.opened, 0);
});

test("nothing is ticked beforehand, and purposes, age and a wrong code are asked for in words", {
  skip,
}, async () => {
  const { rig, page } = await visit([]);
  await page.fill("#code", "VL1 something");
  await page.keyboard.press("Enter");
  await page.locator("#code-fault", { hasText: en.refusals["code-unreadable"] }).waitFor();
  await checked(page, "station-wrong-code");
  await page.click(`button:has-text("${en.join}")`);
  await heading(page, en.join);
  assert.equal(await page.locator("input:checked").count(), 0);
  const boxes = page.locator('input[type="checkbox"]');
  assert.equal(await boxes.count(), 2);
  await checked(page, "station-join");
  const agree = page.locator(`button:has-text("${en.agree}")`);
  const fault = async (text: string): Promise<void> => {
    await agree.click();
    await page.locator('[role="alert"]', { hasText: text }).waitFor();
  };
  await fault(en.nothingTicked);
  await page.check("#purpose-loyalty-beacon");
  await fault(en.ageMissing);
  await page.check("#age-minor");
  await fault(en.refusals.minor);
  assert.equal(rig.told.filter(({ kind }) => kind === "consent-recorded").length, 1, "the switch");
});

test("enrolment tells in words what is wrong with the picture, then knows the face again", {
  skip,
}, async () => {
  const waiting = await visit([{ refusal: "face-small" }]);
  await join(waiting.page, true);
  await waiting.page.click(`button:has-text("${en.setUpFace}")`);
  const status = waiting.page.locator('[role="status"]');
  await status.filter({ hasText: en.refusals["face-small"] }).waitFor();
  await checked(waiting.page, "station-look");
  assert.equal(waiting.rig.camera.isOn, true);
  await waiting.page.click(`button:has-text("${en.cancel}")`);
  await heading(waiting.page, en.refusals["not-at-station"]);
  assert.equal(waiting.rig.camera.isOn, false);
  const script: Shown[] = [
    ...Array.from({ length: 30 }, (): Shown => ({ refusal: "face-small" })),
    ...Array.from({ length: 4 }, (): Shown => ({ person: ANN })),
  ];
  const { rig, page } = await visit(script);
  const code = await join(page, true);
  await page.click(`button:has-text("${en.setUpFace}")`);
  await heading(page, en.enrolled);
  assert.equal(rig.camera.isOn, false);
  await page.click(`button:has-text("${en.done}")`);
  await page.fill("#code", code);
  await page.keyboard.press("Enter");
  await page.click(`button:has-text("${en.confirmByFace}")`);
  await heading(page, en.recognisedByFace);
  assert.deepEqual(
    rig.recognised.map(({ method }) => method),
    ["face"],
  );
  assert.ok(rig.chain.isWiped);
});

test("the face is asked for only beside the code, which is always a way", { skip }, async () => {
  const { rig, page } = await visit([{ person: ANN }]);
  await page.click(`button:has-text("${en.join}")`);
  await heading(page, en.join);
  const face = page.locator("#purpose-loyalty-face");
  assert.equal(await face.isDisabled(), true);
  await page.locator("#purpose-loyalty-face-text", { hasText: en.faceNeedsCode }).waitFor();
  await page.check("#purpose-loyalty-beacon");
  await face.check();
  await page.uncheck("#purpose-loyalty-beacon");
  assert.deepEqual([await face.isChecked(), await face.isDisabled()], [false, true]);
  assert.equal(rig.camera.opened, 0);
});

test("a code whose consent ended leads to the consent, and works again", { skip }, async () => {
  const { rig, page } = await visit([]);
  const code = await join(page, false);
  rig.station.port.forget(code);
  await page.click(`button:has-text("${en.done}")`);
  await page.fill("#code", code);
  await page.keyboard.press("Enter");
  await page.locator(`text=${en.noConsents}`).waitFor();
  assert.equal(await page.locator("#agree-loyalty-face").count(), 0, "not without the code");
  await page.click(`button:has-text("${en.goOnWithCode}")`);
  await heading(page, en.refusals["grant-revoked"]);
  await checked(page, "station-ended");
  await page.click(`button:has-text("${en.purposes["loyalty-beacon"]}")`);
  await heading(page, en.purposes["loyalty-beacon"]);
  await checked(page, "station-agree");
  await page.click(`button:has-text("${en.agreeToThis}")`);
  await page.locator('[role="alert"]', { hasText: en.ageMissing }).waitFor();
  await page.check("#age-adult");
  await page.click(`button:has-text("${en.agreeToThis}")`);
  await heading(page, en.agreed);
  await page.click(`button:has-text("${en.goOnWithCode}")`);
  await page.click(`button:has-text("${en.goOnWithCode}")`);
  await heading(page, en.recognisedByCode);
  assert.equal(rig.recognised.length, 1);
});

test("a face that was set up for other models is set up anew, and at any other time too", {
  skip,
}, async () => {
  const { rig, page } = await visit(Array.from({ length: 4 }, () => ({ person: ANN })));
  const code = await join(page, true);
  await page.click(`button:has-text("${en.setUpFace}")`);
  await heading(page, en.enrolled);
  const permit = rig.consents.gate.permit(rig.subjectOf(code), "loyalty-face");
  assert.ok(permit.ok);
  const { faceOf } = await import("../fakes/fake-face-chain.ts");
  const terms = { tenantId: "acme" as never, expiresAtMs: Date.now() + 1e9 };
  const chain = { ...rig.chain.id, version: "of last year" };
  assert.ok(rig.templates.vault?.put(permit.value, { ...terms, chain }, faceOf(ANN)).ok);
  await page.click(`button:has-text("${en.done}")`);
  await page.fill("#code", code);
  await page.keyboard.press("Enter");
  await page.locator("#set-up-again").waitFor();
  await page.click(`button:has-text("${en.confirmByFace}")`);
  await heading(page, en.refusals["template-foreign"]);
  await page.click(`button:has-text("${en.purposes["loyalty-face"]}")`);
  await page.check("#age-adult");
  await page.click(`button:has-text("${en.setUpFace}")`);
  await heading(page, en.enrolled);
  assert.equal((await rig.station.port.verify(code)).kind, "recognised");
});

test("what was typed at the beginning is gone for the next shopper", { skip }, async () => {
  const { page } = await visit([], { isTimed: true });
  await heading(page, en.title);
  for (const where of ["start", "forget"]) {
    if (where === "forget") await page.click(`button:has-text("${en.forgetMe}")`);
    await page.fill("#code", "VL1 0123");
    await page.keyboard.press("Enter");
    await page.locator("#code-fault").waitFor();
    await page.clock.runFor(29_000);
    assert.equal(await page.inputValue("#code"), "VL1 0123", "whoever types has time");
    await page.clock.runFor(2_000);
    await page.locator("#code-fault").waitFor({ state: "detached" });
    assert.equal(await page.inputValue("#code"), "");
  }
});

test("who is forgotten is told when something is still being erased", { skip }, async () => {
  const { rig, page } = await visit(Array.from({ length: 4 }, () => ({ person: ANN })));
  const code = await join(page, true);
  await page.click(`button:has-text("${en.setUpFace}")`);
  await heading(page, en.enrolled);
  (rig.templates.eraser as { erase: Eraser["erase"] }).erase = () => {
    throw new Error("EIO");
  };
  await page.click(`button:has-text("${en.done}")`);
  await page.fill("#code", code);
  await page.keyboard.press("Enter");
  await page.click("#back-loyalty-face");
  await page.locator('[role="status"]', { hasText: en.takenBack.erasing }).waitFor();
  await checked(page, "station-taken-back");
  await page.click(`button:has-text("${en.forgetMe}")`);
  await page.click(`button:has-text("${en.forgetAll}")`);
  await heading(page, en.forgotten.erasing);
});

test("a face that is not known leads to the code, which works", { skip }, async () => {
  const { rig, page } = await visit(Array.from({ length: 10 }, () => ({ person: BOB })));
  const code = await join(page, true);
  await page.click(`button:has-text("${en.setUpFace}")`);
  await heading(page, en.enrolled);
  const vault = rig.templates.vault;
  const permit = rig.consents.gate.permit(rig.subjectOf(code), "loyalty-face");
  assert.ok(vault !== null && permit.ok);
  // Somebody else's face in the place of the one that was enrolled.
  const { faceOf } = await import("../fakes/fake-face-chain.ts");
  const terms = { chain: rig.chain.id, expiresAtMs: Date.now() + 1e9 };
  assert.ok(vault.put(permit.value, { ...terms, tenantId: "acme" as never }, faceOf(ANN)).ok);
  await page.click(`button:has-text("${en.done}")`);
  await page.fill("#code", code);
  await page.keyboard.press("Enter");
  await page.click(`button:has-text("${en.confirmByFace}")`);
  await heading(page, en.refusals["no-match"]);
  await checked(page, "station-no-match");
  await page.click(`button:has-text("${en.tryAgain}")`);
  await page.locator("h1", { hasText: en.lookTitle }).waitFor();
  await heading(page, en.refusals["no-match"]);
  assert.equal(await page.locator(`button:has-text("${en.tryAgain}")`).count(), 0, "two failed");
  await page.click(`button:has-text("${en.goOnWithCode}")`);
  await page.click(`button:has-text("${en.goOnWithCode}")`);
  await heading(page, en.recognisedByCode);
});

test("forget me: said before it is done, done at once, in the shopper's language", {
  skip,
}, async () => {
  const { rig, page } = await visit(Array.from({ length: 4 }, () => ({ person: ANN })));
  const code = await join(page, true);
  await page.click(`button:has-text("${en.setUpFace}")`);
  await heading(page, en.enrolled);
  await page.click(`button:has-text("${en.done}")`);
  await page.click('.languages button[lang="de"]');
  await heading(page, de.title);
  assert.equal(await page.getAttribute("html", "lang"), "de");
  await page.click(`button:has-text("${de.forgetMe}")`);
  await page.fill("#code", code);
  await page.keyboard.press("Enter");
  await page.locator(`button:has-text("${de.forgetAll}")`).waitFor();
  await checked(page, "station-forget");
  assert.equal(rig.templates.vault?.has(rig.subjectOf(code)), true, "asked first");
  await page.click(`button:has-text("${de.forgetAll}")`);
  await heading(page, de.forgotten.done);
  assert.equal(rig.templates.vault?.has(rig.subjectOf(code)), false);
  assert.deepEqual(rig.station.port.consents(code), []);
});

test("every language is whole, readable in the dark, and without models the code is offered", {
  skip,
}, async () => {
  const { page } = await visit([{ person: ANN }], {
    hasModels: false,
    loyalty: { jurisdiction: "kiosk-identify" },
  });
  await page.emulateMedia({ colorScheme: "dark" });
  for (const [language, words] of [
    ["da", da],
    ["de", de],
    ["en", en],
  ] as const) {
    await page.click(`.languages button[lang="${language}"]`);
    await heading(page, words.title);
    await page.locator("h2", { hasText: words.byFace }).waitFor();
    await checked(page, `station-start-${language}`);
    await page.click(`section button:has-text("${words.join}")`);
    await heading(page, words.join);
    await checked(page, `station-join-${language}`);
    await page.click(`button:has-text("${words.back}")`);
  }
  await page.click(`button:has-text("${en.byFace}")`);
  await heading(page, en.refusals["models-missing"]);
  assert.equal(await page.locator(`text=${en.instead}`).count(), 1);
  assert.deepEqual(complaints, []);
});
