import type { MetricId, MetricValue } from "../../core/metric-value.ts";
import { type Formats, formatDuration, halfWidthOf } from "./format.ts";
import { isShare } from "./metric-kinds.ts";

/** How a value differs from that of the comparison. */
export interface Change {
  readonly direction: "up" | "down" | "same";
  /** With its sign: `+12%`, `−1.2 pts`. */
  readonly text: string;
  /** Completes "compared with ...": "12% more". */
  readonly words: string;
  /** Whether that is good for the shop; `neutral` where it is neither, or may be chance. */
  readonly tone: "better" | "worse" | "neutral";
}

/** Metrics of which more is better, and of which less is. The others are neither. */
const MORE_IS_BETTER: ReadonlySet<MetricId> = new Set([
  "passing-traffic",
  "entrants",
  "buying-units",
  "shopfront-conversion",
  "transactions",
  "net-sales",
  "sales-conversion",
  "sales-conversion-units",
  "average-transaction-value",
  "units-per-transaction",
  "shopper-yield",
  "click-collect-attach",
  "zone-engagement",
  "zone-conversion",
  "zone-draw",
  "repeat-rate",
  "repeat-rate-30",
  "repeat-rate-60",
  "visit-frequency",
]);
const LESS_IS_BETTER: ReadonlySet<MetricId> = new Set([
  "bounce-rate",
  "bounce-rate-ga4",
  "queue-length",
  "queue-wait-mean",
  "queue-abandonment",
  "queue-balking",
  "basket-put-back-rate",
  "baskets-abandoned",
  "door-drift",
]);

/** Smaller shares of the value before are no change; 1 = 100 %. */
const LEAST_SHARE = 0.005;
/** Smaller steps of a rate are no change, as a ratio. */
const LEAST_POINTS = 0.0005;
/** Beyond this a percentage says nothing: the difference is given instead. */
const MOST_SHARE = 9.99;
const MINUS = "\u2212";

/**
 * The change from `before` to `now`; null when either is unknown or there is nothing before. Rates differ in points,
 * everything else in percent of what was before. A difference that both intervals leave open is called none. Pure.
 */
export function changeOf(
  formats: Formats,
  now: MetricValue,
  before: MetricValue | null | undefined,
): Change | null {
  if (now.value === null || before?.value === undefined || before.value === null) return null;
  const difference = now.value - before.value;
  if (isChance(now, before, difference)) return NO_CLEAR_CHANGE;
  return isShare(now.metric, now.unit)
    ? inPoints(formats, now.metric, difference)
    : inPercent(formats, now, before.value, difference);
}

const NO_CLEAR_CHANGE: Change = {
  direction: "same",
  text: "\u2248 same",
  words: "no difference beyond chance",
  tone: "neutral",
};
const NO_CHANGE: Change = {
  direction: "same",
  text: "\u00b10",
  words: "the same",
  tone: "neutral",
};

/** Both values have an interval, and the difference lies within the two put together (as for independent errors). */
function isChance(now: MetricValue, before: MetricValue, difference: number): boolean {
  const [a, b] = [halfWidthOf(now), halfWidthOf(before)];
  return a !== null && b !== null && difference !== 0 && Math.abs(difference) < Math.hypot(a, b);
}

function inPoints(formats: Formats, metric: MetricId, difference: number): Change {
  if (Math.abs(difference) < LEAST_POINTS) return NO_CHANGE;
  const size = formats.mean(Math.abs(difference) * 100);
  return told(metric, difference, `${size} pts`, `${size} points`);
}

function inPercent(formats: Formats, now: MetricValue, before: number, difference: number): Change {
  const share = before === 0 ? Number.POSITIVE_INFINITY : Math.abs(difference / before);
  if (difference === 0 || share < LEAST_SHARE) return NO_CHANGE;
  const size =
    share > MOST_SHARE
      ? plainSize(formats, now, Math.abs(difference))
      : formats.percent(share, share < 0.1 ? 1 : 0);
  return told(now.metric, difference, size, size);
}

function plainSize(formats: Formats, metric: MetricValue, size: number): string {
  if (metric.unit === "ms") return formatDuration(size);
  return metric.unit === "minor" ? formats.money(size) : formats.mean(size);
}

function told(metric: MetricId, difference: number, size: string, words: string): Change {
  const isUp = difference > 0;
  const wanted = isUp ? MORE_IS_BETTER : LESS_IS_BETTER;
  const unwanted = isUp ? LESS_IS_BETTER : MORE_IS_BETTER;
  return {
    direction: isUp ? "up" : "down",
    text: `${isUp ? "+" : MINUS}${size}`,
    words: `${words} ${isUp ? "more" : "less"}`,
    tone: wanted.has(metric) ? "better" : unwanted.has(metric) ? "worse" : "neutral",
  };
}
