import { type MonoMs, monoMs } from "../core/brand.ts";
import type { PictureSize } from "./ports.ts";

/** A box by its corners, Px. */
export interface Corners {
  readonly leftPx: number;
  readonly topPx: number;
  readonly widthPx: number;
  readonly heightPx: number;
}

/**
 * How far a box must have moved from where it was first seen before it is a person and no thing, in heights of its
 * body; or how much it must have grown or shrunk (log ratio), for those who walk straight at the camera.
 * @source simulated mannequins with boxes trembling as AR(1) noise of 3 to 6 % for ten minutes at 3.5 to 25 frames a
 * second: the filtered box strays by up to 0.2 h. A walker covers 0.3 h in half a second.
 */
export const MOVED_HEIGHTS = 0.3;
const MOVED_LOG_SCALE = 0.3;
/** Within this of its place it is taken to be at rest there. */
const REST_HEIGHTS = 0.12;
/** The first sight weighs as much as later ones of so long, so that whoever walks at once leaves their place behind. */
const FIRST_WEIGHT_MS = 2000;
/** A side this close to the edge of the picture, in heights, is cut off by it and tells nothing. */
const EDGE_HEIGHTS = 0.02;

/** A box by its sides, Px. */
interface Sides {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/**
 * Tells people from cones, posters and mannequins, which a detector sees as people but which never move: one per
 * track, told its boxes. The place it must leave is the mean of where it was so far. Both sides of the box must have
 * gone the same way, so that a box that flickers between the whole and the half of a thing does not pass for a walk. A
 * side cut off by the edge of the picture is left out of account, so somebody coming in over the edge counts by the
 * sides that are seen.
 */
export class MovementGate {
  readonly #first: Sides = { left: 0, top: 0, right: 0, bottom: 0 };
  readonly #home: Sides = { left: 0, top: 0, right: 0, bottom: 0 };
  #firstMono: MonoMs = monoMs(0);
  #lastMono: MonoMs = monoMs(0);
  #hasMoved = false;
  #restMono: MonoMs = monoMs(0);

  /** Whether it has moved since it began; stays true. */
  get hasMoved(): boolean {
    return this.#hasMoved;
  }

  /** When it was last at its first place. */
  get restMono(): MonoMs {
    return this.#restMono;
  }

  /** Starts at a box. */
  begin({ leftPx, topPx, widthPx, heightPx }: Corners, atMono: MonoMs): void {
    place(this.#first, leftPx, topPx, widthPx, heightPx);
    place(this.#home, leftPx, topPx, widthPx, heightPx);
    this.#firstMono = atMono;
    this.#lastMono = atMono;
    this.#restMono = atMono;
    this.#hasMoved = false;
  }

  /** Takes it for moved, on other grounds than its own way. */
  vouch(): void {
    this.#hasMoved = true;
  }

  /** Takes the filtered box of a sight. Allocates nothing. */
  note(box: Corners, picture: PictureSize, atMono: MonoMs): void {
    if (this.#hasMoved) return;
    const home = this.#home;
    const right = box.leftPx + box.widthPx;
    const bottom = box.topPx + box.heightPx;
    const homeHeight = home.bottom - home.top;
    const shift = this.#shift(box.leftPx, box.topPx, right, bottom, picture);
    const scale = sameWay(
      Math.log(box.widthPx / (home.right - home.left)),
      Math.log(box.heightPx / homeHeight),
    );
    if (shift < REST_HEIGHTS) this.#restMono = atMono;
    this.#hasMoved = shift >= MOVED_HEIGHTS || scale >= MOVED_LOG_SCALE;
    const ageMs = atMono - this.#firstMono + FIRST_WEIGHT_MS;
    const share = (atMono - this.#lastMono) / ageMs;
    this.#lastMono = atMono;
    home.left += share * (box.leftPx - home.left);
    home.top += share * (box.topPx - home.top);
    home.right += share * (right - home.right);
    home.bottom += share * (bottom - home.bottom);
  }

  /** Way from its place, in heights. */
  #shift(left: number, top: number, right: number, bottom: number, picture: PictureSize): number {
    const { widthPx, heightPx } = picture;
    const { left: left0, top: top0, right: right0, bottom: bottom0 } = this.#first;
    const home = this.#home;
    const marginPx = EDGE_HEIGHTS * (bottom0 - top0);
    const dx = along(
      left - home.left,
      left0 <= marginPx,
      right - home.right,
      right0 >= widthPx - marginPx,
    );
    const dy = along(
      top - home.top,
      top0 <= marginPx,
      bottom - home.bottom,
      bottom0 >= heightPx - marginPx,
    );
    return Math.hypot(dx, dy) / Math.max(home.bottom - home.top, bottom - top);
  }
}

function place(sides: Sides, left: number, top: number, width: number, height: number): void {
  sides.left = left;
  sides.top = top;
  sides.right = left + width;
  sides.bottom = top + height;
}

/** Way along one axis, from the ways of its two sides, of which one may be cut off. */
function along(first: number, isFirstCut: boolean, second: number, isSecondCut: boolean): number {
  if (isFirstCut === isSecondCut) return sameWay(first, second);
  return Math.abs(isFirstCut ? second : first);
}

/** The lesser of two ways that go the same way, else 0. */
function sameWay(a: number, b: number): number {
  return a * b > 0 ? Math.min(Math.abs(a), Math.abs(b)) : 0;
}
