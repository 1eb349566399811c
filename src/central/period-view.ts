import type { EpochMs } from "../core/brand.ts";
import type { InputFault, Result } from "../core/errors.ts";
import { fail, ok } from "../core/errors.ts";
import type { SitePlan } from "../core/site.ts";
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
 * estimates may differ from its own; counts do not.
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
  const report = periodReport(site, days, metrics, asked, now);
  if (report !== null) return ok(report);
  return fail([{ path: "date", found: "a day to come", expected: "a trading day that has begun" }]);
}

const lengthOf = ({ first, last }: DatedPeriod): number => last - first + 1;
