import type { MonoMs } from "../core/brand.ts";
import { GRID_CELLS, GRID_COLUMNS, GRID_ROWS } from "./luma-grid.ts";

/** When unchanged frames mean a frozen camera. */
export const FROZEN_RULE = {
  /** A picture that used to change and then does not for this long is frozen. */
  lively: { ms: 15_000, frames: 20 },
  /**
   * A live source that was never seen to change, or seldom: an encoder that skips a still night scene sends exact
   * copies only until its next whole picture, which even sparing cameras send several times a minute.
   */
  quiet: { ms: 60_000, frames: 30 },
  /**
   * Of twelve parts of the picture, so many must change for a frame to show the noise of a sensor and not only
   * somebody walking.
   */
  livelyParts: 8,
  /** Share of such frames, over about a minute, that makes a picture lively. */
  livelyShare: 0.5,
  livelyMs: 60_000,
  /** An encoder that works on a picture standing still sends the same few frames again with each group. */
  memoryMs: 60_000,
  /** And they look alike: in a film that is played in a loop cells change by more levels than this. */
  mostDifference: 4,
} as const;

const PARTS_ACROSS = 4;
const PARTS_DOWN = 3;

/** Frames remembered; at 30 a second still a good half minute. */
const MOST_REMEMBERED = 1024;

/**
 * Recognises a picture that stands still: every frame of a live camera repeats one that was there before. A sensor's
 * noise never repeats, so a real scene without anybody in it does not. Generated pictures do: in a recording, which
 * may be one, only frames equal to the one before count, and only if it had shown the noise of a sensor. Frames are
 * told apart by a seventh of their pixels. An encoder that never sends the same bytes twice hides a frozen sensor.
 */
export class FrozenPicture {
  readonly #isLive: boolean;
  readonly #previousCells = new Float32Array(GRID_CELLS);
  /** Fingerprints of the latest frames and when each was there last, oldest first. */
  readonly #seenMono = new Map<number, MonoMs>();
  #difference = 0;
  #livelyShare = 0;
  #knownMs = 0;
  #livelyAtStand = 0;
  #lastMono: MonoMs | null = null;
  #sameSince: MonoMs | null = null;
  #sameFrames = 0;

  /** @param isLive False for a recording: then only a picture that was lively before can freeze. */
  constructor(isLive: boolean) {
    this.#isLive = isLive;
  }

  /** A gap in the stream: what comes is not compared with what was. */
  forget(): void {
    this.#lastMono = null;
    this.#sameSince = null;
    this.#sameFrames = 0;
    this.#seenMono.clear();
  }

  /** Takes the brightness grid of one frame in and says whether the picture is frozen by now. */
  look(cells: Float32Array, atMono: MonoMs): boolean {
    const last = this.#lastMono;
    const isKnown = this.#remember(fingerprint(cells), atMono);
    const changedParts = this.#compare(cells);
    this.#lastMono = atMono;
    if (last === null) return false;
    const isAlike = this.#difference <= FROZEN_RULE.mostDifference;
    const isRepeated = changedParts === 0 || (this.#isLive && isKnown && isAlike);
    const isLively = changedParts >= FROZEN_RULE.livelyParts;
    if (isRepeated) this.#stand(last);
    else this.#sameSince = null;
    // What a repeated frame shows is no noise, whatever changed against the frame before.
    this.#learn(isLively && !isRepeated, atMono - last);
    return this.#sameSince !== null && this.#isOver(atMono - this.#sameSince);
  }

  #learn(isLively: boolean, stepMs: number): void {
    this.#knownMs = Math.min(this.#knownMs + stepMs, FROZEN_RULE.livelyMs);
    // The mean of what was seen so far, and from a minute on of about the last minute.
    const fresh = this.#knownMs === 0 ? 0 : Math.min(1, stepMs / this.#knownMs);
    this.#livelyShare += fresh * ((isLively ? 1 : 0) - this.#livelyShare);
  }

  /** Whether this fingerprint was there in the last minute. */
  #remember(print: number, atMono: MonoMs): boolean {
    const known = this.#seenMono.get(print);
    this.#seenMono.delete(print);
    this.#seenMono.set(print, atMono);
    for (const [oldest, seenMono] of this.#seenMono) {
      const isOld = atMono - seenMono > FROZEN_RULE.memoryMs;
      if (!isOld && this.#seenMono.size <= MOST_REMEMBERED) break;
      this.#seenMono.delete(oldest);
    }
    return known !== undefined && atMono - known <= FROZEN_RULE.memoryMs;
  }

  #stand(lastMono: MonoMs): void {
    if (this.#sameSince === null) {
      this.#sameSince = lastMono;
      this.#sameFrames = 0;
      this.#livelyAtStand = this.#livelyShare;
    }
    this.#sameFrames += 1;
  }

  #isOver(stoodMs: number): boolean {
    const isLively = this.#livelyAtStand > FROZEN_RULE.livelyShare;
    if (!isLively && !this.#isLive) return false;
    const { ms, frames } = isLively ? FROZEN_RULE.lively : FROZEN_RULE.quiet;
    return stoodMs >= ms && this.#sameFrames >= frames;
  }

  /** In how many parts of the picture any cell differs from the frame before; notes the largest difference. */
  #compare(cells: Float32Array): number {
    let changed = 0;
    this.#difference = 0;
    for (let part = 0; part < PARTS_ACROSS * PARTS_DOWN; part += 1) {
      const difference = this.#partDifference(cells, part);
      if (difference > 0) changed += 1;
      if (difference > this.#difference) this.#difference = difference;
    }
    this.#previousCells.set(cells);
    return changed;
  }

  #partDifference(cells: Float32Array, part: number): number {
    const columns = GRID_COLUMNS / PARTS_ACROSS;
    const rows = GRID_ROWS / PARTS_DOWN;
    const top = Math.floor(part / PARTS_ACROSS) * rows;
    const left = (part % PARTS_ACROSS) * columns;
    let most = 0;
    for (let row = top; row < top + rows; row += 1) {
      const start = row * GRID_COLUMNS + left;
      for (let at = start; at < start + columns; at += 1) {
        const difference = Math.abs((cells[at] ?? 0) - (this.#previousCells[at] ?? 0));
        if (difference > most) most = difference;
      }
    }
    return most;
  }
}

/** A number that two different grids hardly ever share. @source FNV-1a, 32 bits, over the bits of the values */
function fingerprint(cells: Float32Array): number {
  const bits = new Uint32Array(cells.buffer, cells.byteOffset, cells.length);
  let hash = 0x811c9dc5;
  for (let i = 0; i < bits.length; i += 1) {
    hash = Math.imul(hash ^ ((bits[i] ?? 0) >>> 8), 0x01000193);
    hash ^= hash >>> 15;
  }
  return hash;
}
