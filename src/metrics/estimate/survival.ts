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

/** A step of the curve: from `ms` on, the share `alive` lasts longer. */
interface Step {
  readonly ms: number;
  readonly alive: number;
  readonly ended: number;
  readonly atRisk: number;
  /** Greenwood's sum up to and including this step. */
  readonly greenwood: number;
}

/**
 * Median, ninetieth percentile and mean of durations with right-censored ones, by the product-limit curve. Without
 * censored durations they are those of the sample (of two middle ones the lower). Ties: ends come before censorings.
 * Pure.
 * @source Kaplan & Meier, JASA 1958; intervals of quantiles: Brookmeyer & Crowley, Biometrics 1982, log-log form.
 */
export function kaplanMeier(durations: readonly Duration[]): Survival {
  const sorted = [...durations].sort(
    (a, b) => a.ms - b.ms || Number(a.isCensored) - Number(b.isCensored),
  );
  const steps = curveOf(sorted);
  const longest = sorted.at(-1);
  const median = quantileOf(steps, 0.5);
  const p90 = quantileOf(steps, 0.1);
  return {
    n: sorted.length,
    censored: sorted.filter((d) => d.isCensored).length,
    medianMs: median.ms,
    median95: median.ci95,
    p90Ms: p90.ms,
    p9095: p90.ci95,
    ...meanOf(steps, longest?.ms ?? 0),
    isMeanLowerBound: longest?.isCensored ?? false,
  };
}

/** A share of durations that ended, with its variance. */
export interface EndedShare {
  readonly share: number;
  /** Greenwood's; 0 when nothing or everything ended. */
  readonly variance: number;
}

/** Share of the durations that ended before `ms`, right-censored ones taken into account; null without any. Pure. */
export function endedBefore(durations: readonly Duration[], ms: number): EndedShare | null {
  if (durations.length === 0) return null;
  const sorted = [...durations].sort(
    (a, b) => a.ms - b.ms || Number(a.isCensored) - Number(b.isCensored),
  );
  const last = curveOf(sorted).findLast((step) => step.ms < ms);
  if (last === undefined) return { share: 0, variance: 0 };
  return { share: 1 - last.alive, variance: last.alive * last.alive * last.greenwood };
}

function curveOf(sorted: readonly Duration[]): Step[] {
  const steps: Step[] = [];
  let alive = 1;
  let greenwood = 0;
  for (let i = 0; i < sorted.length; ) {
    const ms = sorted[i]?.ms ?? 0;
    const atRisk = sorted.length - i;
    let ended = 0;
    for (; i < sorted.length && sorted[i]?.ms === ms; i += 1)
      if (!sorted[i]?.isCensored) ended += 1;
    if (ended === 0) continue;
    alive *= 1 - ended / atRisk;
    greenwood += atRisk === ended ? 0 : ended / (atRisk * (atRisk - ended));
    steps.push({ ms, alive, ended, atRisk, greenwood });
  }
  return steps;
}

/** The duration that the share `longer` lasts longer than, with its interval. */
function quantileOf(
  steps: readonly Step[],
  longer: number,
): { readonly ms: number | null; readonly ci95: Interval | null } {
  // The product of many shares may miss the wanted one by rounding only.
  const ms = steps.find((step) => step.alive <= longer + 1e-9)?.ms ?? null;
  const compatible = steps.filter((step) => isCompatible(step, longer));
  const first = compatible[0];
  const last = compatible.at(-1);
  const next = last === undefined ? undefined : steps[steps.indexOf(last) + 1];
  const hasInterval = ms !== null && first !== undefined && next !== undefined;
  return { ms, ci95: hasInterval ? [first.ms, next.ms] : null };
}

/** Whether this share alive is within the interval of the curve at this step. */
function isCompatible(step: Step, share: number): boolean {
  if (step.alive <= 0 || step.alive >= 1) return false;
  const slope = 1 / (step.alive * Math.log(step.alive));
  const spread = Math.abs(slope) * step.alive * Math.sqrt(step.greenwood);
  return Math.abs(logLog(step.alive) - logLog(share)) <= Z95 * spread;
}

const logLog = (share: number): number => Math.log(-Math.log(share));

function meanOf(steps: readonly Step[], longestMs: number): Pick<Survival, "meanMs" | "mean95"> {
  if (steps.length === 0) return { meanMs: null, mean95: null };
  // From the right: the area beyond a step is what its uncertainty multiplies.
  let beyond = 0;
  let variance = 0;
  let endMs = longestMs;
  let ends = 0;
  for (let i = steps.length - 1; i >= 0; i -= 1) {
    const step = steps[i];
    if (step === undefined) continue;
    beyond += step.alive * (endMs - step.ms);
    endMs = step.ms;
    ends += step.ended;
    if (step.atRisk > step.ended)
      variance += (beyond * beyond * step.ended) / (step.atRisk * (step.atRisk - step.ended));
  }
  const meanMs = beyond + endMs;
  if (ends < 2) return { meanMs, mean95: null };
  const half = Z95 * Math.sqrt((variance * ends) / (ends - 1));
  return { meanMs, mean95: [Math.max(0, meanMs - half), meanMs + half] };
}
