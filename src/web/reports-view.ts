import type { EpochMs } from "../core/brand.ts";
import type { MetricValue } from "../core/metric-value.ts";
import type { Grain, JourneysReport, PeriodReport } from "../metrics/reports/reports.ts";
import type { AskedExport, AskedFigure, AskedReport, AskedRollup } from "../wire/report-query.ts";

/** Body of GET /api/figure: one value, and how well each part of its interval was seen. */
export interface FigureView {
  readonly value: MetricValue;
  /** Length of the parts: hours up to eight days, else trading days. */
  readonly grain: Grain;
  readonly byHour: readonly {
    readonly from: EpochMs;
    readonly to: EpochMs;
    readonly coverage: number;
    readonly value: number | null;
  }[];
}

/** One slot of a table with its values. */
export interface RollupSlotView {
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** Nothing but a late event can change it. */
  readonly isFinal: boolean;
  readonly values: readonly MetricValue[];
}

/** Body of GET /api/rollup: values slot by slot. */
export interface RollupView {
  readonly grain: Grain;
  readonly slots: readonly RollupSlotView[];
}

/** A table that is worked out slot by slot while it is read. */
export interface RollupTable {
  readonly grain: Grain;
  readonly slots: Iterable<RollupSlotView>;
}

/** One row of an export: a value with its interval on the wall clock and its names. */
export interface ExportRow {
  /** Local times `YYYY-MM-DDTHH:MM:SS`. */
  readonly fromLocal: string;
  readonly toLocal: string;
  /** The glossary's word, and of a zone or door its name. */
  readonly name: string;
  readonly value: MetricValue;
}

/** Why a question cannot be answered: which part of it, what was found, what was expected. */
export interface RefusedQuestion {
  readonly path: string;
  readonly found: string;
  readonly expected: string;
}

/** An answer, or what is wrong with the question. */
export type Answered<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: readonly RefusedQuestion[] };

/** Reports over the days a shop remembers. Synchronous; a table or an export is made slot by slot while it is read. */
export interface ReportsPort {
  report(asked: AskedReport): Answered<PeriodReport>;
  journeys(asked: AskedReport): Answered<JourneysReport>;
  figure(asked: AskedFigure): Answered<FigureView>;
  rollup(asked: AskedRollup): Answered<RollupTable>;
  /** Each step yields the rows of one slot. */
  exportRows(asked: AskedExport): Answered<Iterable<readonly ExportRow[]>>;
}
