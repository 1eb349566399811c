import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { promisify } from "node:util";
import { createFakeFfmpeg } from "../../../test/fakes/fake-ffmpeg.ts";
import { fakeCameraModel } from "../../../test/fakes/fake-person-model.ts";
import { cameraId, epochMs, lineId, monoMs, zoneId } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import type { LivePeople, SensorEvent } from "../../core/events.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import type { CameraPlan } from "../../core/site.ts";
import { findFfmpeg } from "./ffmpeg-binary.ts";
import { createCamera } from "./live-camera.ts";

const dir = mkdtempSync(join(tmpdir(), "live-"));
after(() => rmSync(dir, { recursive: true, force: true }));

/** The machine's clocks: these tests run a camera as it runs in a shop. */
const CLOCK: Clock = {
  now: () => epochMs(Date.now()),
  mono: () => monoMs(performance.now()),
  after: (delayMs, _name, run) => {
    const handle = setTimeout(run, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
  every: (periodMs, _name, run) => {
    const handle = setInterval(run, periodMs);
    return { cancel: () => clearInterval(handle) };
  },
};

const corners = (left: number, right: number) => [
  { x: left, y: 0.4 },
  { x: right, y: 0.4 },
  { x: right, y: 0.95 },
  { x: left, y: 0.95 },
];
const PLAN: CameraPlan = {
  id: cameraId("door"),
  name: "door",
  lines: [
    { id: lineId("mid"), name: "mid", role: "door", a: { x: 0.5, y: 1 }, b: { x: 0.5, y: 0 } },
  ],
  zones: [{ id: zoneId("all"), name: "all", kind: "area", polygon: corners(0, 1) }],
  exclusions: [],
};

function setUp(source: string, fps: number, isBrittle: boolean, ffmpegPath?: string) {
  const events: SensorEvent[] = [];
  const people: LivePeople[] = [];
  const camera = createCamera({
    config: { id: cameraId("door"), source, fps, motionGate: false, loop: false },
    plan: PLAN,
    model: fakeCameraModel(dir, isBrittle),
    clock: CLOCK,
    log: SILENT_LOG,
    random: () => 0.99,
    knock: async () => true,
    ...(ffmpegPath === undefined ? {} : { ffmpegPath }),
    onEvent: (event) => events.push(event),
    onPeople: (seen) => people.push(seen),
  });
  const states = (): string[] =>
    events.flatMap((event) => (event.kind === "sensor-changed" ? [event.code ?? event.state] : []));
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  return { camera, events, people, states, until };
}

// Takes the two seconds the clip lasts: frames must arrive at the speed of the street to be stamped on arrival.
test("a clip played as a live camera counts the person who walks through it", async () => {
  const clip = join(dir, "walk.mp4");
  const walk =
    "color=black:s=512x384:r=15:d=2[bg];color=white:s=56x120:r=15:d=2[fg];[bg][fg]overlay=x='8+t*220':y=150";
  const args = ["-y", "-loglevel", "error", "-f", "lavfi", "-i", walk, "-t", "2"];
  const { path } = await findFfmpeg();
  await promisify(execFile)(path, [...args, "-pix_fmt", "yuv420p", clip]);
  const { camera, events, people, states, until } = setUp(clip, 15, false);
  await camera.start(new AbortController().signal);
  await until(() => states().includes("CAMERA_ENDED"));
  const facts = camera.facts();
  await camera[Symbol.asyncDispose]();
  const crossings = events.filter((event) => event.kind === "line-crossed");
  assert.equal(crossings.length, 1);
  assert.equal(crossings[0]?.direction, "out");
  assert.equal(facts.framesLooked + facts.framesDropped, 30);
  assert.ok(people.some((seen) => seen.people.length === 1));
  assert.deepEqual(states(), ["starting", "seeing", "CAMERA_ENDED", "stopped"]);
});

test("when the source goes blind, a stay under way ends as censored", async () => {
  const clip = join(dir, "walk-about.mp4");
  const walk =
    "color=black:s=512x384:r=15:d=2[bg];color=white:s=56x120:r=15:d=2[fg];[bg][fg]overlay=x='100+t*80':y=150";
  const args = ["-y", "-loglevel", "error", "-f", "lavfi", "-i", walk, "-t", "2"];
  const { path } = await findFfmpeg();
  await promisify(execFile)(path, [...args, "-pix_fmt", "yuv420p", clip]);
  const { camera, events, people, until } = setUp(clip, 15, false);
  await camera.start(new AbortController().signal);
  await until(() => events.some((event) => event.kind === "zone-exited"));
  const exit = events.find((event) => event.kind === "zone-exited");
  assert.equal(exit?.censored, true);
  await until(() => people.at(-1)?.people.length === 0);
  await camera[Symbol.asyncDispose]();
});

test("a worker that fails on a frame makes the camera blind, and a new one takes over as a new life", async () => {
  using fake = createFakeFfmpeg({
    runs: [
      { picture: "512x384", frames: 3, afterwards: "hold", moreFrames: 2 },
      { picture: "512x384", frames: 3, afterwards: "stall" },
    ],
  });
  const { camera, states, until } = setUp("rtsp://cam/1", 15, true, fake.path);
  await camera.start(new AbortController().signal);
  await until(() => states().includes("seeing"));
  fake.letGo();
  await until(() => states().filter((state) => state === "seeing").length === 2);
  assert.deepEqual(states(), ["starting", "seeing", "INFERENCE_FAILED", "seeing"]);
  assert.equal(camera.facts().workersStarted, 2);
  await camera[Symbol.asyncDispose]();
});
