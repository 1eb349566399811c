import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { FakeDashboard } from "../../../test/fakes/fake-dashboard.ts";
import { STATION_TOKEN, StationRig } from "../../../test/fakes/station-rig.ts";
import { createSystemClock } from "../../app/system-clock.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import { UI_FILES, type UiFiles } from "../assets.ts";
import { createDashboard, type Dashboard } from "../server.ts";
import { TokenTries } from "./token-tries.ts";

const none = new Uint8Array([0]);
const assets = Object.fromEntries(UI_FILES.map((name) => [name, none])) as UiFiles;
const ANN = 1;
const rig = new StationRig(Array.from({ length: 8 }, () => ({ person: ANN })));
let dashboard: Dashboard;
let url = "";

before(async () => {
  await rig.start();
  dashboard = createDashboard({
    ...{ source: new FakeDashboard(), definitions: () => [], host: "127.0.0.1", port: 0, assets },
    ...{ password: "of the dashboard", clock: createSystemClock(), log: SILENT_LOG },
    station: { port: rig.station.port, files: { script: none, style: none, icon: none } },
  });
  await dashboard.start(new AbortController().signal);
  url = dashboard.url ?? "";
});
after(async () => {
  await dashboard[Symbol.asyncDispose]();
  await rig[Symbol.asyncDispose]();
});

const TOKEN = { authorization: `Bearer ${STATION_TOKEN}` };

async function post(name: string, body: unknown, headers: Record<string, string> = TOKEN) {
  const answer = await fetch(`${url}/api/station/${name}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

test("the page opens without the dashboard's password, and its API without anything does not", async () => {
  const page = await fetch(`${url}/station`);
  assert.equal(page.status, 200);
  assert.match(page.headers.get("permissions-policy") ?? "", /camera=\(self\)/);
  assert.match(page.headers.get("content-security-policy") ?? "", /default-src 'none'/);
  for (const headers of [{}, { authorization: "Bearer wrong" }, { authorization: "Bearer " }]) {
    assert.equal((await fetch(`${url}/api/station`, { headers })).status, 401);
    assert.equal((await fetch(`${url}/api/station/act`, { headers })).status, 401);
    for (const name of [
      "join",
      "agree",
      "recognise",
      "verify",
      "identify",
      "enrol",
      "forget",
      "stop",
    ])
      assert.equal((await post(name, {}, headers)).status, 401, name);
  }
  assert.equal((await fetch(`${url}/api/today`, { headers: TOKEN })).status, 401);
});

test("another site's page is refused although it shows the token", async () => {
  for (const headers of [
    { ...TOKEN, origin: "https://evil.example" },
    { ...TOKEN, "sec-fetch-site": "cross-site" },
  ])
    assert.equal((await post("recognise", { code: "x" }, headers)).status, 403);
});

test("what is not understood is refused, and a body of the wrong size too", async () => {
  for (const [name, body] of [
    ["join", { language: "fr", isAdult: true, purposes: [] }],
    ["join", { language: "en", isAdult: "yes", purposes: [] }],
    ["join", { language: "en", isAdult: true, purposes: [{ purpose: "all", sha256: "" }] }],
    ["enrol", { code: "VL1" }],
    ["agree", { code: "VL1", language: "en", isAdult: true, purpose: "all", sha256: "" }],
    ["verify", { code: 1 }],
    ["verify", { code: "x", image: "data:" }],
    ["forget", []],
  ] as const)
    assert.equal((await post(name, body)).status, 400, name);
  assert.equal((await post("verify", { code: "x".repeat(5_000) })).status, 413);
});

test("a membership over HTTP: join, enrol, be known, be forgotten; no answer names the member", async () => {
  const facts = await (await fetch(`${url}/api/station?language=da`, { headers: TOKEN })).json();
  const { purposes, language } = facts as {
    purposes: { purpose: string; sha256: string }[];
    language: string;
  };
  assert.equal(language, "da");
  const hash = (purpose: string) => purposes.find((each) => each.purpose === purpose)?.sha256;
  const terms = { language, isAdult: true };
  const joined = await post("join", {
    ...terms,
    purposes: [{ purpose: "loyalty-beacon", sha256: hash("loyalty-beacon") }],
  });
  assert.equal(joined.status, 200);
  const code = String(joined.body["code"]);
  const said: unknown[] = [];
  const ask = async (name: string, body: object) => {
    const { body: answer } = await post(name, body);
    said.push(answer);
    return answer;
  };
  const enrol = { code, ...terms, sha256: hash("loyalty-face") };
  assert.deepEqual(await ask("enrol", enrol), { kind: "enrolled" });
  assert.deepEqual(await ask("verify", { code }), { kind: "recognised", method: "face" });
  assert.deepEqual(await ask("recognise", { code }), { kind: "recognised", method: "code" });
  assert.deepEqual(await ask("consents", { code }), {
    purposes: ["loyalty-face", "loyalty-beacon"],
  });
  assert.equal((await ask("identify", {}))["reason"], "face-off");
  assert.deepEqual(await ask("forget", { code }), { kind: "forgotten", state: "done" });
  assert.equal((await ask("recognise", { code }))["kind"], "refused");
  assert.equal(JSON.stringify(said).includes(rig.subjectOf(code)), false);
  assert.equal(rig.recognised.length, 2);
});

test("the camera goes off when the page that asked is gone", async () => {
  const code = rig.join();
  await rig.enrol(code);
  const silent = new StationRig([{ refusal: "no-face" }]);
  await silent.start();
  const own = silent.join();
  const other = createDashboard({
    ...{ source: new FakeDashboard(), definitions: () => [], host: "127.0.0.1", port: 0, assets },
    ...{ password: null, clock: createSystemClock(), log: SILENT_LOG },
    station: { port: silent.station.port, files: { script: none, style: none, icon: none } },
  });
  await other.start(new AbortController().signal);
  const leaving = new AbortController();
  const asked = fetch(`${other.url}/api/station/enrol`, {
    method: "POST",
    headers: { "content-type": "application/json", ...TOKEN },
    body: JSON.stringify({
      ...{ code: own, language: "en", isAdult: true },
      sha256: silent.sha256Of("loyalty-face"),
    }),
    signal: leaving.signal,
  });
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  await until(() => silent.station.port.act().hint === "no-face");
  assert.equal(silent.camera.isOn, true);
  leaving.abort();
  await assert.rejects(asked);
  await until(() => !silent.camera.isOn);
  await until(() => silent.station.port.consents(own).length === 1);
  await other[Symbol.asyncDispose]();
  await silent[Symbol.asyncDispose]();
});

test("who guesses at the token waits, also with the right one, and other pages go on", async () => {
  const clock = new FakeClock();
  const own = createDashboard({
    ...{ source: new FakeDashboard(), definitions: () => [], host: "127.0.0.1", port: 0, assets },
    ...{ password: null, clock, log: SILENT_LOG },
    station: { port: rig.station.port, files: { script: none, style: none, icon: none } },
  });
  await own.start(new AbortController().signal);
  const asks = async (token: string): Promise<number> =>
    (await fetch(`${own.url}/api/station/act`, { headers: { authorization: `Bearer ${token}` } }))
      .status;
  for (let i = 0; i < 19; i += 1) assert.equal(await asks(`guess-${i}`), 401);
  assert.equal(await asks(STATION_TOKEN), 200, "a page with an old token is put right");
  for (let i = 0; i < 20; i += 1) assert.equal(await asks(`guess-${i}`), 401);
  assert.equal(await asks("guess"), 429);
  assert.equal(await asks(STATION_TOKEN), 429, "a hit cannot be told from a miss");
  clock.advance(60_000);
  assert.equal(await asks(STATION_TOKEN), 200);
  await own[Symbol.asyncDispose]();
});

test("the clients whose wrong tokens are held are bounded", () => {
  const clock = new FakeClock();
  const tries = new TokenTries(clock);
  for (let i = 0; i < 20; i += 1) tries.failed("first");
  assert.ok(tries.waitMs("first") > 0 && tries.waitMs("second") === 0);
  for (let i = 0; i < 1_024; i += 1) tries.failed(`client ${i}`);
  assert.equal(tries.waitMs("first"), 0, "the one seen longest ago was forgotten");
});
