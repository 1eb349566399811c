import type { MetricScope } from "../../../core/metric-value.ts";
import type { ShopLayout } from "../layout.ts";
import type { TrueRow, TruthDay } from "./true-rows.ts";

/**
 * Who comes back within the re-entry gap: `merged` is one visit, as where a track or a tag proves it; `raw` is two, which
 * is all that the definition lets anonymous counts say.
 */
export type Identity = "merged" | "raw";

/** What a true figure is asked about. */
export interface TrueQuestion {
  readonly days: readonly TruthDay[];
  /** Days of the shop before these, for who came again. */
  readonly earlier: readonly TruthDay[];
  readonly scope: MetricScope;
  readonly identity: Identity;
  readonly layout: ShopLayout;
  /** Of the definition, as the value told them. */
  readonly parameters: Readonly<Record<string, number | string>>;
}

/** A true figure; null where it has no meaning or its denominator is nothing. */
export type TrueFigure = (question: TrueQuestion) => number | null;

/** All customers' visits. */
export const rowsOf = ({ days }: TrueQuestion): TrueRow[] => days.flatMap((day) => day.rows);

/** A sum over days. */
export const overDays = ({ days }: TrueQuestion, read: (day: TruthDay) => number): number =>
  days.reduce((sum, day) => sum + read(day), 0);

/** Position of the zone that is asked about; -1 for none. */
export function zoneAsked({ scope, layout }: TrueQuestion): number {
  return scope.kind === "zone" ? layout.zones.findIndex((zone) => zone.id === scope.id) : -1;
}

/** A ratio; null when nothing is below it. */
export const ratio = (part: number, whole: number): number | null =>
  whole === 0 ? null : part / whole;

/** Mean; null of an empty list. */
export const mean = (values: readonly number[]): number | null =>
  ratio(
    values.reduce((sum, value) => sum + value, 0),
    values.length,
  );

/** The smallest value that at least this share does not exceed; null of an empty list. */
export function quantile(values: readonly number[], share: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}

/** A number among the parameters of the definition. */
export function parameterOf({ parameters }: TrueQuestion, name: string, fallback: number): number {
  const value = parameters[name];
  return typeof value === "number" ? value : fallback;
}

/** How many people came in. */
export function entrantsOf(question: TrueQuestion): number {
  const rows = rowsOf(question);
  if (question.identity === "merged") return rows.length;
  return rows.reduce((sum, row) => sum + row.stretches.length, 0);
}

/** How long visits lasted. */
export function durationsOf(question: TrueQuestion): number[] {
  const rows = rowsOf(question);
  if (question.identity === "merged") return rows.map((row) => row.exitedAt - row.enteredAt);
  return rows.flatMap((row) => row.stretches.map(({ from, to }) => to - from));
}
