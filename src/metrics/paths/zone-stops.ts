import type { ZoneId } from "../../core/brand.ts";
import type { VisitStay } from "../../core/events.ts";
import { ZONE_RULES } from "../figures/zone-rules.ts";

/** A stop of a visit in a zone; the zone by its place in the list of zones that is used. */
export interface ZoneStop {
  readonly zone: number;
  readonly enteredAt: number;
  readonly dwellMs: number;
  readonly isCensored: boolean;
}

/**
 * The stops of a visit in zones of a list, by time of coming in: short breaks are bridged, and walking through is no
 * stop, as for stays that cameras tell. Zones that are not in the list are left out. Pure.
 */
export function stopsOf(
  stays: readonly VisitStay[],
  places: ReadonlyMap<ZoneId, number>,
): ZoneStop[] {
  const joined: ZoneStop[] = [];
  let isAnyShort = false;
  for (const stay of inOrder(stays)) {
    const zone = places.get(stay.zoneId);
    if (zone === undefined) continue;
    const { enteredAt, dwellMs, isCensored } = stay;
    const before = lastIn(joined, zone);
    const last = joined[before];
    const isNew =
      last === undefined || enteredAt - last.enteredAt - last.dwellMs >= ZONE_RULES.bridgedGapMs;
    if (isNew) joined.push({ zone, enteredAt, dwellMs, isCensored });
    else joined[before] = bridged(last, stay);
    isAnyShort ||= dwellMs < ZONE_RULES.minDwellMs;
  }
  return isAnyShort ? joined.filter((stop) => stop.dwellMs >= ZONE_RULES.minDwellMs) : joined;
}

/** Place of the last stop in a zone; -1 when there is none. */
function lastIn(stops: readonly ZoneStop[], zone: number): number {
  let place = stops.length - 1;
  while (place >= 0 && stops[place]?.zone !== zone) place -= 1;
  return place;
}

/** The zones of stops in order, each as often as it was come back to from elsewhere. Pure. */
export function pathOf(stops: readonly ZoneStop[]): number[] {
  const path: number[] = [];
  for (const { zone } of stops) if (path.at(-1) !== zone) path.push(zone);
  return path;
}

function bridged(first: ZoneStop, next: VisitStay): ZoneStop {
  const firstEnd = first.enteredAt + first.dwellMs;
  const nextEnd = next.enteredAt + next.dwellMs;
  return {
    zone: first.zone,
    enteredAt: first.enteredAt,
    dwellMs: Math.max(firstEnd, nextEnd) - first.enteredAt,
    isCensored: nextEnd > firstEnd ? next.isCensored : first.isCensored,
  };
}

/** Most visits come in order already. */
function inOrder(stays: readonly VisitStay[]): readonly VisitStay[] {
  let before = Number.NEGATIVE_INFINITY;
  for (const { enteredAt } of stays) {
    if (enteredAt < before) return [...stays].sort((a, b) => a.enteredAt - b.enteredAt);
    before = enteredAt;
  }
  return stays;
}
