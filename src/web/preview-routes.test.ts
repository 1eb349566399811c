import assert from "node:assert/strict";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { createConnection, type Socket } from "node:net";
import { after, test } from "node:test";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { FAKE_SITE, FakeDashboard } from "../../test/fakes/fake-dashboard.ts";
import { SILENT_LOG } from "../core/lifecycle.ts";
import type { PreviewRefusal, PreviewSource, PreviewViewer } from "../core/preview.ts";
import { UI_FILES, type UiFiles } from "./assets.ts";
import { createDashboard, type Dashboard, type DashboardDeps } from "./server.ts";

const bytes = new TextEncoder().encode("/* page */");
const assets = Object.fromEntries(UI_FILES.map((name) => [name, bytes])) as UiFiles;
const open: Dashboard[] = [];
const sockets: Socket[] = [];
after(async () => {
  for (const socket of sockets) socket.destroy();
  for (const dashboard of open) await dashboard[Symbol.asyncDispose]();
});

const JPEG = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 1, 2, 3);

/** Pictures by script; counts what it is asked for. */
class FakePreview implements PreviewSource {
  policy = { isEnabled: true, isPixelated: true };
  denied: PreviewRefusal | null = null;
  asked = 0;
  left = 0;
  readonly viewers: PreviewViewer[] = [];
  hasPicture(cameraId: string): boolean {
    return cameraId === "door";
  }
  refusal(): PreviewRefusal | null {
    return this.denied;
  }
  watch(_cameraId: string, viewer: PreviewViewer): (() => void) | PreviewRefusal {
    this.asked += 1;
    if (this.denied !== null) return this.denied;
    this.viewers.push(viewer);
    return () => {
      this.left += 1;
    };
  }
  async snapshot(): Promise<Uint8Array | PreviewRefusal> {
    this.asked += 1;
    return this.denied ?? JPEG;
  }
}

async function start(patch: Partial<DashboardDeps> = {}): Promise<string> {
  const dashboard = createDashboard({
    source: new FakeDashboard(),
    definitions: () => [],
    host: "127.0.0.1",
    port: 0,
    password: null,
    assets,
    clock: new FakeClock(),
    log: SILENT_LOG,
    ...patch,
  });
  open.push(dashboard);
  await dashboard.start(new AbortController().signal);
  return dashboard.url ?? "";
}

const UPGRADE = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};

interface Refused {
  readonly status: number;
  readonly body: { readonly error: string; readonly message: string; readonly hint: string };
}

/** Opens a WebSocket by hand: the socket, or the plain answer of a server that refuses. */
function connect(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Socket | Refused> {
  return new Promise((resolve, reject) => {
    const asking = httpRequest(url, { headers: { ...UPGRADE, ...headers }, agent: false });
    asking.on("upgrade", (_answer: IncomingMessage, socket: Socket) => {
      sockets.push(socket);
      resolve(socket);
    });
    asking.on("response", async (answer: IncomingMessage) => {
      let text = "";
      for await (const chunk of answer.setEncoding("utf8")) text += chunk;
      resolve({ status: answer.statusCode ?? 0, body: JSON.parse(text) });
    });
    asking.on("error", reject).end();
  });
}

async function connected(url: string, headers?: Readonly<Record<string, string>>): Promise<Socket> {
  const outcome = await connect(url, headers);
  if ("status" in outcome) return assert.fail(`refused with ${JSON.stringify(outcome)}`);
  return outcome;
}

async function refused(
  url: string,
  headers?: Readonly<Record<string, string>>,
): Promise<readonly [number, string]> {
  const outcome = await connect(url, headers);
  if (!("status" in outcome)) return assert.fail("the connection was upgraded");
  return [outcome.status, outcome.body.error];
}

async function until(isTrue: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 1000; tries += 1) {
    if (isTrue()) return;
    await new Promise((done) => setTimeout(done, 10));
  }
  assert.fail(`never: ${what}`);
}

const still = (url: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(`${url}/api/cameras/door/snapshot.jpg`, { headers });

test("a still is a JPEG that nothing keeps", async () => {
  const answer = await still(await start({ preview: new FakePreview() }));
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("content-type"), "image/jpeg");
  assert.equal(answer.headers.get("cache-control"), "no-store");
  assert.equal(answer.headers.get("cross-origin-resource-policy"), "same-origin");
  assert.deepEqual(new Uint8Array(await answer.arrayBuffer()), JPEG);
});

test("stills of one address are limited in a minute", async () => {
  const preview = new FakePreview();
  const url = await start({ preview });
  const answers = await Promise.all(Array.from({ length: 31 }, () => still(url)));
  const refusedOnes = answers.filter(({ status }) => status === 429);
  assert.equal(refusedOnes.length, 1);
  assert.equal(preview.asked, 30);
});

test("a live preview carries what the source sends, and leaves when the page does", async () => {
  const preview = new FakePreview();
  const url = await start({ preview });
  const socket = await connected(`${url}/api/cameras/door/preview`);
  let received = Buffer.alloc(0);
  socket.on("data", (chunk) => {
    received = Buffer.concat([received, chunk]);
  });
  await until(() => preview.viewers.length === 1, "the viewer is known");
  preview.viewers[0]?.send(Uint8Array.of(0x47, 1, 2, 3));
  await until(() => received.byteLength >= 6, "the piece arrives");
  assert.deepEqual([...received], [0x82, 4, 0x47, 1, 2, 3], "one binary message");
  assert.equal(preview.viewers[0]?.waitingBytes, 0);
  socket.destroy();
  await until(() => preview.left === 1, "the viewer is let go");
});

test("a stream that ends tells the page why", async () => {
  const preview = new FakePreview();
  const socket = await connected(`${await start({ preview })}/api/cameras/door/preview`);
  let received = Buffer.alloc(0);
  socket.on("data", (chunk) => {
    received = Buffer.concat([received, chunk]);
  });
  await until(() => preview.viewers.length === 1, "the viewer is known");
  preview.viewers[0]?.end("CAMERA_STALLED");
  await until(() => received.byteLength >= 18, "the closing frame arrives");
  assert.equal(received[0], 0x88);
  assert.equal(received.readUInt16BE(2), 4000);
  assert.equal(received.subarray(4).toString(), "CAMERA_STALLED");
});

test("a page that talks too much is cut off", async () => {
  const preview = new FakePreview();
  const socket = await connected(`${await start({ preview })}/api/cameras/door/preview`);
  socket.on("error", () => undefined);
  await until(() => preview.viewers.length === 1, "the viewer is known");
  const head = Buffer.alloc(14);
  head.set([0x82, 0xff]);
  head.writeBigUInt64BE(5000n, 2);
  socket.write(Buffer.concat([head, Buffer.alloc(5000)]));
  await until(() => preview.left === 1, "the viewer is let go");
});

test("without a session nothing is asked of the camera", async () => {
  const preview = new FakePreview();
  const url = await start({ preview, password: "secret" });
  assert.equal((await still(url)).status, 401);
  assert.deepEqual(await refused(`${url}/api/cameras/door/preview`), [401, "SIGNED_OUT"]);
  assert.equal((await fetch(`${url}/api/set-up`)).status, 401);
  assert.equal(preview.asked, 0);
  const entry = await fetch(`${url}/login`, {
    method: "POST",
    body: new URLSearchParams({ password: "secret" }),
    redirect: "manual",
  });
  const cookie = (entry.headers.get("set-cookie") ?? "").replace(/;.*$/, "");
  assert.equal((await still(url, { cookie })).status, 200);
  await connected(`${url}/api/cameras/door/preview`, { cookie });
});

test("a foreign page gets no picture, and neither does a foreign name of this machine", async () => {
  const preview = new FakePreview();
  const url = await start({ preview });
  const path = `${url}/api/cameras/door/preview`;
  assert.deepEqual(await refused(path, { origin: "https://evil.example" }), [
    403,
    "FOREIGN_ORIGIN",
  ]);
  assert.deepEqual(await refused(path, { origin: "null" }), [403, "FOREIGN_ORIGIN"]);
  assert.deepEqual(await refused(path, { host: "evil.example" }), [421, "FOREIGN_HOST"]);
  const crossSite = await still(url, { "sec-fetch-site": "cross-site" });
  assert.equal(crossSite.status, 403);
  assert.equal(preview.asked, 0);
  await connected(path, { origin: url });
});

test("a camera the plan does not know is not found", async () => {
  const preview = new FakePreview();
  const url = await start({ preview });
  assert.equal((await fetch(`${url}/api/cameras/roof/snapshot.jpg`)).status, 404);
  assert.deepEqual(await refused(`${url}/api/cameras/roof/preview`), [404, "NOT_FOUND"]);
  assert.equal(preview.asked, 0);
});

const REFUSALS = [
  { word: "PREVIEW_DISABLED", status: 403 },
  { word: "CAMERA_WITHOUT_PICTURE", status: 409 },
  { word: "TOO_MANY_VIEWERS", status: 503 },
  { word: "CAMERA_UNREACHABLE", status: 503 },
] as const;
for (const { word, status } of REFUSALS) {
  test(`a refusal is a plain answer with its code: ${word}`, async () => {
    const preview = new FakePreview();
    preview.denied = { word, message: "no", hint: "later" };
    const url = await start({ preview });
    const answer = await still(url);
    assert.equal(answer.status, status);
    assert.deepEqual(await answer.json(), { error: word, message: "no", hint: "later" });
    assert.deepEqual(await refused(`${url}/api/cameras/door/preview`), [status, word]);
    const plain = await fetch(`${url}/api/cameras/door/preview`);
    assert.equal(plain.status, status, "also without an upgrade, so that a page can ask why");
    assert.equal(preview.viewers.length, 0);
  });
}

test("without an upgrade the preview says what it is", async () => {
  const url = await start({ preview: new FakePreview() });
  const answer = await fetch(`${url}/api/cameras/door/preview`);
  assert.equal(answer.status, 426);
});

test("a dashboard without cameras of its own refuses every picture", async () => {
  const url = await start();
  assert.equal((await still(url)).status, 403);
  assert.deepEqual(await refused(`${url}/api/cameras/door/preview`), [403, "PREVIEW_DISABLED"]);
});

test("whoever is refused an upgrade is disconnected, since no limit of HTTP watches over the rest", async () => {
  const preview = new FakePreview();
  const url = new URL(await start({ preview, password: "secret" }));
  const opened = new URL(await start({ preview }));
  const asked: readonly (readonly [URL, string, string])[] = [
    [url, "/api/cameras/door/preview", "127.0.0.1"],
    [opened, "/api/cameras/door/preview", "evil.example"],
    [opened, "/api/cameras/roof/preview", "127.0.0.1"],
    [opened, "/api/today", "127.0.0.1"],
    [opened, "/api/stream", "127.0.0.1"],
    [opened, "/nowhere", "127.0.0.1"],
  ];
  for (const [at, path, host] of asked) {
    const socket = createConnection(Number(at.port), at.hostname);
    sockets.push(socket);
    const lines = Object.entries({ ...UPGRADE, host }).map(([name, value]) => `${name}: ${value}`);
    socket.write(`GET ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
    let answer = "";
    socket.setEncoding("utf8").on("data", (text: string) => {
      answer += text;
    });
    await until(() => socket.closed, `${path} is disconnected`);
    assert.match(answer, /^HTTP\/1\.1 4\d\d /, path);
  }
  assert.equal(preview.asked, 0);
});

test("the page learns what may be shown and what a camera lacks, and no coordinate of the floor", async () => {
  const url = await start({ preview: new FakePreview() });
  const view = await (await fetch(`${url}/api/set-up`)).json();
  assert.match(view.preview.playerUrl, /^\/assets\/preview-player-/);
  assert.deepEqual(view, {
    preview: { isEnabled: true, isPixelated: true, playerUrl: view.preview.playerUrl },
    cameras: FAKE_SITE.cameras.map(({ id }) => ({
      id,
      hasPicture: id === "door",
      groundPoints: 0,
    })),
  });
});

test("an answer given before any check does not hold up the end of the dashboard", async () => {
  const url = new URL(await start({ preview: new FakePreview() }));
  const dashboard = open.at(-1);
  const lines = Object.entries({ ...UPGRADE, host: "127.0.0.1" }).map((line) => line.join(": "));
  const socket = createConnection(Number(url.port), url.hostname);
  sockets.push(socket);
  const overlong = `/api/cameras/${"x".repeat(300)}/preview`;
  socket.write(`GET ${overlong} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
  await new Promise((resolve) => socket.once("data", resolve));
  await dashboard?.[Symbol.asyncDispose]();
  await until(() => socket.closed, "it is disconnected");
});

test("stopping the dashboard closes the streams that are open", async () => {
  const preview = new FakePreview();
  const url = await start({ preview });
  const socket = await connected(`${url}/api/cameras/door/preview`);
  socket.resume();
  await until(() => preview.viewers.length === 1, "the viewer is known");
  await open.at(-1)?.[Symbol.asyncDispose]();
  await until(() => preview.left === 1, "the viewer is let go");
});
