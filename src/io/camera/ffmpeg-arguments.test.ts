import assert from "node:assert/strict";
import test from "node:test";
import { type FfmpegFlavour, type FrameFit, ffmpegArguments } from "./ffmpeg-arguments.ts";
import { createRedactor, describeSource, parseVideoSource } from "./video-source.ts";

const NEW: FfmpegFlavour = {
  rtspTimeoutFlag: "-timeout",
  passthrough: ["-fps_mode", "passthrough"],
  frameLines: "showinfo=checksum=0",
};
const OLD: FfmpegFlavour = {
  rtspTimeoutFlag: "-stimeout",
  passthrough: ["-vsync", "passthrough"],
  frameLines: "showinfo",
};
const INPUT = { widthPx: 512, heightPx: 288 };

function line(source: string, flavour = NEW, pacing: "live" | "lossless" = "live"): string {
  const request = { source: parseVideoSource(source), input: INPUT, fps: 8, pacing };
  return ffmpegArguments(flavour, request).join(" ");
}

for (const [text, kind] of [
  ["rtsp://cam/1", "rtsp"],
  ["RTSPS://cam/1", "rtsp"],
  ["http://cam/mjpg", "http"],
  ["/dev/video0", "v4l2"],
  ["/dev/video", "file"],
  ["clips/door.mp4", "file"],
] as const) {
  test(`the source ${text} is taken for ${kind}`, () => {
    assert.equal(parseVideoSource(text).kind, kind);
  });
}

test("RTSP goes over TCP with a socket timeout in the words of the ffmpeg at hand", () => {
  assert.match(line("rtsp://cam/1"), /-rtsp_transport tcp -timeout 5000000 .*-i rtsp:\/\/cam\/1 /);
  assert.match(line("rtsp://cam/1", OLD), /-stimeout 5000000 /);
  assert.doesNotMatch(line("rtsp://cam/1", OLD), /-timeout/);
});

test("a V4L2 camera is opened as one, in MJPEG and at no less than the wanted rate", () => {
  const text = line("/dev/video0");
  assert.match(
    text,
    /-f v4l2 -input_format mjpeg -video_size 640x480 -framerate 10 -i \/dev\/video0 /,
  );
});

test("a file is read at its own speed when live and at full speed when nothing may be lost", () => {
  assert.match(line("a.mp4"), / -re -i a\.mp4 /);
  assert.doesNotMatch(line("a.mp4", NEW, "lossless"), / -re /);
});

test("frames leave letterboxed as rgb24 with the grey of the models and without being doubled", () => {
  const text = line("a.mp4", NEW, "lossless");
  assert.match(
    text,
    /fps=fps=8,showinfo=checksum=0,scale=512:288:force_original_aspect_ratio=decrease/,
  );
  assert.match(text, /format=rgb24,pad=512:288:\(ow-iw\)\/2:\(oh-ih\)\/2:color=0x727272 /);
  assert.match(text, /-fps_mode passthrough -pix_fmt rgb24 -f rawvideo pipe:1$/);
  assert.match(line("a.mp4", OLD), /-vsync passthrough/);
});

test("a model may want the picture stretched, or in the corner beside another grey", () => {
  const filterOf = (fit: FrameFit): string => {
    const source = parseVideoSource("a.mp4");
    const request = { source, input: INPUT, fit, fps: 8, pacing: "lossless" } as const;
    const args = ffmpegArguments(NEW, request);
    return args[args.indexOf("-vf") + 1] ?? "";
  };
  assert.equal(
    filterOf({ resize: "stretch", pad: 0 }),
    "fps=fps=8,showinfo=checksum=0,scale=512:288:flags=bilinear,format=rgb24",
  );
  assert.match(filterOf({ resize: "topleft", pad: 5 }), /,pad=512:288:0:0:color=0x050505$/);
  assert.match(filterOf({ resize: "letterbox", pad: 114 }), /:color=0x727272$/);
});

test("no spelling of a camera's credentials survives the redactor", () => {
  const source = parseVideoSource("rtsp://admin:p%40ss:w@10.0.0.9/live?token=geheim");
  const clean = createRedactor(source);
  const said = "rtsp://admin:p%40ss:w@10.0.0.9/live?token=geheim: p@ss:w was refused";
  for (const secret of ["p%40ss", "p@ss", "geheim"]) assert.ok(!clean(said).includes(secret));
  assert.equal(describeSource(source), "rtsp://***@10.0.0.9/live?***");
});

test("credentials in a URL other than the configured one are removed as well", () => {
  const clean = createRedactor(parseVideoSource("rtsp://cam/1"));
  assert.equal(clean("redirected to rtsp://u:secret@cam/2"), "redirected to rtsp://***@cam/2");
});
