import type { MetricId, MetricScope, MetricValue } from "../../../core/metric-value.ts";
import { scopeText } from "../../../core/scope-text.ts";
import { WHOLE_DAYS } from "../../../metrics/reports/reports.ts";
import type { CompareChoice, View } from "./view-address.ts";

/** Address of the report on the view's period, with what it is compared with. Pure. */
export function reportPath(view: View): string {
  const compare = compareText(view);
  const query = periodQuery(view);
  if (compare !== null) query.set("compare", compare);
  return `/api/report?${query}`;
}

/** Address of the journeys of the view's period. Pure. */
export function journeysPath(view: View): string {
  return `/api/journeys?${periodQuery(view)}`;
}

/** Address of what is behind one figure: its coverage and value hour by hour in [from, to), epoch ms. Pure. */
export function figurePath(metric: MetricId, scope: MetricScope, from: number, to: number): string {
  const query = new URLSearchParams({ metric, scope: scopeText(scope) });
  query.set("from", String(from));
  query.set("to", String(to));
  return `/api/figure?${query}`;
}

/** Address of a table of the view's period for a spreadsheet; without metrics, of all of them. Pure. */
export function exportPath(view: View, grain: string, metrics: readonly MetricId[] = []): string {
  const query = periodQuery(view);
  query.set("grain", grain);
  if (metrics.length > 0) query.set("metrics", metrics.join(","));
  return `/api/export.csv?${query}`;
}

/** Address of one figure of the view's period as a table: by hour for a day, else by day. Pure. */
export function metricExportPath(view: View, { metric, scope }: MetricValue): string {
  const grain = view.period.kind === "day" && !WHOLE_DAYS.has(metric) ? "hour" : "day";
  const query = new URLSearchParams({ scope: scopeText(scope) });
  return `${exportPath(view, grain, [metric])}&${query}`;
}

/** With what the view's period is compared; `auto` made explicit, null for nothing. Pure. */
export function comparedWith(view: View): Exclude<CompareChoice, { readonly kind: "auto" }> {
  const { compare, period } = view;
  if (compare.kind !== "auto") return compare;
  return { kind: period.kind === "day" ? "same-weekday" : "previous" };
}

function compareText(view: View): string | null {
  const compare = comparedWith(view);
  if (compare.kind === "none") return null;
  return compare.kind === "custom" ? `${compare.first}..${compare.last}` : compare.kind;
}

function periodQuery({ period }: View): URLSearchParams {
  if (period.kind === "custom") {
    return new URLSearchParams({ from: period.first, to: period.last });
  }
  const query = new URLSearchParams({ period: period.kind });
  if (period.date !== null) query.set("date", period.date);
  return query;
}
