import type { WalkZoneResult } from "../walk-view.ts";

/** Level at and below which a bar is empty, and from which it is full, dBm. */
const WEAKEST_DBM = -100;
const STRONGEST_DBM = -45;

/** How a level is called; null = nothing was heard in the last seconds. Pure. */
export function levelWords(dbm: number | null): string {
  if (dbm === null) return "not heard";
  if (dbm >= -60) return "strong";
  if (dbm >= -75) return "good";
  if (dbm >= -87) return "weak";
  return "very weak";
}

/** Share 0..1 of a signal bar that is filled. Pure. */
export function levelRatio(dbm: number | null): number {
  if (dbm === null) return 0;
  const ratio = (dbm - WEAKEST_DBM) / (STRONGEST_DBM - WEAKEST_DBM);
  return Math.min(1, Math.max(0.03, ratio));
}

/** A duration as minutes and seconds, `0:07`. Pure. */
export function minutesText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** Where a zone's time was placed instead, with its share 0..1; null when less than a twentieth. Pure. */
export interface Mistake {
  readonly what: string;
  readonly ratio: number;
}
const WORTH_SHOWING_RATIO = 0.05;

/** What a zone is taken for most when it is not taken for itself. `placedS` as in the result. Pure. */
export function worstMistake(
  zone: WalkZoneResult,
  placedS: readonly number[],
  zones: readonly WalkZoneResult[],
): Mistake | null {
  const names = [...zones.map(({ name }) => name), "between the zones", "not known"];
  const seconds = placedS.reduce((sum, s) => sum + s, 0);
  const own = zones.findIndex(({ id }) => id === zone.id);
  let worst: Mistake | null = null;
  placedS.forEach((s, column) => {
    const ratio = seconds === 0 ? 0 : s / seconds;
    if (column === own || ratio < WORTH_SHOWING_RATIO || ratio <= (worst?.ratio ?? 0)) return;
    worst = { what: names[column] ?? "", ratio };
  });
  return worst;
}
