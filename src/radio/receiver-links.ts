import { tagId } from "../core/brand.ts";
import type { ReceiverPlan, TagPlan } from "../core/site.ts";

/** How strongly one receiver hears what the box of another sends. */
export interface LinkLevel {
  /** Position in the plan's receivers: whose box sends. */
  readonly sender: number;
  /** Position in the plan's receivers: who hears it. */
  readonly receiver: number;
  readonly meanDbm: number;
  /** Readings so far; the mean leans on the newest few thousand of them. */
  readonly readings: number;
}

/** Levels between all pairs of receivers. */
export type LinkLevels = readonly LinkLevel[];

/** Readings a mean remembers: about a quarter of an hour of a box that sends ten times a second. */
const MEMORY = 10_000;
const WEAKEST_DBM = -127;
const STRONGEST_DBM = 20;

/**
 * The boxes that send something themselves, in the form of tags, so that they can be recognised like them: position
 * `i` of the result is the sender `senders[i]`. Pure.
 */
export function sendingBoxes(receivers: readonly ReceiverPlan[]): {
  readonly tags: readonly TagPlan[];
  /** Position in the plan's receivers, per tag. */
  readonly senders: readonly number[];
} {
  const tags: TagPlan[] = [];
  const senders: number[] = [];
  receivers.forEach(({ id, beacon }, index) => {
    if (beacon === undefined) return;
    tags.push({ id: tagId(id), kind: "asset", beacon });
    senders.push(index);
  });
  return { tags, senders };
}

/**
 * Collects how strongly receivers hear each other: a running mean per ordered pair, so its size is fixed by the plan
 * (16 bytes a pair, 1 MB for 256 receivers). Allocates nothing per reading.
 */
export class ReceiverLinks {
  readonly #receivers: number;
  readonly #means: Float64Array;
  readonly #readings: Float64Array;
  #ignored = 0;

  /** `receivers`: how many the plan has. */
  constructor(receivers: number) {
    this.#receivers = receivers;
    this.#means = new Float64Array(receivers * receivers);
    this.#readings = new Float64Array(receivers * receivers);
  }

  /** Readings of pairs that are none, of a box that hears itself, or with an impossible level. Only grows. */
  get ignored(): number {
    return this.#ignored;
  }

  /** `receiver` heard the box of `sender`; both are positions in the plan's receivers. */
  heard(sender: number, receiver: number, rssiDbm: number): void {
    const n = this.#receivers;
    const isPair = sender >= 0 && sender < n && receiver >= 0 && receiver < n;
    if (!isPair || sender === receiver || !(rssiDbm > WEAKEST_DBM && rssiDbm <= STRONGEST_DBM)) {
      this.#ignored += 1;
      return;
    }
    const at = sender * n + receiver;
    const count = (this.#readings[at] ?? 0) + 1;
    this.#readings[at] = count;
    const mean = this.#means[at] ?? 0;
    this.#means[at] = mean + (rssiDbm - mean) / Math.min(count, MEMORY);
  }

  /** Pairs with at least `minReadings`, in the order of the plan. */
  levels(minReadings = 50): LinkLevels {
    const levels: LinkLevel[] = [];
    this.#readings.forEach((readings, at) => {
      if (readings === 0 || readings < minReadings) return;
      const sender = Math.floor(at / this.#receivers);
      const receiver = at % this.#receivers;
      levels.push({ sender, receiver, meanDbm: this.#means[at] ?? 0, readings });
    });
    return levels;
  }
}
