import type { EpochMs } from "../../core/brand.ts";
import type { PurchaseFloor } from "./purchase-floor.ts";
import { type EstimateInput, estimateVisits, type VisitEstimate } from "./visit-estimate.ts";

/**
 * When estimates are worked out. `at-once`: when they are asked for, for replays and the centre. `in-slices`: a little
 * with each `advance`, so that a live gateway never stands still; until then they are not known.
 */
export type Estimating = "at-once" | "in-slices";

/** What is asked to be estimated. */
export interface EstimateRequest {
  /** Names the days and parameters. */
  readonly key: string;
  /** Changes whenever the data of these days change. */
  readonly version: string;
  /** Copies what the estimate rests on. Called only when there is work to do. */
  input(): EstimateInput;
}

/** Bounds of what is remembered. */
export const ESTIMATE_LIMITS = Object.freeze({
  /** Results; the one not asked for longest goes first. */
  results: 24,
  /** Requests waiting; the oldest goes first and comes again when it is asked again. */
  waiting: 4,
  /** Months whose tau is remembered; the oldest goes first. */
  months: 36,
});

interface Kept {
  readonly version: string;
  readonly result: VisitEstimate;
}

interface Job extends Omit<EstimateRequest, "input"> {
  readonly work: Generator<void, VisitEstimate>;
}

/**
 * Estimates that are too dear to be worked out with every question: each once per state of the days it rests on. While
 * a correction is being worked in, the estimate before it stands. Bounded.
 */
export class Estimates {
  readonly #mode: Estimating;
  readonly #onChange: () => void;
  readonly #results = new Map<string, Kept>();
  readonly #jobs: Job[] = [];
  readonly #floors = new Map<string, PurchaseFloor>();
  #dropped = 0;

  /** `onChange` is told when an answer given before no longer holds, since a piece of work is done. */
  constructor(mode: Estimating, onChange: () => void = () => undefined) {
    this.#mode = mode;
    this.#onChange = onChange;
  }

  /** Estimates waiting or being worked out. */
  get pending(): number {
    return this.#jobs.length;
  }

  /** Results remembered. */
  get size(): number {
    return this.#results.size;
  }

  /** Requests let go of because too many waited. */
  get dropped(): number {
    return this.#dropped;
  }

  /** The estimate; null while it is still being worked out for the first time. */
  visits(request: EstimateRequest): VisitEstimate | null {
    const known = this.#results.get(request.key);
    if (known !== undefined) {
      this.#results.delete(request.key);
      this.#results.set(request.key, known);
      if (known.version === request.version) return known.result;
    }
    if (this.#mode === "at-once") return this.#finish(jobOf(request));
    this.#enqueue(request);
    return known?.result ?? null;
  }

  /** Does one piece of the waiting work, some milliseconds; true while there is more to do. */
  advance(): boolean {
    const job = this.#jobs[0];
    if (job === undefined) return false;
    const step = job.work.next();
    if (step.done === true) {
      this.#jobs.shift();
      this.#keep(job, step.value);
      this.#onChange();
    }
    return this.#jobs.length > 0;
  }

  /**
   * tau of a month. Where what it is learned from is no longer kept in full (`isKept` false), what was learned before
   * stands; else `learn` is asked.
   */
  floor(month: string, isKept: boolean, learn: () => PurchaseFloor): PurchaseFloor {
    const known = this.#floors.get(month);
    if (known !== undefined && !isKept) return known;
    const floor = learn();
    this.restoreFloor(floor);
    return floor;
  }

  /** Every tau that is remembered, for keeping it over a restart. */
  get floors(): readonly PurchaseFloor[] {
    return [...this.#floors.values()];
  }

  /** Takes in a tau learned before. */
  restoreFloor(floor: PurchaseFloor): void {
    this.#floors.set(floor.month, floor);
    const oldest = [...this.#floors.keys()].sort()[0];
    if (this.#floors.size > ESTIMATE_LIMITS.months && oldest !== undefined)
      this.#floors.delete(oldest);
  }

  #enqueue(request: EstimateRequest): void {
    const same = this.#jobs.findIndex((job) => job.key === request.key);
    if (same >= 0 && this.#jobs[same]?.version === request.version) return;
    // What has been done for the state before is in vain.
    if (same >= 0) this.#jobs.splice(same, 1);
    this.#jobs.push(jobOf(request));
    if (this.#jobs.length <= ESTIMATE_LIMITS.waiting) return;
    this.#jobs.shift();
    this.#dropped += 1;
  }

  #finish(job: Job): VisitEstimate {
    for (;;) {
      const step = job.work.next();
      if (step.done === true) return this.#keep(job, step.value);
    }
  }

  #keep({ key, version }: Job, result: VisitEstimate): VisitEstimate {
    this.#results.delete(key);
    this.#results.set(key, { version, result });
    const oldest = this.#results.keys().next().value;
    if (this.#results.size > ESTIMATE_LIMITS.results && oldest !== undefined)
      this.#results.delete(oldest);
    return result;
  }
}

function jobOf({ key, version, input }: EstimateRequest): Job {
  return { key, version, work: estimateVisits(input()) };
}

/** Key of an estimate over the days that begin at these instants. Pure. */
export const estimateKey = (starts: readonly EpochMs[], bounceMaxMs: number): string =>
  `${starts[0] ?? 0}-${starts.at(-1) ?? 0}-${starts.length}-${bounceMaxMs}`;
