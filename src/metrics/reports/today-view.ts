import type { ZoneId } from "../../core/brand.ts";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { MetricId, MetricScope, MetricValue } from "../../core/metric-value.ts";
import type { SitePlan, ZoneKind } from "../../core/site.ts";
import type { Sources } from "../sources.ts";
import type { LiveAnswers } from "./live-answers.ts";
import { daySeries } from "./series.ts";
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
  answers: LiveAnswers,
  now: EpochMs,
  newestEventAt: EpochMs | null,
): TodayView {
  const { site, calendar } = sources;
  const day = calendar.dayOf(now);
  const ask = (metric: MetricId, scope: MetricScope): MetricValue =>
    answers.upTo(metric, scope, day.start, now);
  const cameras = site.cameras;
  return {
    now,
    dayStart: day.start,
    dayEnd: day.end,
    newestEventAt: newestEventAt === null ? null : epochMs(Math.min(newestEventAt, now)),
    tiles: TILES.map((metric) => ask(metric, { kind: "store" })),
    zones: zonesOf(site).map(({ id, name, kind }): ZoneToday => {
      const scope = { kind: "zone", id } as const;
      return {
        zoneId: id,
        name,
        kind,
        peopleNow: ask("zone-people-now", scope),
        visits: ask("zone-visits", scope),
        dwellMedian: ask("zone-dwell-median", scope),
        dwellTotal: ask("zone-dwell-total", scope),
      };
    }),
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
    series: daySeries(sources, day, now, (column, compute) =>
      answers.keep(`chart ${column}`, day.start, now, compute),
    ),
  };
}

/** Zones in pictures, then those of the floor that are in none; ground outside the shop is no zone of it. */
function zonesOf({
  cameras,
  floor,
}: SitePlan): { readonly id: ZoneId; readonly name: string; readonly kind: ZoneKind }[] {
  const seen = cameras.flatMap((camera) => camera.zones);
  const ids = new Set(seen.map((zone) => zone.id));
  const heard = (floor?.zones ?? []).flatMap(({ id, name, kind }) =>
    kind === "outside" || ids.has(id) ? [] : [{ id, name, kind }],
  );
  return [...seen, ...heard];
}
