import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { RECORDING_HEADER } from "../../../test/fakes/recording-header.ts";
import type { Terminal } from "../terminal.ts";
import { type RecordFlags, runRecord } from "./record.ts";

const folder = await mkdtemp(join(tmpdir(), "vitrine-record-"));
let gateway: Server | null = null;
let url = "";
/** Streams a test must see closed. */
const endless = new Set<ServerResponse>();

/** A gateway whose camera `door` never ends, whose `short` ends at once, and which names what `/api/site` is told. */
let siteCameras: readonly unknown[] = [];
before(async () => {
  gateway = createServer((request, response) => {
    if (request.url === "/api/site") return response.end(JSON.stringify({ cameras: siteCameras }));
    if (request.url === "/api/radio/packets") {
      response.writeHead(200).flushHeaders();
      endless.add(response);
      return response.on("close", () => endless.delete(response));
    }
    const camera = /^\/api\/cameras\/([^/]+)\/detections/.exec(request.url ?? "")?.[1];
    if (camera !== "door" && camera !== "short") return response.writeHead(404).end();
    response.write(`${RECORDING_HEADER}\n{"t":1,"d":[]}\n{"t":2,"d":[]}\n`);
    if (camera === "short") return response.end('{"end":2}\n');
    endless.add(response);
    return response.on("close", () => endless.delete(response));
  });
  await new Promise<void>((resolve) => gateway?.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
});
after(async () => {
  gateway?.closeAllConnections();
  gateway?.close();
  await rm(folder, { recursive: true, force: true });
});

function record(name: string, flags: Partial<RecordFlags>, clock = new FakeClock()) {
  const terminal: Terminal = {
    print: () => undefined,
    note: () => undefined,
    progress: () => undefined,
    environment: {},
    signal: new AbortController().signal,
  };
  const out = join(folder, name);
  return { out, done: runRecord({ url, out, camera: [], ...flags }, terminal, clock) };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

test("a stream that ends before its minutes are over leaves no timer behind", async () => {
  const clock = new FakeClock();
  const { out, done } = record("short", { camera: ["short"], minutes: 60 }, clock);
  await done;
  assert.match(await readFile(join(out, "short.jsonl"), "utf8"), /\{"end":2\}\n$/);
  await until(() => clock.pending === 0);
});

test("a camera the gateway does not know ends the command, closes the others and writes nothing", async () => {
  const { out, done } = record("unknown", { camera: ["door", "roof"] });
  await assert.rejects(done, { code: "USAGE", message: /no camera roof/ });
  await until(() => endless.size === 0);
  assert.deepEqual(await readdir(out), []);
});

test("with the radio, a camera the gateway does not know ends the command and closes that stream too", async () => {
  const { done } = record("unknown-radio", { camera: ["roof"], radio: true });
  await assert.rejects(done, { code: "USAGE", message: /no camera roof/ });
  await until(() => endless.size === 0);
});

for (const id of ["../evil", "/tmp/evil", "a/b", ""]) {
  test(`a camera called ${JSON.stringify(id)} is refused: its log would lie elsewhere`, async () => {
    siteCameras = [{ id }];
    const { out, done } = record("strange", {});
    await assert.rejects(done, { code: "USAGE", message: /expected 1 to 64 letters/ });
    assert.deepEqual(await readdir(out), []);
    assert.equal(existsSync(join(folder, "evil.jsonl")), false);
  });
}
