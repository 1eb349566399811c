import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Tensor } from "onnxruntime-node";
import { createSystemClock } from "../../src/app/system-clock.ts";
import { cameraId, lineId, monoMs, zoneId } from "../../src/core/brand.ts";
import type { CameraPlan } from "../../src/core/site.ts";
import type { CameraModel } from "../../src/io/camera/camera-protocol.ts";
import { ffmpegArguments } from "../../src/io/camera/ffmpeg-arguments.ts";
import { findFfmpeg } from "../../src/io/camera/ffmpeg-binary.ts";
import { FfmpegProcess } from "../../src/io/camera/ffmpeg-process.ts";
import { analyseVideo } from "../../src/io/camera/offline.ts";
import { probeVideo } from "../../src/io/camera/video-probe.ts";
import { fitOf } from "../../src/io/models/manifest.ts";
import { openSession } from "../../src/io/onnx/session.ts";

export interface PipelineBench {
  readonly video: string;
  readonly model: CameraModel;
  /** Frames per measurement. */
  readonly frames: number;
  readonly repeats: number;
}

export interface PipelineFigures {
  /** Median over the repeats of chain fps / bare fps. */
  readonly ratio: number;
  readonly chainFps: number;
  readonly bareFps: number;
  readonly ratios: readonly number[];
  readonly frames: number;
  readonly threads: number;
  readonly model: string;
}

/** Frames left out at the beginning of each measurement: caches, engine and decoder settle. */
const WARM_UP = 10;

/** One line and one zone across the middle, so that the last stages have work. */
const PLAN: CameraPlan = {
  id: cameraId("bench"),
  name: "bench",
  lines: [
    { id: lineId("mid"), name: "mid", role: "door", a: { x: 0.5, y: 1 }, b: { x: 0.5, y: 0 } },
  ],
  zones: [
    {
      id: zoneId("middle"),
      name: "middle",
      kind: "area",
      polygon: [
        { x: 0.3, y: 0.3 },
        { x: 0.7, y: 0.3 },
        { x: 0.7, y: 0.8 },
        { x: 0.3, y: 0.8 },
      ],
    },
  ],
  exclusions: [],
};

/**
 * Measures the bare inference loop and the whole chain in turn on the same frames with the same number of threads,
 * both without their start-up, and compares them.
 */
export async function measurePipeline(bench: PipelineBench): Promise<PipelineFigures> {
  const frames = await decodeFrames(bench);
  const bare: number[] = [];
  const chain: number[] = [];
  for (let repeat = 0; repeat < bench.repeats; repeat += 1) {
    bare.push(await bareFps(bench.model, frames));
    chain.push(await chainFps(bench, frames.length));
  }
  const ratios = chain.map((fps, i) => fps / (bare[i] ?? Number.NaN));
  return {
    ratio: rounded(median(ratios)),
    chainFps: rounded(median(chain)),
    bareFps: rounded(median(bare)),
    ratios: ratios.map(rounded),
    frames: frames.length,
    threads: bench.model.threads,
    model: bench.model.entry.id,
  };
}

/** The frames exactly as the chain gets them, held in memory for the bare loop. */
async function decodeFrames({ video, model, frames }: PipelineBench): Promise<Uint8Array[]> {
  const clock = createSystemClock();
  const ffmpeg = await findFfmpeg();
  const source = { kind: "file", address: video } as const;
  const { fps } = await probeVideo(ffmpeg, source, clock);
  const { width: widthPx, height: heightPx } = model.entry.input;
  const frameBytes = widthPx * heightPx * 3;
  const memory = new Uint8Array(frameBytes * frames);
  let filledBytes = 0;
  const request = {
    source,
    input: { widthPx, heightPx },
    fit: fitOf(model.entry),
    fps: fps ?? 10,
    pacing: "lossless",
  } as const;
  const decoder = new FfmpegProcess({
    path: ffmpeg.path,
    args: ffmpegArguments(ffmpeg, request),
    clock,
    onChunk: (chunk) => {
      const part = chunk.subarray(0, memory.length - filledBytes);
      memory.set(part, filledBytes);
      filledBytes += part.length;
      if (filledBytes === memory.length) void decoder.stop();
    },
    onLine: () => undefined,
  });
  decoder.resume();
  await decoder.closed;
  const whole = Math.floor(filledBytes / frameBytes);
  return Array.from({ length: whole }, (_, i) =>
    memory.subarray(i * frameBytes, (i + 1) * frameBytes),
  );
}

async function bareFps(model: CameraModel, frames: readonly Uint8Array[]): Promise<number> {
  const bytes = await readFile(join(model.dir, model.entry.file));
  const session = await openSession(bytes, model.threads);
  const { name, width, height } = model.entry.input;
  const pixels = new Uint8Array(width * height * 3);
  const feeds = { [name]: new Tensor("uint8", pixels, [1, height, width, 3]) };
  const outputs: Record<string, Tensor> = {};
  for (const port of session.outputMetadata) {
    const dims = port.isTensor ? port.shape.map(Number) : [];
    const length = dims.reduce((product, size) => product * size, 1);
    outputs[port.name] = new Tensor("float32", new Float32Array(length), dims);
  }
  let fromMs = 0;
  for (const [index, frame] of frames.entries()) {
    if (index === WARM_UP) fromMs = performance.now();
    pixels.set(frame);
    await session.run(feeds, outputs);
  }
  const seconds = (performance.now() - fromMs) / 1000;
  await session.release();
  return (frames.length - WARM_UP) / seconds;
}

async function chainFps(bench: PipelineBench, frames: number): Promise<number> {
  const enough = new AbortController();
  let looked = 0;
  let fromMs = 0;
  let toMs = 0;
  const analysis = analyseVideo({
    file: bench.video,
    plan: PLAN,
    model: bench.model,
    startMono: monoMs(0),
    clock: createSystemClock(),
    signal: enough.signal,
    run: "bench",
    onEvent: () => undefined,
    onPeople: () => {
      looked += 1;
      if (looked === WARM_UP) fromMs = performance.now();
      if (looked !== frames) return;
      toMs = performance.now();
      enough.abort();
    },
  });
  await analysis.catch((error: unknown) => {
    if (!enough.signal.aborted) throw error;
  });
  return ((frames - WARM_UP) * 1000) / (toMs - fromMs);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
