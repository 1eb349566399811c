import type { QueueOutcome } from "../core/events.ts";
import { SlotLedger, type SlotRange } from "./slots.ts";

const OUTCOMES: readonly QueueOutcome[] = ["served", "abandoned", "balked", "unknown"];

/** What happened in one queue zone in one trading day. */
export class QueueDay {
  /** By the slot in which people joined. */
  readonly #joined: SlotLedger;
  /** By the slot in which they left; the sums are milliseconds waited. */
  readonly #left: Readonly<Record<QueueOutcome, SlotLedger>>;

  constructor(slots: number) {
    this.#joined = new SlotLedger(slots);
    const ledgers = OUTCOMES.map((outcome) => [outcome, new SlotLedger(slots)] as const);
    this.#left = Object.fromEntries(ledgers) as Record<QueueOutcome, SlotLedger>;
  }

  join(slot: number, isLate: boolean): void {
    this.#joined.add(slot, 1, 0, isLate);
  }

  leave(slot: number, outcome: QueueOutcome, waitMs: number, isLate: boolean): void {
    this.#left[outcome].add(slot, 1, waitMs, isLate);
  }

  joined(range: SlotRange): number {
    return this.#joined.count(range);
  }

  left(outcome: QueueOutcome, range: SlotRange): number {
    return this.#left[outcome].count(range);
  }

  waitMs(outcome: QueueOutcome, range: SlotRange): number {
    return this.#left[outcome].sum(range);
  }

  revision(range: SlotRange): number {
    return OUTCOMES.reduce((sum, one) => sum + this.#left[one].revision(range), 0);
  }
}
