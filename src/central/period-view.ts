import type { EpochMs } from "../core/brand.ts";
import type { InputFault, Result } from "../core/errors.ts";
import { fail, ok } from "../core/errors.ts";
import type { MetricId, MetricValue } from "../core/metric-value.ts";
import type { SitePlan } from "../core/site.ts";
import { reason } from "../metrics/reasons.ts";
import { type FigureReader, periodReport } from "../metrics/reports/period-report.ts";
import {
  comparedPeriod,
  type DatedPeriod,
  periodOf,
  shopDays,
} from "../metrics/reports/report-period.ts";
import type { PeriodReport } from "../metrics/reports/reports.ts";
import type { AskedReport } from "../wire/report-query.ts";
import { type DayMetrics, tellEvents } from "./day-view.ts";
import type { EventRepository } from "./repository.ts";

/** The metrics of one shop as a report needs them: take events in, answer questions. */
export interface PeriodMetrics extends DayMetrics, FigureReader {}

/** Days of a report and its comparison together: metrics keep no more, and more events take too long to read. */
const MOST_DAYS = 42;

/**
 * Computes a report of a shop afresh from the stored events of its days, with the same code as the gateway. What a
 * gateway learned from the weeks before (drift of the doors, the time-to-purchase floor) is not known here, so
 * estimates may differ from its own; counts do not. Who came before these days is not known at all, so nothing is told of
 * returning customers.
 */
export async function computeReport(
  repository: EventRepository,
  site: SitePlan,
  metricsOf: (site: SitePlan) => PeriodMetrics,
  asked: AskedReport,
  now: EpochMs,
): Promise<Result<PeriodReport, readonly InputFault[]>> {
  const days = shopDays(site);
  const current = periodOf(days, asked.period, now);
  const other = asked.compare === null ? null : comparedPeriod(days, asked.compare, current, now);
  const parts = other === null ? [current] : [other, current];
  const length = parts.reduce((sum, part) => sum + lengthOf(part), 0);
  if (length > MOST_DAYS) {
    const expected = `at most ${MOST_DAYS} days, those compared with included`;
    return fail([{ path: "period", found: `${length} days`, expected }]);
  }
  const metrics = metricsOf(site);
  for (const { from, to } of parts)
    await tellEvents(repository, { storeId: site.store.id, from, to }, metrics);
  const report = periodReport(site, days, withoutRegulars(metrics), asked, now);
  if (report !== null) return ok(report);
  return fail([{ path: "date", found: "a day to come", expected: "a trading day that has begun" }]);
}

/** Figures that rest on the visits of the months before. */
const OF_REGULARS: ReadonlySet<MetricId> = new Set<MetricId>([
  "repeat-rate",
  "repeat-rate-30",
  "repeat-rate-60",
  "visit-recency",
  "visit-frequency",
  "customer-tenure",
]);

/**
 * A reader without figures of returning customers: from a few days everybody would look new, and days cut otherwise than
 * the gateway's would tell of fewer customers than it does.
 */
function withoutRegulars(reader: FigureReader): FigureReader {
  return {
    value(metric, scope, from, to): MetricValue {
      const value = reader.value(metric, scope, from, to);
      if (!OF_REGULARS.has(metric)) return value;
      const why = reason("not-kept", "Who came before is known at the shop's own gateway only.");
      const nothing = { n: 0, effectiveN: null, ci95: null, coverage: 0, method: "none" } as const;
      return { ...value, ...nothing, value: null, reason: why };
    },
  };
}

const lengthOf = ({ first, last }: DatedPeriod): number => last - first + 1;
