import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Tensor } from "onnxruntime-node";
import { GatewayError } from "../../core/errors.ts";
import { seededRandom } from "../../core/random.ts";
import { openSession } from "../onnx/session.ts";
import { type ModelEntry, readManifest } from "./manifest.ts";

const WARM_UP_RUNS = 5;
const MEASURED_RUNS = 30;
/** Frames per second the camera chain is planned with. */
const PLANNED_FPS = 5;
/** Share of the time an inference may take; decoding video and tracking need the rest. */
const INFERENCE_SHARE = 0.5;

/** Latency of one inference. */
export interface ModelBench {
  readonly id: string;
  readonly medianMs: number;
  /** Nine of ten runs took no longer. */
  readonly p90Ms: number;
}

export interface BenchReport {
  readonly threads: number;
  readonly models: readonly ModelBench[];
  /** Advice for this board, one sentence. */
  readonly recommendation: string;
}

/**
 * Measures every installed person model on this board with raw frames of noise, one after the other.
 * @throws MODEL_MISSING when none is installed or a file is gone, MODEL_UNSUPPORTED when the engine refuses one
 */
export async function benchModels(
  dir: string,
  { threads }: { readonly threads: number },
): Promise<BenchReport> {
  const installed = (await readManifest(dir))?.models ?? [];
  const people = installed.filter(({ task }) => task === "person");
  if (people.length === 0) throw new GatewayError("MODEL_MISSING", `No person model in ${dir}`);
  const models: ModelBench[] = [];
  for (const entry of people) models.push(await benchModel(dir, entry, threads));
  return { threads, models, recommendation: recommend(models, threads) };
}

async function benchModel(dir: string, entry: ModelEntry, threads: number): Promise<ModelBench> {
  const { name, width, height } = entry.input;
  const bytes = await readFile(join(dir, entry.file)).catch((error: unknown) => {
    const message = `Model file ${entry.file} cannot be read`;
    throw new GatewayError("MODEL_MISSING", message, { cause: error });
  });
  const session = await openSession(bytes, threads).catch((error: unknown) => {
    const message = `The engine refuses model ${entry.id}`;
    throw new GatewayError("MODEL_UNSUPPORTED", message, { cause: error });
  });
  try {
    const random = seededRandom(1);
    const pixels = Uint8Array.from({ length: width * height * 3 }, () => random() * 256);
    const feeds = { [name]: new Tensor("uint8", pixels, [1, height, width, 3]) };
    const timesMs: number[] = [];
    for (let run = 0; run < WARM_UP_RUNS + MEASURED_RUNS; run += 1) {
      const startMs = performance.now();
      await session.run(feeds);
      if (run >= WARM_UP_RUNS) timesMs.push(performance.now() - startMs);
    }
    timesMs.sort((a, b) => a - b);
    const at = (share: number): number => timesMs[Math.floor(timesMs.length * share)] ?? 0;
    return { id: entry.id, medianMs: at(0.5), p90Ms: at(0.9) };
  } finally {
    await session.release();
  }
}

/** Names the most careful model the planned rate allows, else the fastest with the rate it allows. */
function recommend(models: readonly ModelBench[], threads: number): string {
  const slowestFirst = models.toSorted((a, b) => b.medianMs - a.medianMs);
  const budgetMs = (1000 / PLANNED_FPS) * INFERENCE_SHARE;
  const fits = slowestFirst.find(({ medianMs }) => medianMs <= budgetMs);
  const chosen = fits ?? slowestFirst.at(-1);
  if (chosen === undefined) return "";
  const fps = (1000 * INFERENCE_SHARE) / chosen.medianMs;
  const rate = fps >= 10 ? Math.floor(fps) : Math.floor(fps * 10) / 10;
  const workers = `${threads} ${threads === 1 ? "thread" : "threads"}`;
  return fits === undefined
    ? `Plan at most ${rate} frames per second per camera with ${chosen.id} on ${workers}.`
    : `${chosen.id} on ${workers} carries ${rate} frames per second; ${PLANNED_FPS} per camera are enough.`;
}
