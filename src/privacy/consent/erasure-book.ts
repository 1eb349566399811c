import type { EpochMs, SubjectRef, TenantId } from "../../core/brand.ts";
import type { Purpose } from "../../core/consent.ts";
import type {
  EntryHead,
  ErasureAnswered,
  ErasureAsked,
  ErasureWrittenOff,
} from "../../core/consent-ledger.ts";

/** A request to erase that waits for somebody; names nobody. */
export interface OpenErasure {
  readonly erasureId: string;
  readonly askedAt: EpochMs;
  readonly purposes: readonly Purpose[];
  /** Who has not answered, in the order in which they were asked. */
  readonly waiting: readonly string[];
  /** Who said last that it could not be done; they are among those waited for. */
  readonly failed: readonly string[];
}

/** Whose data it is about. */
export interface ErasureAddressee {
  readonly tenantId: TenantId;
  readonly subjectRef: SubjectRef;
}

type Kept = OpenErasure & ErasureAddressee;
type Asked = EntryHead & ErasureAsked;

/**
 * Requests to erase that are not closed. Bounded: beyond the cap the oldest falls out of memory and is counted; it stays
 * open in the ledger and is there again after a restart.
 */
export class ErasureBook {
  readonly #cap: number;
  readonly #open = new Map<string, Kept>();
  #forgotten = 0;

  constructor(cap: number) {
    this.#cap = cap;
  }

  get size(): number {
    return this.#open.size;
  }

  get forgotten(): number {
    return this.#forgotten;
  }

  find(id: string): Kept | null {
    return this.#open.get(id) ?? null;
  }

  /** Oldest first, without saying whose. */
  open(): readonly OpenErasure[] {
    return [...this.#open.values()].map(({ tenantId: _t, subjectRef: _s, ...open }) => open);
  }

  ask(entry: Asked): void {
    const { erasureId, tenantId, subjectRef, purposes, consumers, at } = entry;
    const [oldest] = this.#open.keys();
    if (this.#open.size >= this.#cap && oldest !== undefined) {
      this.#open.delete(oldest);
      this.#forgotten += 1;
    }
    const kept = { erasureId, askedAt: at, purposes, waiting: [...new Set(consumers)], failed: [] };
    this.#open.set(erasureId, { ...kept, tenantId, subjectRef });
  }

  answer({ erasureId: id, consumer, outcome }: ErasureAnswered): void {
    const kept = this.#open.get(id);
    if (kept === undefined || !kept.waiting.includes(consumer)) return;
    const others = (names: readonly string[]): string[] => names.filter((n) => n !== consumer);
    const anew =
      outcome === "failed"
        ? { failed: [...others(kept.failed), consumer] }
        : { waiting: others(kept.waiting), failed: others(kept.failed) };
    this.#open.set(id, { ...kept, ...anew });
  }

  /** Nobody waits for this one any more. */
  writeOff({ erasureId: id, consumer }: ErasureWrittenOff): void {
    const kept = this.#open.get(id);
    if (kept === undefined) return;
    const others = (names: readonly string[]): string[] => names.filter((n) => n !== consumer);
    this.#open.set(id, { ...kept, waiting: others(kept.waiting), failed: others(kept.failed) });
  }

  close(id: string): void {
    this.#open.delete(id);
  }
}
