import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import test from "node:test";
import { monoMs } from "../../core/brand.ts";
import { PictureWatch } from "../../vision/picture-watch.ts";
import { letterboxOf } from "../../vision/ports.ts";
import { findFfmpeg } from "./ffmpeg-binary.ts";

const PICTURE = { widthPx: 320, heightPx: 180 };
const FRAME_BYTES = PICTURE.widthPx * PICTURE.heightPx * 3;
const FPS = 5;
/** A scene of many edges that stands still, with the noise of a sensor added where a film asks for it. */
const SCENE = "mandelbrot=s=480x270:r=5:start_scale=1:end_scale=1,trim=end_frame=1,loop=-1:1:0";
const NOISE = "noise=alls=8:allf=t";
/** The frame is cut out of the larger scene, so that it can be cut elsewhere. */
const cut = (x: string, y: string): string => `crop=320:180:x='${x}':y='${y}'`;

/** Plays a film made by ffmpeg through H.264 and back, as a camera would deliver it, and collects the reports. */
async function play(filter: string, seconds: number, isLive = true): Promise<readonly string[]> {
  const { path } = await findFfmpeg();
  const film = `${SCENE},${filter}`;
  const limits = ["-t", String(seconds), "-r", String(FPS)];
  const encode = ["-v", "error", "-f", "lavfi", "-i", film, ...limits, "-pix_fmt", "yuv420p"];
  const coding = ["-c:v", "libx264", "-preset", "veryfast", "-g", "20", "-f", "mpegts", "-"];
  const encoder = spawn(path, [...encode, ...coding], { stdio: ["ignore", "pipe", "inherit"] });
  const raw = ["-pix_fmt", "rgb24", "-f", "rawvideo", "-"];
  const decoder = spawn(path, ["-v", "error", "-f", "mpegts", "-i", "-", ...raw], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  encoder.stdout.pipe(decoder.stdin);
  const words: string[] = [];
  const watch = new PictureWatch({
    letterbox: letterboxOf(PICTURE, PICTURE),
    hasMotionGate: true,
    isLive,
    onReport: (report) => {
      const second = Math.floor(report.atMono / 1000);
      if (report.kind === "fault") words.push(`${second} ${report.code ?? "good"}`);
      else words.push(`${second} ${report.condition} ${JSON.stringify(report.measured)}`);
    },
  });
  const frame = Buffer.alloc(FRAME_BYTES);
  let filled = 0;
  let frames = 0;
  for await (const chunk of decoder.stdout as AsyncIterable<Buffer>) {
    for (let at = 0; at < chunk.length; ) {
      const copied = chunk.copy(frame, filled, at, at + FRAME_BYTES - filled);
      at += copied;
      filled += copied;
      if (filled < FRAME_BYTES) continue;
      watch.examine(frame, monoMs((frames * 1000) / FPS), "nothing");
      filled = 0;
      frames += 1;
    }
  }
  assert.ok(frames >= seconds * FPS - 1, `${frames} frames`);
  return words;
}

const GENEROUS = { timeout: 120_000 };

test("film: a still scene with the noise of a sensor is in good health", GENEROUS, async () => {
  assert.deepEqual(await play(`${cut("80", "45")},${NOISE}`, 90), []);
});

test("film: a sensor that stops while its encoder goes on is frozen", GENEROUS, async () => {
  const stopped = "trim=0:30,tpad=stop_mode=clone:stop_duration=40";
  const words = await play(`${cut("80", "45")},${NOISE},${stopped}`, 70);
  // The encoder codes the very last pictures of a film in another way; a camera has no last picture.
  assert.match(words.join(), /^(4[5-9]|5\d) CAMERA_FROZEN(,6[89] good)?$/);
});

test(
  "film: a generated scene without noise is frozen from a live source and never from a file",
  GENEROUS,
  async () => {
    assert.deepEqual(await play(cut("80", "45"), 90, false), []);
  },
);

test("film: a fade to black is covered within seconds", GENEROUS, async () => {
  const words = await play(`${cut("80", "45")},${NOISE},fade=t=out:st=30:d=1`, 50);
  assert.match(words.join(), /^3[4-8] CAMERA_COVERED/);
});

test("film: a lens blurred beyond recognition is covered", GENEROUS, async () => {
  const blur = "boxblur=lr=60:lp=3:enable='gt(t,80)'";
  const words = await play(`${cut("80", "45")},${blur},${NOISE}`, 110);
  assert.match(words.join(), /CAMERA_COVERED/);
});

test("film: a camera pushed aside is moved, by as much as it was pushed", GENEROUS, async () => {
  const pushed = cut("if(lt(t,30),80,100)", "if(lt(t,30),45,36)");
  const words = await play(`${pushed},${NOISE}`, 70);
  assert.equal(words.length, 1);
  assert.match(words[0] ?? "", /^[3-6]\d moved /);
  const shift = JSON.parse((words[0] ?? "").replace(/^.*moved /, ""));
  assert.ok(Math.abs(shift.shiftXNorm + 20 / 320) < 0.01, `${shift.shiftXNorm}`);
  assert.ok(Math.abs(shift.shiftYNorm - 9 / 180) < 0.012, `${shift.shiftYNorm}`);
});

test(
  "film: brightness, contrast and colour that change are neither moved nor covered",
  GENEROUS,
  async () => {
    const light =
      "eq=brightness='0.2*sin(t/4)':contrast='1+0.2*sin(t/7)':gamma='1+0.3*sin(t/11)':eval=frame";
    assert.deepEqual(
      await play(`${cut("80", "45")},${light},hue=h='20*sin(t/5)',${NOISE}`, 90),
      [],
    );
  },
);
