import type { MetricValue } from "../../src/core/metric-value.ts";

/** One figure against the truth. */
export interface SimEntry {
  readonly value: number | null;
  readonly truth: number | null;
  /** Of a ratio: |value - truth|. */
  readonly absError?: number;
  /** Of everything else: |value / truth - 1|. */
  readonly relError?: number;
  readonly ci95: readonly [number, number] | null;
  /** Whether the interval holds the truth; null without an interval or a truth. */
  readonly covered: boolean | null;
  readonly method: string;
  readonly n: number;
  /** Code of the reason, when there is one. */
  readonly reason: string | null;
}

/** Compares a value with the truth. Pure. */
export function entryOf(value: MetricValue, truth: number | null): SimEntry {
  const { ci95, method, n } = value;
  return {
    value: value.value === null ? null : rounded(value.value),
    truth: truth === null ? null : rounded(truth),
    ...errorOf(value, truth),
    ci95: ci95 === null ? null : [rounded(ci95[0]), rounded(ci95[1])],
    covered: isCovered(ci95, truth),
    method,
    n,
    reason: value.reason?.code ?? null,
  };
}

function errorOf(
  { value, unit }: MetricValue,
  truth: number | null,
): Pick<SimEntry, "absError" | "relError"> {
  if (value === null || truth === null) return {};
  const off = Math.abs(value - truth);
  if (unit === "ratio") return { absError: rounded(off) };
  return truth === 0 ? {} : { relError: rounded(off / Math.abs(truth)) };
}

function isCovered(ci95: MetricValue["ci95"], truth: number | null): boolean | null {
  if (ci95 === null || truth === null) return null;
  // Ends of intervals that agree with the truth to the last digit are no misses.
  const slack = 1e-9 * Math.max(1, Math.abs(truth));
  return truth >= ci95[0] - slack && truth <= ci95[1] + slack;
}

/** Intervals that were compared, and those that hold the truth. */
export class CoverageTally {
  readonly #byMetric = new Map<string, { covered: number; compared: number }>();

  add(metric: string, entry: SimEntry): void {
    if (entry.covered === null) return;
    const known = this.#byMetric.get(metric) ?? { covered: 0, compared: 0 };
    known.compared += 1;
    if (entry.covered) known.covered += 1;
    this.#byMetric.set(metric, known);
  }

  /** Share of all intervals that hold the truth; null when none was compared. */
  get ratio(): number | null {
    let covered = 0;
    let compared = 0;
    for (const one of this.#byMetric.values()) {
      covered += one.covered;
      compared += one.compared;
    }
    return compared === 0 ? null : rounded(covered / compared);
  }

  /** Per metric, in order of name. */
  byMetric(): Record<string, { readonly ratio: number; readonly compared: number }> {
    const entries = [...this.#byMetric].sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(
      entries.map(([metric, { covered, compared }]) => [
        metric,
        { ratio: rounded(covered / compared), compared },
      ]),
    );
  }
}

/** Mean of numbers, null of none. Pure. */
export const meanOf = (values: readonly number[]): number | null =>
  values.length === 0 ? null : rounded(values.reduce((sum, one) => sum + one, 0) / values.length);

/** Six digits are enough for a figure. */
export function rounded(value: number): number {
  return Number.isFinite(value) ? Number(value.toPrecision(6)) : value;
}
