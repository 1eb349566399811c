import { type EpochMs, epochMs } from "../../src/core/brand.ts";
import type {
  MetricId,
  MetricScope,
  MetricUnit,
  MetricValue,
} from "../../src/core/metric-value.ts";
import { fakeMetric, SCENE_NOW } from "./fake-dashboard-scenes.ts";

const HOUR = 3_600_000;
const SLOT = 900_000;
/** Berlin's winter time; the days of the script have no change of clocks. */
const OFFSET = HOUR;
/** The scripted shop remembers so many days. */
const KEPT_MS = 43 * 24 * HOUR;
/** First trading day that is kept. */
export const KEPT_SINCE = epochMs(SCENE_NOW - KEPT_MS);

/** People a quarter of an hour at the height of a plain day, by what is counted. */
const PEAKS: Readonly<Partial<Record<MetricId, number>>> = {
  "passing-traffic": 205,
  entrants: 26.7,
  exits: 25.6,
  transactions: 6.2,
  "net-sales": 32_000,
  occupancy: 18,
  "zone-visits": 16,
  "zone-dwell-total": 1_400_000,
};
/** How busy a day is, Monday first. */
const WEEKDAYS = [0.72, 0.7, 0.78, 0.85, 1.05, 1.3, 1];
/** Monday 5 January 1970. */
const MONDAY = 4 * 24 * HOUR;

/** A number in [0, 1) that looks random and is always the same for the same text. */
function noise(text: string): number {
  let hash = 2_166_136_261;
  for (let i = 0; i < text.length; i += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 16_777_619);
  }
  hash = Math.imul(hash ^ (hash >>> 15), 2_246_822_507);
  return ((hash ^ (hash >>> 13)) >>> 0) / 4_294_967_296;
}

/** What a quarter of an hour brings, open from nine to eight; null in the quarters nobody saw. */
function slotValue(metric: MetricId, key: string, at: number): number | null {
  const local = at + OFFSET;
  const hour = (local % (24 * HOUR)) / HOUR;
  if (isUnseen(at)) return null;
  if (hour < 9 || hour >= 20) return 0;
  const day = Math.floor((local - MONDAY) / (24 * HOUR));
  const wave = Math.exp(-((hour - 12.6) ** 2) / 5) + 0.6 * Math.exp(-((hour - 16.5) ** 2) / 4);
  const busy = WEEKDAYS[((day % 7) + 7) % 7] ?? 1;
  const spread = 0.8 + 0.4 * noise(`${metric}${key}${at}`);
  const scale = key === "store" ? 1 : 0.35 + noise(key);
  return Math.round((PEAKS[metric] ?? 10) * wave * busy * spread * scale);
}

/** On Tuesdays the door camera is cleaned before noon. */
const isUnseen = (at: number): boolean => {
  const local = at + OFFSET - MONDAY;
  const hour = (local % (24 * HOUR)) / HOUR;
  return Math.floor(local / (24 * HOUR)) % 7 === 1 && hour >= 11 && hour < 12;
};

/** The scripted value of a slot of a chart: counts added up, people in the store averaged; null = not seen. */
export function fakeSlot(
  metric: MetricId,
  from: EpochMs,
  to: EpochMs,
  key = "store",
): number | null {
  const values: number[] = [];
  for (let at = Math.ceil(from / SLOT) * SLOT; at < to; at += SLOT) {
    const value = slotValue(metric, key, at);
    if (value !== null) values.push(value);
  }
  if (values.length === 0) return null;
  const sum = values.reduce((a, b) => a + b, 0);
  return metric === "occupancy" ? sum / values.length : sum;
}

/** Share of an interval that was seen. */
export function fakeCoverage(from: EpochMs, to: EpochMs): number {
  let [seen, all] = [0, 0];
  for (let at = Math.ceil(from / SLOT) * SLOT; at < to; at += SLOT) {
    all += 1;
    if (!isUnseen(at)) seen += 1;
  }
  return all === 0 ? 1 : seen / all;
}

/** What is not known in this shop, and why. */
const UNKNOWN: Readonly<Partial<Record<MetricId, readonly [code: string, text: string]>>> = {
  "zone-conversion": ["no-goods", "The site plan does not say what is sold in this zone."],
  "basket-put-back-rate": ["no-baskets", "No basket has told what went into it."],
  "baskets-abandoned": ["no-baskets", "No basket has told what went into it."],
  "click-collect-attach": ["no-links", "Nothing links hand-overs with sales."],
  "visit-frequency": ["short-memory", "Fewer than 90 days are known."],
  children: ["no-heights", "No counter tells children from adults."],
};

/** Rates and durations of a plain day: value, half of its interval, unit. */
const LEVELS: Readonly<Partial<Record<MetricId, readonly [number, number, MetricUnit]>>> = {
  "shopfront-conversion": [0.118, 0.008, "ratio"],
  "visit-duration-mean": [812_000, 28_000, "ms"],
  "visit-duration-median": [640_000, 35_000, "ms"],
  "visit-duration-p90": [1_740_000, 130_000, "ms"],
  "bounce-rate": [0.224, 0.021, "ratio"],
  "bounce-rate-ga4": [0.187, 0.024, "ratio"],
  "sales-conversion": [0.233, 0.034, "ratio"],
  "sales-conversion-units": [0.281, 0.04, "ratio"],
  "average-transaction-value": [5_337, 410, "minor"],
  "units-per-transaction": [2.3, 0.2, "per-transaction"],
  "shopper-yield": [1_243, 130, "minor"],
  "identification-coverage": [0.142, 0.03, "ratio"],
  "repeat-rate": [0.41, 0.08, "ratio"],
  "visit-recency": [12, 3, "days"],
  "customer-tenure": [96, 20, "days"],
  "occupancy-peak": [31, 2, "people"],
  "zone-draw": [0.38, 0.05, "ratio"],
  "zone-engagement": [0.46, 0.06, "ratio"],
  "zone-dwell-mean": [74_000, 5_000, "ms"],
  "zone-dwell-median": [52_000, 4_000, "ms"],
  "zone-dwell-p90": [190_000, 21_000, "ms"],
  "zone-seconds-per-entrant": [38_000, 1_500, "ms"],
  "zone-holding-power": [0.92, 0.07, "ratio"],
  "queue-length": [2.4, 0.2, "people"],
  "queue-wait-mean": [143_000, 14_000, "ms"],
  "queue-service-rate": [24.6, 2, "per-hour"],
  "queue-abandonment": [0.06, 0.02, "ratio"],
  "queue-balking": [0.11, 0.03, "ratio"],
};
/** Counts as shares of another count. */
const PARTS_OF: Readonly<Partial<Record<MetricId, readonly [MetricId, number]>>> = {
  "entrants-raw": ["entrants", 1.04],
  "buying-units": ["entrants", 0.83],
  "click-collect-arrivals": ["entrants", 0.03],
  "click-collect-handovers": ["entrants", 0.026],
  "zone-unique-visits": ["zone-visits", 0.55],
  "door-drift": ["entrants", 0.013],
};
const UNITS: Readonly<Partial<Record<MetricId, MetricUnit>>> = {
  "net-sales": "minor",
  "zone-dwell-total": "ms",
  transactions: "count",
  "buying-units": "count",
  "zone-visits": "count",
  "zone-unique-visits": "count",
};

const keyOf = (scope: MetricScope): string =>
  scope.kind === "zone" || scope.kind === "line" ? scope.id : "store";

/** The scripted value of a metric over [from, to), with everything that explains it. */
export function fakeValue(
  metric: MetricId,
  scope: MetricScope,
  from: EpochMs,
  to: EpochMs,
): MetricValue {
  const key = keyOf(scope);
  const coverage = fakeCoverage(from, to);
  const common: Partial<MetricValue> = { scope, from, to, coverage };
  const why = to <= KEPT_SINCE ? NOT_KEPT : UNKNOWN[metric];
  const level = LEVELS[metric];
  const unit = level?.[2] ?? UNITS[metric] ?? "people";
  if (why !== undefined) {
    const reason = { code: why[0], text: why[1] };
    return fakeMetric(metric, null, unit, { ...common, coverage: 0, reason });
  }
  if (level === undefined) {
    const [base, share] = PARTS_OF[metric] ?? [metric, 1];
    const value = Math.round((fakeSlot(base, from, to, key) ?? 0) * share);
    return fakeMetric(metric, value, unit, { ...common, n: value });
  }
  return fakeMetric(metric, ...levelOf(metric, key, level, from), {
    ...common,
    method: metric.startsWith("visit-duration") ? "little-closure" : "track",
    ...intervalOf(metric, key, level, from),
    imputedShare: coverage < 1 ? 0.04 : 0,
  });
}

const NOT_KEPT = [
  "not-kept",
  "This day is older than what is kept here, which goes back to 10 October.",
] as const;

type Level = readonly [value: number, half: number, unit: MetricUnit];

function levelOf(
  metric: MetricId,
  key: string,
  [value, , unit]: Level,
  from: EpochMs,
): readonly [number, MetricUnit] {
  const scale = key === "store" ? 1 : 0.6 + 0.8 * noise(`${key}${metric}`);
  const drift = 0.9 + 0.2 * noise(`${metric}${key}${from}`);
  const wanted = value * scale * drift;
  const isWhole = unit === "ms" || unit === "minor" || unit === "days";
  return [isWhole || metric === "occupancy-peak" ? Math.round(wanted) : wanted, unit];
}

function intervalOf(
  metric: MetricId,
  key: string,
  level: Level,
  from: EpochMs,
): Pick<MetricValue, "ci95" | "effectiveN"> {
  const [value] = levelOf(metric, key, level, from);
  const isTag = metric.startsWith("visit-") || metric === "repeat-rate";
  return { ci95: [value - level[1], value + level[1]], effectiveN: isTag ? 86 : null };
}
