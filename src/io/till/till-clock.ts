import { BoundedMap } from "../../core/bounded-map.ts";
import type { EpochMs, MonoMs } from "../../core/brand.ts";

/** Tills whose clock is watched; the one silent longest is forgotten first. */
const MAX_TILLS = 64;
const MAX_RECEIPTS = 15;
/** A clock as near as this is right for our purposes. */
const RIGHT_MS = 2_000;
/** So many receipts must agree before a clock is believed to be behind: one late message looks the same. */
const MIN_RECEIPTS = 5;
/** A till that sends at once delays its receipts by about the same; a spread above this is a till that collects. */
const PROMPT_SPREAD_MS = 15_000;
/** So many receipts in a row must contradict the estimate before the clock is taken to have been set. */
const STEP_RECEIPTS = 4;
const STEP_MS = 15_000;

/** What is known of a till's clock. */
export interface TillClockReading {
  readonly tillId: string;
  /** Ahead of ours, ms; 0 while it is right or nothing is known. */
  readonly aheadMs: number;
  readonly receipts: number;
  /** Whether it sends each receipt at once; else a clock that is behind cannot be told from a late message. */
  readonly isPrompt: boolean;
}

/**
 * How far the clocks of tills are ahead of ours, from when their receipts come. A payment cannot arrive before it was
 * made, so the shortest delay seen bounds how far a clock is ahead; that it is behind is believed only of a till
 * whose receipts all come equally late. A clock that is set is noticed after four receipts. Bounded.
 */
export class TillClocks {
  /** Arrival less the till's time of payment, newest last. */
  readonly #delays = new BoundedMap<string, number[]>({
    cap: MAX_TILLS,
    idleMs: Number.POSITIVE_INFINITY,
  });

  /** Takes in a receipt that came live; returns how far the till's clock is ahead, ms. */
  take(tillId: string, paidAt: EpochMs, arrivedAt: EpochMs, nowMono: MonoMs): number {
    const delays = this.#delays.get(tillId, nowMono) ?? [];
    delays.push(arrivedAt - paidAt);
    if (delays.length > MAX_RECEIPTS) delays.shift();
    this.#delays.set(tillId, afterStep(delays), nowMono);
    return this.aheadMs(tillId);
  }

  aheadMs(tillId: string): number {
    return aheadOf(this.#delays.peek(tillId) ?? []);
  }

  readings(): readonly TillClockReading[] {
    return [...this.#delays.entries()].map(([tillId, delays]) => ({
      tillId,
      aheadMs: aheadOf(delays),
      receipts: delays.length,
      isPrompt: isPrompt(delays),
    }));
  }
}

function aheadOf(delays: readonly number[]): number {
  if (delays.length === 0) return 0;
  const shortest = Math.min(...delays);
  if (shortest < -RIGHT_MS) return -shortest;
  const isBehind = shortest > RIGHT_MS && delays.length >= MIN_RECEIPTS && isPrompt(delays);
  return isBehind ? -shortest : 0;
}

function isPrompt(delays: readonly number[]): boolean {
  const sorted = [...delays].sort((a, b) => a - b);
  const most = sorted[Math.floor(0.8 * (sorted.length - 1))] ?? 0;
  return most - (sorted[0] ?? 0) <= PROMPT_SPREAD_MS;
}

/** Forgets what was before the clock was set: the newest receipts agree with each other and not with the estimate. */
function afterStep(delays: number[]): number[] {
  const newest = delays.slice(-STEP_RECEIPTS);
  const before = delays.slice(0, -STEP_RECEIPTS);
  if (newest.length < STEP_RECEIPTS || before.length === 0) return delays;
  const low = Math.min(...newest);
  const agrees = Math.max(...newest) - low <= PROMPT_SPREAD_MS;
  return agrees && Math.abs(low - Math.min(...before)) > STEP_MS ? newest : delays;
}
