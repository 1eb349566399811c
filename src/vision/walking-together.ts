import type { Floor } from "./floor.ts";
import type { Trail } from "./trail.ts";

/** When two people count as walking together. */
export interface TogetherRule {
  /** Mean distance on the common path, metres; where the floor is not measured, by bodies of 1.7 m. */
  readonly distanceM: number;
  /** Difference of their mean velocities on the common path, m/s. */
  readonly driftMPerS: number;
  /** Common path that is judged, up to now. */
  readonly windowMs: number;
  /** With less common path than this only the distance is judged: a drift over a moment is trembling. */
  readonly leastDriftMs: number;
}

/**
 * @source 1.5 m: social distance of people who belong together ends there (Hall, The Hidden Dimension, 1966, personal
 * distance 0.45 to 1.2 m between bodies). 0.5 m/s: a pair turns and swings against each other, but does not part;
 * measured on three recorded scenes, 0.25 loses 18 of 377 who walked together all their way, and 0.5 one.
 */
export const TOGETHER_RULE: TogetherRule = Object.freeze({
  distanceM: 1.5,
  driftMPerS: 0.5,
  windowMs: 2000,
  leastDriftMs: 800,
});

/**
 * Whether two people walked together, judged at the times both were seen. Distances are in metres where the floor is
 * measured; else in bodies of 1.7 m, which in a picture is too lenient along its depth, so that people one behind the
 * other may be taken for a pair. False for people never seen at the same time. Symmetric but for rounding; allocates
 * nothing.
 */
export function haveWalkedTogether(
  a: Trail,
  b: Trail,
  floor: Floor,
  rule: TogetherRule = TOGETHER_RULE,
): boolean {
  const endMs = Math.min(a.atMono(a.length - 1), b.atMono(b.length - 1));
  const startMs = Math.max(a.atMono(0), b.atMono(0), endMs - rule.windowMs);
  if (!(startMs <= endMs)) return false;
  const metresPerUnit = floor.metresPerUnit((a.heightPx + b.heightPx) / 2);
  const spanMs = endMs - startMs;
  let distance = 0;
  const STEPS = 8;
  for (let k = 0; k <= STEPS; k += 1) {
    const atMs = startMs + (spanMs * k) / STEPS;
    const apartU = placeAt(a, atMs, "u") - placeAt(b, atMs, "u");
    const apartV = placeAt(a, atMs, "v") - placeAt(b, atMs, "v");
    distance += Math.hypot(apartU, apartV) / (STEPS + 1);
  }
  // NaN (above the horizon) is not together either.
  if (!(distance * metresPerUnit <= rule.distanceM)) return false;
  if (spanMs < rule.leastDriftMs) return true;
  const driftU = change(a, startMs, endMs, "u") - change(b, startMs, endMs, "u");
  const driftV = change(a, startMs, endMs, "v") - change(b, startMs, endMs, "v");
  const driftMPerS = (Math.hypot(driftU, driftV) * metresPerUnit * 1000) / spanMs;
  return driftMPerS <= rule.driftMPerS;
}

function change(trail: Trail, fromMs: number, toMs: number, axis: "u" | "v"): number {
  return placeAt(trail, toMs, axis) - placeAt(trail, fromMs, axis);
}

/** Coordinate at an instant the trail covers, by straight interpolation. */
function placeAt(trail: Trail, atMs: number, axis: "u" | "v"): number {
  let i = trail.length - 1;
  while (i > 0 && trail.atMono(i - 1) >= atMs) i -= 1;
  const here = axis === "u" ? trail.u(i) : trail.v(i);
  if (i === 0 || trail.atMono(i) <= atMs) return here;
  const beforeMs = trail.atMono(i - 1);
  const before = axis === "u" ? trail.u(i - 1) : trail.v(i - 1);
  const share = (atMs - beforeMs) / (trail.atMono(i) - beforeMs);
  return before + share * (here - before);
}
