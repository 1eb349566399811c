import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { MessageChannel } from "node:worker_threads";
import { isAlive } from "../../../test/fakes/fake-ffmpeg.ts";
import { fakeCameraModel } from "../../../test/fakes/fake-person-model.ts";
import { createSystemClock } from "../../app/system-clock.ts";
import { cameraId, monoMs } from "../../core/brand.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import type { PreviewEnd, PreviewViewer } from "../../core/preview.ts";
import { createDetections, letterboxOf } from "../../vision/ports.ts";
import { FrameTap } from "../preview/frame-tap.ts";
import { PreviewHub } from "../preview/preview-hub.ts";
import { findFfmpeg } from "./ffmpeg-binary.ts";
import { FramePeek, type PeekedFrame } from "./frame-peek.ts";
import { createCamera } from "./live-camera.ts";
import { parseVideoSource } from "./video-source.ts";

const dir = mkdtempSync(join(tmpdir(), "peek-"));
after(() => rmSync(dir, { recursive: true, force: true }));

const SIZE = { widthPx: 64, heightPx: 48 };
const LETTERBOX = letterboxOf(SIZE, SIZE);
const FRAME = new Uint8Array(SIZE.widthPx * SIZE.heightPx * 3).fill(200);
const NOBODY = createDetections(1);

async function turnOfLoop(): Promise<void> {
  await new Promise((done) => setTimeout(done, 5));
}

async function until(isTrue: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 1500; tries += 1) {
    if (isTrue()) return;
    await new Promise((done) => setTimeout(done, 20));
  }
  assert.fail(`never: ${what}`);
}

test("a frame goes out for each wish and none without", async () => {
  const peek = new FramePeek();
  const { port1, port2 } = new MessageChannel();
  const frames: PeekedFrame[] = [];
  port1.on("message", (frame: PeekedFrame) => frames.push(frame));
  peek.open(port2, false);
  for (let at = 0; at < 5; at += 1) peek.offer(FRAME, LETTERBOX, NOBODY, monoMs(at));
  await turnOfLoop();
  assert.equal(frames.length, 0);
  port1.postMessage({ buffer: new ArrayBuffer(0) });
  let at = 5;
  await until(() => {
    peek.offer(FRAME, LETTERBOX, NOBODY, monoMs(at));
    at += 1;
    return frames.length > 0;
  }, "the frame");
  await turnOfLoop();
  assert.equal(frames.length, 1);
  const { buffer, widthPx, heightPx } = frames[0] ?? {};
  assert.deepEqual([buffer?.byteLength, widthPx, heightPx], [64 * 48 * 1.5, 64, 48]);
  assert.deepEqual([...FRAME.subarray(0, 3)], [200, 200, 200], "the worker's frame is untouched");
  port1.close();
});

test("a pixelated look waits until the detector has looked in this run of the source", async () => {
  const peek = new FramePeek();
  const tap = new FrameTap((port) => {
    peek.open(port, true);
    return true;
  });
  let frame: PeekedFrame | null = null;
  void tap.next().then((next) => {
    frame = next;
  });
  await turnOfLoop();
  for (let at = 0; at < 500; at += 100) peek.offer(FRAME, LETTERBOX, null, monoMs(at));
  await turnOfLoop();
  assert.equal(frame, null, "nobody looked yet");
  peek.offer(FRAME, LETTERBOX, NOBODY, monoMs(500));
  await until(() => frame !== null, "the frame");
  const second = tap.next();
  await turnOfLoop();
  peek.begin();
  peek.offer(FRAME, LETTERBOX, null, monoMs(600));
  peek.offer(FRAME, LETTERBOX, null, monoMs(700));
  peek.offer(FRAME, LETTERBOX, NOBODY, monoMs(800));
  assert.equal((await second)?.atMono, 800, "a new run begins without knowledge");
  tap.close();
});

test("a fifth look ends the first, and the end of the worker ends all", async () => {
  const peek = new FramePeek();
  const open = (port: Parameters<typeof peek.open>[0]): boolean => {
    peek.open(port, false);
    return true;
  };
  const taps = [1, 2, 3, 4, 5].map(() => new FrameTap(open));
  assert.equal(await taps[0]?.next(), null);
  const waiting = taps.slice(1).map((tap) => tap.next());
  peek.close();
  assert.deepEqual(await Promise.all(waiting), [null, null, null, null]);
});

test("a real worker hides the person it found before the picture leaves it, and leaves with an open look", async () => {
  const clip = join(dir, "stand.mp4");
  const scene =
    "color=black:s=512x384:r=15[bg];color=white:s=56x120:r=15[fg];[bg][fg]overlay=x=216:y=168";
  const { path } = await findFfmpeg();
  const args = ["-y", "-loglevel", "error", "-f", "lavfi", "-i", scene, "-t", "60", "-g", "15"];
  await promisify(execFile)(path, [...args, "-pix_fmt", "yuv420p", clip]);
  const clock = createSystemClock();
  const id = cameraId("door");
  const camera = createCamera({
    config: { id, source: clip, fps: 10, motionGate: false, loop: true },
    plan: { id, name: "door", lines: [], zones: [], exclusions: [] },
    model: fakeCameraModel(dir, false),
    clock,
    log: SILENT_LOG,
    random: () => 0.99,
    onEvent: () => undefined,
    onPeople: () => undefined,
  });
  const hubOf = (isPixelated: boolean, source: string): PreviewHub => {
    const hub = new PreviewHub({
      policy: { isEnabled: true, isPixelated },
      clock,
      log: SILENT_LOG,
    });
    const peek = camera.peek.bind(camera);
    hub.add({ id, source: parseVideoSource(source), facts: () => camera.facts(), peek });
    return hub;
  };
  after(() => camera[Symbol.asyncDispose]());
  await camera.start(new AbortController().signal);
  await until(() => camera.facts().state === "seeing", "the camera sees");
  const greys = async (hub: PreviewHub): Promise<number> => {
    const still = await hub.snapshot(id);
    return greysOf(path, still instanceof Uint8Array ? still : new Uint8Array(0));
  };
  // The person's edges lie in the middle of cells; without cells there is next to nothing between black and white.
  const hub = hubOf(true, clip);
  assert.ok((await greys(hub)) > 600, "cells of grey");
  // A device cannot be opened twice, so that its plain pictures come from the worker too.
  assert.ok((await greys(hubOf(false, "/dev/video0"))) < 300, "sharp edges");
  const viewer = { waitingBytes: 0, bytes: 0, reason: null as PreviewEnd | null };
  const watching: PreviewViewer = {
    waitingBytes: 0,
    send: (chunk) => {
      viewer.bytes += chunk.byteLength;
    },
    end: (reason) => {
      viewer.reason = reason;
    },
  };
  assert.equal(typeof hub.watch(id, watching), "function");
  await until(() => viewer.bytes > 0, "the stream flows");
  const pids = hub.pids();
  await camera[Symbol.asyncDispose]();
  await until(() => viewer.reason !== null, "the stream ends");
  await hub[Symbol.asyncDispose]();
  assert.equal(pids.length, 1);
  assert.equal(pids.some(isAlive), false);
});

/** Number of pixels of a JPEG that are clearly neither black nor white. */
async function greysOf(ffmpeg: string, jpeg: Uint8Array): Promise<number> {
  const args = ["-v", "error", "-i", "pipe:0", "-f", "rawvideo", "-pix_fmt", "gray", "pipe:1"];
  const child = execFile(ffmpeg, args, { encoding: "buffer", maxBuffer: 1 << 24 });
  const luma: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => luma.push(chunk));
  child.stdin?.end(jpeg);
  await once(child, "close");
  return Buffer.concat(luma).reduce((sum, value) => sum + Number(value > 50 && value < 205), 0);
}
