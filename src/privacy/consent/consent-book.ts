import { type EpochMs, epochMs, type GrantId, type SubjectRef } from "../../core/brand.ts";
import type { Grant, Jurisdiction, Purpose } from "../../core/consent.ts";
import type { LedgerEntry } from "../../core/consent-ledger.ts";
import type { BookedGrant, GrantBook } from "./consent-gate.ts";
import { type ErasureAddressee, ErasureBook, type OpenErasure } from "./erasure-book.ts";
import { GrantShelf, type ShelfCounts } from "./grant-shelf.ts";

/** Grants that one book knows, ended ones included: four purposes of the 100,000 members of a large programme. */
export const BOOK_CAP = 400_000;

/** How full a book is. */
export interface BookCounts extends ShelfCounts {
  readonly openErasures: number;
  /** Open requests to erase, and takings-back of foreign grants, that fell out of memory. */
  readonly dropped: number;
}

/** What the entries of one ledger, taken in order, amount to now; bounded as `GrantShelf` and `ErasureBook` are. */
export class ConsentBook implements GrantBook {
  readonly #cap: number;
  readonly #shelf: GrantShelf;
  readonly #erasures: ErasureBook;
  /** Grants that this ledger does not hold and that were taken back here; beyond the cap the oldest falls out. */
  readonly #foreign = new Set<GrantId>();
  /** Taken back, and not yet written; bounded by the ledger's list of what it owes. */
  readonly #held = new Set<GrantId>();
  #jurisdiction: Jurisdiction | null = null;
  #latestAt = epochMs(0);
  #dropped = 0;

  constructor(cap: number = BOOK_CAP) {
    this.#cap = cap;
    this.#shelf = new GrantShelf(cap);
    this.#erasures = new ErasureBook(cap);
    Object.freeze(this);
  }

  static {
    Object.freeze(ConsentBook.prototype);
  }

  find(subject: SubjectRef, purpose: Purpose): BookedGrant | null {
    const booked = this.#shelf.find(subject, purpose);
    return booked === null ? null : this.byId(booked.grant.grantId);
  }

  byId(grant: GrantId): BookedGrant | null {
    const booked = this.#shelf.byId(grant);
    if (booked === null || booked.isRevoked || !this.#held.has(grant)) return booked;
    return Object.freeze({ grant: booked.grant, isRevoked: true });
  }

  /** Whether a grant that this ledger does not hold was taken back here. */
  hasRevoked(grant: GrantId): boolean {
    return this.isTakenBack(grant) || this.#held.has(grant);
  }

  /** Whether an entry says so. */
  isTakenBack(grant: GrantId): boolean {
    return this.#foreign.has(grant);
  }

  /** Takes a grant for revoked before that is written, and until it is: the shopper does not wait for a disk. */
  hold(grant: GrantId): void {
    this.#held.add(grant);
  }

  /** Whether a grant is neither revoked nor told to have expired; what the clock says is not asked. */
  isLive(grant: GrantId): boolean {
    return this.#shelf.isLive(grant);
  }

  /** The live grants of a member, one a purpose at most. */
  liveOf(subject: SubjectRef): readonly Grant[] {
    return this.#shelf.liveOf(subject);
  }

  /** All live grants, in the order in which they were given. */
  live(): Generator<Grant> {
    return this.#shelf.live();
  }

  /** Live grants whose time is over and that may be ended here, at most `limit`. */
  due(now: EpochMs, limit: number, mayEnd: (grant: Grant) => boolean): readonly Grant[] {
    const due: Grant[] = [];
    for (const grant of this.live()) {
      if (grant.expiresAt > now || !mayEnd(grant)) continue;
      due.push(grant);
      if (due.length >= limit) break;
    }
    return due;
  }

  /** Whether no further grant can be taken: all that are known are live. */
  get isFull(): boolean {
    return this.#shelf.isFull;
  }

  /** What was last switched on, and null when nobody ever did. */
  get jurisdiction(): Jurisdiction | null {
    return this.#jurisdiction;
  }

  /** The latest time of an entry that was written by a clock that could be trusted; 0 without entries. */
  get latestAt(): EpochMs {
    return this.#latestAt;
  }

  get counts(): BookCounts {
    const dropped = this.#dropped + this.#erasures.forgotten;
    return { ...this.#shelf.counts, openErasures: this.#erasures.size, dropped };
  }

  /** Requests to erase that not everyone has answered, oldest first. */
  openErasures(): readonly OpenErasure[] {
    return this.#erasures.open();
  }

  /** An open request; null when there is none of this id. */
  erasure(id: string): (OpenErasure & ErasureAddressee) | null {
    return this.#erasures.find(id);
  }

  /** Takes the next entry of the ledger. One that fits nothing known changes nothing. */
  take(entry: LedgerEntry): void {
    if (entry.isTimeSure && entry.at > this.#latestAt) this.#latestAt = entry.at;
    switch (entry.kind) {
      case "granted":
        this.#shelf.put(entry.grant);
        break;
      case "extended":
        this.#shelf.extend(entry.grantId, entry.expiresAt);
        break;
      case "revoked":
        this.#revoke(entry.grantId);
        break;
      case "expired":
        this.#shelf.end(entry.grantId, false, entry.at);
        break;
      case "erasure-asked":
        this.#erasures.ask(entry);
        break;
      case "erasure-answered":
        this.#erasures.answer(entry);
        break;
      case "erasure-written-off":
        this.#erasures.writeOff(entry);
        break;
      case "erasure-closed":
        this.#erasures.close(entry.erasureId);
        break;
      case "switched":
        this.#jurisdiction = entry.jurisdiction;
    }
  }

  #revoke(id: GrantId): void {
    this.#held.delete(id);
    if (this.#shelf.byId(id) === null) this.#rememberForeign(id);
    else this.#shelf.end(id, true);
  }

  #rememberForeign(id: GrantId): void {
    this.#foreign.add(id);
    const [oldest] = this.#foreign;
    if (this.#foreign.size <= this.#cap || oldest === undefined) return;
    this.#foreign.delete(oldest);
    this.#dropped += 1;
  }
}
