type Direction = "in" | "out";

/** Crossings of one direction remembered to the millisecond; beyond it a day's later ones are in the ledgers only. */
const MAX_TIMES = 65_536;

/**
 * When customers went through the doors in one trading day, all doors together, to the millisecond: what closing the
 * day, and explaining exits by entries, rest on. Bounded.
 */
export class DoorTimes {
  readonly #times: Readonly<Record<Direction, number[]>> = { in: [], out: [] };

  /** Takes in a crossing, `offsetMs` after the day began. */
  add(direction: Direction, offsetMs: number): void {
    const times = this.#times[direction];
    if (times.length >= MAX_TIMES) return;
    times.splice(placeOf(times, offsetMs), 0, offsetMs);
  }

  /** Takes one crossing of this time out again, since it was staff; nothing happens when there is none. */
  remove(direction: Direction, offsetMs: number): void {
    const times = this.#times[direction];
    const at = placeOf(times, offsetMs) - 1;
    if (times[at] === offsetMs) times.splice(at, 1);
  }

  /** Milliseconds since the day began, ascending. Not a copy: do not keep it over the next change. */
  times(direction: Direction): readonly number[] {
    return this.#times[direction];
  }
}

/** First position whose time is later than this. */
function placeOf(times: readonly number[], offsetMs: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) <= offsetMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
