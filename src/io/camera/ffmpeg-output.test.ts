import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { createLineSplitter, faultOfOutput, parseStreamLine } from "./ffmpeg-output.ts";

test("the stream line of ffmpeg 5 gives picture and rate", () => {
  const line =
    "  Stream #0:0[0x1](und): Video: h264 (High) (avc1 / 0x31637661), yuv420p(progressive), 768x576, 1430 kb/s, 7 fps, 7 tbr, 14336 tbn (default)";
  assert.deepEqual(parseStreamLine(line), { picture: { widthPx: 768, heightPx: 576 }, fps: 7 });
});

test("the stream line of ffmpeg 4 with an aspect ratio is understood", () => {
  const line =
    "    Stream #0:0: Video: mjpeg, yuvj422p(pc), 640x480 [SAR 1:1 DAR 4:3], 29.97 fps, 30 tbr, 1000k tbn";
  assert.deepEqual(parseStreamLine(line), {
    picture: { widthPx: 640, heightPx: 480 },
    fps: 30_000 / 1001,
  });
});

test("a stream without a rate gives null for it, not a number", () => {
  const facts = parseStreamLine("  Stream #0:0: Video: h264 (Main), yuv420p, 1280x720");
  assert.deepEqual(facts, { picture: { widthPx: 1280, heightPx: 720 }, fps: null });
});

test("an audio stream and chatter are no stream line", () => {
  assert.equal(parseStreamLine("  Stream #0:1: Audio: aac, 44100 Hz, stereo, fltp"), null);
  assert.equal(parseStreamLine("Input #0, rtsp, from 'rtsp://cam/1':"), null);
});

for (const [line, code] of [
  ["[rtsp @ 0x5] method DESCRIBE failed: 401 Unauthorized", "CAMERA_UNAUTHORIZED"],
  ["rtsp://cam/x: Server returned 404 Not Found", "CAMERA_NOT_FOUND"],
  ["[http @ 0x5] HTTP error 404 Not Found", "CAMERA_NOT_FOUND"],
  ["clip.mp4: No such file or directory", "CAMERA_NOT_FOUND"],
  ["Cannot open video device /dev/video9: No such file or directory", "CAMERA_NOT_FOUND"],
  ["rtsp://cam/1: Connection refused", "CAMERA_UNREACHABLE"],
  ["rtsp://cam/1: Connection timed out", "CAMERA_UNREACHABLE"],
  ["Failed to resolve hostname cam: Name or service not known", "CAMERA_UNREACHABLE"],
  ["rtsp://cam/1: No route to host", "CAMERA_UNREACHABLE"],
  ["[mov,mp4 @ 0x5] moov atom not found", null],
  ["[h264 @ 0x5] error while decoding MB 3 4", null],
] as const) {
  test(`"${line}" means ${code ?? "nothing known"}`, () => {
    assert.equal(faultOfOutput(["ffmpeg starts", line], "rtsp://cam/1"), code);
  });
}

test("the newest telling line decides", () => {
  assert.equal(
    faultOfOutput(["x: Connection refused", "y: 401 Unauthorized", "and so on"], "x"),
    "CAMERA_UNAUTHORIZED",
  );
});

test("numbers in the address of the source mean nothing", () => {
  assert.equal(faultOfOutput(["rtsp://cam/404: End of file"], "rtsp://cam/404"), null);
});

test("lines come out whole however the text is cut", () => {
  const text = "one\ntwo\r\nthree\rfour\n";
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 30 }), (cuts) => {
      const lines: string[] = [];
      const split = createLineSplitter((line) => lines.push(line));
      let at = 0;
      for (const cut of [...cuts, text.length]) {
        split(text.slice(at, at + cut));
        at += cut;
      }
      assert.deepEqual(lines, ["one", "two", "three", "four"]);
    }),
  );
});
