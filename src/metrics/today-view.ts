import { type EpochMs, epochMs } from "../core/brand.ts";
import type { MetricId, MetricScope, MetricValue } from "../core/metric-value.ts";
import { answer } from "./figures.ts";
import { daySeries } from "./series.ts";
import type { Sources } from "./sources.ts";
import type { DoorToday, TodayView, ZoneToday } from "./today.ts";

/** Store-level tiles in display order. */
export const TILES: readonly MetricId[] = Object.freeze([
  "passing-traffic",
  "entrants",
  "shopfront-conversion",
  "occupancy",
  "visit-duration-mean",
  "sales-conversion",
  "transactions",
  "net-sales",
  "bounce-rate",
  "exits",
  "buying-units",
]);

/** The Today page's view at `now`. `newestEventAt` is never shown later than now, whatever a clock said. */
export function todayView(
  sources: Sources,
  now: EpochMs,
  newestEventAt: EpochMs | null,
): TodayView {
  const { site, calendar } = sources;
  const day = calendar.dayOf(now);
  const ask = (metric: MetricId, scope: MetricScope): MetricValue =>
    answer(sources, { metric, scope, from: day.start, to: now });
  const cameras = site.cameras;
  return {
    now,
    dayStart: day.start,
    dayEnd: day.end,
    newestEventAt: newestEventAt === null ? null : epochMs(Math.min(newestEventAt, now)),
    tiles: TILES.map((metric) => ask(metric, { kind: "store" })),
    zones: cameras.flatMap((camera) =>
      camera.zones.map((zone): ZoneToday => {
        const scope = { kind: "zone", id: zone.id } as const;
        return {
          zoneId: zone.id,
          name: zone.name,
          kind: zone.kind,
          peopleNow: ask("zone-people-now", scope),
          visits: ask("zone-visits", scope),
          dwellMedian: ask("zone-dwell-median", scope),
          dwellTotal: ask("zone-dwell-total", scope),
        };
      }),
    ),
    doors: cameras.flatMap((camera) =>
      camera.lines
        .filter((line) => line.role === "door")
        .map((line): DoorToday => {
          const scope = { kind: "line", id: line.id } as const;
          return {
            lineId: line.id,
            name: line.name,
            entrants: ask("entrants", scope),
            exits: ask("exits", scope),
          };
        }),
    ),
    series: daySeries(sources, day, now),
  };
}
