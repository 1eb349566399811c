import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import test, { after, before, type TestContext } from "node:test";
import { fakeCameraModel } from "../../../test/fakes/fake-person-model.ts";
import {
  canServeRtsp,
  processesWith,
  RtspServer,
  writeClip,
} from "../../../test/fakes/rtsp-server.ts";
import { createSystemClock } from "../../app/system-clock.ts";
import { cameraId, lineId, zoneId } from "../../core/brand.ts";
import type { SensorEvent } from "../../core/events.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import type { CameraPlan } from "../../core/site.ts";
import { findLeash } from "./ffmpeg-leash.ts";
import { createCamera } from "./live-camera.ts";

const dir = mkdtempSync(join(tmpdir(), "rtsp-"));
const clip = join(dir, "walk.mp4");
const hasServer = await canServeRtsp();
const options = { timeout: 60_000, skip: hasServer ? false : "no gst-rtsp-server" };
before(() => (hasServer ? writeClip(clip, { widthPx: 512, heightPx: 384 }) : undefined));
after(() => rmSync(dir, { recursive: true, force: true }));

const PLAN: CameraPlan = {
  id: cameraId("door"),
  name: "door",
  lines: [
    { id: lineId("mid"), name: "mid", role: "door", a: { x: 0.5, y: 1 }, b: { x: 0.5, y: 0 } },
  ],
  zones: [
    {
      id: zoneId("all"),
      name: "all",
      kind: "area",
      polygon: [
        { x: 0, y: 0.2 },
        { x: 1, y: 0.2 },
        { x: 1, y: 1 },
        { x: 0, y: 1 },
      ],
    },
  ],
  exclusions: [],
};

function setUp(t: TestContext, source: string) {
  const events: SensorEvent[] = [];
  const camera = createCamera({
    config: { id: cameraId("door"), source, fps: 10, motionGate: false, loop: false },
    plan: PLAN,
    model: fakeCameraModel(dir),
    clock: createSystemClock(),
    log: SILENT_LOG,
    random: Math.random,
    onEvent: (event) => events.push(event),
    onPeople: () => undefined,
  });
  t.after(() => camera[Symbol.asyncDispose]());
  const states = (): string[] =>
    events.flatMap((event) => (event.kind === "sensor-changed" ? [event.code ?? event.state] : []));
  const count = (kind: SensorEvent["kind"]): number =>
    events.filter((event) => event.kind === kind).length;
  const times = (state: string): number => states().filter((seen) => seen === state).length;
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  return { camera, events, states, count, times, until };
}

test(
  "a real RTSP camera is seen, and nothing is left of it when it is switched off",
  options,
  async (t) => {
    await using server = await RtspServer.start({ file: clip });
    const { camera, states, until } = setUp(t, server.url);
    await camera.start(new AbortController().signal);
    await until(() => states().includes("seeing"));
    assert.deepEqual(camera.facts().picture, { widthPx: 512, heightPx: 384 });
    assert.equal(processesWith(server.url).length, 1);
    await camera[Symbol.asyncDispose]();
    assert.deepEqual(states(), ["starting", "seeing", "stopped"]);
    assert.deepEqual(processesWith(server.url), []);
  },
);

test(
  "a camera that hangs is blind, sees again when it returns, and nobody is counted twice or across the gap",
  options,
  async (t) => {
    await using server = await RtspServer.start({ file: clip });
    const { camera, events, states, count, times, until } = setUp(t, server.url);
    await camera.start(new AbortController().signal);
    await until(() => count("line-crossed") === 1 && count("zone-entered") === 1);
    server.freeze();
    await until(() => states().includes("CAMERA_STALLED"));
    // The opening after it must be under way, not waiting, when the camera returns.
    await until(() => camera.facts().opened === 2);
    server.thaw();
    await until(() => times("seeing") === 2);
    await until(() => count("line-crossed") === 2);
    await camera[Symbol.asyncDispose]();

    const exits = events.filter((event) => event.kind === "zone-exited");
    assert.equal(exits[0]?.censored, true, "the end of the first stay was not seen");
    assert.equal(count("line-crossed"), 2, "the walk was played twice and counted twice");
    assert.deepEqual(states(), ["starting", "seeing", "CAMERA_STALLED", "seeing", "stopped"]);
    const vision = events.filter(({ source }) => source.startsWith("camera:"));
    assert.deepEqual(
      vision.map(({ seq }) => seq),
      vision.map((_, index) => index),
    );
    assert.deepEqual(processesWith(server.url), []);
  },
);

test("a camera whose power is cut is seen again after it is back", options, async (t) => {
  await using server = await RtspServer.start({ file: clip });
  const { camera, states, times, until } = setUp(t, server.url);
  await camera.start(new AbortController().signal);
  await until(() => states().includes("seeing"));
  await server.kill();
  await until(() => states().includes("CAMERA_UNREACHABLE"));
  assert.ok(camera.facts().opened <= 2, "nobody is called while the door is closed");
  await server.restart();
  await until(() => times("seeing") === 2);
  assert.equal(camera.facts().reopened, 1);
  await camera[Symbol.asyncDispose]();
  assert.deepEqual(processesWith(server.url), []);
});

for (const [fault, code, address] of [
  ["a wrong password", "CAMERA_UNAUTHORIZED", ["viewer", "wrong"]],
  ["a wrong path", "CAMERA_NOT_FOUND", ["viewer", "right", "/elsewhere"]],
] as const) {
  test(`${fault} is told as ${code}`, options, async (t) => {
    await using server = await RtspServer.start({ file: clip, user: "viewer", password: "right" });
    const [user, password, path] = address;
    const { camera, states, until } = setUp(t, server.urlFor(user, password, path));
    await camera.start(new AbortController().signal);
    await until(() => states().length === 2);
    assert.deepEqual(states(), ["starting", code]);
    await camera[Symbol.asyncDispose]();
    assert.equal(camera.facts().opened, 1, "it is left to a person");
  });
}

test(
  "a camera that changes its resolution in mid-stream is seen on both sides",
  options,
  async (t) => {
    const [first, second, joined] = [join(dir, "a.ts"), join(dir, "b.ts"), join(dir, "ab.ts")];
    await writeClip(first, { widthPx: 512, heightPx: 384 }, { seconds: 2 });
    await writeClip(second, { widthPx: 640, heightPx: 360 }, { seconds: 4, fromSeconds: 2 });
    writeFileSync(joined, Buffer.concat([readFileSync(first), readFileSync(second)]));
    await using server = await RtspServer.start({ file: joined });
    const { camera, events, states, until } = setUp(t, server.url);
    await camera.start(new AbortController().signal);
    await until(() => camera.facts().picture?.widthPx === 640);
    await until(() => events.some(({ source }) => /^camera:door#\w+\.1$/.test(source)));
    assert.equal(camera.facts().opened, 1);
    assert.deepEqual(states(), ["starting", "seeing"]);
  },
);

test("the right password opens a guarded camera", options, async (t) => {
  await using server = await RtspServer.start({ file: clip, user: "viewer", password: "right" });
  const { camera, states, until } = setUp(t, server.urlFor("viewer", "right"));
  await camera.start(new AbortController().signal);
  await until(() => states().includes("seeing"));
  await camera[Symbol.asyncDispose]();
});

test(
  "a killed gateway leaves no ffmpeg behind, even one that waits for a camera that hangs",
  options,
  async (t) => {
    if ((await findLeash()) === null) return t.skip("this system cannot tie children to parents");
    await using server = await RtspServer.start({ file: clip });
    const program = join(import.meta.dirname, "../../../test/fakes/camera-child.ts");
    const gateway = spawn(process.execPath, ["--import", "tsx", program, server.url, dir], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    t.after(() => gateway.kill("SIGKILL"));
    for await (const state of createInterface({ input: gateway.stdout }))
      if (state === "seeing") break;
    server.freeze();
    const readers = processesWith(server.url).filter((pid) => pid !== gateway.pid);
    assert.equal(readers.length, 1);
    gateway.kill("SIGKILL");
    await once(gateway, "exit");
    while (processesWith(server.url).length > 0)
      await new Promise((resolve) => setTimeout(resolve, 10));
  },
);
