import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { createFakeFfmpeg, type FakeFfmpeg, isAlive } from "../../../test/fakes/fake-ffmpeg.ts";
import { fakeCameraModel } from "../../../test/fakes/fake-person-model.ts";
import { cameraId } from "../../core/brand.ts";
import type { Timer } from "../../core/clock.ts";
import type { FaultCode } from "../../core/errors.ts";
import type { SensorEvent } from "../../core/events.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import type { PictureSize } from "../../vision/ports.ts";
import type { CameraModel } from "./camera-protocol.ts";
import { CAMERA_TIMING } from "./camera-timing.ts";
import { createCamera } from "./live-camera.ts";

const dir = mkdtempSync(join(tmpdir(), "camera-"));
let model: CameraModel;
before(() => {
  model = fakeCameraModel(dir);
});
after(() => rmSync(dir, { recursive: true, force: true }));

interface SetUp {
  readonly fake?: FakeFfmpeg;
  readonly source?: string;
  readonly loop?: boolean;
  readonly model?: CameraModel | null;
  /** Whether somebody listens at the camera's address; it is asked before each reopening. */
  readonly isDoorOpen?: () => boolean;
  readonly better?: (picture: PictureSize) => CameraModel | null;
}

/** Fake clock that also notes how long the camera chose to pause. */
class PauseClock extends FakeClock {
  readonly pauses: number[] = [];

  override after(delayMs: number, name: string, run: () => void): Timer {
    if (name.endsWith("pause")) this.pauses.push(delayMs);
    return super.after(delayMs, name, run);
  }
}

/** A camera on a fake ffmpeg and a fake clock; the fake ffmpeg is a real process and takes its real time. */
function setUp(given: SetUp = {}) {
  const clock = new PauseClock({ mono: 5000 });
  const states: string[] = [];
  const events: SensorEvent[] = [];
  const logged: string[] = [];
  const stop = new AbortController();
  const camera = createCamera({
    config: {
      id: cameraId("door"),
      source: given.source ?? "rtsp://admin:geheim@cam/1",
      fps: 8,
      motionGate: false,
      loop: given.loop ?? false,
    },
    plan: { id: cameraId("door"), name: "door", lines: [], zones: [], exclusions: [] },
    model: given.model === undefined ? model : given.model,
    ...(given.better === undefined ? {} : { modelFor: given.better }),
    clock,
    knock: async () => given.isDoorOpen?.() ?? true,
    log: { ...SILENT_LOG, warn: (fields) => logged.push(JSON.stringify(fields)) },
    random: () => 0,
    ...(given.fake === undefined ? {} : { ffmpegPath: given.fake.path }),
    onPeople: () => undefined,
    onEvent: (event) => {
      events.push(event);
      if (event.kind === "sensor-changed") states.push(event.code ?? event.state);
    },
  });
  /** Waits in real time, the clock of the camera standing still. */
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  /** Lets the camera's time pass until the condition holds; returns how much it took. */
  const passUntil = async (condition: () => boolean): Promise<number> => {
    const fromMono = clock.mono();
    while (!condition()) {
      clock.advance(250);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return clock.mono() - fromMono;
  };
  /** Waits for the nth pause and lets exactly its time pass. */
  const sitOut = async (nth: number): Promise<void> => {
    await until(() => clock.pauses.length === nth);
    clock.advance(clock.pauses[nth - 1] ?? 0);
  };
  const times = (state: string): number => states.filter((seen) => seen === state).length;
  return { camera, clock, states, events, logged, stop, until, passUntil, sitOut, times };
}

test("a camera starts, sees, and stops on request without leaving a process", async () => {
  using fake = createFakeFfmpeg({ runs: [{ picture: "512x384", frames: 3, afterwards: "stall" }] });
  const { camera, states, stop, until, clock } = setUp({ fake });
  await camera.start(stop.signal);
  await until(() => states.includes("seeing"));
  await camera[Symbol.asyncDispose]();
  assert.deepEqual(states, ["starting", "seeing", "stopped"]);
  for (const { pid } of fake.runs()) assert.ok(!isAlive(pid));
  assert.equal(clock.pending, 0);
});

test("aborting the signal it was started with stops the camera as well", async () => {
  using fake = createFakeFfmpeg({ runs: [{ picture: "512x384", frames: 3, afterwards: "stall" }] });
  const { camera, states, stop, until } = setUp({ fake });
  await camera.start(stop.signal);
  await until(() => states.includes("seeing"));
  stop.abort();
  await until(() => states.includes("stopped"));
  for (const { pid } of fake.runs()) assert.ok(!isAlive(pid));
  await camera[Symbol.asyncDispose]();
});

test("a camera disposed of before it was started does nothing", async () => {
  const { camera, states } = setUp();
  await camera[Symbol.asyncDispose]();
  assert.deepEqual(states, []);
});

test("a stream that stalls makes the camera blind in seconds, and it sees again once frames flow", async () => {
  using fake = createFakeFfmpeg({ runs: [{ picture: "512x384", frames: 3, afterwards: "stall" }] });
  const { camera, clock, states, stop, until, passUntil, times } = setUp({ fake });
  await camera.start(stop.signal);
  await until(() => states.includes("seeing"));
  const silentMs = await passUntil(() => states.includes("CAMERA_STALLED"));
  assert.ok(silentMs <= CAMERA_TIMING.staleMs + 2 * CAMERA_TIMING.watchdogMs, `${silentMs} ms`);
  await until(() => times("seeing") === 2);
  assert.ok(!isAlive(fake.runs()[0]?.pid ?? 0), "the stalled child is gone");
  assert.deepEqual(clock.pauses, [], "a stalled stream is opened again at once");
  await camera[Symbol.asyncDispose]();
  assert.deepEqual(states, ["starting", "seeing", "CAMERA_STALLED", "seeing", "stopped"]);
});

test("a stalled child that ignores SIGTERM is killed and replaced", async () => {
  using fake = createFakeFfmpeg({
    runs: [{ picture: "512x384", frames: 2, afterwards: "stall", ignoresTerm: true }],
  });
  const { camera, states, stop, until, passUntil } = setUp({ fake });
  await camera.start(stop.signal);
  await until(() => states.includes("seeing"));
  await passUntil(() => fake.runs().length === 2);
  assert.ok(!isAlive(fake.runs()[0]?.pid ?? 0));
  let isGone = false;
  void camera[Symbol.asyncDispose]().then(() => {
    isGone = true;
  });
  await passUntil(() => isGone);
  for (const { pid } of fake.runs()) assert.ok(!isAlive(pid));
});

test("a live stream that ends with exit code 0 is a fault and is opened again", async () => {
  const run = { picture: "512x384", frames: 2, afterwards: "hold", exitCode: 0 } as const;
  using fake = createFakeFfmpeg({ runs: [run] });
  const { camera, states, stop, sitOut, until, times } = setUp({ fake });
  await camera.start(stop.signal);
  await until(() => times("seeing") === 1);
  fake.letGo();
  await sitOut(1);
  await until(() => times("seeing") === 2);
  fake.letGo();
  await until(() => times("CAMERA_ENDED") === 2);
  await camera[Symbol.asyncDispose]();
  assert.deepEqual(states.slice(0, 4), ["starting", "seeing", "CAMERA_ENDED", "seeing"]);
});

const REFUSALS: readonly (readonly [string, FaultCode])[] = [
  ["[rtsp @ 0x5] method DESCRIBE failed: 401 Unauthorized", "CAMERA_UNAUTHORIZED"],
  ["[rtsp @ 0x5] method DESCRIBE failed: 404 Not Found", "CAMERA_NOT_FOUND"],
];
for (const [line, code] of REFUSALS) {
  test(`${code} is left to a person: it is tried again slowly`, async () => {
    using fake = createFakeFfmpeg({ runs: [{ report: [line], exitCode: 1 }] });
    const { camera, clock, states, stop, until, sitOut } = setUp({ fake });
    await camera.start(stop.signal);
    await sitOut(1);
    await until(() => clock.pauses.length === 2);
    assert.deepEqual(clock.pauses, [CAMERA_TIMING.operatorPauseMs, CAMERA_TIMING.operatorPauseMs]);
    await camera[Symbol.asyncDispose]();
    assert.equal(fake.runs().length, 2);
    assert.deepEqual(states, ["starting", code, "stopped"]);
  });
}

test("an unreachable camera is tried again after growing pauses", async () => {
  using fake = createFakeFfmpeg({
    runs: [{ report: ["rtsp://cam/1: Connection refused"], exitCode: 1 }],
  });
  const { camera, clock, states, stop, sitOut, until } = setUp({ fake });
  await camera.start(stop.signal);
  for (const nth of [1, 2, 3]) await sitOut(nth);
  await until(() => clock.pauses.length === 4);
  assert.deepEqual(clock.pauses, [1000, 2000, 4000, 8000]);
  await camera[Symbol.asyncDispose]();
  assert.deepEqual(states, ["starting", "CAMERA_UNREACHABLE", "stopped"]);
});

test("a source that opens but never delivers a frame is unreachable", async () => {
  using fake = createFakeFfmpeg({ runs: [{ picture: "512x384", afterwards: "stall" }] });
  const { camera, states, stop, until, passUntil } = setUp({ fake });
  await camera.start(stop.signal);
  await until(() => fake.runs().length === 1);
  const waitedMs = await passUntil(() => states.includes("CAMERA_UNREACHABLE"));
  assert.ok(waitedMs >= CAMERA_TIMING.firstFrameMs - 500, `${waitedMs} ms`);
  await camera[Symbol.asyncDispose]();
});

test("a file read to its end stays ended, and with loop it begins again without being blind", async () => {
  using fake = createFakeFfmpeg({
    runs: [
      { picture: "512x384", frames: 4, afterwards: "hold" },
      { picture: "512x384", frames: 4 },
    ],
  });
  const once = setUp({ fake, source: "walk.mp4" });
  await once.camera.start(once.stop.signal);
  await once.until(() => once.states.includes("seeing"));
  fake.letGo();
  await once.until(() => once.states.includes("CAMERA_ENDED"));
  once.clock.advance(600_000);
  assert.equal(fake.runs().length, 1);
  await once.camera[Symbol.asyncDispose]();
  assert.deepEqual(once.states, ["starting", "seeing", "CAMERA_ENDED", "stopped"]);

  const looped = setUp({ fake, source: "walk.mp4", loop: true });
  await looped.camera.start(looped.stop.signal);
  await looped.until(() => fake.runs().length >= 4);
  await looped.camera[Symbol.asyncDispose]();
  assert.ok(!looped.states.some((state) => state.startsWith("CAMERA")), looped.states.join());
});

test("without a model the camera is blind and says so; nothing is opened", async () => {
  using fake = createFakeFfmpeg({});
  const { camera, states, stop } = setUp({ fake, model: null });
  await camera.start(stop.signal);
  await camera[Symbol.asyncDispose]();
  assert.deepEqual(states, ["starting", "MODEL_MISSING", "stopped"]);
  assert.equal(fake.runs().length, 0);
});

test("after a minute of good health the pauses begin at the shortest again", async () => {
  using fake = createFakeFfmpeg({
    runs: [
      { report: ["rtsp://cam/1: Connection refused"], exitCode: 1 },
      { report: ["rtsp://cam/1: Connection refused"], exitCode: 1 },
      { picture: "512x384", frames: 2, afterwards: "stall" },
      { report: ["rtsp://cam/1: Connection refused"], exitCode: 1 },
    ],
  });
  const { camera, clock, states, stop, sitOut, until } = setUp({ fake });
  await camera.start(stop.signal);
  await sitOut(1);
  await sitOut(2);
  await until(() => states.includes("seeing"));
  // A stalled stream is opened again without a pause; the opening after it is refused at once.
  clock.advance(CAMERA_TIMING.goodMs + 1000);
  await until(() => clock.pauses.length === 3);
  assert.deepEqual(clock.pauses, [1000, 2000, 1000]);
  await camera[Symbol.asyncDispose]();
});

test("without an ffmpeg the camera is blind and says so", async () => {
  const fake = {
    path: "/nowhere/ffmpeg",
    runs: () => [],
    letGo: () => undefined,
    [Symbol.dispose]: () => undefined,
  };
  const { camera, states, stop, until } = setUp({ fake });
  await camera.start(stop.signal);
  await until(() => states.includes("FFMPEG_MISSING"));
  await camera[Symbol.asyncDispose]();
});

test("a damaged model file makes the camera blind with its code", async () => {
  const broken = mkdtempSync(join(tmpdir(), "broken-"));
  const damaged = fakeCameraModel(broken);
  writeFileSync(join(broken, damaged.entry.file), "not a model");
  using fake = createFakeFfmpeg({ runs: [{ picture: "512x384", afterwards: "stall" }] });
  const { camera, states, stop, until } = setUp({ fake, model: damaged });
  await camera.start(stop.signal);
  await until(() => states.includes("MODEL_HASH_MISMATCH"));
  await camera[Symbol.asyncDispose]();
  rmSync(broken, { recursive: true, force: true });
});

test("the camera's password reaches neither log nor events", async () => {
  using fake = createFakeFfmpeg({
    runs: [{ report: ["rtsp://admin:geheim@cam/1: 401 Unauthorized"], exitCode: 1 }],
  });
  const { camera, states, events, logged, stop, until } = setUp({ fake });
  await camera.start(stop.signal);
  await until(() => states.includes("CAMERA_UNAUTHORIZED"));
  await camera[Symbol.asyncDispose]();
  assert.ok(logged.length > 0);
  assert.ok(!(logged.join() + JSON.stringify(events)).includes("geheim"));
});

test("state changes are numbered without gaps and name one life of the camera", async () => {
  const run = { picture: "512x384", frames: 2, afterwards: "hold", exitCode: 1 } as const;
  using fake = createFakeFfmpeg({ runs: [run] });
  const { camera, events, stop, sitOut, until, times } = setUp({ fake });
  await camera.start(stop.signal);
  await until(() => times("seeing") === 1);
  fake.letGo();
  await sitOut(1);
  await until(() => times("seeing") === 2);
  fake.letGo();
  await until(() => times("CAMERA_ENDED") === 2);
  await camera[Symbol.asyncDispose]();
  assert.deepEqual(
    events.map((event) => event.seq),
    events.map((_, index) => index),
  );
  assert.equal(new Set(events.map((event) => event.source)).size, 1);
  assert.match(events[0]?.source ?? "", /^camera-state:door#[0-9a-f]{8}$/);
});

test("while nobody listens at its address no ffmpeg is started; once somebody does, at once", async () => {
  const run = { picture: "512x384", frames: 2, afterwards: "hold" } as const;
  using fake = createFakeFfmpeg({ runs: [run, { ...run, afterwards: "stall" }] });
  let isOpen = false;
  const { camera, clock, states, stop, until, passUntil, times } = setUp({
    fake,
    isDoorOpen: () => isOpen,
  });
  await camera.start(stop.signal);
  await until(() => times("seeing") === 1);
  fake.letGo();
  await until(() => states.includes("CAMERA_UNREACHABLE"));
  let waitedMs = 0;
  await passUntil(() => {
    waitedMs += 250;
    return waitedMs > 60_000;
  });
  assert.equal(fake.runs().length, 1);
  isOpen = true;
  // The next knock is answered, and nothing else is waited for.
  clock.advance(CAMERA_TIMING.knockMs);
  await until(() => times("seeing") === 2);
  assert.deepEqual(clock.pauses, []);
  await camera[Symbol.asyncDispose]();
});

test("a camera whose picture suits another model better gets that one and is opened anew", async () => {
  using fake = createFakeFfmpeg({ runs: [{ picture: "640x640", frames: 2, afterwards: "stall" }] });
  const other = { ...model, threads: 2 };
  const asked: PictureSize[] = [];
  const better = (picture: PictureSize): CameraModel => {
    asked.push(picture);
    return other;
  };
  const { camera, states, stop, until } = setUp({ fake, better });
  await camera.start(stop.signal);
  await until(() => states.includes("seeing"));
  assert.deepEqual(asked, Array(2).fill({ widthPx: 640, heightPx: 640 }));
  assert.equal(camera.facts().workersStarted, 2);
  assert.equal(camera.facts().opened, 2);
  assert.equal(camera.facts().reopened, 0, "that was no loss");
  await camera[Symbol.asyncDispose]();
  assert.deepEqual(states, ["starting", "seeing", "stopped"]);
});

test("a picture that changes its size in mid-stream is no reason to open the stream anew", async () => {
  const pictures = [{ from: 3, picture: "640x360" }];
  using fake = createFakeFfmpeg({
    runs: [{ picture: "512x384", pictures, frames: 3, afterwards: "hold", moreFrames: 2 }],
  });
  const { camera, states, stop, until } = setUp({ fake });
  await camera.start(stop.signal);
  await until(() => states.includes("seeing"));
  assert.deepEqual(camera.facts().picture, { widthPx: 512, heightPx: 384 });
  fake.letGo();
  await until(() => camera.facts().picture?.widthPx === 640);
  assert.equal(camera.facts().opened, 1);
  await camera[Symbol.asyncDispose]();
  assert.deepEqual(states, ["starting", "seeing", "stopped"]);
});
