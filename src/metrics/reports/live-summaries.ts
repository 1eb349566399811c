import type { EpochMs } from "../../core/brand.ts";
import type { MetricValue } from "../../core/metric-value.ts";
import type { TodayView } from "./today.ts";

/** The latest values of the store, one zone or one door. Aggregates only: nothing here is about one person. */
export interface LiveSummary {
  /** One topic level: `store`, `zone-<id>` or `door-<id>`. */
  readonly scope: string;
  readonly at: EpochMs;
  readonly values: readonly MetricValue[];
}

/** Cuts a view into what is published per scope, store first. Plain JSON. Pure. */
export function summaries(view: TodayView): readonly LiveSummary[] {
  const at = view.now;
  return [
    { scope: "store", at, values: view.tiles },
    ...view.zones.map((zone) => ({
      scope: `zone-${zone.zoneId}`,
      at,
      values: [zone.peopleNow, zone.visits, zone.dwellMedian, zone.dwellTotal],
    })),
    ...(view.doors ?? []).map((door) => ({
      scope: `door-${door.lineId}`,
      at,
      values: [door.entrants, door.exits],
    })),
  ];
}
