import { BoundedMap } from "../../core/bounded-map.ts";
import { type EpochMs, monoMs } from "../../core/brand.ts";
import type { EventOrigin } from "../../core/events.ts";
import { runOf } from "./carrier.ts";
import { VISIT_LIMITS } from "./rules.ts";

/** What tells events of this stage; each kind has numbers of its own, so that one does not shift those of another. */
const PREFIXES = ["visit:", "queue:"] as const;
/** Smart baskets are sources named `basket:` too: what a movement means for a basket is known by its end. */
const MOVED = "@moved";

/** Whether an event was told by the visits, rather than by what they are made from. */
export const isOurs = ({ source }: EventOrigin): boolean =>
  PREFIXES.some((prefix) => source.startsWith(prefix)) ||
  (source.startsWith("basket:") && source.endsWith(MOVED));

/** The run of the sensor that an event of ours rests on, as `runOf` names it. */
export function restedOn({ source }: EventOrigin): string {
  const rested = runOf(source);
  return runOf(rested.slice(0, rested.lastIndexOf("@")));
}

/**
 * The origin of a visit's document: the event that the visit began with, numbered by its revision. Nothing is counted, so
 * that whoever finds the visit again, after a restart or in a replay, finds its document under the same id.
 */
export const visitOrigin = ({ source, seq }: EventOrigin, revision: number): EventOrigin => ({
  source: `visit:${source}@${seq}`,
  seq: revision,
});

/** The origin of what the movement of a tagged product means for a basket: one for each movement. */
export const basketOrigin = ({ source, seq }: EventOrigin): EventOrigin => ({
  source: `basket:${source}${MOVED}`,
  seq,
});

/**
 * Numbers what is told of queues, per run of the sensor that it rests on and trading day: with the millisecond of the day
 * at which it was sure, or one more than the number before where that is taken. So numbers grow, and whoever does not
 * know those of some time ago gives none of them again.
 */
export class QueueNumbers {
  readonly #dayStart: (at: EpochMs) => EpochMs;
  readonly #newest = new BoundedMap<string, number>({
    cap: VISIT_LIMITS.sources,
    idleMs: Number.POSITIVE_INFINITY,
  });

  /** `dayStart` is the beginning of the trading day that holds an instant. */
  constructor(dayStart: (at: EpochMs) => EpochMs) {
    this.#dayStart = dayStart;
  }

  /** The next origin for something that rests on `source`, belongs to the day of `at` and was sure at `due`. */
  next(source: string, at: EpochMs, due: EpochMs): EventOrigin {
    const start = this.#dayStart(at);
    const own = `queue:${source}@${Math.floor(start / 60_000)}`;
    const seq = Math.max(Math.floor(due - start), (this.#newest.peek(own) ?? -1) + 1);
    this.#newest.set(own, seq, monoMs(0));
    return { source: own, seq };
  }

  /** An origin that was given in an earlier life. */
  restore({ source, seq }: EventOrigin): void {
    this.#newest.set(source, Math.max(this.#newest.peek(source) ?? -1, seq), monoMs(0));
  }
}
