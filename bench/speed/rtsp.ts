import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createSystemClock } from "../../src/app/system-clock.ts";
import { cameraId } from "../../src/core/brand.ts";
import { GatewayError } from "../../src/core/errors.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { seededRandom } from "../../src/core/random.ts";
import type { CameraModel } from "../../src/io/camera/camera-protocol.ts";
import { type Camera, createCamera } from "../../src/io/camera/live-camera.ts";
import { createCameraModels } from "../../src/io/models/camera-models.ts";
import { readManifest } from "../../src/io/models/manifest.ts";
import { fakeCameraModel } from "../../test/fakes/fake-person-model.ts";
import {
  canServeRtsp,
  processesWith,
  RtspServer,
  writeClip,
} from "../../test/fakes/rtsp-server.ts";

export const usage = `bench rtsp [--cycles N] [--models DIR] [--json]
A camera on a real RTSP server (gst-rtsp-server, H.264 over TCP). First frame: from starting a camera to its first frame,
and to the first frame a model looked at, in five starts. Then N cycles (default 10): the server is frozen (SIGSTOP),
left so for a while, and thawed. Measured: frozen until shown as blind, thawed until a frame was looked at again, and the
processes left behind. Every ratio is the worst case over its limit, so below 1 is good.

Example: npm run bench -- rtsp --cycles 200 --json`;

/** What the product promises. */
const LIMITS = { firstFrameMs: 1000, shownMs: 5000, recoveryMs: 3000 } as const;
const STARTS = 5;
const PICTURE = { widthPx: 768, heightPx: 432 };
/** How long a camera stays frozen after it was shown as blind: other stages of reopening in each cycle. */
const FROZEN_MS = [0, 1500, 4000, 7000, 11_000] as const;
const PATIENCE_MS = 60_000;

interface Spread {
  readonly median: number;
  readonly p95: number;
  readonly max: number;
}

/** Measures the life of a camera over RTSP. @throws USAGE, and INPUT_INVALID where no RTSP server can run */
export async function run(args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const { cycles, modelsDir } = readOptions(args);
  if (!(await canServeRtsp()))
    throw new GatewayError("INPUT_INVALID", "no gst-rtsp-server: see test/fakes/rtsp-server.py");
  const dir = mkdtempSync(join(tmpdir(), "bench-rtsp-"));
  try {
    const file = join(dir, "walk.mp4");
    await writeClip(file, PICTURE, { seconds: 120 });
    const model = (await realModel(modelsDir)) ?? fakeCameraModel(dir);
    await using server = await RtspServer.start({ file });
    const first = await measureStarts(server, model);
    const life = await measureCycles(server, model, cycles);
    return {
      model: model.entry.id,
      cycles,
      ...first,
      ...life,
      leakedProcesses: processesWith(server.url).length,
      limits: LIMITS,
      ratios: {
        firstFrame: ratio(first.firstFrameMs.max, LIMITS.firstFrameMs),
        shown: ratio(life.shownBlindMs.max, LIMITS.shownMs),
        recovery: ratio(life.recoveryMs.max, LIMITS.recoveryMs),
      },
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Several cameras one after the other, each with a worker and an ffmpeg of its own. */
async function measureStarts(server: RtspServer, model: CameraModel) {
  const frames: number[] = [];
  const looks: number[] = [];
  for (let start = 0; start < STARTS; start += 1) {
    const camera = openCamera(server.url, model);
    const fromMs = performance.now();
    await camera.start(new AbortController().signal);
    await until(() => camera.facts().lastFrameAgeMs !== null, "the first frame");
    // The frame is older than this look at it.
    frames.push(performance.now() - fromMs - (camera.facts().lastFrameAgeMs ?? 0));
    await until(() => camera.facts().framesLooked > 0, "the first frame looked at");
    looks.push(performance.now() - fromMs);
    await camera[Symbol.asyncDispose]();
  }
  return { firstFrameMs: spread(frames), firstLookMs: spread(looks) };
}

async function measureCycles(server: RtspServer, model: CameraModel, cycles: number) {
  const camera = openCamera(server.url, model);
  await camera.start(new AbortController().signal);
  await until(() => camera.facts().state === "seeing", "the first sight");
  const shown: number[] = [];
  const recovered: number[] = [];
  let mostProcesses = 0;
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    await pause(1500);
    server.freeze();
    const frozenMs = performance.now();
    await until(() => camera.facts().state === "blind", "being shown as blind");
    shown.push(performance.now() - frozenMs);
    await pause(FROZEN_MS[cycle % FROZEN_MS.length] ?? 0);
    mostProcesses = Math.max(mostProcesses, processesWith(server.url).length);
    server.thaw();
    const thawedMs = performance.now();
    await until(() => camera.facts().state === "seeing", "seeing again");
    recovered.push(performance.now() - thawedMs);
  }
  const { opened, workersStarted } = camera.facts();
  await camera[Symbol.asyncDispose]();
  return {
    shownBlindMs: spread(shown),
    recoveryMs: spread(recovered),
    slowRecoveries: recovered.filter((ms) => ms > LIMITS.recoveryMs).length,
    mostProcesses,
    opened,
    workersStarted,
  };
}

function openCamera(source: string, model: CameraModel): Camera {
  const id = cameraId("bench");
  return createCamera({
    config: { id, source, fps: 8, motionGate: true, loop: false },
    plan: { id, name: "bench", lines: [], zones: [], exclusions: [] },
    model,
    clock: createSystemClock(),
    log: SILENT_LOG,
    random: seededRandom(1),
    onEvent: () => undefined,
    onPeople: () => undefined,
  });
}

async function realModel(dir: string): Promise<CameraModel | null> {
  const manifest = await readManifest(dir);
  const models = createCameraModels(manifest, { dir, threads: 1, profile: "default" });
  return models.modelFor(PICTURE);
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const fromMs = performance.now();
  while (!condition()) {
    if (performance.now() - fromMs > PATIENCE_MS)
      throw new GatewayError("CAMERA_UNREACHABLE", `${what} did not come within a minute`);
    await pause(5);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => {
    const index = Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1);
    return Math.round(sorted[Math.max(0, index)] ?? Number.NaN);
  };
  return { median: at(0.5), p95: at(0.95), max: at(1) };
}

function ratio(value: number, limit: number): number {
  return Math.round((value / limit) * 1000) / 1000;
}

function readOptions(args: readonly string[]): { cycles: number; modelsDir: string } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        cycles: { type: "string", default: "10" },
        models: { type: "string", default: "models" },
      },
    });
    const cycles = Number(values.cycles);
    if (!Number.isInteger(cycles) || cycles < 1)
      throw new TypeError("expected a whole number from 1 for --cycles");
    return { cycles, modelsDir: values.models };
  } catch (cause) {
    throw new GatewayError("USAGE", (cause as Error).message, { cause });
  }
}
