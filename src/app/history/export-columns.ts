import type { MetricId, MetricScope } from "../../core/metric-value.ts";
import type { SitePlan } from "../../core/site.ts";
import { isDefined } from "../../metrics/definitions.ts";
import { ADDITIVE } from "../../metrics/reports/archive.ts";
import { doorsOf, reportMetrics, zonesOf } from "../../metrics/reports/period-report.ts";
import type { AskedExport } from "../../wire/report-query.ts";

/** One column of values: what is asked of what. */
export interface ExportColumn {
  readonly metric: MetricId;
  readonly scope: MetricScope;
}

/** Names of the parts of a shop. */
export interface ShopNames {
  /** A metric's name, and of a zone or line its own. */
  title(metric: string, scope: MetricScope): string;
  /** Whether the plan has it. */
  knows(scope: MetricScope): boolean;
}

/** Cheap figures that mean something in a quarter of an hour; the others want a day. */
const SHORT_SPANS: ReadonlySet<MetricId> = new Set<MetricId>([
  "occupancy",
  "shopfront-conversion",
  "sales-conversion",
]);
const PATH_ENDS: ReadonlySet<string> = new Set(["entry", "exit-with-tx", "exit-without"]);

/** Names of the parts of a shop. Pure. */
export function shopNames(site: SitePlan): ShopNames {
  const zones = new Map(zonesOf(site).map(({ id, name }) => [id, name]));
  const lines = new Map<string, string>(
    site.cameras.flatMap((camera) => camera.lines.map(({ id, name }) => [id, name] as const)),
  );
  const isEnd = (id: string): boolean => zones.has(id) || PATH_ENDS.has(id);
  return {
    title(metric, scope) {
      if (scope.kind === "store") return metric;
      if (scope.kind === "zone-pair")
        return `${metric}: ${zones.get(scope.from) ?? scope.from} to ${zones.get(scope.to) ?? scope.to}`;
      const name = scope.kind === "zone" ? zones.get(scope.id) : lines.get(scope.id);
      return `${metric}: ${name ?? scope.id}`;
    },
    knows(scope) {
      if (scope.kind === "store") return true;
      if (scope.kind === "zone") return zones.has(scope.id);
      if (scope.kind === "line") return lines.has(scope.id);
      return isEnd(scope.from) && isEnd(scope.to);
    },
  };
}

/**
 * What an export holds: the metrics asked for, or the usual ones, of the scope asked for, or of the shop, its doors and
 * its zones, each metric where it is defined. At less than a day only figures that mean something there. Pure.
 */
export function exportColumns(site: SitePlan, asked: AskedExport): readonly ExportColumn[] {
  const { grain, scope } = asked;
  const columns = scope === null ? allColumns(site) : columnsOf(site, scope);
  if (asked.metrics === null)
    return columns.filter(
      ({ metric }) => grain === "day" || ADDITIVE.has(metric) || SHORT_SPANS.has(metric),
    );
  const wanted = new Set(asked.metrics);
  const usual = columns.filter(({ metric }) => wanted.has(metric));
  const listed = new Set(usual.map(({ metric }) => metric));
  // A metric that no report shows by itself is answered for the scope asked for, or the shop.
  const others = asked.metrics.filter(isDefined).filter((metric) => !listed.has(metric));
  return [...usual, ...others.map((metric) => ({ metric, scope: scope ?? STORE }))];
}

const STORE: MetricScope = { kind: "store" };

function allColumns(site: SitePlan): readonly ExportColumn[] {
  return [
    ...columnsOf(site, STORE),
    ...doorsOf(site).flatMap(({ id }) => columnsOf(site, { kind: "line", id })),
    ...zonesOf(site).flatMap(({ id }) => columnsOf(site, { kind: "zone", id })),
  ];
}

function columnsOf(site: SitePlan, scope: MetricScope): readonly ExportColumn[] {
  if (scope.kind === "zone-pair") return [];
  const kind =
    scope.kind === "zone"
      ? (zonesOf(site).find(({ id }) => id === scope.id)?.kind ?? "area")
      : scope.kind;
  return reportMetrics(kind).map((metric) => ({ metric, scope }));
}
