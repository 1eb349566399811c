import { BoundedMap } from "../core/bounded-map.ts";
import type { MonoMs, TrackId } from "../core/brand.ts";
import type { FootPath } from "../core/events.ts";
import type { Floor } from "./floor.ts";
import { clampNorm } from "./picture-scale.ts";
import type { PictureSize } from "./ports.ts";
import type { Sight } from "./sight.ts";
import { createMotion, Trail } from "./trail.ts";

/** Most tracks remembered; the one unseen longest is forgotten first. */
const MAX_TRACKS = 512;
/** Length of a foot path and its most points, as the event promises. */
const PATH_MS = 2000;
const PATH_POINTS = 16;
/** Furthest a point may lie from the crossing; somebody may stand just behind the line before it is decided. */
const MAX_FROM_CROSSING_MS = 600_000;
/** Window of the speed shown: two steps of a walker, so that the swing of a step does not show. */
const SPEED_WINDOW_MS = 1000;
/** A speed is told once the sights span this much. */
const SPEED_LEAST_LEVER_S2 = 0.05;

/** Where the people of one camera were in the last seconds: for the proof of crossings, for speeds and forecasts. */
export class FootPaths {
  readonly #floor: Floor;
  readonly #picture: PictureSize;
  readonly #trails = new BoundedMap<TrackId, Trail>({
    cap: MAX_TRACKS,
    idleMs: Number.POSITIVE_INFINITY,
  });
  readonly #spare: Trail[] = [];
  readonly #motion = createMotion();

  constructor(floor: Floor, picture: PictureSize) {
    this.#floor = floor;
    this.#picture = picture;
  }

  /** Tracks remembered. */
  get size(): number {
    return this.#trails.size;
  }

  /** One sight of a track; sights of one track come in the order of time. */
  note(sight: Sight): void {
    const { trackId, atMono } = sight;
    const known = this.#trails.get(trackId, atMono);
    if (known !== undefined) {
      known.note(sight, this.#floor);
      return;
    }
    if (this.#trails.size >= MAX_TRACKS) this.#forgetOldest();
    const trail = this.#spare.pop() ?? new Trail();
    trail.clear();
    trail.note(sight, this.#floor);
    this.#trails.set(trackId, trail, atMono);
  }

  /** The last seconds of a track, to be read at once; null when it is not known. */
  trailOf(trackId: TrackId): Trail | null {
    return this.#trails.peek(trackId) ?? null;
  }

  /**
   * Proof of a crossing decided now: the two seconds up to the last sight, told against the crossing. Coordinates
   * are rounded to 4 decimals and moved into the picture, times to whole ms.
   */
  pathOf(trackId: TrackId, crossedMono: MonoMs): FootPath {
    const trail = this.#trails.peek(trackId);
    if (trail === undefined) return [];
    const last = trail.length - 1;
    let first = last;
    while (first > 0 && trail.atMono(last) - trail.atMono(first - 1) <= PATH_MS) first -= 1;
    const count = Math.min(last - first + 1, PATH_POINTS);
    const path: [number, number, number][] = [];
    for (let k = 0; k < count; k += 1) {
      const i = count === 1 ? last : first + Math.round((k * (last - first)) / (count - 1));
      const dtMs = whole(trail.atMono(i) - crossedMono);
      if (Math.abs(dtMs) > MAX_FROM_CROSSING_MS) continue;
      const { widthPx, heightPx } = this.#picture;
      path.push([dtMs, norm4(trail.xPx(i) / widthPx), norm4(trail.yPx(i) / heightPx)]);
    }
    return path;
  }

  /** Speed of a track over the floor, smoothed over a second; null where the floor is not measured or too soon. */
  speedMPerS(trackId: TrackId): number | null {
    const trail = this.#trails.peek(trackId);
    const motion = this.#motion;
    if (!this.#floor.isMeasured || trail?.fitMotion(SPEED_WINDOW_MS, motion) !== true) return null;
    if (motion.leverS2 < SPEED_LEAST_LEVER_S2) return null;
    return Math.hypot(motion.du, motion.dv);
  }

  /** The track is over. */
  forget(trackId: TrackId): void {
    const trail = this.#trails.peek(trackId);
    if (trail === undefined) return;
    this.#trails.delete(trackId);
    this.#spare.push(trail);
  }

  #forgetOldest(): void {
    const oldest = this.#trails.entries().next().value;
    if (oldest !== undefined) this.forget(oldest[0]);
  }
}

/** Rounds, and makes -0 a plain 0, which JSON would not tell apart. */
function whole(value: number): number {
  return Math.round(value) + 0;
}

function norm4(value: number): number {
  return whole(clampNorm(value) * 1e4) / 1e4;
}
