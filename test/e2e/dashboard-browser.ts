import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, afterEach } from "node:test";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { createSystemClock } from "../../src/app/system-clock.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import type { PreviewSource } from "../../src/core/preview.ts";
import { DEFINITIONS } from "../../src/metrics/definitions.ts";
import { loadUi } from "../../src/web/bundle.ts";
import type { CalibrationPort } from "../../src/web/calibration-view.ts";
import { createDashboard, type Dashboard } from "../../src/web/server.ts";
import type { TagsPort } from "../../src/web/tags-view.ts";
import type { WalkPort } from "../../src/web/walk-view.ts";
import { FakeDashboard } from "../fakes/fake-dashboard.ts";
import type { Scene } from "../fakes/fake-dashboard-scenes.ts";

const CHROMIUM = "/usr/bin/chromium";
const ARGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** Generous, because the machine may be busy; nothing is asserted about durations. */
export const PATIENCE_MS = 30_000;

/** Reason to skip browser tests, or false where Chromium is installed. */
export const skip: string | false = existsSync(CHROMIUM) ? false : "needs Debian package chromium";

/** A scripted gateway, its dashboard on a free port, and a page that looks at it. */
export interface Visit {
  readonly source: FakeDashboard;
  readonly dashboard: Dashboard;
  readonly url: string;
  readonly page: Page;
  /** What the page complained about on its console. */
  readonly complaints: readonly string[];
}

let browser: Browser | null = null;
let files: ReturnType<typeof loadUi> | null = null;
const undo: (() => Promise<unknown>)[] = [];

if (skip === false) {
  // Pages go on drawing what they are told: those of tests that are over would slow all later ones down.
  afterEach(async () => {
    for (const release of undo.splice(0).reverse()) await release();
  });
  after(() => browser?.close());
}

/** Opens the dashboard in a fresh profile; `path` and `password` are optional. */
export async function visit(
  options: {
    readonly scene?: Scene;
    readonly context?: BrowserContextOptions;
    readonly password?: string;
    readonly path?: string;
    readonly preview?: PreviewSource;
    readonly tags?: TagsPort;
    readonly walk?: WalkPort;
    readonly calibration?: CalibrationPort;
    /** Runs after the page is closed and before the dashboard is. */
    readonly undo?: () => Promise<unknown>;
  } = {},
): Promise<Visit> {
  const source = new FakeDashboard(options.scene);
  if (options.tags !== undefined) source.tags = options.tags;
  if (options.walk !== undefined) source.walk = options.walk;
  if (options.calibration !== undefined) source.calibration = options.calibration;
  files ??= loadUi();
  const dashboard = createDashboard({
    source,
    definitions: () => DEFINITIONS,
    host: "127.0.0.1",
    port: 0,
    password: options.password ?? null,
    ...(options.preview === undefined ? {} : { preview: options.preview }),
    assets: await files,
    clock: createSystemClock(),
    log: SILENT_LOG,
  });
  await dashboard.start(new AbortController().signal);
  undo.push(() => dashboard[Symbol.asyncDispose]());
  if (options.undo !== undefined) undo.push(options.undo);
  browser ??= await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
  const context = await browser.newContext({ locale: "en-US", ...options.context });
  undo.push(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  const url = dashboard.url ?? "";
  await page.goto(`${url}${options.path ?? "/"}`);
  return { source, dashboard, url, page, complaints };
}

/** Waits until the page is live and drawn, reports included. */
export async function isLive(page: Page): Promise<void> {
  await page.waitForSelector(".pulse.is-live");
  await page.waitForSelector(".figures, .definition, .funnel, .compare, .empty, .failed");
  await page.waitForSelector('[aria-busy="true"]', { state: "detached" });
}

/** Text of the first element, with the spaces a locale may use made plain. */
export async function textOf(page: Page, selector: string): Promise<string> {
  const text = (await page.textContent(selector)) ?? "";
  return text.replaceAll(/[\u00a0\u202f]/g, " ").trim();
}

/** Waits until the element's text matches. */
export async function waitForText(page: Page, selector: string, wanted: RegExp): Promise<void> {
  await page
    .locator(selector, { hasText: wanted })
    .first()
    .waitFor({ timeout: PATIENCE_MS })
    .catch(async (cause: unknown) => {
      const found = await page.locator(selector).allTextContents();
      assert.fail(`${selector} never matched ${wanted}; it holds ${found.join(" | ")} (${cause})`);
    });
}

interface AxeReport {
  readonly violations: readonly {
    readonly id: string;
    readonly help: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
  }[];
}

const axeSource = readFileSync(
  createRequire(import.meta.url).resolve("axe-core/axe.min.js"),
  "utf8",
);

/** Violations of WCAG 2.2 AA and of axe's best practices, one line each. */
export async function axeViolations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axeSource);
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const report = (await page.evaluate(
    `axe.run(document, { runOnly: ${JSON.stringify(tags)} })`,
  )) as AxeReport;
  return report.violations.flatMap((violation) =>
    violation.nodes.map((node) => `${violation.id}: ${node.html} ${node.failureSummary ?? ""}`),
  );
}
