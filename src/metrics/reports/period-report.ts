import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { MetricId, MetricScope, MetricValue } from "../../core/metric-value.ts";
import type { FloorZoneKind, SitePlan } from "../../core/site.ts";
import { isDefined } from "../definitions.ts";
import {
  chartGrain,
  comparedPeriod,
  type DatedPeriod,
  localMinOf,
  periodOf,
  type ReportQuery,
  type ShopDays,
  slotsOf,
} from "./report-period.ts";
import type { PeriodFigures, PeriodReport, ReportPart, ReportSeries } from "./reports.ts";

/** Where figures are read from: the metrics of a shop, or they and what was saved of days before. */
export interface FigureReader {
  /** One metric over [from, to); `to` must not lie in the future. */
  value(metric: MetricId, scope: MetricScope, from: EpochMs, to: EpochMs): MetricValue;
}

/** Store-level figures of a report in display order. */
const TILES: readonly MetricId[] = [
  "passing-traffic",
  "shopfront-conversion",
  "entrants",
  "entrants-raw",
  "children",
  "buying-units",
  "exits",
  "visit-duration-mean",
  "visit-duration-median",
  "visit-duration-p90",
  "bounce-rate",
  "bounce-rate-ga4",
  "occupancy-peak",
  "sales-conversion",
  "sales-conversion-units",
  "transactions",
  "net-sales",
  "average-transaction-value",
  "units-per-transaction",
  "shopper-yield",
  "click-collect-arrivals",
  "click-collect-handovers",
  "click-collect-attach",
  "basket-put-back-rate",
  "baskets-abandoned",
  "identification-coverage",
  "repeat-rate",
  "repeat-rate-30",
  "repeat-rate-60",
  "visit-recency",
  "visit-frequency",
  "customer-tenure",
];

/** Columns of a report's chart; occupancy is that at the end of the slot. */
export const CHART_COLUMNS: readonly MetricId[] = [
  "passing-traffic",
  "entrants",
  "exits",
  "occupancy",
  "transactions",
  "net-sales",
];

const ZONE_METRICS: readonly MetricId[] = [
  "zone-visits",
  "zone-unique-visits",
  "zone-draw",
  "zone-dwell-mean",
  "zone-dwell-median",
  "zone-dwell-p90",
  "zone-dwell-total",
  "zone-seconds-per-entrant",
  "zone-engagement",
  "zone-conversion",
  "zone-holding-power",
];

/** Figures of a zone of kind `queue`, beside those of any zone. */
const QUEUE_METRICS: readonly MetricId[] = [
  "queue-length",
  "queue-wait-mean",
  "queue-service-rate",
  "queue-abandonment",
  "queue-balking",
];

const DOOR_METRICS: readonly MetricId[] = ["entrants", "exits", "door-drift"];

const STORE: MetricScope = { kind: "store" };

/** The metrics of a scope that reports and exports hold, in display order. Pure. */
export function reportMetrics(kind: "store" | "line" | FloorZoneKind): readonly MetricId[] {
  if (kind === "store") return TILES.filter(isDefined);
  if (kind === "line") return DOOR_METRICS.filter(isDefined);
  const zone = kind === "queue" ? [...ZONE_METRICS, ...QUEUE_METRICS] : ZONE_METRICS;
  return zone.filter(isDefined);
}

/**
 * The figures of a period and of what it is compared with. null for a period that has not begun. Pure: the same
 * metrics and the same `now` give the same report.
 */
export function periodReport(
  site: SitePlan,
  days: ShopDays,
  reader: FigureReader,
  query: ReportQuery,
  now: EpochMs,
): PeriodReport | null {
  const current = periodOf(days, query.period, now);
  if (current.from > now) return null;
  const until = current.to < now ? current.to : now;
  const shop = { site, days, reader };
  const figures = periodFigures(shop, current, until, until);
  if (query.compare === null) return { now, current: figures, comparison: null };
  const other = comparedPeriod(days, query.compare, current, now);
  const ended = other.to < now ? other.to : now;
  return {
    now,
    current: figures,
    comparison: { kind: other.comparison, ...periodFigures(shop, other, other.until, ended) },
  };
}

interface Shop {
  readonly site: SitePlan;
  readonly days: ShopDays;
  readonly reader: FigureReader;
}

/** Values go up to `until`; the chart up to `known`, so that it shows the rest of a day that is compared with. */
function periodFigures(
  { site, days, reader }: Shop,
  period: DatedPeriod,
  until: EpochMs,
  known: EpochMs,
): PeriodFigures {
  const { kind, from, to } = period;
  const end = epochMs(Math.max(from, until));
  const ask = (scope: MetricScope) => (metric: MetricId) => reader.value(metric, scope, from, end);
  return {
    period: { kind, from, to },
    tiles: reportMetrics("store").map(ask(STORE)),
    series: seriesOf(days, reader, period, known),
    zones: zonesOf(site).map((zone) => ({
      ...zone,
      values: reportMetrics(zone.kind).map(ask({ kind: "zone", id: zone.id })),
    })),
    doors: doorsOf(site).map((door) => ({
      ...door,
      kind: "door",
      values: reportMetrics("line").map(ask({ kind: "line", id: door.id })),
    })),
  };
}

function seriesOf(
  days: ShopDays,
  reader: FigureReader,
  period: DatedPeriod,
  known: EpochMs,
): ReportSeries {
  const grain = chartGrain(period);
  const slots = [...slotsOf(days, grain, period.from, period.to)];
  const column = (metric: MetricId): (number | null)[] =>
    slots.map(({ from, to }) => {
      if (from >= known) return null;
      const end = to < known ? to : known;
      return reader.value(metric, STORE, from, end).value;
    });
  const columns = CHART_COLUMNS.filter(isDefined).map(
    (metric) => [metric, column(metric)] as const,
  );
  const localMin = slots.map(({ from }) => localMinOf(days, period, from));
  return { grain, slots, localMin, columns: Object.fromEntries(columns) };
}

/** Zones that people stay in, in pictures and on the floor, each once; ground outside the shop is none. Pure. */
export function zonesOf(
  site: SitePlan,
): readonly { readonly id: string; readonly name: string; readonly kind: FloorZoneKind }[] {
  const all = [...site.cameras.flatMap((camera) => camera.zones), ...(site.floor?.zones ?? [])];
  const byId = new Map<string, Pick<ReportPart, "id" | "name"> & { kind: FloorZoneKind }>();
  for (const { id, name, kind } of all)
    if (kind !== "outside" && !byId.has(id)) byId.set(id, { id, name, kind });
  return [...byId.values()];
}

/** Door lines in the order of the plan. Pure. */
export function doorsOf(site: SitePlan): readonly { readonly id: string; readonly name: string }[] {
  return site.cameras.flatMap((camera) =>
    camera.lines.filter((line) => line.role === "door").map(({ id, name }) => ({ id, name })),
  );
}
