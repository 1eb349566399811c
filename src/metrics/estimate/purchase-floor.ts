import { quantileOf } from "./bootstrap.ts";

/** tau, the shortest time in which somebody can buy something, and where it comes from. */
export interface PurchaseFloor {
  readonly bounceMaxMs: number;
  readonly origin: "default" | "learned";
  /** Month for which it holds, `YYYY-MM` of the shop's calendar: it is learned anew with each. */
  readonly month: string;
  /** Payments it rests on. */
  readonly payments: number;
}

/** Rules of learning tau. @source design/metrics.md, Bounce rate */
export const FLOOR_RULES = Object.freeze({
  /** With fewer linked payments the shop's choice stays. */
  minPayments: 50,
  quantile: 0.05,
  leastMs: 30_000,
  mostMs: 600_000,
  /** Days before the month that it is learned from. */
  windowDays: 28,
});

/**
 * Learns tau from the times between entry and first payment of visits whose receipt is linked: hardly anybody pays
 * sooner than the quickest twentieth. Too few payments, or times that make no sense: the shop's choice stays. Pure.
 */
export function learnFloor(
  paidAfterMs: readonly number[],
  month: string,
  chosenMs: number,
): PurchaseFloor {
  const times = paidAfterMs.filter((ms) => ms >= 0).sort((a, b) => a - b);
  const { minPayments, quantile, leastMs, mostMs } = FLOOR_RULES;
  if (times.length < minPayments)
    return { bounceMaxMs: chosenMs, origin: "default", month, payments: times.length };
  // Whole seconds: a finer threshold would feign a precision that a twentieth of the payments does not have.
  const learned = Math.round(quantileOf(times, quantile) / 1000) * 1000;
  return {
    bounceMaxMs: Math.min(mostMs, Math.max(leastMs, learned)),
    origin: "learned",
    month,
    payments: times.length,
  };
}
