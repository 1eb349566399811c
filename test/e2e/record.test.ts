import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { cameraUnits } from "../../src/app/camera-units.ts";
import { composeGateway, type Gateway } from "../../src/app/compose.ts";
import { connectGateway } from "../../src/app/record/gateway-api.ts";
import { type CameraRecorder, recordCamera } from "../../src/app/record/record-camera.ts";
import { compareEvents, isSame, readEvents } from "../../src/app/replay/compare-events.ts";
import { type ReplayResult, replay } from "../../src/app/replay/replay.ts";
import { anchorOf, createSystemClock } from "../../src/app/system-clock.ts";
import { parseGatewayConfig } from "../../src/config/gateway.ts";
import { parseSitePlan } from "../../src/config/site.ts";
import { gatewayId } from "../../src/core/brand.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { findFfmpeg } from "../../src/io/camera/ffmpeg-binary.ts";
import { openOutbox } from "../../src/io/outbox/outbox.ts";
import { DEFINITIONS } from "../../src/metrics/definitions.ts";
import { UI_FILES, type UiFiles } from "../../src/web/assets.ts";
import { createDashboard, type Dashboard } from "../../src/web/server.ts";
import { fakeCameraModel } from "../fakes/fake-person-model.ts";

const PASSWORD = "correct horse";
const clock = createSystemClock();
const never = new AbortController().signal;
const undo: (() => unknown)[] = [];
let folder = "";
let gateway: Gateway | null = null;
let page: Dashboard | null = null;

const plan = {
  v: 1,
  store: { id: "shop", name: "Shop", timeZone: "UTC" },
  cameras: [
    {
      id: "door",
      name: "Door",
      lines: [{ id: "mid", name: "mid", role: "door", a: [0.5, 1], b: [0.5, 0] }],
      zones: [
        {
          id: "right",
          name: "right",
          kind: "area",
          polygon: [
            [0.3, 0.3],
            [0.9, 0.3],
            [0.9, 1],
            [0.3, 1],
          ],
        },
      ],
    },
  ],
};
const checkedPlan = parseSitePlan(plan);
assert.ok(checkedPlan.ok);
const site = checkedPlan.value;

/** A clip that is played again and again: an empty scene, somebody who walks through it, an empty scene. */
async function makeClip(path: string): Promise<void> {
  const walk =
    "color=black:s=512x384:r=15:d=5[bg];color=white:s=56x120:r=15:d=5[fg];" +
    "[bg][fg]overlay=x='if(lt(t,1),-200,if(gt(t,3.4),900,10+(t-1)*190))':y=150";
  const args = ["-y", "-loglevel", "error", "-f", "lavfi", "-i", walk, "-t", "5"];
  const ffmpeg = await findFfmpeg();
  await promisify(execFile)(ffmpeg.path, [...args, "-pix_fmt", "yuv420p", path]);
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-record-"));
  const clip = join(folder, "walk.mp4");
  await makeClip(clip);
  const config = parseGatewayConfig({
    gateway: { id: "gw-7" },
    site: "site.json",
    cameras: [{ id: "door", source: clip, fps: 15, loop: true }],
  });
  assert.ok(config.ok);
  const { cameras } = config.value;
  const common = { clock, log: SILENT_LOG, random: Math.random };
  const path = join(folder, "outbox.db");
  const outbox = openOutbox({ path, capBytes: 2 ** 24, commitMs: 250, ...common });
  const models = new Map([["door", fakeCameraModel(folder)]]);
  gateway = composeGateway({
    gatewayId: gatewayId("gw-7"),
    site,
    outbox,
    broker: null,
    topicRoot: "vitrine",
    boot: "boot-1",
    version: "test",
    notices: [],
    sensors: (ports) => cameraUnits({ cameras, site, models, ...common }, ports),
    anchor: () => anchorOf(clock, "holdover"),
    ...common,
  });
  const bytes = new TextEncoder().encode("");
  page = createDashboard({
    source: gateway.dashboard,
    definitions: () => DEFINITIONS,
    host: "127.0.0.1",
    port: 0,
    password: PASSWORD,
    assets: Object.fromEntries(UI_FILES.map((name) => [name, bytes])) as UiFiles,
    ...common,
  });
  await page.start(never);
  for (const service of gateway.sources) await service.start(never);
  undo.push(
    ...[...gateway.sources, page].map((service) => () => service[Symbol.asyncDispose]()),
    () => outbox.close(),
    () => rm(folder, { recursive: true, force: true }),
  );
});
after(async () => {
  for (const step of undo) await step();
});

async function startRecording(name: string, query: string): Promise<CameraRecorder> {
  const api = await connectGateway(page?.url ?? "", PASSWORD, never);
  const stream = await api.open(`/api/cameras/door/detections?${query}`, never);
  assert.ok(stream !== null);
  const events = join(folder, `${name}.events.jsonl`);
  return recordCamera(stream, { log: join(folder, `${name}.jsonl`), events });
}

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
};

function replayLog(name: string): Promise<ReplayResult> {
  const path = join(folder, `${name}.jsonl`);
  return replay({
    site,
    videos: [],
    detections: [{ cameraId: "door", path, format: "log" }],
    tracks: [],
    radios: [],
    receipts: [],
    pictures: new Map(),
    start: null,
    gatewayId: null,
    modelFor: () => assert.fail("no video, no model"),
    clock,
    signal: never,
  });
}

// Takes three rounds of the clip at the speed of the street: a live gateway is what is recorded.
test("a live recording replays to the very events the gateway told, whatever happened in between", async () => {
  const recorder = await startRecording("live", "events=1");
  await until(() => recorder.progress.state === "running");
  assert.deepEqual(gateway?.dashboard.status().notices, [
    "Door is being recorded for an audit: where people are, and no image.",
  ]);
  await until(() => recorder.progress.events >= 9);
  recorder.stop();
  await recorder.done;
  assert.equal(recorder.progress.state, "ended");
  const told = await readEvents(join(folder, "live.events.jsonl"));
  const types = new Set(told.map(({ type }) => type));
  for (const kind of ["exited", "zone-entered", "zone-exited", "sensor-changed"])
    assert.ok(types.has(`vitrine.${kind}`), kind);
  assert.ok(told.every(({ boot, clock: state }) => boot === "boot-1" && state === "holdover"));
  const first = await replayLog("live");
  const comparison = compareEvents(told, first.events);
  assert.deepEqual(
    { ...comparison, isSame: isSame(comparison) },
    {
      same: told.length,
      different: [],
      onlyLive: [],
      onlyReplayed: [],
      isSame: true,
    },
  );
  assert.deepEqual(first.notes, []);
  const again = await replayLog("live");
  assert.equal(JSON.stringify(again.events), JSON.stringify(first.events));
  await until(() => gateway?.dashboard.status().notices.length === 0);
});

test("a log that breaks off says so and replays up to there", async () => {
  const lines = (await readFile(join(folder, "live.jsonl"), "utf8")).trimEnd().split("\n");
  assert.match(lines.at(-1) ?? "", /^\{"end":/);
  const t = /^\{"end":([\d.]+)/.exec(lines.at(-1) ?? "")?.[1];
  const cut = `${lines.slice(0, -1).join("\n")}\n{"cut":{"t":${t},"why":"slow-reader"}}\n`;
  await writeFile(join(folder, "cut.jsonl"), cut);
  const result = await replayLog("cut");
  assert.match(result.notes[0] ?? "", /breaks off at 20\d\d-.*slow-reader/);
  assert.deepEqual(result.events, (await replayLog("live")).events);
  await writeFile(join(folder, "torn.jsonl"), `${lines.slice(0, -1).join("\n")}\n`);
  assert.match((await replayLog("torn")).notes[0] ?? "", /has no end/);
});

test("a bad line is refused with file, line and what was expected", async () => {
  const lines = (await readFile(join(folder, "live.jsonl"), "utf8")).trimEnd().split("\n");
  const cases: readonly (readonly [line: number, text: string, expected: RegExp])[] = [
    [1, '{"v":1,"kind":"tracks"}', /bad\.jsonl:1: expected/],
    [3, "not json", /bad\.jsonl:3: expected one JSON object/],
    [3, '{"t":"soon","d":[]}', /bad\.jsonl:3: expected t number/],
    [4, '{"t":1,"d":[[1,2,3,4]]}', /bad\.jsonl:4: expected d\[0\]/],
    [4, '{"what":1}', /bad\.jsonl:4: expected one of t, blind/],
  ];
  for (const [number, text, expected] of cases) {
    const bad = lines.map((line, index) => (index === number - 1 ? text : line)).join("\n");
    await writeFile(join(folder, "bad.jsonl"), bad);
    await assert.rejects(replayLog("bad"), (error: Error) => {
      assert.match(error.message, expected);
      return (error as { code?: string }).code === "INPUT_INVALID";
    });
  }
  await writeFile(join(folder, "bad.jsonl"), [...lines, lines[1]].join("\n"));
  await assert.rejects(replayLog("bad"), /nothing after the end/);
});

test("a recording begun in the middle of a scene says so, and its events bear other ids", async () => {
  await until(() => gateway?.dashboard.status().sensors[0]?.state === "seeing");
  const exact = await startRecording("waits", "");
  await until(() => (exact.progress.people ?? 0) > 0 || exact.progress.state === "running");
  exact.stop();
  await exact.done;
  const recorder = await startRecording("now", "now=1");
  await until(() => recorder.progress.frames > 10);
  recorder.stop();
  await recorder.done;
  const header = (await readFile(join(folder, "now.jsonl"), "utf8")).split("\n", 1)[0] ?? "";
  if (!recorder.progress.exact) {
    assert.match(header, /"run":"[0-9a-f]+\.rec\d+"/);
    assert.match((await replayLog("now")).notes[0] ?? "", /in the middle of a scene/);
  }
  const existing = await startRecording("now", "now=1");
  await assert.rejects(existing.done, { code: "USAGE" });
});

test("only who is signed in may record, and only cameras there are", async () => {
  const url = page?.url ?? "";
  const stranger = await connectGateway(url, null, never);
  await assert.rejects(stranger.open("/api/cameras/door/detections", never), {
    code: "GATEWAY_REFUSED",
  });
  await assert.rejects(connectGateway(url, "wrong", never), { code: "GATEWAY_REFUSED" });
  const api = await connectGateway(url, PASSWORD, never);
  assert.equal(await api.open("/api/cameras/roof/detections", never), null);
  await assert.rejects(connectGateway("ftp://x", null, never), { code: "USAGE" });
  await assert.rejects(connectGateway("http://127.0.0.1:1", PASSWORD, never), {
    code: "GATEWAY_UNREACHABLE",
  });
});
