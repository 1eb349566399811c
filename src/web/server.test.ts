import assert from "node:assert/strict";
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { createServer } from "node:net";
import { after, test } from "node:test";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { FakeDashboard } from "../../test/fakes/fake-dashboard.ts";
import { GatewayError } from "../core/errors.ts";
import { SILENT_LOG } from "../core/lifecycle.ts";
import { DEFINITIONS } from "../metrics/definitions.ts";
import { UI_FILES, type UiFiles } from "./assets.ts";
import { LIVE_LIMITS } from "./live-hub.ts";
import { createDashboard, type Dashboard, type DashboardDeps } from "./server.ts";

const bytes = new TextEncoder().encode("/* page */");
const assets = Object.fromEntries(UI_FILES.map((name) => [name, bytes])) as UiFiles;
const never = new AbortController().signal;
const open: Dashboard[] = [];
after(async () => {
  for (const dashboard of open) await dashboard[Symbol.asyncDispose]();
});

function create(patch: Partial<DashboardDeps> = {}): Dashboard {
  const dashboard = createDashboard({
    source: new FakeDashboard(),
    definitions: () => DEFINITIONS,
    host: "127.0.0.1",
    port: 0,
    password: null,
    assets,
    clock: new FakeClock(),
    log: SILENT_LOG,
    ...patch,
  });
  open.push(dashboard);
  return dashboard;
}

async function start(patch: Partial<DashboardDeps> = {}): Promise<string> {
  const dashboard = create(patch);
  await dashboard.start(never);
  return dashboard.url ?? "";
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

function send(url: string, ask: Ask = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = { method: ask.method ?? "GET", headers: { ...ask.headers } };
    httpRequest(url, options, resolve).on("error", reject).end(ask.body);
  });
}

async function get(url: string, ask: Ask = {}): Promise<Answer> {
  const message = await send(url, ask);
  let body = "";
  for await (const chunk of message.setEncoding("utf8")) body += chunk;
  return { status: message.statusCode ?? 0, headers: message.headers, body };
}

function signIn(
  url: string,
  password: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return get(`${url}/login`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    body: new URLSearchParams({ password }).toString(),
  });
}

const code = (wanted: string) => (error: unknown) =>
  error instanceof GatewayError && error.code === wanted;

test("the API answers with what the source says, and forbids keeping it", async () => {
  const source = new FakeDashboard();
  const url = await start({ source });
  const today = await get(`${url}/api/today`);
  assert.deepEqual(JSON.parse(today.body), JSON.parse(JSON.stringify(source.today())));
  assert.equal(today.headers["cache-control"], "no-store");
  assert.deepEqual(
    JSON.parse((await get(`${url}/api/status`)).body),
    JSON.parse(JSON.stringify(source.status())),
  );
  assert.deepEqual(
    JSON.parse((await get(`${url}/api/definitions`)).body),
    JSON.parse(JSON.stringify(DEFINITIONS)),
  );
});

test("the site view holds lines and zones but no tag, no receiver and no beacon identity", async () => {
  const url = await start();
  const { body } = await get(`${url}/api/site`);
  const site = JSON.parse(body);
  assert.deepEqual(Object.keys(site).sort(), ["cameras", "floorZones", "store"]);
  assert.equal(site.cameras[0].lines[0].name, "Entrance");
  assert.doesNotMatch(body, /5ec2e7beac00|beacon|staff-1/);
});

test("the page allows scripts and styles from itself only, and no frames", async () => {
  const url = await start();
  for (const path of ["/", "/definitions"]) {
    const page = await get(`${url}${path}`);
    const policy = String(page.headers["content-security-policy"]);
    assert.match(policy, /default-src 'none';script-src 'self';style-src 'self'/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe|https?:|\*/);
    assert.equal(page.headers["x-content-type-options"], "nosniff");
    assert.doesNotMatch(page.body, /<script>|<style|style=|onload=|https?:/);
  }
});

test("a request under a foreign host name is refused on loopback", async () => {
  const url = await start();
  const refused = await get(`${url}/api/today`, { headers: { host: "rebound.example" } });
  assert.equal(refused.status, 421);
  assert.doesNotMatch(refused.body, /entrants/);
  assert.equal((await get(`${url}/api/today`, { headers: { host: "localhost:1" } })).status, 200);
});

test("listening elsewhere without a password fails before anything listens", async () => {
  const dashboard = create({ host: "0.0.0.0" });
  await assert.rejects(dashboard.start(never), code("WEB_PASSWORD_REQUIRED"));
  assert.equal(dashboard.url, null);
});

test("a taken port and a foreign address have codes of their own", async () => {
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(0, "127.0.0.1", resolve));
  const address = blocker.address();
  assert.ok(typeof address === "object" && address !== null);
  await assert.rejects(create({ port: address.port }).start(never), code("PORT_IN_USE"));
  blocker.close();
  await assert.rejects(
    create({ host: "192.0.2.1", password: "p" }).start(never),
    code("LISTEN_FAILED"),
  );
});

test("with a password everything is closed: pages lead to the sign-in, the API says so", async () => {
  const url = await start({ password: "secret" });
  for (const path of [
    "/api/today",
    "/api/status",
    "/api/site",
    "/api/definitions",
    "/api/stream",
  ]) {
    assert.equal((await get(`${url}${path}`)).status, 401, path);
  }
  assert.equal((await get(`${url}/no/such/page`)).status, 303);
  const page = await get(`${url}/`);
  assert.equal(page.status, 303);
  assert.equal(page.headers.location, "/login");
  assert.equal((await get(`${url}/healthz`)).body, '{"ok":true}');
  assert.equal((await get(`${url}/login`)).status, 200);
});

test("the right password opens a session in a cookie that scripts and other sites cannot use", async () => {
  const url = await start({ password: "secret", host: "0.0.0.0" });
  const answer = await signIn(url, "secret");
  assert.equal(answer.status, 303);
  const cookie = answer.headers["set-cookie"]?.[0] ?? "";
  assert.match(
    cookie,
    /^vitrine_session=[^;]+; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/,
  );
  const headers = { cookie: cookie.split(";")[0] ?? "" };
  assert.equal((await get(`${url}/api/today`, { headers })).status, 200);
  assert.match((await get(`${url}/`, { headers })).body, /data-session/);
  const forged = { cookie: headers.cookie.replace(/\.[^.]*$/, ".AAAA") };
  assert.equal((await get(`${url}/api/today`, { headers: forged })).status, 401);
  const out = await get(`${url}/logout`, { method: "POST", headers });
  assert.equal(out.status, 303);
  assert.equal((await get(`${url}/api/today`, { headers })).status, 401);
});

test("the fifth wrong password pauses the client, right password included", async () => {
  const clock = new FakeClock();
  const url = await start({ password: "secret", clock });
  for (let i = 0; i < 4; i += 1) assert.equal((await signIn(url, "guess")).status, 401);
  const fifth = await signIn(url, "guess");
  assert.equal(fifth.status, 429);
  assert.equal(fifth.headers["retry-after"], "30");
  assert.equal((await signIn(url, "secret")).status, 429);
  clock.advance(30_000);
  assert.equal((await signIn(url, "secret")).status, 303);
});

test("a sign-in sent by another site is refused without looking at the password", async () => {
  const url = await start({ password: "secret" });
  const refused = await signIn(url, "secret", {
    origin: "http://evil.example",
    "sec-fetch-site": "cross-site",
  });
  assert.equal(refused.status, 403);
  assert.equal(refused.headers["set-cookie"], undefined);
  assert.equal((await signIn(url, "secret", { origin: url })).status, 303);
});

test("a form that is too large or of another kind is refused", async () => {
  const url = await start({ password: "secret" });
  assert.equal((await signIn(url, "x".repeat(5_000))).status, 413);
  const xml = { method: "POST", headers: { "content-type": "text/xml" }, body: "<a/>" };
  assert.equal((await get(`${url}/login`, xml)).status, 415);
});

test("requests beyond the limit of one address are refused until the minute is over", async () => {
  const url = await start({ requestsPerMinute: 5 });
  const statuses: number[] = [];
  for (let i = 0; i < 7; i += 1) statuses.push((await get(`${url}/api/status`)).status);
  assert.deepEqual(statuses, [200, 200, 200, 200, 200, 429, 429]);
});

/** Reads frames of a stream until one of each wanted event has come. */
async function frames(
  message: IncomingMessage,
  wanted: readonly string[],
): Promise<Map<string, unknown>> {
  const seen = new Map<string, unknown>();
  let text = "";
  for await (const chunk of message.setEncoding("utf8")) {
    text += chunk;
    const parts = text.split("\n\n");
    text = parts.pop() ?? "";
    for (const part of parts) {
      const match = /^event: (\w+)\ndata: (.*)$/.exec(part);
      if (match !== null) seen.set(match[1] ?? "", JSON.parse(match[2] ?? "null"));
      else assert.equal(part, "retry: 2000");
    }
    if (wanted.every((event) => seen.has(event))) break;
  }
  return seen;
}

test("the stream is a guarded event stream that starts with status and today and goes on with people", async () => {
  const source = new FakeDashboard();
  const url = await start({ source });
  const message = await send(`${url}/api/stream`);
  assert.equal(message.headers["content-type"], "text/event-stream; charset=utf-8");
  assert.equal(message.headers["cache-control"], "no-store, no-transform");
  assert.match(String(message.headers["content-security-policy"]), /default-src 'none'/);
  source.move("door", [[3, 0.25, 0.5]]);
  const seen = await frames(message, ["status", "today", "people"]);
  assert.deepEqual(seen.get("today"), JSON.parse(JSON.stringify(source.today())));
  assert.deepEqual(seen.get("people"), { cameraId: "door", people: [{ id: 3, x: 0.25, y: 0.5 }] });
});

test("readers beyond the limit are refused and told when to come back", async () => {
  const url = await start({ limits: { ...LIVE_LIMITS, maxClients: 2 } });
  const first = await send(`${url}/api/stream`);
  const second = await send(`${url}/api/stream`);
  const third = await get(`${url}/api/stream`);
  assert.equal(third.status, 503);
  assert.equal(third.headers["retry-after"], "10");
  first.destroy();
  second.destroy();
});

test("disposal ends open streams, frees the port and is idempotent", async () => {
  const source = new FakeDashboard();
  const dashboard = create({ source });
  await dashboard.start(never);
  const message = await send(`${dashboard.url}/api/stream`);
  const ended = new Promise((resolve) => message.on("close", resolve));
  message.on("error", () => undefined).resume();
  const { url } = dashboard;
  await dashboard[Symbol.asyncDispose]();
  await dashboard[Symbol.asyncDispose]();
  await ended;
  assert.equal(source.listeners, 0);
  await assert.rejects(get(`${url}/healthz`));
});
