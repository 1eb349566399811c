import type { QueueOutcome } from "../../core/events.ts";
import { type LedgerRecord, SlotLedger, type SlotRange } from "../calendar/slots.ts";
import type { Facet } from "../figures/facets.ts";

const OUTCOMES: readonly QueueOutcome[] = ["served", "abandoned", "balked", "unknown"];

/** A queue's day as plain JSON: ledgers by `joined` and by outcome. */
export type QueueRecord = Readonly<Record<string, LedgerRecord>>;

/** What happened in one queue zone in one trading day. */
export class QueueDay {
  /** By the slot in which people joined. */
  readonly #joined: SlotLedger;
  /** By the slot in which they left; the sums are milliseconds waited. */
  readonly #left: Readonly<Record<QueueOutcome, SlotLedger>>;

  constructor(slots: number, facet: Facet | null = null) {
    const ledger = (): SlotLedger => new SlotLedger(slots, facet);
    this.#joined = ledger();
    this.#left = { served: ledger(), abandoned: ledger(), balked: ledger(), unknown: ledger() };
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

  /** Corrections of closed slots, those of people who joined among them. */
  revision(range: SlotRange): number {
    const left = OUTCOMES.reduce((sum, one) => sum + this.#left[one].revision(range), 0);
    return left + this.#joined.revision(range);
  }

  /** Plain JSON of everything in it. */
  toRecord(): QueueRecord {
    const left = OUTCOMES.map((outcome) => [outcome, this.#left[outcome].toRecord()] as const);
    return { joined: this.#joined.toRecord(), ...Object.fromEntries(left) };
  }

  /** Adds what a record holds. Throws a RangeError when it does not hold together. */
  restore(record: QueueRecord): void {
    this.#joined.restore(record["joined"] ?? {});
    for (const outcome of OUTCOMES) this.#left[outcome].restore(record[outcome] ?? {});
  }
}
