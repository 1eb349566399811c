import { type Interval, Z95 } from "./intervals.ts";

/** One observed duration; `isCensored` = it lasted at least this long. */
export interface Duration {
  readonly ms: number;
  readonly isCensored: boolean;
}

/** What a set of durations, some of them lower bounds, says about their distribution. */
export interface Survival {
  readonly n: number;
  readonly censored: number;
  /** null when more than half may have lasted longer than anything seen. */
  readonly medianMs: number | null;
  readonly median95: Interval | null;
  /** null when more than a tenth may have lasted longer than anything seen. */
  readonly p90Ms: number | null;
  readonly p9095: Interval | null;
  /** Area under the curve up to the longest duration; null without an ended one. */
  readonly meanMs: number | null;
  readonly mean95: Interval | null;
  /** The longest duration is censored, so the mean stops there: it is a lower bound. */
  readonly isMeanLowerBound: boolean;
}

/** What a share of durations lasts longer than, with its interval; null where that is not known. */
interface Quantile {
  readonly ms: number | null;
  readonly ci95: Interval | null;
}

/**
 * Median, ninetieth percentile and mean of durations with right-censored ones, by the product-limit curve. Without
 * censored durations they are those of the sample (of two middle ones the lower). Ties: ends come before censorings.
 * Pure.
 * @source Kaplan & Meier, JASA 1958; intervals of quantiles: Brookmeyer & Crowley, Biometrics 1982, log-log form.
 */
export const kaplanMeier = (durations: readonly Duration[]): Survival => new Curve(durations);

/** A share of durations that ended, with its variance. */
export interface EndedShare {
  readonly share: number;
  /** Greenwood's; 0 when nothing or everything ended. */
  readonly variance: number;
}

/** Share of the durations that ended before `ms`, right-censored ones taken into account; null without any. Pure. */
export const endedBefore = (durations: readonly Duration[], ms: number): EndedShare | null =>
  durations.length === 0 ? null : new Curve(durations).endedBefore(ms);

/**
 * The product-limit curve as columns, one place per step: worked out for every zone of the live page with every event,
 * from thousands of stays. Quantiles and mean are read from it as they are asked for.
 */
class Curve implements Survival {
  readonly n: number;
  readonly censored: number;
  readonly #longestMs: number;
  readonly isMeanLowerBound: boolean;
  #steps = 0;
  /** From `ms` on, the share `alive` lasts longer. */
  readonly #ms: Float64Array;
  readonly #alive: Float64Array;
  readonly #ended: Float64Array;
  readonly #atRisk: Float64Array;
  /** Greenwood's sum up to and including the step. */
  readonly #greenwood: Float64Array;
  #median: Quantile | null = null;
  #p90: Quantile | null = null;
  #mean: Pick<Survival, "meanMs" | "mean95"> | null = null;

  constructor(durations: readonly Duration[]) {
    const ended = ascending(durations, false);
    const censored = ascending(durations, true);
    const lastEnded = ended.at(-1) ?? 0;
    const lastCensored = censored.at(-1) ?? -1;
    this.n = durations.length;
    this.censored = censored.length;
    this.#longestMs = Math.max(lastEnded, lastCensored);
    this.isMeanLowerBound = censored.length > 0 && lastCensored >= lastEnded;
    const column = (): Float64Array => new Float64Array(ended.length);
    this.#ms = column();
    this.#alive = column();
    this.#ended = column();
    this.#atRisk = column();
    this.#greenwood = column();
    this.#build(ended, censored);
  }

  get medianMs(): number | null {
    this.#median ??= this.#quantile(0.5);
    return this.#median.ms;
  }
  get median95(): Interval | null {
    this.#median ??= this.#quantile(0.5);
    return this.#median.ci95;
  }
  get p90Ms(): number | null {
    this.#p90 ??= this.#quantile(0.1);
    return this.#p90.ms;
  }
  get p9095(): Interval | null {
    this.#p90 ??= this.#quantile(0.1);
    return this.#p90.ci95;
  }
  get meanMs(): number | null {
    this.#mean ??= this.#meanOf();
    return this.#mean.meanMs;
  }
  get mean95(): Interval | null {
    this.#mean ??= this.#meanOf();
    return this.#mean.mean95;
  }

  endedBefore(ms: number): EndedShare {
    let last = this.#steps - 1;
    while (last >= 0 && (this.#ms[last] ?? 0) >= ms) last -= 1;
    if (last < 0) return { share: 0, variance: 0 };
    const alive = this.#alive[last] ?? 0;
    return { share: 1 - alive, variance: alive * alive * (this.#greenwood[last] ?? 0) };
  }

  #build(ended: Lengths, censored: Lengths): void {
    let alive = 1;
    let greenwood = 0;
    let gone = 0;
    for (let i = 0; i < ended.length; ) {
      const ms = ended[i] ?? 0;
      while (gone < censored.length && (censored[gone] ?? 0) < ms) gone += 1;
      const atRisk = this.n - i - gone;
      let count = 0;
      for (; i < ended.length && ended[i] === ms; i += 1) count += 1;
      alive *= 1 - count / atRisk;
      greenwood += atRisk === count ? 0 : count / (atRisk * (atRisk - count));
      this.#ms[this.#steps] = ms;
      this.#alive[this.#steps] = alive;
      this.#ended[this.#steps] = count;
      this.#atRisk[this.#steps] = atRisk;
      this.#greenwood[this.#steps] = greenwood;
      this.#steps += 1;
    }
  }

  /** The duration that the share `longer` lasts longer than, with its interval. */
  #quantile(longer: number): Quantile {
    // The product of many shares may miss the wanted one by rounding only.
    let place = 0;
    while (place < this.#steps && (this.#alive[place] ?? 0) > longer + 1e-9) place += 1;
    if (place === this.#steps) return { ms: null, ci95: null };
    const ms = this.#ms[place] ?? 0;
    const wanted = logLog(longer);
    let first = 0;
    while (first < this.#steps && !this.#isCompatible(first, wanted)) first += 1;
    let last = this.#steps - 1;
    while (last > first && !this.#isCompatible(last, wanted)) last -= 1;
    const hasInterval = first < this.#steps && last + 1 < this.#steps;
    return { ms, ci95: hasInterval ? [this.#ms[first] ?? 0, this.#ms[last + 1] ?? 0] : null };
  }

  /** Whether a share, in the log-log form, is within the interval of the curve at this step. */
  #isCompatible(step: number, wanted: number): boolean {
    const alive = this.#alive[step] ?? 0;
    if (alive <= 0 || alive >= 1) return false;
    const slope = 1 / (alive * Math.log(alive));
    const spread = Math.abs(slope) * alive * Math.sqrt(this.#greenwood[step] ?? 0);
    return Math.abs(logLog(alive) - wanted) <= Z95 * spread;
  }

  #meanOf(): Pick<Survival, "meanMs" | "mean95"> {
    if (this.#steps === 0) return { meanMs: null, mean95: null };
    // From the right: the area beyond a step is what its uncertainty multiplies.
    let beyond = 0;
    let variance = 0;
    let endMs = this.#longestMs;
    let ends = 0;
    for (let i = this.#steps - 1; i >= 0; i -= 1) {
      const ms = this.#ms[i] ?? 0;
      const ended = this.#ended[i] ?? 0;
      const atRisk = this.#atRisk[i] ?? 0;
      beyond += (this.#alive[i] ?? 0) * (endMs - ms);
      endMs = ms;
      ends += ended;
      if (atRisk > ended) variance += (beyond * beyond * ended) / (atRisk * (atRisk - ended));
    }
    const meanMs = beyond + endMs;
    if (ends < 2) return { meanMs, mean95: null };
    const half = Z95 * Math.sqrt((variance * ends) / (ends - 1));
    return { meanMs, mean95: [Math.max(0, meanMs - half), meanMs + half] };
  }
}

const logLog = (share: number): number => Math.log(-Math.log(share));

/** Lengths in ascending order. */
export type Lengths = Float64Array | Int32Array;

/**
 * Lengths of the ended or of the censored durations, or of all, in ascending order. Whole milliseconds, which they
 * nearly always are, are sorted four times as fast as other numbers. Pure.
 */
export function ascending(durations: readonly Duration[], isCensored: boolean | null): Lengths {
  const lengths = new Int32Array(durations.length);
  let size = 0;
  for (let i = 0; i < durations.length; i += 1) {
    const one = durations[i];
    if (one === undefined || (isCensored !== null && one.isCensored !== isCensored)) continue;
    if ((one.ms | 0) !== one.ms) return ascendingAny(durations, isCensored);
    lengths[size] = one.ms;
    size += 1;
  }
  return lengths.subarray(0, size).sort();
}

function ascendingAny(durations: readonly Duration[], isCensored: boolean | null): Float64Array {
  const asked = durations.filter((one) => isCensored === null || one.isCensored === isCensored);
  return new Float64Array(asked.map(({ ms }) => ms)).sort();
}
