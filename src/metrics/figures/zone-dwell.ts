import type { MinutedDuration } from "../days/zone-day.ts";
import { type Interval, wilson95 } from "../estimate/intervals.ts";
import { ascending, type Duration } from "../estimate/survival.ts";
import { ZONE_RULES } from "./zone-rules.ts";

/** Which number of a dwell is asked for: its mean, or what a share of the stays lasts longer than. */
export type DwellStatistic = "mean" | { readonly longer: number };

/** Share of stays that lasted long enough. */
export interface EngagedShare {
  readonly value: number;
  readonly spread: { readonly n: number; readonly effectiveN: number; readonly ci95: Interval };
}

/**
 * An interval of a dwell, made wider where stays that began in the same minute resemble one another: people of one
 * group stop together and go on together, so they are fewer than they look. Wider also by what stays just long enough to
 * be visits do to it, if they were walks through, or if as many walks through were visits. Never narrower. Pure.
 * @source L. Kish, Survey sampling, 1965: design effect, here of the linear part of the statistic.
 */
export function widened(
  durations: readonly MinutedDuration[],
  ms: number,
  ci95: Interval | null,
  statistic: DwellStatistic,
): Interval | null {
  if (ci95 === null) return null;
  let atLeast = 0;
  for (const one of durations) atLeast += Number(one.ms >= ms);
  const longer = atLeast / durations.length;
  const residual = (one: Duration): number =>
    statistic === "mean" ? one.ms - ms : Number(one.ms >= ms) - longer;
  const factor = Math.sqrt(designEffect(durations, residual));
  const { down, up } = borderShift(durations, statistic);
  return [
    Math.max(0, ms - Math.hypot((ms - ci95[0]) * factor, down)),
    ms + Math.hypot((ci95[1] - ms) * factor, up),
  ];
}

/** Stays that are visits by no more than the error with which their ends are known. */
const bordering = (durations: readonly Duration[]): Duration[] =>
  durations.filter(
    ({ ms, isCensored }) => !isCensored && ms < ZONE_RULES.minDwellMs + ZONE_RULES.borderErrorMs,
  );

/** How far a statistic moves up without the bordering stays, and down with as many again. */
function borderShift(
  durations: readonly Duration[],
  statistic: DwellStatistic,
): { readonly down: number; readonly up: number } {
  const near = bordering(durations).length;
  const n = durations.length;
  if (near === 0 || near === n) return { down: 0, up: 0 };
  if (statistic === "mean") {
    // Each of them is nearly the least dwell; the others lie so far above it on average.
    const sum = durations.reduce((total, { ms }) => total + ms, 0);
    const above = sum / n - ZONE_RULES.minDwellMs;
    return { down: (above * near) / (n + near), up: (above * near) / (n - near) };
  }
  const sorted = ascending(durations, null);
  const at = (rank: number): number =>
    sorted[Math.min(n - 1, Math.max(0, Math.ceil(rank) - 1))] ?? ZONE_RULES.minDwellMs;
  const shorter = 1 - statistic.longer;
  const value = at(shorter * n);
  return {
    down: value - at(shorter * (n + near) - near),
    up: at(shorter * (n - near) + near) - value,
  };
}

/**
 * Share of stays of at least `engagedMs`, by the product-limit curve: a stay not seen to its end counts as long as it
 * was seen. null without stays. Pure.
 * @source Kaplan & Meier, JASA 1958; the interval is Wilson's at the effective number, wider by what stays just long
 * enough to be visits do to the share.
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
  const [low, high] = wilson95(value * effectiveN, effectiveN) ?? [0, 1];
  const near = bordering(durations).length;
  const n = durations.length;
  const down = (value * near) / (n + near);
  const up = near === n ? 1 - value : (value * near) / (n - near);
  const ci95: Interval = [
    Math.max(0, value - Math.hypot(value - low, down)),
    Math.min(1, value + Math.hypot(high - value, up)),
  ];
  return { value, spread: { n: durations.length, effectiveN, ci95 } };
}

/** Share of stays that last `ms` or longer; a stay cut off before has said what it can. */
function survivalBefore(durations: readonly Duration[], ms: number): number {
  const ended = durations.filter((one) => !one.isCensored && one.ms < ms);
  const times = new Set(ascending(ended, false));
  const sorted = ascending(durations, null);
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
