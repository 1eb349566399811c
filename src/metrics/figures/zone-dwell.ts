import type { MinutedDuration } from "../days/zone-day.ts";
import { type Interval, wilson95 } from "../estimate/intervals.ts";
import type { Duration } from "../estimate/survival.ts";

/** Share of stays that lasted long enough. */
export interface EngagedShare {
  readonly value: number;
  readonly spread: { readonly n: number; readonly effectiveN: number; readonly ci95: Interval };
}

/**
 * An interval of a dwell, made wider where stays that began in the same minute resemble one another: people of one
 * group stop together and go on together, so they are fewer than they look. Never narrower. Pure.
 * @source L. Kish, Survey sampling, 1965: design effect, here of the linear part of the statistic.
 */
export function widened(
  durations: readonly MinutedDuration[],
  ms: number,
  ci95: Interval | null,
  statistic: "mean" | "quantile",
): Interval | null {
  if (ci95 === null) return null;
  const longer = durations.filter((one) => one.ms >= ms).length / durations.length;
  const residual = (one: Duration): number =>
    statistic === "mean" ? one.ms - ms : Number(one.ms >= ms) - longer;
  const factor = Math.sqrt(designEffect(durations, residual));
  return [Math.max(0, ms - (ms - ci95[0]) * factor), ms + (ci95[1] - ms) * factor];
}

/**
 * Share of stays of at least `engagedMs`, by the product-limit curve: a stay not seen to its end counts as long as it
 * was seen. null without stays. Pure.
 * @source Kaplan & Meier, JASA 1958; the interval is Wilson's at the effective number.
 */
export function engagedShare(
  durations: readonly MinutedDuration[],
  engagedMs: number,
): EngagedShare | null {
  if (durations.length === 0) return null;
  const value = survivalBefore(durations, engagedMs);
  const isKnown = (one: Duration): boolean => !one.isCensored || one.ms >= engagedMs;
  const known = durations.filter(isKnown);
  const effect = designEffect(known, (one) => Number(one.ms >= engagedMs) - value);
  const effectiveN = Math.max(1, known.length / effect);
  const ci95 = wilson95(value * effectiveN, effectiveN) ?? [0, 1];
  return { value, spread: { n: durations.length, effectiveN, ci95 } };
}

/** Share of stays that last `ms` or longer; a stay cut off before has said what it can. */
function survivalBefore(durations: readonly Duration[], ms: number): number {
  const ended = durations.filter((one) => !one.isCensored && one.ms < ms);
  const times = [...new Set(ended.map((one) => one.ms))].sort((a, b) => a - b);
  const sorted = durations.map((one) => one.ms).sort((a, b) => a - b);
  const endedAt = new Map<number, number>();
  for (const one of ended) endedAt.set(one.ms, (endedAt.get(one.ms) ?? 0) + 1);
  let alive = 1;
  let place = 0;
  for (const time of times) {
    while ((sorted[place] ?? Number.POSITIVE_INFINITY) < time) place += 1;
    alive *= 1 - (endedAt.get(time) ?? 0) / (sorted.length - place);
  }
  return alive;
}

/** How many times more the sums per minute vary than they would if nobody came together; at least 1. */
function designEffect(
  durations: readonly MinutedDuration[],
  residual: (one: MinutedDuration) => number,
): number {
  const perMinute = new Map<number, number>();
  let alone = 0;
  for (const one of durations) {
    const off = residual(one);
    alone += off * off;
    perMinute.set(one.minute, (perMinute.get(one.minute) ?? 0) + off);
  }
  if (alone === 0) return 1;
  let together = 0;
  for (const off of perMinute.values()) together += off * off;
  return Math.max(1, together / alone);
}
