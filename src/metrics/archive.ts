import { type EpochMs, epochMs } from "../core/brand.ts";
import type { MetricId, MetricReason, MetricScope, MetricValue } from "../core/metric-value.ts";
import { definitionOf, definitionReference } from "./definitions.ts";
import { wilson95 } from "./intervals.ts";
import type { FigureReader } from "./period-report.ts";
import { reason } from "./reasons.ts";
import { GRAIN_MS, type ShopDays } from "./report-period.ts";
import type { Grain } from "./reports.ts";
import { RULES } from "./rules.ts";

/** An interval and what is asked of it. */
export interface ArchiveQuestion {
  readonly metric: MetricId;
  readonly scope: MetricScope;
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/** Values of consecutive slots that were saved, in order of time; slots without a row are missing. */
export type SavedValues = (question: ArchiveQuestion, grain: Grain) => Iterable<MetricValue>;

/** Metrics of which the values of parts add up to that of the whole. */
export const ADDITIVE: ReadonlySet<MetricId> = new Set<MetricId>([
  "passing-traffic",
  "entrants",
  "entrants-raw",
  "children",
  "buying-units",
  "exits",
  "transactions",
  "net-sales",
  "click-collect-arrivals",
  "click-collect-handovers",
  "baskets-abandoned",
  "zone-visits",
  "zone-unique-visits",
  "zone-dwell-total",
]);

/** Rates that are one sum over another. */
const SUM_OVER_SUM: Readonly<Partial<Record<MetricId, readonly [MetricId, MetricId]>>> = {
  "sales-conversion": ["transactions", "entrants"],
  "sales-conversion-units": ["transactions", "buying-units"],
  "average-transaction-value": ["net-sales", "transactions"],
  "shopper-yield": ["net-sales", "entrants"],
};

/** Rates whose `n` is their denominator, so that value x n is their numerator. */
const POOLED: ReadonlySet<MetricId> = new Set<MetricId>([
  "shopfront-conversion",
  "units-per-transaction",
]);

/** Rates that are shares of a whole, for which an interval is known. */
const SHARES: ReadonlySet<MetricId> = new Set<MetricId>([
  "shopfront-conversion",
  "sales-conversion",
  "sales-conversion-units",
]);

/**
 * A reader for reports that reach back before what the metrics keep: those intervals are put together from saved
 * values, whole trading days where the interval allows it, else hours or quarters. Additive metrics are summed; five
 * rates are taken anew from their sums; the peak is the highest peak; any other metric of more than one slot is null
 * (`not-kept`), because a median of medians is none.
 */
export function archiveReader(parts: {
  readonly live: FigureReader;
  readonly days: ShopDays;
  /** What the metrics still hold in full. */
  readonly keptSince: () => EpochMs;
  readonly saved: SavedValues;
}): FigureReader {
  const { live, days, keptSince, saved } = parts;
  const pieces = (question: ArchiveQuestion): MetricValue[] => {
    const { metric, scope, from, to } = question;
    const border = epochMs(Math.min(to, keptSince()));
    const old = saved({ metric, scope, from, to: border }, grainOf(days, from, border));
    const rest = to > border ? [live.value(metric, scope, border, to)] : [];
    return [...old, ...rest];
  };
  return {
    value(metric, scope, from, to) {
      if (from >= keptSince()) return live.value(metric, scope, from, to);
      return joined({ metric, scope, from, to }, pieces);
    },
  };
}

/** Coarsest grain whose slots fill [from, to) exactly. Pure. */
export function grainOf(days: ShopDays, from: EpochMs, to: EpochMs): Grain {
  const isBorder = (at: EpochMs): boolean => days.calendar.dayOf(at).start === at;
  if (isBorder(from) && isBorder(to)) return "day";
  const fits = (grain: "hour" | "quarter"): boolean =>
    [from, to].every((at) => (at - days.calendar.dayOf(at).start) % GRAIN_MS[grain] === 0);
  if (fits("hour")) return "hour";
  return fits("quarter") ? "quarter" : "minute";
}

/** Joins the values of the parts of an interval into one of the whole. */
function joined(
  question: ArchiveQuestion,
  pieces: (question: ArchiveQuestion) => readonly MetricValue[],
): MetricValue {
  const { metric } = question;
  const own = pieces(question);
  const [only] = own;
  if (only !== undefined && only.from === question.from && only.to === question.to) return only;
  const of = (other: MetricId) => pieces({ ...question, metric: other });
  const ratio = SUM_OVER_SUM[metric];
  if (ADDITIVE.has(metric)) return summed(question, own);
  if (metric === "occupancy-peak") return highest(question, own);
  if (ratio !== undefined) {
    const [above, below] = [known(of(ratio[0])), known(of(ratio[1]))];
    return rate(question, own, total(above), total(below));
  }
  if (POOLED.has(metric)) {
    const usable = known(own);
    const below = usable.reduce((sum, { n }) => sum + n, 0);
    const above = usable.reduce((sum, { value, n }) => sum + Math.round((value ?? 0) * n), 0);
    return rate(question, own, above, below);
  }
  return absent(question, own, "This is not kept for so long: it cannot be told from sums.");
}

const known = (values: readonly MetricValue[]): readonly MetricValue[] =>
  values.filter(({ value }) => value !== null);

const total = (values: readonly MetricValue[]): number =>
  values.reduce((sum, { value }) => sum + (value ?? 0), 0);

function summed(question: ArchiveQuestion, own: readonly MetricValue[]): MetricValue {
  const usable = known(own);
  if (usable.length === 0) return absent(question, own, "Nothing was kept of this interval.");
  const value = total(usable);
  const imputed = usable.reduce((sum, one) => sum + (one.value ?? 0) * one.imputedShare, 0);
  return {
    ...base(question, own),
    value,
    imputedShare: value === 0 ? 0 : Math.min(1, Math.max(0, imputed / value)),
    reason: missingNote(question, usable),
  };
}

function highest(question: ArchiveQuestion, own: readonly MetricValue[]): MetricValue {
  const usable = known(own);
  if (usable.length === 0) return absent(question, own, "Nothing was kept of this interval.");
  const value = usable.reduce((most, one) => Math.max(most, one.value ?? 0), 0);
  return { ...base(question, own), value, reason: missingNote(question, usable) };
}

function rate(
  question: ArchiveQuestion,
  own: readonly MetricValue[],
  above: number,
  below: number,
): MetricValue {
  if (own.length === 0) return absent(question, own, "Nothing was kept of this interval.");
  if (below === 0) return absent(question, own, "Nothing to divide by in this interval.");
  const ci95 = SHARES.has(question.metric) ? wilson95(above, below) : null;
  const whole = { ...base(question, own), n: below, ci95 };
  if (ci95 === null || below >= RULES.minN)
    return { ...whole, value: above / below, reason: missingNote(question, known(own)) };
  const text = `Only ${below} observations: too few for a rate.`;
  return { ...whole, value: null, reason: reason("small-sample", text) };
}

function absent(question: ArchiveQuestion, own: readonly MetricValue[], text: string): MetricValue {
  const whole = base(question, own);
  return { ...whole, value: null, method: "none", ci95: null, reason: reason("not-kept", text) };
}

/** What a joined value has of its parts. */
function base(question: ArchiveQuestion, own: readonly MetricValue[]): MetricValue {
  const newest = own.at(-1);
  const { metric, scope, from, to } = question;
  const { unit, methods } = definitionOf(metric);
  const seenMs = own.reduce((sum, one) => sum + one.coverage * (one.to - one.from), 0);
  return {
    metric,
    scope,
    value: null,
    unit,
    reason: null,
    definition: newest?.definition ?? definitionReference(metric),
    method: known(own).at(-1)?.method ?? methods[0] ?? "none",
    coverage: to > from ? Math.min(1, seenMs / (to - from)) : 0,
    imputedShare: 0,
    n: own.reduce((sum, one) => sum + one.n, 0),
    effectiveN: null,
    ci95: null,
    from,
    to,
    revision: own.reduce((sum, one) => sum + one.revision, 0),
  };
}

/** Says which share of the interval the figure rests on, when it is not all of it. */
function missingNote(
  { from, to }: ArchiveQuestion,
  usable: readonly MetricValue[],
): MetricReason | null {
  const keptMs = usable.reduce((sum, one) => sum + (one.to - one.from), 0);
  if (keptMs >= (to - from) * RULES.goodCoverageRatio) return null;
  const percent = Math.floor((keptMs / (to - from)) * 100);
  const text = `${percent < 1 ? "Less than 1" : percent} % of the interval was kept.`;
  return reason("partly-blind", text);
}
