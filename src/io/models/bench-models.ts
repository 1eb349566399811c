import { availableParallelism } from "node:os";
import { type FaultCode, GatewayError } from "../../core/errors.ts";
import { seededRandom } from "../../core/random.ts";
import { createDetections, letterboxOf, type PictureSize } from "../../vision/ports.ts";
import { createPersonDetector } from "../onnx/person-detector.ts";
import { choosePersonModel, type ModelEntry, type ModelProfile, readManifest } from "./manifest.ts";

const WARM_UP_RUNS = 5;
const MEASURED_RUNS = 30;
/** Different frames, so that caches see what they will see in service. */
const FRAMES = 4;
const MAX_PEOPLE = 128;

/** Share of the time looking may take; decoding video and tracking need the rest. */
const LOOKING_SHARE = 0.5;
/** Below this people are lost between two frames; the tracker is tuned from 3.5 frames per second on. */
const LEAST_FPS = 5;
/** Above this a tracker gains nothing worth the heat. */
const MOST_FPS = 10;

/** Shapes of picture that cameras have. */
const SHAPES = [
  { shape: "16:9", picture: { widthPx: 1280, heightPx: 720 } },
  { shape: "4:3", picture: { widthPx: 640, heightPx: 480 } },
] as const;

/** Latency of one look: the picture put into the network's form, the network, its boxes read out. */
export interface ModelBench {
  readonly id: string;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly threads: number;
  readonly medianMs: number;
  /** Nine of ten looks took no longer. */
  readonly p90Ms: number;
  /** Frames per second of all cameras together that this board carries with it. */
  readonly fps: number;
}

/** What to install and set for cameras of one shape. */
export interface Recommendation {
  readonly shape: "16:9" | "4:3";
  readonly id: string;
  readonly threads: number;
  /** Frames per second to set for one camera. */
  readonly fps: number;
  /** Why, one sentence. */
  readonly reason: string;
}

/** A model whose file is missing or does not fit its entry. */
export interface FailedModel {
  readonly id: string;
  readonly code: FaultCode;
  readonly message: string;
}

export interface BenchReport {
  /** Cores of this board. */
  readonly cores: number;
  readonly models: readonly ModelBench[];
  /** Models that could not be measured, and why. */
  readonly failed: readonly FailedModel[];
  /** For the usual shape first; empty when no model of the profile was measured. */
  readonly recommendations: readonly Recommendation[];
}

export interface BenchOptions {
  /** Numbers of threads to measure with. Absent: 1 to one less than there are cores. */
  readonly threads?: readonly number[];
  /** Whose models are recommended, as the gateway's `models.profile`. */
  readonly profile: ModelProfile;
  readonly signal: AbortSignal;
  /** Called before each measurement. */
  onStep?(id: string, done: number, total: number): void;
}

interface PlacedModel {
  readonly dir: string;
  readonly entry: ModelEntry;
}

/**
 * Measures every person model of these folders on this board with frames of noise, one after the other, and advises;
 * of two models with one id the first folder's counts. The
 * network runs as in service: spinning off, the threads given, everything the detector does included.
 * A model that cannot be loaded is named beside the others.
 * @throws MODEL_MISSING when none is installed, the fault of the first when none can be loaded; the reason of `signal`
 * when that is aborted
 */
export async function benchModels(
  dirs: readonly string[],
  options: BenchOptions,
): Promise<BenchReport> {
  const placed = await peopleIn(dirs);
  if (placed.length === 0) {
    throw new GatewayError("MODEL_MISSING", `No person model in ${dirs.join(" or ")}`);
  }
  const cores = availableParallelism();
  const upTo = Math.max(1, cores - 1);
  const threads = options.threads ?? Array.from({ length: upTo }, (_, i) => i + 1);
  const rounds = placed.flatMap((model) => threads.map((count) => ({ ...model, count })));
  const models: ModelBench[] = [];
  const faults = new Map<string, GatewayError>();
  for (const [done, { dir, entry, count }] of rounds.entries()) {
    options.signal.throwIfAborted();
    options.onStep?.(entry.id, done, rounds.length);
    if (faults.has(entry.id)) continue;
    try {
      models.push(await benchModel(dir, entry, count));
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      faults.set(entry.id, error);
    }
  }
  const [first] = faults.values();
  if (models.length === 0 && first !== undefined) throw first;
  const failed = [...faults].map(([id, { code, message }]) => ({ id, code, message }));
  const people = placed.map(({ entry }) => entry);
  return { cores, models, failed, recommendations: recommend(people, models, options.profile) };
}

async function peopleIn(dirs: readonly string[]): Promise<readonly PlacedModel[]> {
  const found = new Map<string, PlacedModel>();
  for (const dir of dirs) {
    for (const entry of (await readManifest(dir))?.models ?? []) {
      if (entry.task === "person" && !found.has(entry.id)) found.set(entry.id, { dir, entry });
    }
  }
  return [...found.values()];
}

async function benchModel(dir: string, entry: ModelEntry, threads: number): Promise<ModelBench> {
  await using detector = await createPersonDetector(entry, dir, threads);
  const { input, fit } = detector;
  const random = seededRandom(1);
  const bytes = input.widthPx * input.heightPx * 3;
  const frames = Array.from({ length: FRAMES }, () =>
    Uint8Array.from({ length: bytes }, () => random() * 256),
  );
  const letterbox = letterboxOf(input, input, fit);
  const out = createDetections(MAX_PEOPLE);
  const timesMs: number[] = [];
  for (let run = 0; run < WARM_UP_RUNS + MEASURED_RUNS; run += 1) {
    const frame = frames[run % FRAMES] ?? new Uint8Array(bytes);
    const startMs = performance.now();
    await detector.detect(frame, letterbox, out);
    if (run >= WARM_UP_RUNS) timesMs.push(performance.now() - startMs);
  }
  timesMs.sort((a, b) => a - b);
  const at = (share: number): number => timesMs[Math.floor(timesMs.length * share)] ?? 0;
  const [medianMs, p90Ms] = [at(0.5), at(0.9)];
  const fps = rateOf(p90Ms);
  return { id: entry.id, ...input, threads, medianMs, p90Ms, fps };
}

/** Frames per second when looking may take its share of the time; one decimal. */
function rateOf(ms: number): number {
  return Math.floor((10_000 * LOOKING_SHARE) / ms) / 10;
}

/**
 * For each shape of picture what the gateway would choose among the models that carry enough frames with the fewest
 * threads; where none does, the fastest of the profile with the rate it has. Pure.
 */
export function recommend(
  people: readonly ModelEntry[],
  measured: readonly ModelBench[],
  profile: ModelProfile,
): readonly Recommendation[] {
  const byThreads = measured.toSorted((a, b) => a.threads - b.threads || b.fps - a.fps);
  return SHAPES.flatMap(({ shape, picture }) => {
    for (const threads of new Set(byThreads.map((each) => each.threads))) {
      const fitting = byThreads.filter((each) => each.threads === threads && each.fps >= LEAST_FPS);
      const chosen = choiceOf(people, fitting, picture, profile);
      if (chosen !== null) return [advise(shape, chosen, true)];
    }
    const ownIds = new Set(ofProfile(people, profile).map(({ id }) => id));
    const own = measured.filter(({ id }) => ownIds.has(id));
    const fastest = own.toSorted((a, b) => b.fps - a.fps)[0];
    return fastest === undefined ? [] : [advise(shape, fastest, false)];
  });
}

/** The default profile may fall back to permissive models, as the gateway does. */
function ofProfile(people: readonly ModelEntry[], profile: ModelProfile): readonly ModelEntry[] {
  const own = people.filter((entry) => entry.profile === profile);
  return own.length > 0 || profile === "permissive" ? own : people;
}

function choiceOf(
  people: readonly ModelEntry[],
  fitting: readonly ModelBench[],
  picture: PictureSize,
  profile: ModelProfile,
): ModelBench | null {
  const ids = new Set(fitting.map(({ id }) => id));
  const models = ofProfile(people, profile).filter(({ id }) => ids.has(id));
  const entry = choosePersonModel({ v: 1, models }, picture, profile);
  return fitting.find(({ id }) => id === entry?.id) ?? null;
}

function advise(
  shape: Recommendation["shape"],
  { id, threads, p90Ms, fps: carried }: ModelBench,
  isEnough: boolean,
): Recommendation {
  const fps = Math.min(MOST_FPS, carried >= LEAST_FPS ? Math.floor(carried) : carried);
  const workers = `${threads} ${threads === 1 ? "thread" : "threads"}`;
  const cost = `${p90Ms.toFixed(1)} ms a look on ${workers}`;
  const reason = isEnough
    ? `of the models that suit this shape and carry ${LEAST_FPS} frames per second it sees most: ${cost}, half the ` +
      `time left for decoding and tracking, ${carried} frames per second for all cameras together`
    : `the fastest of the models: ${cost}; no model carries ${LEAST_FPS} frames per second here, try a smaller size`;
  return { shape, id, threads, fps, reason };
}
