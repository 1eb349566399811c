import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { promisify } from "node:util";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { monoMs } from "../../core/brand.ts";
import { type FfmpegBinary, findFfmpeg, probeFfmpeg } from "./ffmpeg-binary.ts";
import type { StreamFacts } from "./ffmpeg-output.ts";
import { createSharedFrames, FrameSlots, NO_SLOT } from "./frame-slots.ts";
import { type FeedEnd, VideoFeed } from "./video-feed.ts";
import { probeVideo } from "./video-probe.ts";
import { parseVideoSource } from "./video-source.ts";

const dir = mkdtempSync(join(tmpdir(), "feed-"));
const clip = join(dir, "red.mp4");
const INPUT = { widthPx: 128, heightPx: 64 };
const FRAME_BYTES = INPUT.widthPx * INPUT.heightPx * 3;
let ffmpeg: FfmpegBinary;

before(async () => {
  ffmpeg = await findFfmpeg();
  const args = ["-y", "-loglevel", "error", "-f", "lavfi", "-i", "color=red:s=160x120:r=12:d=2"];
  await promisify(execFile)(ffmpeg.path, [...args, "-pix_fmt", "yuv420p", clip]);
});
after(() => rmSync(dir, { recursive: true, force: true }));

interface Reading {
  readonly frames: readonly Uint8Array[];
  readonly facts: StreamFacts | null;
  readonly end: FeedEnd;
}

/** Reads a source to its end without loss. */
async function readAll(source: string, binary = ffmpeg, fps = 12): Promise<Reading> {
  const slots = new FrameSlots(createSharedFrames(FRAME_BYTES));
  const frames: Uint8Array[] = [];
  let facts: StreamFacts | null = null;
  const feed = new VideoFeed({
    ffmpeg: binary,
    request: { source: parseVideoSource(source), input: INPUT, fps, pacing: "lossless" },
    slots,
    clock: new FakeClock(),
    stampOf: (index) => monoMs(index),
    onStream: (stream) => {
      facts = stream;
      return 1;
    },
    onFrame: () => {
      const slot = slots.take("every", 1);
      assert.notEqual(slot, NO_SLOT);
      frames.push(slots.pixels(slot).slice());
      slots.release(slot);
      queueMicrotask(() => feed.resume());
    },
  });
  const end = await feed.ended;
  return { frames, facts, end };
}

const pixel = (frame: Uint8Array | undefined, x: number, y: number): number[] => [
  ...(frame ?? new Uint8Array()).subarray(
    (y * INPUT.widthPx + x) * 3,
    (y * INPUT.widthPx + x) * 3 + 3,
  ),
];

test("a real clip arrives whole, letterboxed in the middle with the grey of the models", async () => {
  const { frames, facts, end } = await readAll(clip);
  assert.deepEqual(facts, { picture: { widthPx: 160, heightPx: 120 }, fps: 12 });
  assert.equal(frames.length, 24);
  assert.equal(end.frames, 24);
  // 160x120 fits 128x64 as 85x64, with 21 columns of padding on the left and 22 on the right.
  for (const x of [0, 20, 107, 127]) assert.deepEqual(pixel(frames[0], x, 32), [114, 114, 114]);
  for (const x of [21, 60, 105]) {
    const [red = 0, green = 0] = pixel(frames[0], x, 32);
    assert.ok(red > 200 && green < 60, `column ${x} is ${red},${green}`);
  }
});

test("a clip is thinned to the wanted rate", async () => {
  assert.equal((await readAll(clip, ffmpeg, 6)).frames.length, 12);
});

test("the ffmpeg that npm brings gives the same frames", async (t) => {
  const packaged = await import("@ffmpeg-installer/ffmpeg").catch(() => null);
  const binary = packaged === null ? null : await probeFfmpeg(packaged.default.path);
  if (binary === null) return t.skip("no packaged ffmpeg for this platform");
  const { frames, facts } = await readAll(clip, binary);
  assert.deepEqual(facts?.picture, { widthPx: 160, heightPx: 120 });
  assert.equal(frames.length, 24);
  assert.deepEqual(pixel(frames[23], 20, 32), [114, 114, 114]);
  assert.ok((pixel(frames[23], 64, 32)[0] ?? 0) > 200);
});

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

for (const [status, fault] of [
  ["401 Unauthorized", "CAMERA_UNAUTHORIZED"],
  ["404 Not Found", "CAMERA_NOT_FOUND"],
] as const) {
  test(`an RTSP camera that answers ${status} is recognised`, async () => {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.on("data", (request) => {
        const sequence = /CSeq: (\d+)/i.exec(request.toString())?.[1] ?? "1";
        const challenge = status.startsWith("401") ? 'WWW-Authenticate: Basic realm="cam"\r\n' : "";
        socket.write(`RTSP/1.0 ${status}\r\nCSeq: ${sequence}\r\n${challenge}\r\n`);
      });
    });
    const port = await listening(server);
    const { end } = await readAll(`rtsp://admin:geheim@127.0.0.1:${port}/live`);
    server.close();
    assert.equal(end.fault, fault);
    assert.equal(end.frames, 0);
    assert.ok(!end.report.join().includes("geheim"), end.report.join("\n"));
  });
}

test("an HTTP camera that answers 404 is recognised", async () => {
  const server = createHttpServer((_, response) => response.writeHead(404).end());
  const port = await listening(server);
  const { end } = await readAll(`http://127.0.0.1:${port}/mjpg`);
  server.close();
  assert.equal(end.fault, "CAMERA_NOT_FOUND");
});

test("a port where nobody listens is an unreachable camera", async () => {
  const server = createServer();
  const port = await listening(server);
  server.close();
  await once(server, "close");
  const { end } = await readAll(`rtsp://127.0.0.1:${port}/live`);
  assert.equal(end.fault, "CAMERA_UNREACHABLE");
});

test("the probe tells size and rate of a file without decoding it", async () => {
  const facts = await probeVideo(ffmpeg, parseVideoSource(clip), new FakeClock());
  assert.deepEqual(facts, { picture: { widthPx: 160, heightPx: 120 }, fps: 12 });
});
