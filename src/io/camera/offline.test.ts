import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { promisify } from "node:util";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { createFakeFfmpeg, isAlive } from "../../../test/fakes/fake-ffmpeg.ts";
import { fakeCameraModel } from "../../../test/fakes/fake-person-model.ts";
import { cameraId, lineId, monoMs, zoneId } from "../../core/brand.ts";
import { type FaultCode, GatewayError } from "../../core/errors.ts";
import type { CameraPlan } from "../../core/site.ts";
import type { VisionEvent } from "../../vision/camera-pipeline.ts";
import type { CameraModel } from "./camera-protocol.ts";
import { findFfmpeg } from "./ffmpeg-binary.ts";
import { analyseVideo, type VideoAnalysisOptions } from "./offline.ts";

const dir = mkdtempSync(join(tmpdir(), "offline-"));
const clip = join(dir, "walk.mp4");
let model: CameraModel;

/** Lines and zones of a 512x384 picture through which a white rectangle walks from left to right. */
const PLAN: CameraPlan = {
  id: cameraId("door"),
  name: "door",
  lines: [
    { id: lineId("mid"), name: "mid", role: "door", a: { x: 0.5, y: 1 }, b: { x: 0.5, y: 0 } },
  ],
  zones: [
    {
      id: zoneId("table"),
      name: "table",
      kind: "display",
      polygon: [
        { x: 0.25, y: 0.5 },
        { x: 0.75, y: 0.5 },
        { x: 0.75, y: 0.95 },
        { x: 0.25, y: 0.95 },
      ],
    },
  ],
  exclusions: [],
};

before(async () => {
  model = fakeCameraModel(dir);
  const { path } = await findFfmpeg();
  const walk =
    "color=black:s=512x384:r=10:d=6[bg];color=white:s=56x120:r=10:d=6[fg];[bg][fg]overlay=x='8+t*70':y=150";
  const args = ["-y", "-loglevel", "error", "-f", "lavfi", "-i", walk, "-t", "6"];
  await promisify(execFile)(path, [...args, "-pix_fmt", "yuv420p", clip]);
});
after(() => rmSync(dir, { recursive: true, force: true }));

function options(more: Partial<VideoAnalysisOptions> = {}): VideoAnalysisOptions {
  return {
    file: clip,
    plan: PLAN,
    model,
    startMono: monoMs(1000),
    clock: new FakeClock(),
    signal: new AbortController().signal,
    onEvent: () => undefined,
    onPeople: () => undefined,
    ...more,
  };
}

async function eventsOf(more: Partial<VideoAnalysisOptions> = {}): Promise<VisionEvent[]> {
  const events: VisionEvent[] = [];
  await analyseVideo(options({ ...more, onEvent: (event) => events.push(event) }));
  return events;
}

const hasCode =
  (code: FaultCode) =>
  (error: unknown): boolean =>
    error instanceof GatewayError && error.code === code;

test("a person walking through a clip is counted once, in the right direction and at the right time", async () => {
  const events = await eventsOf();
  const crossings = events.filter((event) => event.kind === "line-crossed");
  assert.equal(crossings.length, 1);
  assert.equal(crossings[0]?.direction, "out");
  // The foot point is at x = 36 + 70 t and the line at 256: t = 3.14 s.
  assert.ok(Math.abs((crossings[0]?.atMono ?? 0) - 1000 - 3143) < 250);
});

test("the stay in a zone on the way has the right length and was seen to its end", async () => {
  const exits = (await eventsOf()).filter((event) => event.kind === "zone-exited");
  assert.equal(exits.length, 1);
  assert.equal(exits[0]?.censored, false);
  // The zone is 256 px wide at 70 px/s.
  assert.ok(Math.abs((exits[0]?.dwellMs ?? 0) - 3657) < 400, `${exits[0]?.dwellMs} ms`);
});

test("the same file gives byte-identical events", async () => {
  const first = JSON.stringify(await eventsOf());
  assert.ok(first.length > 2);
  assert.equal(JSON.stringify(await eventsOf()), first);
});

test("every frame is looked at, in order, at the rate of the file", async () => {
  const times: number[] = [];
  const analysis = await analyseVideo(
    options({ onTracks: (_, atMono) => times.push(atMono), onPeople: () => undefined }),
  );
  assert.deepEqual(analysis, {
    picture: { widthPx: 512, heightPx: 384 },
    frames: 60,
    looks: 60,
    fps: 10,
    seconds: 6,
  });
  assert.deepEqual(
    times,
    Array.from({ length: 60 }, (_, i) => 1000 + i * 100),
  );
});

test("fewer frames per second span the same time and count the same", async () => {
  const analysis = await analyseVideo(options({ fps: 5 }));
  assert.equal(analysis.frames, 30);
  assert.equal(analysis.seconds, 6);
  const crossings = (await eventsOf({ fps: 5 })).filter((event) => event.kind === "line-crossed");
  assert.equal(crossings.length, 1);
});

test("a recording whose file names the wrong rate is timed by the true one", async () => {
  const analysis = await analyseVideo(options({ recordedFps: 5 }));
  assert.deepEqual([analysis.frames, analysis.fps, analysis.seconds], [60, 5, 12]);
});

test("a file that is not there or is no video is refused by code", async () => {
  await assert.rejects(
    analyseVideo(options({ file: join(dir, "no.mp4") })),
    hasCode("CAMERA_NOT_FOUND"),
  );
  const text = join(dir, "text.mp4");
  writeFileSync(text, "this is no video");
  await assert.rejects(analyseVideo(options({ file: text })), hasCode("INPUT_INVALID"));
});

test("a model file that was changed is refused before it is loaded", async () => {
  const entry = { ...model.entry, sha256: "0".repeat(64) };
  await assert.rejects(
    analyseVideo(options({ model: { ...model, entry } })),
    hasCode("MODEL_HASH_MISMATCH"),
  );
});

test("aborting stops ffmpeg and the worker and rejects with the reason", async () => {
  using fake = createFakeFfmpeg({
    runs: [{ picture: "512x384" }, { picture: "512x384", frames: 5, afterwards: "stall" }],
  });
  const stop = new AbortController();
  let frames = 0;
  const running = analyseVideo(
    options({
      ffmpegPath: fake.path,
      signal: stop.signal,
      onPeople: () => {
        frames += 1;
        if (frames === 5) stop.abort(new Error("enough"));
      },
    }),
  );
  await assert.rejects(running, /enough/);
  for (const { pid } of fake.runs()) assert.ok(!isAlive(pid));
});

test("a video that ends in the middle of a frame gives the whole frames before it", async () => {
  using fake = createFakeFfmpeg({
    runs: [{ picture: "512x384" }, { picture: "512x384", frames: 7, partialBytes: 1000 }],
  });
  assert.equal((await analyseVideo(options({ ffmpegPath: fake.path }))).frames, 7);
});
