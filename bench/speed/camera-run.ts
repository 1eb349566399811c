import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Tensor } from "onnxruntime-node";
import { createSystemClock } from "../../src/app/system-clock.ts";
import { cameraId, lineId, zoneId } from "../../src/core/brand.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import type { CameraPlan } from "../../src/core/site.ts";
import type { CameraModel } from "../../src/io/camera/camera-protocol.ts";
import { findFfmpeg } from "../../src/io/camera/ffmpeg-binary.ts";
import { type Camera, createCamera } from "../../src/io/camera/live-camera.ts";
import { openSession } from "../../src/io/onnx/session.ts";
import { childrenCpuMs, ownCpuMs } from "./process-cpu.ts";

/** A live camera that is measured: a file played at its own speed, again and again. */
export interface CameraBench {
  readonly video: string;
  readonly model: CameraModel;
  readonly fps: number;
  /** Left out at the beginning: engine, decoder and compiled code settle. */
  readonly warmUpS: number;
  readonly seconds: number;
}

export interface CameraCpu {
  /** Processor time of this process (all threads) and of ffmpeg over the measured time. */
  readonly ownMs: number;
  readonly ffmpegMs: number;
  readonly wallMs: number;
  /** Frames given to the detector, and frames in which nothing moved. */
  readonly inferred: number;
  readonly skipped: number;
  readonly dropped: number;
}

const corner = (x: number, y: number) => ({ x, y });
const PLAN: CameraPlan = {
  id: cameraId("bench"),
  name: "bench",
  lines: [{ id: lineId("mid"), name: "mid", role: "door", a: corner(0.5, 1), b: corner(0.5, 0) }],
  zones: [
    {
      id: zoneId("middle"),
      name: "middle",
      kind: "area",
      polygon: [corner(0.3, 0.3), corner(0.7, 0.3), corner(0.7, 0.8), corner(0.3, 0.8)],
    },
  ],
  exclusions: [],
};

/** Runs the camera as a gateway does and measures the processor time it takes. */
export async function measureCamera(bench: CameraBench): Promise<CameraCpu> {
  const camera = createCamera({
    config: {
      id: PLAN.id,
      source: bench.video,
      fps: bench.fps,
      motionGate: true,
      loop: true,
    },
    plan: PLAN,
    model: bench.model,
    clock: createSystemClock(),
    log: SILENT_LOG,
    random: () => 0.5,
    onEvent: () => undefined,
    onPeople: () => undefined,
  });
  await camera.start(new AbortController().signal);
  try {
    while (camera.facts().state !== "seeing") await pause(100);
    await pause(bench.warmUpS * 1000);
    const from = reading(camera);
    await pause(bench.seconds * 1000);
    const to = reading(camera);
    return {
      ownMs: to.ownMs - from.ownMs,
      ffmpegMs: to.ffmpegMs - from.ffmpegMs,
      wallMs: to.wallMs - from.wallMs,
      inferred: to.looked - to.skipped - (from.looked - from.skipped),
      skipped: to.skipped - from.skipped,
      dropped: to.dropped - from.dropped,
    };
  } finally {
    await camera[Symbol.asyncDispose]();
  }
}

function reading(camera: Camera) {
  const facts = camera.facts();
  return {
    ownMs: ownCpuMs(),
    ffmpegMs: childrenCpuMs(),
    wallMs: performance.now(),
    looked: facts.framesLooked,
    skipped: facts.framesSkipped,
    dropped: facts.framesDropped,
  };
}

/**
 * Processor time of `frames` runs of the network alone, on a picture already in memory: one after the other, or so
 * many a second, which costs more, since the caches are cold each time.
 */
export async function bareInferenceMs(
  model: CameraModel,
  frames: number,
  fps: number | null,
): Promise<number> {
  const session = await openSession(
    await readFile(join(model.dir, model.entry.file)),
    model.threads,
  );
  const { name, width, height } = model.entry.input;
  const pixels = new Uint8Array(width * height * 3).fill(114);
  const feeds = { [name]: new Tensor("uint8", pixels, [1, height, width, 3]) };
  for (let i = 0; i < 10; i += 1) await session.run(feeds);
  const from = ownCpuMs();
  const fromMs = performance.now();
  for (let i = 0; i < frames; i += 1) {
    if (fps !== null) await pause(Math.max(0, fromMs + (i * 1000) / fps - performance.now()));
    await session.run(feeds);
  }
  const took = ownCpuMs() - from;
  await session.release();
  return took;
}

/**
 * Processor time of ffmpeg alone over so many seconds of the video, as fast as it can or at the speed of the video:
 * decoding and scaling to the size of the network, or nothing but decoding. Nothing is written anywhere.
 */
export async function bareDecodeMs(
  bench: CameraBench,
  { isScaled, isPaced }: { readonly isScaled: boolean; readonly isPaced: boolean },
): Promise<number> {
  const { path } = await findFfmpeg();
  const { width, height } = bench.model.entry.input;
  const scaling = ["-vf", `scale=${width}:${height}:flags=bilinear,format=rgb24`];
  const args = [
    ...["-hide_banner", "-nostdin", "-v", "info", "-benchmark", "-threads", "1"],
    ...(isPaced ? ["-re"] : []),
    ...["-stream_loop", "-1", "-i", bench.video, "-t", String(bench.seconds), "-an"],
    ...(isScaled ? scaling : []),
    ...["-f", "null", "-"],
  ];
  const child = spawn(path, args, { stdio: ["ignore", "ignore", "pipe"] });
  let report = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    report += text;
  });
  await new Promise((resolve) => child.on("close", resolve));
  const times = /utime=([\d.]+)s stime=([\d.]+)s/.exec(report);
  return 1000 * (Number(times?.[1]) + Number(times?.[2]));
}

/** Waits, so that the camera under measure can work. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
