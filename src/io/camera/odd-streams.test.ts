import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before, type TestContext } from "node:test";
import { promisify } from "node:util";
import { fakeCameraModel } from "../../../test/fakes/fake-person-model.ts";
import { writeClip } from "../../../test/fakes/rtsp-server.ts";
import { createSystemClock } from "../../app/system-clock.ts";
import { cameraId, lineId, monoMs, zoneId } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";
import type { SensorEvent } from "../../core/events.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import { seededRandom } from "../../core/random.ts";
import type { CameraPlan } from "../../core/site.ts";
import type { VisionEvent } from "../../vision/camera-pipeline.ts";
import type { TrackedBox } from "./camera-protocol.ts";
import { createCamera } from "./live-camera.ts";
import { analyseVideo } from "./offline.ts";

const dir = mkdtempSync(join(tmpdir(), "odd-"));
const [first, second, joined] = ["a.ts", "b.ts", "joined.ts"].map((name) => join(dir, name)) as [
  string,
  string,
  string,
];
const SECONDS = 3;
after(() => rmSync(dir, { recursive: true, force: true }));
before(async () => {
  await writeClip(first, { widthPx: 512, heightPx: 384 }, { seconds: SECONDS });
  const later = { seconds: SECONDS, fromSeconds: SECONDS };
  await writeClip(second, { widthPx: 640, heightPx: 360 }, later);
  writeFileSync(joined, Buffer.concat([readFileSync(first), readFileSync(second)]));
});

const whole = [
  { x: 0, y: 0.2 },
  { x: 1, y: 0.2 },
  { x: 1, y: 1 },
  { x: 0, y: 1 },
];
const PLAN: CameraPlan = {
  id: cameraId("door"),
  name: "door",
  lines: [
    { id: lineId("mid"), name: "mid", role: "door", a: { x: 0.5, y: 1 }, b: { x: 0.5, y: 0 } },
  ],
  zones: [{ id: zoneId("all"), name: "all", kind: "area", polygon: whole }],
  exclusions: [],
};

async function analyse(file: string) {
  const events: VisionEvent[] = [];
  const boxes: { readonly atMs: number; readonly box: TrackedBox }[] = [];
  const analysis = await analyseVideo({
    file,
    plan: PLAN,
    model: fakeCameraModel(dir),
    startMono: monoMs(0),
    clock: createSystemClock(),
    signal: new AbortController().signal,
    run: "clip",
    onEvent: (event) => events.push(event),
    onPeople: () => undefined,
    onTracks: (tracks, atMs) => {
      for (const box of tracks) boxes.push({ atMs, box });
    },
  });
  return { events, boxes, analysis };
}

/** Plays a file as a live camera until the condition holds. */
async function play(t: TestContext, file: string, isDone: (states: readonly string[]) => boolean) {
  const events: SensorEvent[] = [];
  const states: string[] = [];
  const camera = createCamera({
    config: { id: cameraId("door"), source: file, fps: 10, motionGate: false, loop: false },
    plan: PLAN,
    model: fakeCameraModel(dir),
    clock: createSystemClock(),
    log: SILENT_LOG,
    random: Math.random,
    onPeople: () => undefined,
    onEvent: (event) => {
      events.push(event);
      if (event.kind === "sensor-changed") states.push(event.code ?? event.state);
    },
  });
  t.after(() => camera[Symbol.asyncDispose]());
  await camera.start(new AbortController().signal);
  while (!isDone(states)) await new Promise((resolve) => setTimeout(resolve, 10));
  const facts = camera.facts();
  const seen = [...states];
  await camera[Symbol.asyncDispose]();
  return { events, states: seen, facts };
}

const crossings = (events: readonly SensorEvent[]) =>
  events.filter((event) => event.kind === "line-crossed");

test("a picture that changes its size in mid-stream is placed and counted right on both sides of the change", async () => {
  const { events, boxes, analysis } = await analyse(joined);
  // The filter that makes an even rate holds one frame back and forgets it at the change.
  assert.equal(analysis.frames, 2 * SECONDS * 10 - 1);
  assert.deepEqual(
    crossings(events).map(({ source }) => source),
    ["camera:door#clip", "camera:door#clip.1"],
    "one walk in each part; each part is a life of its own",
  );
  // Feet stand at 270 of 384 rows in the first part and at 337.5 of 360 in the second.
  const footOf = (fromMs: number, toMs: number) => {
    const feet = boxes.filter(({ atMs }) => atMs > fromMs && atMs < toMs);
    return feet.map(({ box }) => box.topPx + box.heightPx);
  };
  for (const foot of footOf(500, 3000)) assert.ok(Math.abs(foot - 270) < 8, `${foot}`);
  for (const foot of footOf(3500, 6000)) assert.ok(Math.abs(foot - 337.5) < 10, `${foot}`);
  const exits = events.filter((event) => event.kind === "zone-exited");
  assert.ok(exits.length > 0 && exits.every(({ censored }) => censored), "no stay ends by the cut");
});

test("the same change read twice gives the same events", async () => {
  assert.deepEqual((await analyse(joined)).events, (await analyse(joined)).events);
});

test("a live camera that changes its picture goes on seeing and counts on both sides", async (t) => {
  const { events, states, facts } = await play(t, joined, (seen) => seen.includes("CAMERA_ENDED"));
  assert.deepEqual(states, ["starting", "seeing", "CAMERA_ENDED"]);
  assert.equal(new Set(crossings(events).map(({ source }) => source)).size, 2);
  assert.equal(facts.opened, 1);
});

test("a damaged stream is decoded as far as it goes, the damage is counted, and the camera lives on", async (t) => {
  const damaged = Buffer.from(readFileSync(first));
  const random = seededRandom(3);
  const [from, to] = [damaged.length * 0.3, damaged.length * 0.7];
  for (let i = 0; i < 400; i += 1) {
    damaged[Math.floor(from + random() * (to - from))] = Math.floor(random() * 256);
  }
  const file = join(dir, "damaged.ts");
  writeFileSync(file, damaged);
  const { states, facts } = await play(t, file, (seen) => seen.includes("CAMERA_ENDED"));
  assert.deepEqual(states, ["starting", "seeing", "CAMERA_ENDED"]);
  assert.ok(facts.framesDamaged > 0);
  assert.ok((await analyse(file)).analysis.frames > 0);
});

test("noise is no camera: its code says that nothing in it can be decoded", async (t) => {
  const random = seededRandom(5);
  const file = join(dir, "noise.ts");
  writeFileSync(file, Buffer.from(Array.from({ length: 200_000 }, () => random() * 256)));
  const { states } = await play(t, file, (seen) => seen.length > 1);
  assert.deepEqual(states, ["starting", "CAMERA_UNREADABLE"]);
  const isInvalid = (error: unknown) =>
    error instanceof GatewayError && error.code === "INPUT_INVALID";
  await assert.rejects(analyse(file), isInvalid);
});

for (const [name, rate, picture] of [
  ["a thousand frames a second", "1000", "64x48"],
  ["a picture of 16 x 16", "10", "16x16"],
  ["a picture far wider than high", "10", "1024x32"],
] as const) {
  test(`${name} are thinned and looked at like any other camera`, async (t) => {
    const file = join(dir, `${rate}-${picture}.mp4`);
    const input = ["-f", "lavfi", "-i", `testsrc=s=${picture}:r=${rate}:d=1.5`];
    const codec = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"];
    await promisify(execFile)("ffmpeg", ["-y", "-loglevel", "error", ...input, ...codec, file]);
    const { states, facts } = await play(t, file, (seen) => seen.includes("CAMERA_ENDED"));
    assert.deepEqual(
      states.filter((state) => state !== "seeing"),
      ["starting", "CAMERA_ENDED"],
    );
    const frames = facts.framesLooked + facts.framesDropped;
    assert.ok(frames >= 10 && frames <= 17, `${frames} frames of 15`);
  });
}
