import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { createSystemClock } from "../../src/app/system-clock.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { PreviewHub } from "../../src/io/preview/preview-hub.ts";
import { isAlive } from "../fakes/fake-ffmpeg.ts";
import { FAKE_PERSON, FakePreviewCamera } from "../fakes/fake-preview-camera.ts";
import {
  axeViolations,
  skip,
  textOf,
  type Visit,
  visit,
  waitForText,
} from "./dashboard-browser.ts";

/** The Set-up page over a real hub with real ffmpeg and a camera of generated pictures. */
async function setUp(
  isEnabled: boolean,
  options: Parameters<typeof visit>[0] = {},
): Promise<Visit & { readonly hub: PreviewHub; readonly camera: FakePreviewCamera }> {
  const policy = { isEnabled, isPixelated: true };
  const hub = new PreviewHub({ policy, clock: createSystemClock(), log: SILENT_LOG });
  const camera = new FakePreviewCamera("door");
  hub.add(camera);
  const undo = async (): Promise<void> => {
    camera[Symbol.dispose]();
    await hub[Symbol.asyncDispose]();
  };
  const found = await visit({ path: "/set-up", ...options, preview: hub, undo });
  await found.page.waitForSelector('[data-testid="picture"]');
  return { ...found, hub, camera };
}

const stateIs = (page: Page, kind: string): Promise<unknown> =>
  page.waitForSelector(`[data-picture="${kind}"]`);

interface Seen {
  readonly width: number;
  readonly height: number;
  /** Mean difference of pixels four apart, inside the person and in the scene. */
  readonly person: number;
  readonly scene: number;
}

/** What stands on the canvas; runs in the page, hence as text. */
function seen(page: Page): Promise<Seen> {
  const { left, top, right, bottom } = FAKE_PERSON;
  return page.evaluate(`(() => {
    const canvas = document.querySelector(".stage canvas");
    const { width, height } = canvas;
    const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
    const grain = (l, t, r, b) => {
      let sum = 0;
      for (let y = t; y < b; y += 1)
        for (let x = l; x < r - 4; x += 1)
          sum += Math.abs(data[(y * width + x) * 4 + 1] - data[(y * width + x + 4) * 4 + 1]);
      return sum / ((r - l - 4) * (b - t));
    };
    return {
      width,
      height,
      person: grain(${left}, ${top}, ${right}, ${bottom}),
      scene: grain(8, 8, 60, 170),
    };
  })()`) as Promise<Seen>;
}

async function until(isTrue: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 1500; tries += 1) {
    if (isTrue()) return;
    await new Promise((done) => setTimeout(done, 20));
  }
  assert.fail(`never: ${what}`);
}

test("the page shows the camera's picture in its own shape, people hidden, with what is drawn on it", {
  skip,
}, async () => {
  const { page, complaints } = await setUp(true);
  await stateIs(page, "still");
  const picture = await seen(page);
  assert.deepEqual([picture.width, picture.height], [320, 180]);
  assert.ok(picture.scene > 100, `the scene is sharp: ${picture.scene}`);
  assert.ok(picture.person < 12, `the person is not: ${picture.person}`);
  const stage = await page.locator(".stage canvas").boundingBox();
  const drawing = await page.locator(".stage .drawing").boundingBox();
  assert.deepEqual(drawing, stage, "lines lie exactly over the picture");
  assert.ok(Math.abs((stage?.width ?? 0) / (stage?.height ?? 1) - 320 / 180) < 0.02);
  const line = page.locator(".drawn-line.is-door .bar");
  const x1 = Number(await line.getAttribute("x1")) / (stage?.width ?? 1);
  assert.ok(Math.abs(x1 - 0.66) < 0.001, "Norm coordinates of the plan");
  assert.match(await textOf(page, ".set-up"), /No ground points/);
  assert.match(await textOf(page, '[data-testid="picture-status"]'), /^Picture from/);
  assert.deepEqual(complaints, []);
  assert.deepEqual(await axeViolations(page), []);
});

test("a live preview paints pictures, and stopping it leaves no ffmpeg", { skip }, async () => {
  const { page, hub, complaints } = await setUp(true);
  await stateIs(page, "still");
  await page.getByRole("button", { name: "Live preview" }).press("Enter");
  await stateIs(page, "live");
  // The canvas is emptied, so that only what is painted from now on can be there.
  const wipe = `{ const c = document.querySelector(".stage canvas"); c.getContext("2d").clearRect(0, 0, c.width, c.height); }`;
  await page.evaluate(wipe);
  const isPainted = `(() => {
    const c = document.querySelector(".stage canvas");
    return c.getContext("2d").getImageData(30, 30, 1, 1).data[3] === 255;
  })()`;
  for (let tries = 0; tries < 300 && !(await page.evaluate(isPainted)); tries += 1) {
    await page.waitForTimeout(50);
  }
  const picture = await seen(page);
  assert.deepEqual([picture.width, picture.height], [320, 180]);
  assert.ok(picture.scene > 100 && picture.person < 12, JSON.stringify(picture));
  assert.deepEqual(await axeViolations(page), []);
  const [pid = 0] = hub.pids();
  assert.equal(isAlive(pid), true);
  await page.getByRole("button", { name: "Stop the preview" }).click();
  await until(() => !isAlive(pid), "ffmpeg is gone");
  assert.equal((await seen(page)).scene > 100, true, "the last picture stays");
  assert.deepEqual(complaints, []);
});

test("the player is loaded when somebody wants it and not before", { skip }, async () => {
  const { page } = await setUp(true);
  const scripts: string[] = [];
  page.on("request", (request) => scripts.push(new URL(request.url()).pathname));
  await stateIs(page, "still");
  const loaded = (): boolean => scripts.some((path) => path.includes("preview-player"));
  assert.equal(loaded(), false);
  await page.click("text=Live preview");
  await stateIs(page, "live");
  assert.equal(loaded(), true);
});

for (const way of ["closing the page", "going to Today", "hiding the page"] as const) {
  test(`${way} ends the preview and its ffmpeg`, { skip }, async () => {
    const { page, hub } = await setUp(true);
    await stateIs(page, "still");
    await page.click("text=Live preview");
    await stateIs(page, "live");
    const [pid = 0] = hub.pids();
    if (way === "closing the page") await page.close();
    if (way === "going to Today") await page.keyboard.press("d");
    if (way === "hiding the page") {
      await page.evaluate(`{
        Object.defineProperty(document, "visibilityState", { value: "hidden" });
        document.dispatchEvent(new Event("visibilitychange"));
      }`);
    }
    await until(() => pid > 0 && !isAlive(pid), "ffmpeg is gone");
    assert.deepEqual(hub.pids(), []);
  });
}

test("while the configuration does not allow it the page says which setting does, and asks for nothing", {
  skip,
}, async () => {
  const { page, camera, complaints } = await setUp(false);
  await waitForText(page, ".stage-notice", /switched off.*preview\.enabled: true/);
  assert.equal(await page.getByRole("button", { name: "Live preview" }).count(), 0);
  assert.equal(await page.locator(".drawn-line").count(), 3, "the drawing is shown all the same");
  assert.deepEqual(camera.peeks, []);
  assert.deepEqual(await axeViolations(page), []);
  assert.deepEqual(complaints, []);
});

test("a camera that goes blind ends the preview, says why, and shows a picture when it sees again", {
  skip,
}, async () => {
  const { page, camera, source, hub } = await setUp(true);
  await stateIs(page, "still");
  await page.click("text=Live preview");
  await stateIs(page, "live");
  const [pid = 0] = hub.pids();
  camera.state = "blind";
  camera.code = "CAMERA_STALLED";
  source.play("blind");
  await waitForText(page, ".stage-notice", /Camera blind\. The camera stopped delivering frames/);
  await until(() => !isAlive(pid), "ffmpeg is gone");
  assert.deepEqual(await axeViolations(page), []);
  camera.state = "seeing";
  camera.code = null;
  source.play("busy");
  await stateIs(page, "still");
});

test("a refused picture is explained and can be asked for again", { skip }, async () => {
  const { page, camera } = await setUp(true);
  await stateIs(page, "still");
  camera.state = "blind";
  camera.code = "CAMERA_UNREACHABLE";
  await page.click("text=New picture");
  await waitForText(page, ".stage-notice", /refused the connection/);
  camera.state = "seeing";
  await page.click("text=Try again");
  await stateIs(page, "still");
});

test("a preview refused at the door says why", { skip }, async () => {
  const { page, hub } = await setUp(true);
  await stateIs(page, "still");
  const crowd = { waitingBytes: 0, send: () => undefined, end: () => undefined };
  for (let i = 0; i < 4; i += 1) assert.equal(typeof hub.watch("door", crowd), "function");
  await page.click("text=Live preview");
  await waitForText(page, ".stage-notice", /As many people look at pictures/);
});

test("a camera without a picture says so; links and the back button choose the camera", {
  skip,
}, async () => {
  const { page } = await setUp(true);
  await stateIs(page, "still");
  await page.getByRole("link", { name: /Sales floor/ }).click();
  await waitForText(page, "#camera-title", /^Sales floor$/);
  await waitForText(page, ".stage-notice", /delivers no picture/);
  assert.equal(new URL(page.url()).hash, "#floor");
  await page.goBack();
  await waitForText(page, "#camera-title", /^Front door$/);
  await stateIs(page, "still");
});

for (const [form, width] of [
  ["a phone", 390],
  ["a desktop", 1280],
] as const) {
  for (const colorScheme of ["light", "dark"] as const) {
    test(`axe finds nothing, and nothing sticks out, on ${form} in ${colorScheme}`, {
      skip,
    }, async () => {
      const context = { viewport: { width, height: 900 }, colorScheme };
      const { page } = await setUp(true, { context });
      await stateIs(page, "still");
      assert.deepEqual(await axeViolations(page), []);
      const overhang =
        "document.documentElement.scrollWidth - document.documentElement.clientWidth";
      assert.equal(await page.evaluate(overhang), 0);
    });
  }
}

test("everything on the page can be reached by keyboard", { skip }, async () => {
  const { page } = await setUp(true);
  await stateIs(page, "still");
  const reached: string[] = [];
  for (let i = 0; i < 16; i += 1) {
    await page.keyboard.press("Tab");
    reached.push(
      String(
        await page.evaluate("document.activeElement.innerText || document.activeElement.type"),
      ),
    );
  }
  for (const wanted of [
    /Front door/,
    /Sales floor/,
    /^Live preview$/,
    /^New picture$/,
    /checkbox/,
  ]) {
    assert.ok(
      reached.some((text) => wanted.test(text)),
      `${wanted} in ${reached.join(" | ")}`,
    );
  }
});
