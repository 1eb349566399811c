import assert from "node:assert/strict";
import { after, test } from "node:test";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { FakeDashboard } from "../../test/fakes/fake-dashboard.ts";
import { WalkRig } from "../../test/fakes/walk-rig.ts";
import { SILENT_LOG } from "../core/lifecycle.ts";
import { DEFINITIONS } from "../metrics/definitions.ts";
import { UI_FILES, type UiFiles } from "./assets.ts";
import { createDashboard, type Dashboard } from "./server.ts";
import type { WalkView } from "./walk-view.ts";

const bytes = new TextEncoder().encode("/* page */");
const assets = Object.fromEntries(UI_FILES.map((name) => [name, bytes])) as UiFiles;
const open: Dashboard[] = [];
after(async () => {
  for (const dashboard of open) await dashboard[Symbol.asyncDispose]();
});

async function start(
  options: { readonly rig?: WalkRig; readonly password?: string } = {},
): Promise<string> {
  const source = new FakeDashboard();
  if (options.rig !== undefined) source.walk = options.rig.desk;
  const dashboard = createDashboard({
    source,
    definitions: () => DEFINITIONS,
    host: "127.0.0.1",
    port: 0,
    password: options.password ?? null,
    assets,
    clock: new FakeClock(),
    log: SILENT_LOG,
  });
  open.push(dashboard);
  await dashboard.start(new AbortController().signal);
  return dashboard.url ?? "";
}

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

async function ask(
  url: string,
  method = "GET",
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const json = { "content-type": "application/json" };
  const answer = await fetch(url, {
    method,
    redirect: "manual",
    headers: body === undefined ? headers : { ...json, ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Answer["body"] };
}

test("a walk is led over the API from its start to saved points", async () => {
  const rig = new WalkRig();
  const url = `${await start({ rig })}/api/walk`;
  assert.equal((await ask(url)).body["state"], "idle");
  assert.equal((await ask(url, "POST", { tagId: "walker" })).body["state"], "walking");
  assert.equal((await ask(`${url}/tap`, "POST", { zoneId: "till" })).body["here"], "till");
  rig.stand(30);
  assert.equal((await ask(`${url}/tap`, "POST", { zoneId: "shoes" })).body["here"], "shoes");
  assert.equal((await ask(`${url}/undo`, "POST")).body["here"], "till");
  assert.equal((await ask(`${url}/pause`, "POST")).body["state"], "paused");
  const finished = (await ask(`${url}/finish`, "POST")).body as unknown as WalkView;
  assert.equal(finished.result?.verdict, "better");
  assert.deepEqual(finished.result?.zones[1]?.placedBeforeS, [28, 20, 0, 2]);
  const saved = (await ask(`${url}/save`, "POST")).body as unknown as WalkView;
  assert.equal(saved.result?.isSaved, true);
  assert.equal((await ask(url, "DELETE")).body["state"], "idle");
});

test("what the page is told holds no identity of a tag and no place of a receiver", async () => {
  const rig = new WalkRig();
  const url = await start({ rig });
  const text = JSON.stringify((await ask(`${url}/api/walk`)).body);
  assert.doesNotMatch(text, /uuid|3b8a1f70|xM|polygon/);
});

test("refusals have a status, a word and a hint", async () => {
  const rig = new WalkRig();
  const url = `${await start({ rig })}/api/walk`;
  const cases = [
    ["POST", "/tap", { zoneId: "till" }, 409, "NO_WALK"],
    ["POST", "/save", undefined, 409, "NOTHING_TO_SAVE"],
    ["POST", "", { tagId: "nobody" }, 404, "UNKNOWN_TAG"],
    ["POST", "", { tagId: 7 }, 400, "REFUSED"],
    ["POST", "", undefined, 400, "REFUSED"],
    ["POST", "/tap", { zoneId: "x".repeat(200) }, 400, "REFUSED"],
  ] as const;
  for (const [method, path, body, status, word] of cases) {
    const answer = await ask(`${url}${path}`, method, body);
    assert.deepEqual([answer.status, answer.body["error"]], [status, word], path);
    assert.notEqual(answer.body["hint"], "");
  }
});

test("pages of other sites may change nothing", async () => {
  const rig = new WalkRig();
  const url = `${await start({ rig })}/api/walk`;
  const foreign = { origin: "https://shop.example" };
  assert.equal((await ask(url, "POST", { tagId: "walker" }, foreign)).status, 403);
  rig.desk.start("walker");
  assert.equal(
    (await ask(url, "DELETE", undefined, { "sec-fetch-site": "cross-site" })).status,
    403,
  );
  assert.equal(rig.desk.view().state, "walking");
});

test("with a password nothing of a walk is told or changed without a session", async () => {
  const rig = new WalkRig();
  const url = `${await start({ rig, password: "correct horse" })}/api/walk`;
  for (const [method, body] of [
    ["GET", undefined],
    ["POST", { tagId: "walker" }],
    ["DELETE", undefined],
  ] as const)
    assert.equal((await ask(url, method, body)).status, 401);
  assert.equal(rig.desk.view().state, "idle");
});

test("a gateway without receivers says so instead of failing", async () => {
  const url = await start();
  const { status, body } = await ask(`${url}/api/walk`);
  assert.equal(status, 200);
  assert.match(String(body["obstacle"]), /no receiver/);
  assert.equal((await ask(`${url}/api/walk`, "POST", { tagId: "walker" })).status, 404);
  assert.deepEqual((await ask(`${url}/api/self-calibration`)).body, {
    warnings: [],
    facts: [],
    why: null,
  });
});
