import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { MetricId, MetricScope } from "../../core/metric-value.ts";
import type { SitePlan } from "../../core/site.ts";
import { definitionOf, isDefined } from "../../metrics/definitions.ts";
import { type FigureReader, periodReport } from "../../metrics/reports/period-report.ts";
import {
  type DatedPeriod,
  periodOf,
  type ShopDays,
  slotsOf,
} from "../../metrics/reports/report-period.ts";
import {
  type JourneysReport,
  type ReportPeriod,
  WHOLE_DAYS,
} from "../../metrics/reports/reports.ts";
import type {
  Answered,
  ExportRow,
  FigureView,
  RefusedQuestion,
  ReportsPort,
  RollupSlotView,
  RollupTable,
} from "../../web/reports-view.ts";
import { isoTime } from "../../wire/cloud-event.ts";
import type {
  AskedExport,
  AskedFigure,
  AskedPeriod,
  AskedReport,
  AskedRollup,
} from "../../wire/report-query.ts";
import { exportColumns, type ShopNames, shopNames } from "./export-columns.ts";

export interface ReportsDeskDeps {
  readonly site: SitePlan;
  readonly days: ShopDays;
  /** The metrics, with what was saved of days before theirs. */
  readonly reader: FigureReader;
  readonly journeys: (period: ReportPeriod, now: EpochMs) => JourneysReport;
  readonly now: () => EpochMs;
}

/** Reports that are the same for this long are made once. */
const CACHE_MS = 60_000;
/** Reports remembered; the oldest goes first. */
const CACHED_REPORTS = 16;
/** Values of one answer of /api/rollup, and rows of one export. */
const MOST_VALUES = 20_000;
const MOST_ROWS = 1_000_000;
const DAY_MS = 86_400_000;
/** Events of a slot may come so much later without correcting it. */
const GRACE_MS = 60_000;

/** Answers the questions of the HTTP API from the metrics of a gateway; a report asked for often is made once a minute. */
export class ReportsDesk implements ReportsPort {
  readonly #deps: ReportsDeskDeps;
  readonly #names: ShopNames;
  readonly #cache = new Map<string, { readonly minute: number; readonly body: unknown }>();

  constructor(deps: ReportsDeskDeps) {
    this.#deps = deps;
    this.#names = shopNames(deps.site);
  }

  report(asked: AskedReport): ReturnType<ReportsPort["report"]> {
    const { site, days, reader, now } = this.#deps;
    const begun = this.#begun(asked.period);
    if (!begun.ok) return begun;
    const make = () => periodReport(site, days, reader, asked, now());
    const report = this.#cached(`report ${JSON.stringify(asked)}`, make);
    return report === null ? refused("date", "the period asked for", BEGUN) : done(report);
  }

  journeys(asked: AskedReport): ReturnType<ReportsPort["journeys"]> {
    const begun = this.#begun(asked.period);
    if (!begun.ok) return begun;
    const { kind, from, to } = begun.value;
    const make = () => this.#deps.journeys({ kind, from, to }, this.#deps.now());
    return done(this.#cached(`journeys ${JSON.stringify(asked.period)}`, make));
  }

  figure(asked: AskedFigure): Answered<FigureView> {
    const { days, reader } = this.#deps;
    const fault = this.#faultOf([asked.metric], asked.scope) ?? this.#pastFault(asked);
    if (fault !== null) return { ok: false, error: [fault] };
    const metric = asked.metric as MetricId;
    const { scope, from } = asked;
    const to = earlier(asked.to, this.#deps.now());
    const cut = this.#cutFault(metric, scope, from, to);
    if (cut !== null) return { ok: false, error: [cut] };
    const grain = WHOLE_DAYS.has(metric) || to - from > 2 * DAY_MS ? "day" : "hour";
    const byHour = [...slotsOf(days, grain, from, to)].map((slot) => {
      const { coverage, value } = reader.value(metric, scope, slot.from, slot.to);
      return { from: slot.from, to: slot.to, coverage, value };
    });
    return done({ value: reader.value(metric, scope, from, to), grain, byHour });
  }

  rollup(asked: AskedRollup): Answered<RollupTable> {
    const { days, now } = this.#deps;
    const { grain, metrics, scope, from } = asked;
    const fault = this.#faultOf(metrics, scope) ?? this.#pastFault(asked);
    if (fault !== null) return { ok: false, error: [fault] };
    const ids = metrics.filter(isDefined);
    const hidden = ids.find((metric) => WHOLE_DAYS.has(metric));
    if (hidden !== undefined && grain !== "day")
      return refused("metric", hidden, "told for whole trading days only: ask for grain=day");
    const to = earlier(asked.to, now());
    const slots = [];
    for (const slot of slotsOf(days, grain, from, to)) {
      if ((slots.length + 1) * ids.length > MOST_VALUES)
        return refused(
          "to",
          String(asked.to),
          `at most ${MOST_VALUES} values; ${slot.from} would fit`,
        );
      slots.push(slot);
    }
    return done({ grain, slots: this.#valuesOf(slots, ids, scope) });
  }

  /** Each step works out one slot. */
  *#valuesOf(
    slots: readonly { readonly from: EpochMs; readonly to: EpochMs }[],
    metrics: readonly MetricId[],
    scope: MetricScope,
  ): Generator<RollupSlotView> {
    const { reader, now } = this.#deps;
    for (const { from, to } of slots) {
      const values = metrics.map((metric) => reader.value(metric, scope, from, to));
      yield { from, to, isFinal: to + GRACE_MS <= now(), values };
    }
  }

  exportRows(asked: AskedExport): Answered<Iterable<readonly ExportRow[]>> {
    const { site, days } = this.#deps;
    const fault = this.#faultOf(asked.metrics ?? [], asked.scope ?? { kind: "store" }, "metrics");
    if (fault !== null) return { ok: false, error: [fault] };
    const begun = this.#begun(asked.period);
    if (!begun.ok) return begun;
    const columns = exportColumns(site, asked);
    if (columns.length === 0)
      return refused("metrics", (asked.metrics ?? []).join(","), "metrics of that scope");
    const hidden = columns.find(({ metric }) => WHOLE_DAYS.has(metric));
    if (hidden !== undefined && asked.grain !== "day")
      return refused("metrics", hidden.metric, "told for whole trading days only: grain=day");
    const to = earlier(begun.value.to, this.#deps.now());
    const slots = [...slotsOf(days, asked.grain, begun.value.from, to)];
    const rows = slots.length * columns.length;
    if (rows > MOST_ROWS)
      return refused("metrics", `${rows} rows`, `at most ${MOST_ROWS} rows: fewer metrics or days`);
    return done(this.#rowsOf(slots, columns));
  }

  *#rowsOf(
    slots: readonly { readonly from: EpochMs; readonly to: EpochMs }[],
    columns: readonly { readonly metric: MetricId; readonly scope: MetricScope }[],
  ): Generator<readonly ExportRow[]> {
    const { days, reader } = this.#deps;
    const local = (at: EpochMs): string => isoTime(epochMs(days.calendar.wallOf(at))).slice(0, 19);
    for (const { from, to } of slots) {
      const times = { fromLocal: local(from), toLocal: local(to) };
      yield columns.map(({ metric, scope }) => ({
        ...times,
        name: this.#names.title(definitionOf(metric).name, scope),
        value: reader.value(metric, scope, from, to),
      }));
    }
  }

  /** The trading days asked for; a fault when they lie ahead. */
  #begun(asked: AskedPeriod): Answered<DatedPeriod> {
    const now = this.#deps.now();
    const period = periodOf(this.#deps.days, asked, now);
    if (period.from <= now) return done(period);
    const path = asked.kind === "custom" ? "from" : "date";
    return refused(path, isoTime(period.from), BEGUN);
  }

  #faultOf(
    metrics: readonly string[],
    scope: MetricScope,
    path = "metric",
  ): RefusedQuestion | null {
    const unknown = metrics.find((metric) => !isDefined(metric));
    if (unknown !== undefined)
      return { path, found: unknown, expected: "a metric of GET /api/definitions" };
    return this.#names.knows(scope)
      ? null
      : {
          path: "scope",
          found: JSON.stringify(scope),
          expected: "a zone or line of GET /api/site",
        };
  }

  #pastFault({ from }: { readonly from: EpochMs }): RefusedQuestion | null {
    if (from < this.#deps.now()) return null;
    return { path: "from", found: isoTime(from), expected: "a time that has passed" };
  }

  #cutFault(
    metric: MetricId,
    scope: MetricScope,
    from: EpochMs,
    to: EpochMs,
  ): RefusedQuestion | null {
    if (!WHOLE_DAYS.has(metric) && scope.kind !== "zone-pair") return null;
    const { calendar } = this.#deps.days;
    const isBorder = (at: EpochMs): boolean => calendar.dayOf(at).start === at;
    if (isBorder(from) && (isBorder(to) || to === this.#deps.now())) return null;
    return { path: "from", found: isoTime(from), expected: "whole trading days for this metric" };
  }

  #cached<T>(key: string, make: () => T): T {
    const minute = Math.floor(this.#deps.now() / CACHE_MS);
    const known = this.#cache.get(key);
    if (known?.minute === minute) return known.body as T;
    const body = make();
    this.#cache.delete(key);
    const oldest = this.#cache.keys().next().value;
    if (this.#cache.size >= CACHED_REPORTS && oldest !== undefined) this.#cache.delete(oldest);
    this.#cache.set(key, { minute, body });
    return body;
  }
}

const BEGUN = "a trading day that has begun";

const done = <T>(value: T): Answered<T> => ({ ok: true, value });

const refused = (path: string, found: string, expected: string): Answered<never> => ({
  ok: false,
  error: [{ path, found, expected }],
});

const earlier = (a: EpochMs, b: EpochMs): EpochMs => (a < b ? a : b);
