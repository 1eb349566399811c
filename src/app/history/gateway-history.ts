import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/lifecycle.ts";
import type { MetricValue } from "../../core/metric-value.ts";
import type { SitePlan } from "../../core/site.ts";
import type { History } from "../../io/history/history.ts";
import type { Journey } from "../../journey/journey.ts";
import { KEPT_DAYS } from "../../metrics/days/day-book.ts";
import { answer } from "../../metrics/figures/figures.ts";
import type { Metrics } from "../../metrics/metrics.ts";
import { type ArchiveQuestion, archiveReader } from "../../metrics/reports/archive.ts";
import type { FigureReader } from "../../metrics/reports/period-report.ts";
import { type ShopDays, shopDays } from "../../metrics/reports/report-period.ts";
import type { Grain } from "../../metrics/reports/reports.ts";
import type { ReportsPort } from "../../web/reports-view.ts";
import type { Chore } from "../upkeep.ts";
import { HistoryUnit } from "./history-unit.ts";
import { ReportsDesk } from "./reports-desk.ts";
import { isBeingEstimated, RollupKeeper } from "./rollup-keeper.ts";
import type { TradingDays } from "./trading-days.ts";

export interface GatewayHistoryDeps {
  readonly site: SitePlan;
  readonly metrics: Metrics;
  readonly journey: Pick<Journey, "underWay" | "reachMs">;
  /** Absent or null: past days are known only as long as this process lives. */
  readonly history?: History | null;
  readonly clock: Clock;
  readonly log: Log;
}

/** Everything that makes a gateway remember: past days, values of slots, reports over them. */
export interface GatewayHistory {
  readonly unit: HistoryUnit;
  readonly days: ShopDays;
  readonly reports: ReportsPort;
  readonly chores: (days: TradingDays) => readonly Chore[];
  notices(): readonly string[];
}

const HOUR_MS = 3_600_000;
const RETRY_PERIOD_MS = 60_000;
/** One commit, and so one write of a flash card, for so long; a rollup lost in between is made again at the start. */
const ROLLUP_PERIOD_MS = 300_000;
const PURGE_PERIOD_MS = 600_000;

/** Puts a gateway's memory together. Nothing is read or written before `TradingDays.restore`. */
export function createGatewayHistory(deps: GatewayHistoryDeps): GatewayHistory {
  const { site, metrics, journey, history = null, clock, log } = deps;
  const days = shopDays(site);
  const unit = new HistoryUnit({ history, metrics, journey, days, clock, log });
  const keptSince = (): EpochMs => {
    const today = days.dateOf(clock.now());
    return days.tradingDay(today - (KEPT_DAYS - 1)).start;
  };
  const saved = (question: ArchiveQuestion, grain: Grain): Iterable<MetricValue> =>
    history === null ? [] : savedValues(history, question, grain);
  const live = liveReader(metrics, saved);
  const reader = archiveReader({ live, days, keptSince, saved });
  const reports = new ReportsDesk({
    site,
    days,
    reader,
    journeys: (period, now) => metrics.journeys(period, now),
    now: () => clock.now(),
  });
  const keeper =
    history === null ? null : new RollupKeeper({ site, days, metrics, history, clock });
  return {
    unit,
    days,
    reports,
    chores: (tradingDays) =>
      keeper === null
        ? []
        : [
            { name: "history-retry", periodMs: RETRY_PERIOD_MS, run: () => tradingDays.retry() },
            { name: "rollups", periodMs: ROLLUP_PERIOD_MS, run: () => keeper.save() },
            { name: "history-purge", periodMs: PURGE_PERIOD_MS, run: () => void history?.purge() },
          ],
    notices: () => history?.notices() ?? [],
  };
}

/** The metrics; where one is still working a closed day out, what was saved of that day before. */
function liveReader(
  metrics: Metrics,
  saved: (question: ArchiveQuestion, grain: Grain) => Iterable<MetricValue>,
): FigureReader {
  return {
    value(metric, scope, from, to) {
      const question = { metric, scope, from, to };
      // A table of short slots would push everything else out of what the metrics remember.
      if (to - from < HOUR_MS) return answer(metrics.sources, question);
      const value = metrics.value(metric, scope, from, to);
      if (!isBeingEstimated(value)) return value;
      const [before] = saved(question, "day");
      return before?.from === from && before.to === to ? before : value;
    },
  };
}

function* savedValues(
  history: History,
  { metric, scope, from, to }: ArchiveQuestion,
  grain: Grain,
): Generator<MetricValue> {
  const query = { grain, metric, scope, from, to: epochMs(Math.max(from, to)) };
  for (const { value } of history.rollups(query)) yield value;
}
