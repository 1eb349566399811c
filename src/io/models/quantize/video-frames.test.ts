import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { FakeClock } from "../../../../test/fakes/fake-clock.ts";
import { installRectangleNet, NET_INPUT } from "../../../../test/fakes/rectangle-net.ts";
import type { ModelEntry } from "../manifest.ts";
import { framesOfVideo } from "./video-frames.ts";

const { signal } = new AbortController();
const clock = new FakeClock();
let root = "";
let entry: ModelEntry;
let video = "";

before(async () => {
  root = await mkdtemp(join(tmpdir(), "vitrine-frames-"));
  entry = await installRectangleNet(join(root, "models"));
  video = join(root, "red.avi");
  const source = "color=red:size=64x96:rate=5:duration=12";
  execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", source, "-c:v", "mjpeg", video]);
});
after(() => rm(root, { recursive: true, force: true }));

test("a video gives one frame a second, fitted as the model wants it", async () => {
  const frames = await framesOfVideo(video, entry, { least: 8, most: 64 }, { clock, signal });
  assert.equal(frames.length, 12);
  const { widthPx, heightPx } = NET_INPUT;
  for (const frame of frames) {
    assert.equal(frame.length, widthPx * heightPx * 3);
    // Grey beside the picture, red in the middle of it.
    assert.deepEqual([...frame.subarray(0, 3)], [114, 114, 114]);
    const middle = (48 * widthPx + 64) * 3;
    const [red = 0, green = 255, blue = 255] = frame.subarray(middle, middle + 3);
    assert.ok(red > 200 && green < 60 && blue < 60, `${red} ${green} ${blue}`);
  }
});

test("no more frames are taken than asked for", async () => {
  const frames = await framesOfVideo(video, entry, { least: 1, most: 5 }, { clock, signal });
  assert.equal(frames.length, 5);
});

test("a video that is too short, and one that is none, are refused with what was found", async () => {
  const limits = { least: 20, most: 64 };
  await assert.rejects(framesOfVideo(video, entry, limits, { clock, signal }), {
    code: "INPUT_INVALID",
    message: /expected a video of at least 20 s, found 12 frames/,
  });
  const absent = join(root, "absent.mp4");
  await assert.rejects(framesOfVideo(absent, entry, limits, { clock, signal }), {
    code: "INPUT_INVALID",
    message: /found 0 frames/,
  });
});

test("an aborted reading ends with the reason", async () => {
  const abort = new AbortController();
  const reading = framesOfVideo(
    video,
    entry,
    { least: 1, most: 64 },
    { clock, signal: abort.signal },
  );
  abort.abort(new Error("enough"));
  await assert.rejects(reading, /enough/);
});
