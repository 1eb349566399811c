import { wilson95 } from "../estimate/intervals.ts";
import type { SpreadShare } from "./cluster-sums.ts";

/** A factor over visits that are told in steps, to two digits: too little to find out of how many visits it is. Pure. */
export const roundedFactor = (factor: number): number => Number(factor.toPrecision(2));

/**
 * What some visits stand for together, when each stands for `mean` on average: like the visits in whole steps, so that
 * it tells no more than they do. Pure.
 */
export function toldWeight(told: number, mean: number, step: number): number {
  return step > 1 ? Math.round((told * mean) / step) * step : told * mean;
}

/**
 * A share of `n` visits told in steps of `step`, with its interval: Wilson's at `n` over the design effect of groups and
 * weights, wider by what the steps leave open. Nothing in it rests on more than what is told. Pure.
 */
export function toldShare(
  share: number,
  { n, step, effect }: { readonly n: number; readonly step: number; readonly effect: number },
): SpreadShare {
  const effectiveN = n / roundedFactor(Math.max(1, effect));
  const [low, high] = wilson95(share * effectiveN, effectiveN) ?? [0, 1];
  // Half a step at either end of the interval asked for.
  const open = step > 1 ? step / n : 0;
  return {
    share,
    effectiveN,
    ci95: [
      Math.max(0, share - Math.hypot(share - low, open)),
      Math.min(1, share + Math.hypot(high - share, open)),
    ],
  };
}
