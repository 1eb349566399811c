import { BoundedMap } from "../../core/bounded-map.ts";
import type { MonoMs } from "../../core/brand.ts";
import type { EventOrigin } from "../../core/events.ts";

/** Sequence numbers remembered behind the newest of a source. */
const WINDOW = 16_384;
/** Sources (runs of sensors) remembered; the one silent longest is forgotten first. */
const SOURCES = 256;

interface Seen {
  highest: number;
  /** One bit per sequence number, at the number modulo WINDOW. */
  readonly bits: Uint32Array;
}

/**
 * Remembers which events were taken in, so that one delivered twice counts once. The memory is bounded: numbers more
 * than WINDOW behind the newest of their source are taken for repetitions and refused, since a source numbers
 * without gaps and its events travel in order.
 */
export class SeenOrigins {
  readonly #sources = new BoundedMap<string, Seen>({
    cap: SOURCES,
    idleMs: Number.POSITIVE_INFINITY,
  });

  /** Sources remembered. */
  get size(): number {
    return this.#sources.size;
  }

  /** Marks an event as taken in; false when it was before. `atMono` only orders the sources by their last use. */
  admit(origin: EventOrigin, atMono: MonoMs): boolean {
    const { source, seq } = origin;
    let seen = this.#sources.get(source, atMono);
    if (seen === undefined) {
      seen = { highest: seq, bits: new Uint32Array(WINDOW / 32) };
      this.#sources.set(source, seen, atMono);
    }
    if (seq <= seen.highest - WINDOW) return false;
    if (seq > seen.highest) advance(seen, seq);
    const index = seq % WINDOW;
    const mask = 1 << (index & 31);
    const word = seen.bits[index >>> 5] ?? 0;
    if ((word & mask) !== 0) return false;
    seen.bits[index >>> 5] = word | mask;
    return true;
  }
}

/** Moves the window: the bits of the numbers that come into it still hold those that leave it. */
function advance(seen: Seen, seq: number): void {
  if (seq - seen.highest >= WINDOW) seen.bits.fill(0);
  else {
    for (let next = seen.highest + 1; next <= seq; next += 1) {
      const index = next % WINDOW;
      seen.bits[index >>> 5] = (seen.bits[index >>> 5] ?? 0) & ~(1 << (index & 31));
    }
  }
  seen.highest = seq;
}
