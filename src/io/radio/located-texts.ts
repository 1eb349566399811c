import type { FloorZonePlan } from "../../core/site.ts";
import type { ZoneEngineCounts } from "../../radio/zones/zone-engine.ts";

/** How many tags are in which zone, as a text: "Till 2, Knitwear 1"; "none" when there is none in any. Pure. */
export function zonesText(zones: readonly FloorZonePlan[], located: readonly number[]): string {
  const parts = zones.flatMap(({ name }, zone) => {
    const count = located[zone] ?? 0;
    return count === 0 ? [] : [`${name} ${count}`];
  });
  return parts.length === 0 ? "none" : parts.join(", ");
}

/** What the zone engine could not use, if anything; empty without a floor. Pure. */
export function readingsLeftOut(
  counts: ZoneEngineCounts | null,
): readonly (readonly [label: string, text: string])[] {
  if (counts === null) return [];
  const { flooded, late, evicted, crowded } = counts;
  const parts = [
    [flooded, "too many at once"],
    [late, "too late"],
    [evicted, "tags given up for others"],
    [crowded, "of tags beyond what there is room for"],
  ].flatMap(([count, word]) => (count === 0 ? [] : [`${count} ${word}`]));
  return parts.length === 0 ? [] : [["left out of places", parts.join(", ")]];
}
