import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import {
  createLineSplitter,
  faultOfOutput,
  isDamageLine,
  parseFrameLine,
  parseStreamLine,
} from "./ffmpeg-output.ts";

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
  ["[mov,mp4 @ 0x5] moov atom not found", "CAMERA_UNREADABLE"],
  ["noise.ts: Invalid data found when processing input", "CAMERA_UNREADABLE"],
  ["Output #0 does not contain any stream", "CAMERA_UNREADABLE"],
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

for (const [line, size] of [
  [
    "[Parsed_showinfo_1 @ 0x5577764edec0] n:  35 pts: 396000 pts_time:4.4     pos:  1025164 fmt:yuv420p sar:0/1 s:768x576 i:P iskey:0 type:P ",
    { widthPx: 768, heightPx: 576 },
  ],
  [
    "[Parsed_showinfo_1 @ 0x63f] n:1234 pts:    512 pts_time:0.04    duration:    512 duration_time:0.04    fmt:yuvj420p cl:left sar:1/1 s:16x16 i:P iskey:1 type:I ",
    { widthPx: 16, heightPx: 16 },
  ],
  ["[Parsed_showinfo_1 @ 0x63f] config in time_base: 1/90000, frame_rate: 10/1", null],
  ["[Parsed_showinfo_1 @ 0x63f] User Data=n: 1 s:9x9", null],
  ["  Stream #0:0: Video: h264, yuv420p, 768x576, 10 fps", null],
] as const) {
  test(`a frame line is ${size === null ? "not" : `${size.widthPx} wide in`} "${line.slice(0, 60)}..."`, () => {
    assert.deepEqual(parseFrameLine(line), size);
  });
}

test("reports of damaged pictures are told from others", () => {
  for (const line of [
    "[h264 @ 0x5] concealing 88 DC, 88 AC, 88 MV errors in P frame",
    "[h264 @ 0x5] error while decoding MB 3 4, bytestream -5",
    "rtsp://cam/1: corrupt decoded frame in stream 0",
  ])
    assert.ok(isDamageLine(line), line);
  assert.ok(!isDamageLine("  Stream #0:0: Video: h264, yuv420p, 768x576, 10 fps"));
});
