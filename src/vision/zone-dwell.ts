import { BoundedMap } from "../core/bounded-map.ts";
import { type MonoMs, monoMs, type TrackId } from "../core/brand.ts";
import { insidePolygon } from "../core/geometry.ts";

/** A stay that began or ended. Instants are those of the foot point passing the border, not of the decision. */
export type ZoneChange =
  | { readonly kind: "entered"; readonly atMono: MonoMs }
  | {
      readonly kind: "exited";
      readonly atMono: MonoMs;
      readonly dwellMs: number;
      readonly censored: boolean;
    };

/** When a stay begins and ends. */
export interface ZoneHysteresis {
  /** Inside for so long without a break: the stay has begun. */
  readonly enterMs: number;
  /** Outside by more than `margin` and for so long: the stay is over. Who is back sooner never left: one stay. */
  readonly exitMs: number;
  /** Outside for so long, however near: the stay is over. */
  readonly nearExitMs: number;
  /** How far outside still counts as near, in body heights. */
  readonly marginHeights: number;
  /** Most tracks remembered; the one untouched longest is forgotten first. */
  readonly maxTracks: number;
}

/**
 * Short on purpose: it takes the trembling of boxes at the border out and bridges a step outside of up to a second.
 * What makes a visit (least dwell, longer gaps) is decided by the metrics.
 */
export const ZONE_HYSTERESIS: ZoneHysteresis = Object.freeze({
  enterMs: 400,
  exitMs: 1000,
  nearExitMs: 2000,
  marginHeights: 0.1,
  maxTracks: 512,
});

/** Memory of one track at one zone. */
interface Stay {
  /** Whether the entry was reported. */
  isOpen: boolean;
  /** Whether the last observation was inside. */
  isInside: boolean;
  /** Since when it has been inside without a break (not open), or since the entry (open). */
  enteredMono: MonoMs;
  /** When it last passed outwards; valid while outside. */
  leftMono: MonoMs;
  xPx: number;
  yPx: number;
  atMono: MonoMs;
}

/**
 * Stays of people in one polygon, by foot point, with hysteresis in time and distance. Every entry reported is
 * followed by exactly one exit of the same track. Points are in Px; scaling everything changes nothing.
 */
export class ZoneDwell {
  readonly #polygon: Float64Array;
  readonly #hysteresis: ZoneHysteresis;
  readonly #stays: BoundedMap<TrackId, Stay>;

  /** `polygon` flat as x0,y0,x1,y1,... in Px. */
  constructor(polygon: Float64Array, hysteresis: ZoneHysteresis = ZONE_HYSTERESIS) {
    this.#polygon = polygon;
    this.#hysteresis = hysteresis;
    this.#stays = new BoundedMap({ cap: hysteresis.maxTracks, idleMs: Number.POSITIVE_INFINITY });
  }

  /** Tracks remembered. */
  get size(): number {
    return this.#stays.size;
  }

  /** One observation of a foot point with the body height; returns the change it causes, or null. */
  observe(
    trackId: TrackId,
    xPx: number,
    yPx: number,
    heightPx: number,
    atMono: MonoMs,
  ): ZoneChange | null {
    const isInside = insidePolygon(this.#polygon, xPx, yPx);
    const stay = this.#stays.get(trackId, atMono);
    if (stay === undefined) {
      const started: Stay = {
        isOpen: false,
        isInside,
        enteredMono: atMono,
        leftMono: atMono,
        xPx,
        yPx,
        atMono,
      };
      this.#stays.set(trackId, started, atMono);
      return null;
    }
    if (isInside !== stay.isInside) this.#pass(stay, isInside, xPx, yPx, atMono);
    stay.isInside = isInside;
    stay.xPx = xPx;
    stay.yPx = yPx;
    stay.atMono = atMono;
    return stay.isOpen ? this.#mayClose(stay, heightPx) : this.#mayOpen(stay);
  }

  /**
   * Forgets a track that ended, or that the camera does not see any more. A stay that was open ends: censored when
   * the person was last seen inside.
   */
  forget(trackId: TrackId): ZoneChange | null {
    const stay = this.#stays.peek(trackId);
    this.#stays.delete(trackId);
    if (stay?.isOpen !== true) return null;
    return this.#close(stay, stay.isInside);
  }

  /** The border was passed between the last observation and this one: notes when. */
  #pass(stay: Stay, isInside: boolean, xPx: number, yPx: number, atMono: MonoMs): void {
    const share = borderShare(this.#polygon, stay.xPx, stay.yPx, xPx, yPx);
    const passedMono = monoMs(stay.atMono + share * (atMono - stay.atMono));
    if (!isInside) stay.leftMono = passedMono;
    else if (!stay.isOpen) stay.enteredMono = passedMono;
  }

  #mayOpen(stay: Stay): ZoneChange | null {
    if (!stay.isInside || stay.atMono - stay.enteredMono < this.#hysteresis.enterMs) return null;
    stay.isOpen = true;
    return { kind: "entered", atMono: stay.enteredMono };
  }

  #mayClose(stay: Stay, heightPx: number): ZoneChange | null {
    if (stay.isInside) return null;
    const { exitMs, nearExitMs, marginHeights } = this.#hysteresis;
    const outsideMs = stay.atMono - stay.leftMono;
    if (outsideMs < exitMs) return null;
    if (outsideMs < nearExitMs) {
      const awayPx = distanceToPolygon(this.#polygon, stay.xPx, stay.yPx);
      if (awayPx <= marginHeights * heightPx) return null;
    }
    return this.#close(stay, false);
  }

  #close(stay: Stay, censored: boolean): ZoneChange {
    const atMono = stay.isInside ? stay.atMono : stay.leftMono;
    stay.isOpen = false;
    return { kind: "exited", atMono, dwellMs: atMono - stay.enteredMono, censored };
  }
}

/** Halvings of the way between two observations: 1/256 of it is finer than any frame interval matters. */
const HALVINGS = 8;

/** Share of the straight way at which the border is passed; one end of the way is inside, the other outside. */
function borderShare(
  polygon: Float64Array,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
): number {
  const startsInside = insidePolygon(polygon, x0, y0);
  let low = 0;
  let high = 1;
  for (let i = 0; i < HALVINGS; i += 1) {
    const middle = (low + high) / 2;
    const isInside = insidePolygon(polygon, x0 + middle * (x1 - x0), y0 + middle * (y1 - y0));
    if (isInside === startsInside) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Distance from a point outside to the nearest edge, in the unit of the coordinates. */
function distanceToPolygon(polygon: Float64Array, x: number, y: number): number {
  let least = Number.POSITIVE_INFINITY;
  const n = polygon.length;
  for (let i = 0, j = n - 2; i < n; j = i, i += 2) {
    const ax = polygon[j] ?? 0;
    const ay = polygon[j + 1] ?? 0;
    const dx = (polygon[i] ?? 0) - ax;
    const dy = (polygon[i + 1] ?? 0) - ay;
    const length2 = dx * dx + dy * dy;
    const along = length2 === 0 ? 0 : ((x - ax) * dx + (y - ay) * dy) / length2;
    const share = Math.min(1, Math.max(0, along));
    least = Math.min(least, Math.hypot(x - ax - share * dx, y - ay - share * dy));
  }
  return least;
}
