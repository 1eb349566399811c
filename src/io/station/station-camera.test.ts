import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { createFakeFfmpeg, isAlive } from "../../../test/fakes/fake-ffmpeg.ts";
import { createSystemClock } from "../../app/system-clock.ts";
import { findFfmpeg, probeFfmpeg } from "../camera/ffmpeg-binary.ts";
import { FfmpegStationCamera } from "./station-camera.ts";

const dir = mkdtempSync(join(tmpdir(), "station-camera-"));
const clip = join(dir, "red.mp4");
const SIZE = { widthPx: 64, heightPx: 48 };
const clock = createSystemClock();

before(async () => {
  const { path } = await findFfmpeg();
  const args = ["-y", "-loglevel", "error", "-f", "lavfi", "-i", "color=red:s=160x120:r=12:d=5"];
  await promisify(execFile)(path, [...args, "-pix_fmt", "yuv420p", clip]);
});
after(() => rmSync(dir, { recursive: true, force: true }));

async function fakeBinary(path: string) {
  const binary = await probeFfmpeg(path);
  assert.ok(binary !== null);
  return { ...binary, leash: null };
}

test("the camera is off until somebody looks, gives true pictures, and is off again after", async () => {
  const camera = new FfmpegStationCamera({ source: clip, clock, ffmpeg: findFfmpeg, size: SIZE });
  assert.equal(camera.isOn, false);
  const stop = new AbortController();
  const kept: Uint8Array[] = [];
  for await (const frame of camera.frames(stop.signal)) {
    assert.ok(camera.isOn);
    const { rgb, widthPx, heightPx } = frame.picture;
    assert.equal(rgb.length, widthPx * heightPx * 3);
    const [red = 0, green = 0, blue = 0] = rgb.subarray((24 * 64 + 32) * 3);
    assert.ok(red > 200 && green < 40 && blue < 40, `${red} ${green} ${blue}`);
    kept.push(rgb);
    frame.wipe();
    assert.ok(rgb.every((byte) => byte === 0));
    if (kept.length === 3) stop.abort();
  }
  assert.equal(camera.isOn, false);
  assert.equal(kept.length, 3);
  assert.ok(kept.every((rgb) => rgb.every((byte) => byte === 0)));
});

test("ffmpeg runs during a look alone, and what nobody wiped is wiped when the look ends", async () => {
  using fake = createFakeFfmpeg({
    runs: [{ picture: "64x48", frames: 2, intervalMs: 20, afterwards: "stall" }],
  });
  const camera = new FfmpegStationCamera({
    ...{ source: "rtsp://user:secret@camera/1", clock, size: SIZE },
    ffmpeg: () => fakeBinary(fake.path),
  });
  assert.equal(fake.runs().length, 0);
  let kept: Uint8Array | null = null;
  for await (const { picture } of camera.frames(new AbortController().signal)) {
    assert.equal(picture.rgb[0], 1);
    kept = picture.rgb;
    await assert.rejects(camera.frames(new AbortController().signal).next(), /in use/);
    break;
  }
  assert.ok(kept?.every((byte) => byte === 0));
  const [run] = fake.runs();
  assert.equal(fake.runs().length, 1);
  assert.equal(isAlive(run?.pid ?? 0), false);
  assert.equal(camera.isOn, false);
});

test("a camera without a picture is left when the shopper goes, and one that is away says so", async () => {
  using silent = createFakeFfmpeg({ runs: [{ afterwards: "stall" }] });
  const stop = new AbortController();
  const camera = new FfmpegStationCamera({
    ...{ source: "/dev/video9", clock },
    ffmpeg: () => fakeBinary(silent.path),
  });
  const first = camera.frames(stop.signal).next();
  stop.abort();
  assert.deepEqual(await first, { done: true, value: undefined });
  using away = createFakeFfmpeg({
    runs: [{ report: ["rtsp://user:secret@camera/1: Connection refused"], exitCode: 1 }],
  });
  const other = new FfmpegStationCamera({
    ...{ source: "rtsp://user:secret@camera/1", clock, size: SIZE },
    ffmpeg: () => fakeBinary(away.path),
  });
  await assert.rejects(other.frames(new AbortController().signal).next(), (fault: unknown) => {
    assert.ok(fault instanceof Error && "code" in fault && "context" in fault);
    assert.equal(fault.code, "CAMERA_UNREACHABLE");
    assert.equal(JSON.stringify(fault.context).includes("secret"), false);
    return true;
  });
});
