import type { MonoMs } from "../core/brand.ts";

/** A point of a person's way at a line: where and when, and how tall in the picture. Px. */
export interface WayPoint {
  readonly xPx: number;
  readonly yPx: number;
  readonly heightPx: number;
  readonly atMono: MonoMs;
}

/** Where somebody was last seen, and how they were walking. */
export interface LostEnd extends WayPoint {
  readonly vxPxPerS: number;
  readonly vyPxPerS: number;
}

/** When a way lost before a line and one begun behind it are taken for one; lengths in body heights. */
export interface JoinRules {
  /** Longest time nobody was seen between the two. */
  readonly maxGapMs: number;
  /** Whoever is slower is standing there: two who stand on either side of a line are two. */
  readonly minHeightsPerS: number;
  /** How far the beginning may lie from where the lost one was expected: at once, and for each second since. */
  readonly slackHeights: number;
  readonly slackHeightsPerS: number;
  /** Allowed ratio of the two heights, either way. */
  readonly heightRatio: number;
  /** The new way must go on in the old direction by so much, within `proofMs` of its beginning. */
  readonly proofHeights: number;
  readonly proofMs: number;
}

/**
 * @source walking is 0.5 to 1 h/s in the picture, trembling boxes look like 0.1 h/s; within a second people do not
 * turn round, so they are found within half a body height of where they were expected.
 */
export const JOIN_RULES: JoinRules = Object.freeze({
  maxGapMs: 1000,
  minHeightsPerS: 0.3,
  slackHeights: 0.25,
  slackHeightsPerS: 0.4,
  heightRatio: 1.3,
  proofHeights: 0.2,
  proofMs: 2000,
});

/**
 * How far, in body heights, a way begun at `start` lies from where the one lost at `end` was expected; null when they
 * cannot be one: too long apart, the lost one stood, another height, another place. Pure.
 */
export function joinDeviation(
  end: LostEnd,
  start: WayPoint,
  rules: JoinRules = JOIN_RULES,
): number | null {
  const gapMs = start.atMono - end.atMono;
  if (gapMs <= 0 || gapMs > rules.maxGapMs) return null;
  const height = Math.max(end.heightPx, 1);
  const ratio = start.heightPx / height;
  if (ratio > rules.heightRatio || ratio < 1 / rules.heightRatio) return null;
  const { vxPxPerS, vyPxPerS } = end;
  if (Math.hypot(vxPxPerS, vyPxPerS) < rules.minHeightsPerS * height) return null;
  const gapS = gapMs / 1000;
  const dx = start.xPx - end.xPx;
  const dy = start.yPx - end.yPx;
  if (dx * vxPxPerS + dy * vyPxPerS <= 0) return null;
  const offX = dx - vxPxPerS * gapS;
  const offY = dy - vyPxPerS * gapS;
  const deviation = Math.hypot(offX, offY) / height;
  return deviation <= rules.slackHeights + rules.slackHeightsPerS * gapS ? deviation : null;
}

/** Whether somebody has gone on from `start` to `now` as the one lost at `end` was going. Pure. */
export function goesOn(
  end: LostEnd,
  start: WayPoint,
  now: WayPoint,
  rules: JoinRules = JOIN_RULES,
): boolean {
  const { vxPxPerS, vyPxPerS } = end;
  const along =
    ((now.xPx - start.xPx) * vxPxPerS + (now.yPx - start.yPx) * vyPxPerS) /
    Math.hypot(vxPxPerS, vyPxPerS);
  const way = Math.hypot(now.xPx - start.xPx, now.yPx - start.yPx);
  // Within 60 degrees of the old direction.
  return along >= rules.proofHeights * start.heightPx && along >= way / 2;
}

/** Time constant of the place that a speed is measured against. */
const TRACE_MS = 500;

/**
 * Place and speed of somebody, by sights at any rate: the speed is how far they are ahead of their own smoothed place,
 * which is exact for a straight walk and calm for a trembling box.
 */
export class WayTrace implements LostEnd {
  xPx = 0;
  yPx = 0;
  heightPx = 0;
  atMono: MonoMs;
  #meanXPx = 0;
  #meanYPx = 0;
  readonly #firstMono: MonoMs;

  constructor(xPx: number, yPx: number, heightPx: number, atMono: MonoMs) {
    this.xPx = xPx;
    this.yPx = yPx;
    this.heightPx = heightPx;
    this.atMono = atMono;
    this.#meanXPx = xPx;
    this.#meanYPx = yPx;
    this.#firstMono = atMono;
  }

  get vxPxPerS(): number {
    return this.#ahead(this.xPx - this.#meanXPx);
  }

  get vyPxPerS(): number {
    return this.#ahead(this.yPx - this.#meanYPx);
  }

  /** Takes a sight. Allocates nothing. */
  note(xPx: number, yPx: number, heightPx: number, atMono: MonoMs): void {
    const elapsedMs = atMono - this.atMono;
    const keep = Math.exp(-elapsedMs / TRACE_MS);
    const meanOf = (mean: number, from: number, to: number): number => {
      // Exact for a straight way from one sight to the next.
      const speed = elapsedMs > 0 ? (to - from) / elapsedMs : 0;
      return to - speed * TRACE_MS * (1 - keep) + (mean - from) * keep;
    };
    this.#meanXPx = meanOf(this.#meanXPx, this.xPx, xPx);
    this.#meanYPx = meanOf(this.#meanYPx, this.yPx, yPx);
    this.xPx = xPx;
    this.yPx = yPx;
    this.heightPx = heightPx;
    this.atMono = atMono;
  }

  #ahead(aheadPx: number): number {
    const ageMs = this.atMono - this.#firstMono;
    return ageMs <= 0 ? 0 : (1000 * aheadPx) / (TRACE_MS * (1 - Math.exp(-ageMs / TRACE_MS)));
  }
}
