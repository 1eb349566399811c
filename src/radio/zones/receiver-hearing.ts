const RING = 64;
/** A receiver that has heard no tag at all for so many seconds may be dead: that it misses one proves nothing. */
const ALIVE_SECONDS = 10;

/** Which receivers could have heard a tag in a second: those that see, and that hear anything at all. */
export class ReceiverHearing {
  readonly #heard: Float64Array;
  readonly #seeing: Uint8Array;
  readonly #sinceSecond: Float64Array;

  constructor(receivers: number) {
    this.#heard = new Float64Array(receivers * RING).fill(Number.NaN);
    this.#seeing = new Uint8Array(receivers).fill(1);
    this.#sinceSecond = new Float64Array(receivers).fill(Number.NEGATIVE_INFINITY);
  }

  /** The receiver heard some tag in the second. */
  heard(receiver: number, second: number): void {
    this.#heard[receiver * RING + ringAt(second)] = second;
  }

  /** The receiver sees, or is blind, from the second on. */
  setSeeing(receiver: number, seeing: boolean, second: number): void {
    if ((this.#seeing[receiver] === 1) === seeing) return;
    this.#seeing[receiver] = seeing ? 1 : 0;
    this.#sinceSecond[receiver] = second;
  }

  /** Whether hearing nothing of a tag in the second says something. */
  couldHear(receiver: number, second: number): boolean {
    const since = this.#sinceSecond[receiver] ?? 0;
    const saw = this.#seeing[receiver] === 1 ? second > since : second < since;
    if (!saw) return false;
    for (let back = 0; back <= ALIVE_SECONDS; back += 1)
      if (this.#heard[receiver * RING + ringAt(second - back)] === second - back) return true;
    return false;
  }
}

function ringAt(second: number): number {
  return ((second % RING) + RING) % RING;
}
