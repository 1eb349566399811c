import { type MonoMs, monoMs } from "../../core/brand.ts";
import type { CounterChange } from "./changes.ts";

/** Changes that happen at an instant of our time. */
export type TimedChange = Extract<CounterChange, { readonly kind: "seen" | "ended" | "renamed" }>;

/** Everything told of one instant. */
export interface Instant {
  /** When it is played: its own time, or just after the present of the feed when it came late. */
  readonly playMono: MonoMs;
  /** When it was, by our clock. */
  readonly atMono: MonoMs;
  readonly changes: TimedChange[];
}

/** Instants waiting at once; beyond it the oldest is played early. */
const MAX_WAITING = 1024;
/** Distance of instants that came late and are played one after the other. */
const SQUEEZE_MS = 1;

/**
 * Puts instants that arrive out of order into order: they wait for a short time and are then played by their own
 * time. What comes later than that is played at once, in its order. Instants with the same time become one.
 */
export class Playout {
  readonly #waiting: Instant[] = [];
  #playedMono: MonoMs;
  #squeezed = 0;

  constructor(startMono: MonoMs) {
    this.#playedMono = startMono;
  }

  /** The feed's present: everything up to it was played. */
  get playedMono(): MonoMs {
    return this.#playedMono;
  }

  /** Instants that came after their time had been played. */
  get squeezed(): number {
    return this.#squeezed;
  }

  add(change: TimedChange, atMono: MonoMs): void {
    if (atMono <= this.#playedMono) {
      this.#addLate(change, atMono);
      return;
    }
    let i = this.#waiting.length;
    while (i > 0 && (this.#waiting[i - 1]?.playMono ?? 0) > atMono) i -= 1;
    const before = this.#waiting[i - 1];
    if (before !== undefined && before.playMono === atMono) before.changes.push(change);
    else this.#waiting.splice(i, 0, { playMono: atMono, atMono, changes: [change] });
  }

  /** The next instant due by `untilMono`, or null; it counts as played. With a full queue the oldest is always due. */
  next(untilMono: MonoMs): Instant | null {
    const first = this.#waiting[0];
    if (first === undefined) return null;
    if (first.playMono > untilMono && this.#waiting.length <= MAX_WAITING) return null;
    this.#waiting.shift();
    this.#playedMono = first.playMono;
    return first;
  }

  /** When the next instant is to be played; infinity when none waits. */
  get nextMono(): number {
    return this.#waiting[0]?.playMono ?? Number.POSITIVE_INFINITY;
  }

  /** Moves the present on without an instant; never back. */
  pass(toMono: MonoMs): void {
    if (toMono > this.#playedMono) this.#playedMono = toMono;
  }

  clear(): void {
    this.#waiting.length = 0;
  }

  /** Late ones keep their order among themselves, just after the present and before what is still to come. */
  #addLate(change: TimedChange, atMono: MonoMs): void {
    let playMono: number = this.#playedMono;
    let i = 0;
    for (; i < this.#waiting.length; i += 1) {
      const instant = this.#waiting[i];
      if (instant === undefined || instant.atMono === instant.playMono) break;
      if (instant.atMono === atMono) {
        instant.changes.push(change);
        return;
      }
      playMono = instant.playMono;
    }
    this.#squeezed += 1;
    const at = monoMs(playMono + SQUEEZE_MS);
    const after = this.#waiting[i];
    if (after !== undefined && after.playMono <= at) after.changes.unshift(change);
    else this.#waiting.splice(i, 0, { playMono: at, atMono, changes: [change] });
  }
}
