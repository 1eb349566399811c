import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createFakeFfmpeg, isAlive } from "../../../test/fakes/fake-ffmpeg.ts";
import {
  FAKE_PERSON,
  FAKE_PICTURE,
  FakePreviewCamera,
} from "../../../test/fakes/fake-preview-camera.ts";
import { createSystemClock } from "../../app/system-clock.ts";
import { type Log, SILENT_LOG } from "../../core/lifecycle.ts";
import type { PreviewEnd, PreviewRefusal, PreviewViewer } from "../../core/preview.ts";
import { PreviewHub, type PreviewHubOptions } from "./preview-hub.ts";
import { SESSION_LIMITS } from "./preview-session.ts";

const hasFfmpeg = spawnSync("ffmpeg", ["-version"]).status === 0;
const skip = hasFfmpeg ? false : "needs Debian package ffmpeg";
const clock = createSystemClock();
const PIXELATED = { isEnabled: true, isPixelated: true };
const PLAIN = { isEnabled: true, isPixelated: false };
const folder = mkdtempSync(join(tmpdir(), "vitrine-preview-"));
const undo: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
after(async () => {
  for (const release of undo.reverse()) await release();
});

function hubWith(camera: FakePreviewCamera, options: Partial<PreviewHubOptions> = {}): PreviewHub {
  const hub = new PreviewHub({ policy: PIXELATED, clock, log: SILENT_LOG, ...options });
  hub.add(camera);
  undo.push(() => hub[Symbol.asyncDispose]());
  return hub;
}

function camera(source?: string): FakePreviewCamera {
  const made = new FakePreviewCamera("door", source);
  undo.push(() => made[Symbol.dispose]());
  return made;
}

/** A viewer that keeps what it gets; `waitingBytes` is up to the test. */
class Viewer implements PreviewViewer {
  waitingBytes = 0;
  readonly chunks: Uint8Array[] = [];
  reason: PreviewEnd | null = null;
  get bytes(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  }
  send(chunk: Uint8Array): void {
    assert.equal(this.reason, null, "nothing is sent after the end");
    this.chunks.push(Uint8Array.from(chunk));
  }
  end(reason: PreviewEnd): void {
    assert.equal(this.reason, null, "ended once");
    this.reason = reason;
  }
}

async function until(isTrue: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 1500; tries += 1) {
    if (isTrue()) return;
    await new Promise((done) => setTimeout(done, 20));
  }
  assert.fail(`never: ${what}`);
}

function opened(outcome: (() => void) | PreviewRefusal): () => void {
  if (typeof outcome !== "function") return assert.fail(`refused: ${outcome.word}`);
  return outcome;
}

/** Decodes pictures of any kind with ffmpeg into rgb24 and their size. */
function decode(bytes: Uint8Array): { readonly rgb24: Uint8Array; readonly size: string } {
  const args = ["-hide_banner", "-i", "pipe:0", "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"];
  const run = spawnSync("ffmpeg", args, { input: bytes, maxBuffer: 1 << 28 });
  const size = /, (\d+x\d+)[ ,[]/.exec(String(run.stderr))?.[1] ?? "";
  return { rgb24: run.stdout, size };
}

/** Mean difference of neighbouring pixels within a part of the first picture: high where the chequers are left. */
function grain(
  rgb24: Uint8Array,
  left: number,
  top: number,
  right: number,
  bottom: number,
): number {
  const green = (x: number, y: number): number =>
    rgb24[(y * FAKE_PICTURE.widthPx + x) * 3 + 1] ?? 0;
  let sum = 0;
  for (let y = top; y < bottom; y += 1) {
    for (let x = left; x < right; x += 1) sum += Math.abs(green(x, y) - green(x + 4, y));
  }
  return sum / ((right - left) * (bottom - top));
}

function assertPersonHidden(rgb24: Uint8Array): void {
  const { left, top, right, bottom } = FAKE_PERSON;
  const person = grain(rgb24, left, top, right - 4, bottom);
  const scene = grain(rgb24, 8, 8, 60, 170);
  assert.ok(person < 12, `the person's grain is ${person}`);
  assert.ok(scene > 100, `the scene's grain is ${scene}`);
}

test("while the configuration does not allow it everything is refused and nothing is spawned", async () => {
  using fake = createFakeFfmpeg({});
  const door = camera();
  const policy = { isEnabled: false, isPixelated: true };
  const hub = hubWith(door, { policy, ffmpegPath: fake.path });
  const viewer = new Viewer();
  assert.equal(hub.refusal("door")?.word, "PREVIEW_DISABLED");
  const outcome = hub.watch("door", viewer);
  assert.equal(typeof outcome === "function" ? null : outcome.word, "PREVIEW_DISABLED");
  const still = await hub.snapshot("door");
  assert.equal(still instanceof Uint8Array ? null : still.word, "PREVIEW_DISABLED");
  assert.match(hub.refusal("door")?.hint ?? "", /preview\.enabled/);
  assert.deepEqual(fake.runs(), []);
  assert.deepEqual(door.peeks, []);
  assert.deepEqual(viewer.chunks, []);
});

test("a still shows the scene and hides the person", { skip }, async () => {
  const hub = hubWith(camera());
  const still = await hub.snapshot("door");
  assert.ok(still instanceof Uint8Array);
  assert.deepEqual([...still.subarray(0, 3)], [0xff, 0xd8, 0xff]);
  const { rgb24, size } = decode(still);
  assert.equal(size, "320x180");
  assertPersonHidden(rgb24);
});

test("those who ask for a still at the same time get the same one", { skip }, async () => {
  const door = camera();
  const hub = hubWith(door);
  const [a, b] = await Promise.all([hub.snapshot("door"), hub.snapshot("door")]);
  assert.equal(a, b);
  assert.equal(door.peeks.length, 1);
});

test("a live preview is MPEG-1 that hides the person; when the last viewer leaves its ffmpeg is gone", {
  skip,
}, async () => {
  const hub = hubWith(camera());
  const viewers = [new Viewer(), new Viewer()] as const;
  const leave = viewers.map((viewer) => opened(hub.watch("door", viewer)));
  await until(() => viewers[0].bytes > 100_000, "the stream flows");
  const [pid = 0, ...more] = hub.pids();
  assert.deepEqual(more, [], "one encoder for both");
  const handles = process.getActiveResourcesInfo();
  assert.ok(!handles.includes("TCPServerWrap"), "nothing listens for it");
  assert.ok(viewers[1].bytes > 0);
  leave[0]?.();
  assert.equal(isAlive(pid), true);
  leave[1]?.();
  assert.deepEqual(hub.pids(), []);
  await until(() => !isAlive(pid), "the encoder is gone");
  const { rgb24, size } = decode(Buffer.concat(viewers[0].chunks));
  assert.equal(size, "320x180");
  assert.ok(rgb24.byteLength >= 5 * 320 * 180 * 3, "several pictures");
  assertPersonHidden(rgb24);
});

test("a viewer that lags misses pieces, which are counted, and is ended when it stands still", {
  skip,
}, async () => {
  const events: Readonly<Record<string, unknown>>[] = [];
  const log: Log = { ...SILENT_LOG, info: (fields) => void events.push(fields) };
  const limits = { ...SESSION_LIMITS, slowMs: 300, watchMs: 50 };
  const hub = hubWith(camera(), { limits, log });
  const [quick, slow] = [new Viewer(), new Viewer()];
  slow.waitingBytes = limits.waitingBytes + 1;
  const leave = opened(hub.watch("door", quick));
  opened(hub.watch("door", slow));
  await until(() => slow.reason !== null, "the slow one is ended");
  assert.equal(slow.reason, "TOO_SLOW");
  assert.equal(slow.bytes, 0);
  assert.equal(quick.reason, null);
  leave();
  const closed = events.find(({ event }) => event === "preview.closed");
  assert.ok(Number(closed?.["dropped"]) > 0);
});

test("a preview ends after its longest time", { skip }, async () => {
  const hub = hubWith(camera(), { limits: { ...SESSION_LIMITS, longestMs: 400, watchMs: 50 } });
  const viewer = new Viewer();
  opened(hub.watch("door", viewer));
  await until(() => viewer.reason !== null, "the time is up");
  assert.equal(viewer.reason, "TIME_UP");
  assert.deepEqual(hub.pids(), []);
});

test("a fifth viewer is refused, whatever the camera, until one leaves", { skip }, async () => {
  const hub = hubWith(camera());
  const leave = [1, 2, 3, 4].map(() => opened(hub.watch("door", new Viewer())));
  const refused = hub.watch("door", new Viewer());
  assert.equal(typeof refused === "function" ? null : refused.word, "TOO_MANY_VIEWERS");
  leave[0]?.();
  leave[0]?.();
  opened(hub.watch("door", new Viewer()));
});

test("a blind camera is refused with its code, and a stream that runs ends with it", {
  skip,
}, async () => {
  const door = camera();
  const hub = hubWith(door, { limits: { ...SESSION_LIMITS, watchMs: 50 } });
  const viewer = new Viewer();
  opened(hub.watch("door", viewer));
  await until(() => viewer.bytes > 0, "the stream flows");
  const [pid = 0] = hub.pids();
  door.state = "blind";
  door.code = "CAMERA_STALLED";
  await until(() => viewer.reason !== null, "the stream ends");
  assert.equal(viewer.reason, "CAMERA_STALLED");
  assert.equal(hub.refusal("door")?.word, "CAMERA_STALLED");
  const still = await hub.snapshot("door");
  assert.equal(still instanceof Uint8Array ? null : still.word, "CAMERA_STALLED");
  await until(() => !isAlive(pid), "the encoder is gone");
});

test("a stream ends when the worker dies and when the picture changes its size", {
  skip,
}, async () => {
  const door = camera();
  const hub = hubWith(door);
  const [first, second] = [new Viewer(), new Viewer()];
  opened(hub.watch("door", first));
  await until(() => first.bytes > 0, "the stream flows");
  door.restart();
  await until(() => first.reason !== null, "the stream ends");
  assert.equal(first.reason, "CAMERA_STALLED");
  opened(hub.watch("door", second));
  await until(() => second.bytes > 0, "a new stream flows");
  door.resize(200, 100);
  await until(() => second.reason !== null, "the stream ends");
  assert.equal(second.reason, "PICTURE_CHANGED");
});

test("a camera nobody knows a picture of is refused", async () => {
  const hub = hubWith(camera());
  assert.equal(hub.refusal("other")?.word, "CAMERA_WITHOUT_PICTURE");
  assert.equal(hub.hasPicture("other"), false);
});

test("stopping the gateway ends every stream and waits until no ffmpeg is left", {
  skip,
}, async () => {
  const hub = hubWith(camera());
  const viewer = new Viewer();
  opened(hub.watch("door", viewer));
  await until(() => hub.pids().length === 1 && viewer.bytes > 0, "the stream flows");
  const [pid = 0] = hub.pids();
  await hub[Symbol.asyncDispose]();
  assert.equal(viewer.reason, "STOPPING");
  assert.equal(isAlive(pid), false);
  assert.equal(hub.refusal("door")?.word, "PREVIEW_DISABLED");
});

test("a viewer that leaves at once leaves no ffmpeg behind", { skip }, async () => {
  const hub = hubWith(camera());
  for (let round = 0; round < 5; round += 1) opened(hub.watch("door", new Viewer()))();
  await hub[Symbol.asyncDispose]();
  assert.deepEqual(hub.pids(), []);
});

test("without pixelation the muxer reads the source itself, at its own size and speed", {
  skip,
}, async () => {
  const file = join(folder, "scene.mp4");
  const source = "testsrc2=size=322x182:rate=10:duration=20";
  spawnSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", source, "-g", "5", file]);
  assert.ok(existsSync(file));
  const door = camera(file);
  const hub = hubWith(door, { policy: PLAIN });
  const still = await hub.snapshot("door");
  assert.ok(still instanceof Uint8Array);
  assert.equal(decode(still).size, "322x182");
  const viewer = new Viewer();
  const leave = opened(hub.watch("door", viewer));
  await until(() => viewer.bytes > 50_000, "the stream flows");
  assert.equal(viewer.reason, null, "twenty seconds are not read at once");
  leave();
  assert.equal(decode(Buffer.concat(viewer.chunks)).size, "322x182");
  assert.deepEqual(door.peeks, [], "no frame of the worker was asked for");
});

test("a source that cannot be opened ends the stream; neither log nor refusal tells its password", {
  skip,
}, async () => {
  const told: string[] = [];
  const note = (fields: unknown, text: string) => void told.push(JSON.stringify(fields) + text);
  const log: Log = { error: note, warn: note, info: note, debug: note };
  const secret = "rtsp://owner:hunter2secret@127.0.0.1:9/live";
  const hub = hubWith(camera(secret), { policy: PLAIN, log });
  const { error } = console;
  console.error = (...words: unknown[]) => void told.push(words.join(" "));
  const viewer = new Viewer();
  opened(hub.watch("door", viewer));
  await until(() => viewer.reason !== null, "the stream ends");
  const still = await hub.snapshot("door");
  console.error = error;
  assert.equal(viewer.reason, "CAMERA_UNREACHABLE");
  assert.equal(still instanceof Uint8Array ? null : still.word, "CAMERA_UNREACHABLE");
  const words = [...told, JSON.stringify(still)].join("\n");
  assert.match(words, /preview\.ffmpeg-gone/);
  assert.doesNotMatch(words, /hunter2secret|RTSP stream exited/);
});

test("a missing ffmpeg is a fault with its code, not the end of the process", async () => {
  const hub = hubWith(camera(), { ffmpegPath: join(folder, "no-such-program") });
  const viewer = new Viewer();
  opened(hub.watch("door", viewer));
  await until(() => viewer.reason !== null, "the stream ends");
  assert.equal(viewer.reason, "FFMPEG_MISSING");
  const still = await hub.snapshot("door");
  assert.equal(still instanceof Uint8Array ? null : still.word, "FFMPEG_MISSING");
});

test("of node-rtsp-stream nothing is loaded but its muxer: its server listens without a password", () => {
  const root = join(import.meta.dirname, "../..");
  const files = readdirSync(root, { recursive: true, encoding: "utf8" });
  const loads = files
    .filter((path) => /\.tsx?$/.test(path) && !path.endsWith("preview-hub.test.ts"))
    .flatMap((path) =>
      [
        ...readFileSync(join(root, path), "utf8").matchAll(/["'`](node-rtsp-stream[^"'`]*)["'`]/g),
      ].map((match) => match[1]),
    );
  assert.deepEqual(loads, ["node-rtsp-stream/mpeg1muxer.js"]);
});
