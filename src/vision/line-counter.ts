import { BoundedMap } from "../core/bounded-map.ts";
import { type MonoMs, monoMs, type TrackId } from "../core/brand.ts";
import type { CrossingDirection } from "../core/events.ts";
import { cross, type Point } from "../core/geometry.ts";

/** A completed crossing. */
export interface LineCrossing {
  readonly direction: CrossingDirection;
  /** Instant at which the path went through the line, by interpolation between observations. */
  readonly atMono: MonoMs;
}

/** What counts as having crossed. */
export interface LineHysteresis {
  /** How far beyond the line a person must have been on both sides, in body heights. */
  readonly heights: number;
  /** This far beyond the line a crossing is told at once; nearer, it may still be taken back for `holdMs`. */
  readonly sureHeights: number;
  /** Nobody goes over a line and back in less: such a pair is a box that jumped, and neither counts. */
  readonly holdMs: number;
  /** A person unseen for longer starts anew: nothing is counted across such a gap. Longer than the tracker's memory. */
  readonly maxGapMs: number;
  /** Most tracks remembered; the one untouched longest is forgotten first. */
  readonly maxTracks: number;
}

/**
 * @source measured with our tracker on four sequences: without hysteresis 221 wrong counts for 162 true ones, with
 * 0.2 h 23; supervision's four corners 46.
 */
export const LINE_HYSTERESIS: LineHysteresis = Object.freeze({
  heights: 0.2,
  sureHeights: 0.4,
  holdMs: 500,
  maxGapMs: 5000,
  maxTracks: 512,
});

/** Memory of one track at one line. */
interface Passage {
  /** Side on which the person was last well beyond the line: sign of the distance, 0 before the first time. */
  side: number;
  /** A crossing not yet told, because it may still be taken back. */
  pending: LineCrossing | null;
  /** Last observation and the sign of its distance; a point on the line keeps the sign before. */
  xPx: number;
  yPx: number;
  distancePx: number;
  sign: number;
  atMono: MonoMs;
  /** Where the path last left `side`: when, and whether between the ends of the line. */
  throughMono: MonoMs;
  isWithin: boolean;
}

/**
 * Counts people through one line, in both directions. A person counts when the path went through the segment and
 * was at least the hysteresis beyond it on both sides; whoever turns back before, walks around an end or stands on
 * the line does not. Coming back counts again, in order. `in` = ends left of a->b (with y down: cross < 0).
 * Points are in Px; scaling all coordinates and heights changes nothing.
 */
export class LineCounter {
  readonly #a: Point;
  readonly #b: Point;
  readonly #lengthPx: number;
  readonly #hysteresis: LineHysteresis;
  readonly #passages: BoundedMap<TrackId, Passage>;

  constructor(a: Point, b: Point, hysteresis: LineHysteresis = LINE_HYSTERESIS) {
    this.#a = a;
    this.#b = b;
    this.#lengthPx = Math.hypot(b.x - a.x, b.y - a.y);
    this.#hysteresis = hysteresis;
    this.#passages = new BoundedMap({
      cap: hysteresis.maxTracks,
      idleMs: hysteresis.maxGapMs,
    });
  }

  /** Tracks remembered. */
  get size(): number {
    return this.#passages.size;
  }

  /**
   * One observation of a track at a point, with its body height in the picture. Returns the crossing it completes,
   * or null. Observations of one track must come in the order of time.
   */
  observe(
    trackId: TrackId,
    xPx: number,
    yPx: number,
    heightPx: number,
    atMono: MonoMs,
  ): LineCrossing | null {
    const a = this.#a;
    const b = this.#b;
    const distancePx = cross(a.x, a.y, b.x, b.y, xPx, yPx) / this.#lengthPx;
    const isBeyond = Math.abs(distancePx) >= this.#hysteresis.heights * heightPx;
    const passage = this.#passages.get(trackId, atMono);
    if (passage === undefined || atMono - passage.atMono > this.#hysteresis.maxGapMs) {
      const sign = Math.sign(distancePx);
      const side = isBeyond ? sign : 0;
      const started: Passage = {
        side,
        pending: null,
        xPx,
        yPx,
        distancePx,
        sign,
        atMono,
        throughMono: atMono,
        isWithin: false,
      };
      this.#passages.set(trackId, started, atMono);
      return passage?.pending ?? null;
    }
    this.#advance(passage, xPx, yPx, distancePx, atMono);
    const crossing = isBeyond ? settle(passage) : null;
    const earlier = crossing === null ? null : this.#hold(passage, crossing);
    if (earlier !== null) return earlier;
    const isSure = Math.abs(distancePx) >= this.#hysteresis.sureHeights * heightPx;
    return isSure ? release(passage) : this.#releaseOld(passage, atMono);
  }

  /** Keeps a fresh crossing back. One that undoes the crossing before it, at once, is dropped together with it. */
  #hold(passage: Passage, crossing: LineCrossing): LineCrossing | null {
    const before = passage.pending;
    const isJump = before !== null && crossing.atMono - before.atMono < this.#hysteresis.holdMs;
    passage.pending = isJump ? null : crossing;
    return isJump ? null : before;
  }

  #releaseOld(passage: Passage, nowMono: MonoMs): LineCrossing | null {
    const { pending } = passage;
    const isOld = pending !== null && nowMono - pending.atMono >= this.#hysteresis.holdMs;
    return isOld ? release(passage) : null;
  }

  /** Whether a point is so close to the line that its side is not yet certain, for a body of this height. */
  isNear(xPx: number, yPx: number, heightPx: number): boolean {
    const { x: ax, y: ay } = this.#a;
    const distancePx = cross(ax, ay, this.#b.x, this.#b.y, xPx, yPx) / this.#lengthPx;
    return Math.abs(distancePx) < this.#hysteresis.heights * heightPx;
  }

  /** Forgets a track that has ended; returns the crossing that was still kept back. */
  forget(trackId: TrackId): LineCrossing | null {
    const passage = this.#passages.peek(trackId);
    this.#passages.delete(trackId);
    return passage === undefined ? null : release(passage);
  }

  /** Notes where the path went through the line, if it did on the way to this observation. */
  #advance(passage: Passage, xPx: number, yPx: number, distancePx: number, atMono: MonoMs): void {
    const sign = Math.sign(distancePx) || passage.sign;
    if (sign !== passage.sign && sign !== passage.side) {
      const share = passage.distancePx / (passage.distancePx - distancePx);
      const x = passage.xPx + share * (xPx - passage.xPx);
      const y = passage.yPx + share * (yPx - passage.yPx);
      passage.throughMono = monoMs(passage.atMono + share * (atMono - passage.atMono));
      passage.isWithin = this.#isWithin(x, y);
    }
    passage.xPx = xPx;
    passage.yPx = yPx;
    passage.distancePx = distancePx;
    passage.sign = sign;
    passage.atMono = atMono;
  }

  #isWithin(x: number, y: number): boolean {
    const dx = this.#b.x - this.#a.x;
    const dy = this.#b.y - this.#a.y;
    const along = (x - this.#a.x) * dx + (y - this.#a.y) * dy;
    return along >= 0 && along <= dx * dx + dy * dy;
  }
}

/** The person is well beyond the line: decides whether that completes a crossing. */
function settle(passage: Passage): LineCrossing | null {
  const before = passage.side;
  passage.side = passage.sign;
  if (before === 0 || before === passage.side || !passage.isWithin) return null;
  passage.isWithin = false;
  return { direction: passage.side < 0 ? "in" : "out", atMono: passage.throughMono };
}

function release(passage: Passage): LineCrossing | null {
  const { pending } = passage;
  passage.pending = null;
  return pending;
}
