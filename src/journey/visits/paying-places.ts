import { type EpochMs, epochMs, type ZoneId } from "../../core/brand.ts";
import type { Mark } from "./marks.ts";
import { VISIT_RULES } from "./rules.ts";

/** When somebody was where people pay, as one of their marks tells. */
export interface PayingPlace {
  readonly mark: Mark;
  readonly at: EpochMs;
  /** null while it goes on. */
  readonly to: EpochMs | null;
}

/** Marks in such zones that say something about the time from `from` to `to`. Pure. */
export function payingPlaces(
  marks: readonly Mark[],
  isPlace: (id: ZoneId) => boolean,
  from: EpochMs,
  to: EpochMs,
): readonly PayingPlace[] {
  return marks.flatMap((mark) => {
    const place = placeOf(mark, isPlace);
    return place !== null && place.at <= to && (place.to ?? to) >= from ? [place] : [];
  });
}

/** A stay, or setting the basket down: who leaves it at the till has paid a moment before. */
function placeOf(mark: Mark, isPlace: (id: ZoneId) => boolean): PayingPlace | null {
  if (mark.kind === "stay") return isPlace(mark.zoneId) ? { mark, at: mark.at, to: mark.to } : null;
  if (mark.kind !== "put" || mark.zoneId === null || !isPlace(mark.zoneId)) return null;
  const from = epochMs(mark.at - VISIT_RULES.afterPaymentMs);
  return { mark, at: from, to: epochMs(mark.at + 1) };
}
