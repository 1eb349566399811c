import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { MetricId, MetricReason, MetricScope, MetricValue } from "../../core/metric-value.ts";
import { definitionOf, definitionReference } from "../definitions.ts";
import { wilson95 } from "../estimate/intervals.ts";
import { joinedReasons, reason } from "../reasons.ts";
import { RULES } from "../rules.ts";
import type { FigureReader } from "./period-report.ts";
import { GRAIN_MS, type ShopDays } from "./report-period.ts";
import type { Grain } from "./reports.ts";

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
  "zone-visits",
  "zone-unique-visits",
  "zone-dwell-total",
]);

/** Rates that are one sum over another. */
export const SUM_OVER_SUM: Readonly<Partial<Record<MetricId, readonly [MetricId, MetricId]>>> = {
  "sales-conversion": ["transactions", "entrants"],
  "sales-conversion-units": ["transactions", "buying-units"],
  "average-transaction-value": ["net-sales", "transactions"],
  "shopper-yield": ["net-sales", "entrants"],
};

/** Rates whose `n` is their denominator, so that value x n is their numerator. */
export const POOLED: ReadonlySet<MetricId> = new Set<MetricId>([
  "shopfront-conversion",
  "units-per-transaction",
  "baskets-abandoned",
]);

/** Rates that are shares of a whole, for which an interval is known. */
const SHARES: ReadonlySet<MetricId> = new Set<MetricId>([
  "shopfront-conversion",
  "sales-conversion",
  "sales-conversion-units",
  "baskets-abandoned",
]);

/**
 * A reader for reports that reach back before what the metrics keep: those intervals are put together from saved
 * values, whole trading days where the interval allows it, else hours or quarters. Additive metrics are summed; some
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
    const [above, below] = both(known(of(ratio[0])), known(of(ratio[1])));
    const sums = { above: total(above), below: total(below), usable: below };
    return { ...rate(question, own, sums), imputedShare: imputedOf(below) };
  }
  if (POOLED.has(metric)) {
    const usable = known(own);
    const below = usable.reduce((sum, { n }) => sum + n, 0);
    const above = usable.reduce((sum, { value, n }) => sum + Math.round((value ?? 0) * n), 0);
    return rate(question, own, { above, below, usable });
  }
  return absent(question, own, "This is not kept for so long: it cannot be told from sums.");
}

const known = (values: readonly MetricValue[]): readonly MetricValue[] =>
  values.filter(({ value }) => value !== null);

const total = (values: readonly MetricValue[]): number =>
  values.reduce((sum, { value }) => sum + (value ?? 0), 0);

/** Those of two lists of slots that are in both: where one of two counts is missing, the other would bend their rate. */
function both(
  above: readonly MetricValue[],
  below: readonly MetricValue[],
): readonly [readonly MetricValue[], readonly MetricValue[]] {
  const slots = (values: readonly MetricValue[]) => new Set<number>(values.map(({ from }) => from));
  const [left, right] = [slots(above), slots(below)];
  return [above.filter(({ from }) => right.has(from)), below.filter(({ from }) => left.has(from))];
}

/** Imputed share of a sum, 0..1. */
function imputedOf(values: readonly MetricValue[]): number {
  const sum = total(values);
  const imputed = values.reduce((all, one) => all + (one.value ?? 0) * one.imputedShare, 0);
  return sum === 0 ? 0 : Math.min(1, Math.max(0, imputed / sum));
}

function summed(question: ArchiveQuestion, own: readonly MetricValue[]): MetricValue {
  const usable = known(own);
  if (usable.length === 0) return absent(question, own, "Nothing was kept of this interval.");
  const value = total(usable);
  return {
    ...base(question, own),
    value,
    imputedShare: imputedOf(usable),
    reason: joinedReasons(oddNote(question, value, 0), missingNote(question, usable)),
  };
}

function highest(question: ArchiveQuestion, own: readonly MetricValue[]): MetricValue {
  const usable = known(own);
  if (usable.length === 0) return absent(question, own, "Nothing was kept of this interval.");
  const value = usable.reduce((most, one) => Math.max(most, one.value ?? 0), 0);
  return { ...base(question, own), value, reason: missingNote(question, usable) };
}

/** The two sums of a rate, and the slots that hold both. */
interface Sums {
  readonly above: number;
  readonly below: number;
  readonly usable: readonly MetricValue[];
}

/** What to say of a sum below 0 and of a share above 1, which are shown as they are; null when there is nothing. */
function oddNote({ metric }: ArchiveQuestion, above: number, below: number): MetricReason | null {
  if (above < 0)
    return reason("negative-sales", "More money was given back than taken in this interval.");
  if (!SHARES.has(metric) || above <= below) return null;
  const text = `${above} of only ${Math.round(below)}: one of the two counts is wrong.`;
  return metric === "shopfront-conversion"
    ? reason("geometry-fault", text)
    : reason("more-sales-than-entrants", text);
}

function rate(
  question: ArchiveQuestion,
  own: readonly MetricValue[],
  { above, below, usable }: Sums,
): MetricValue {
  if (own.length === 0) return absent(question, own, "Nothing was kept of this interval.");
  if (below === 0) return absent(question, own, "Nothing to divide by in this interval.");
  const ci95 = SHARES.has(question.metric) ? wilson95(above, below) : null;
  const whole = { ...base(question, own), n: below, ci95 };
  if (ci95 === null || below >= RULES.minN)
    return {
      ...whole,
      value: above / below,
      reason: joinedReasons(oddNote(question, above, below), missingNote(question, usable)),
    };
  const text = `Only ${below} observations: too few for a rate.`;
  return { ...whole, value: null, reason: reason("small-sample", text) };
}

function absent(question: ArchiveQuestion, own: readonly MetricValue[], text: string): MetricValue {
  const whole = base(question, own);
  return { ...whole, value: null, method: "none", ci95: null, reason: reason("not-kept", text) };
}

/** The newest definition with the parameters that all pieces share: a count of one of them is not that of the whole. */
function commonDefinition(
  { definition }: MetricValue,
  own: readonly MetricValue[],
): MetricValue["definition"] {
  const shared = Object.entries(definition.parameters).filter(([name, value]) =>
    own.every((one) => one.definition.parameters[name] === value),
  );
  return { ...definition, parameters: Object.fromEntries(shared) };
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
    definition: newest === undefined ? definitionReference(metric) : commonDefinition(newest, own),
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
