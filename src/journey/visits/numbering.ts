import { BoundedMap } from "../../core/bounded-map.ts";
import { type EpochMs, monoMs } from "../../core/brand.ts";
import type { EventOrigin } from "../../core/events.ts";
import { runOf } from "./carrier.ts";
import { VISIT_LIMITS } from "./rules.ts";

/** What tells events of this stage; each kind has numbers of its own, so that one does not shift those of another. */
const PREFIXES = ["visit:", "queue:", "basket:"] as const;

/** Whether an event was told by the visits, rather than by what they are made from. */
export const isOurs = ({ source }: EventOrigin): boolean =>
  PREFIXES.some((prefix) => source.startsWith(prefix));

/** The run of the sensor that an event of ours rests on, as `runOf` names it. */
export const restedOn = ({ source }: EventOrigin): string =>
  runOf(source).slice(0, runOf(source).lastIndexOf("@"));

/**
 * Gives events their origin: the source follows from the run of the sensor that they rest on and from the trading day
 * (the minute since 1970 that it begins with), the number counts the events of that source. So a replay gives the same ids, and a restart, which reads back only the
 * day, goes on where it was.
 */
export class Numbering {
  readonly #dayStart: (at: EpochMs) => EpochMs;
  readonly #next = new BoundedMap<string, number>({
    cap: VISIT_LIMITS.sources,
    idleMs: Number.POSITIVE_INFINITY,
  });

  /** `dayStart` is the beginning of the trading day that holds an instant. */
  constructor(dayStart: (at: EpochMs) => EpochMs) {
    this.#dayStart = dayStart;
  }

  /** The next origin of `prefix` for something that rests on `source` and belongs to the day of `at`. */
  next(prefix: (typeof PREFIXES)[number], source: string, at: EpochMs): EventOrigin {
    const dayMinute = Math.floor(this.#dayStart(at) / 60_000);
    const own = `${prefix}${runOf(source)}@${dayMinute}`;
    const seq = this.#next.get(own, monoMs(0)) ?? 0;
    this.#next.set(own, seq + 1, monoMs(0));
    return { source: own, seq };
  }

  /** An origin that was given in an earlier life. */
  restore({ source, seq }: EventOrigin): void {
    const next = Math.max(this.#next.peek(source) ?? 0, seq + 1);
    this.#next.set(source, next, monoMs(0));
  }
}
