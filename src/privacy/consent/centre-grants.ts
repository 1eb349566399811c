import type { EpochMs, GrantId, MonoMs, SubjectRef } from "../../core/brand.ts";
import { epochMs, monoMs } from "../../core/brand.ts";
import type { Grant, Purpose } from "../../core/consent.ts";
import { BOOK_CAP } from "./consent-book.ts";
import type { BookedGrant, GrantBook } from "./consent-gate.ts";
import { GrantShelf, type ShelfCounts } from "./grant-shelf.ts";
import { CLOCK_TOLERANCE_MS, type LedgerClock } from "./ledger-clock.ts";

/** How a grant of the centre's register stands after a change. */
export interface CentreChange {
  readonly seq: number;
  readonly state: "granted" | "revoked" | "expired";
  readonly grant: Grant;
}

/** What the centre tells of its register. */
export interface CentreNews {
  /** Names the register; another one has nothing in common with the one before. */
  readonly register: string;
  /** The changes are those with `from` < seq <= `to` that concern this gateway, in order. */
  readonly from: number;
  readonly to: number;
  /** The newest number of the register when it was issued; above `to`: more follows. */
  readonly upTo: number;
  readonly issuedAt: EpochMs;
  readonly changes: readonly CentreChange[];
}

/** What is kept of the register across restarts. */
export interface LeaseStore {
  load(): {
    readonly register: string | null;
    readonly applied: number;
    readonly changes: Iterable<CentreChange>;
  };
  /** Keeps changes and how far they reach, in one step; `isAnew`: nothing of before holds. @throws the store's faults */
  save(news: CentreNews, isAnew: boolean): void;
}

/** How far the centre's clock may be from one of this gateway that no time server vouches for. */
const UNVOUCHED_APART_MS = 86_400_000;

/** What a message of the centre did. */
export type NewsOutcome =
  /** `ended`: grants that were live until now. */
  | { readonly kind: "applied"; readonly applied: number; readonly ended: readonly Grant[] }
  /** Nothing new in it; the lease may be renewed all the same. */
  | { readonly kind: "known"; readonly applied: number }
  /** Changes before it are missing; the centre is told where this gateway stands, and begins there. */
  | { readonly kind: "gap"; readonly applied: number };

/**
 * The grants that the centre told this gateway of, and the lease on them. They are believed only while the lease runs: it
 * is renewed by a message that leaves nothing open, and runs from when that was issued, so that one that waited in a
 * broker renews nothing. After a restart there is none until the centre is heard.
 */
export class CentreGrants implements GrantBook {
  readonly #store: LeaseStore;
  readonly #clock: LedgerClock;
  readonly #cap: number;
  #shelf: GrantShelf;
  #register: string | null;
  #applied: number;
  #leaseMono: MonoMs | "never" = "never";
  /** The centre's clock less the monotonic one, by the message that waited least: it runs on while nothing is heard. */
  #centreAheadMs: number | null = null;
  #refused = 0;
  /** Whether what the store has is of another register. */
  #isStoreStale = false;

  constructor(store: LeaseStore, clock: LedgerClock, cap: number = BOOK_CAP) {
    this.#store = store;
    this.#clock = clock;
    this.#cap = cap;
    this.#shelf = new GrantShelf(cap);
    const { register, applied, changes } = store.load();
    this.#register = register;
    this.#applied = applied;
    for (const change of changes) this.#apply(change);
    Object.freeze(this);
  }

  static {
    Object.freeze(CentreGrants.prototype);
  }

  find(subject: SubjectRef, purpose: Purpose): BookedGrant | null {
    return this.#shelf.find(subject, purpose);
  }

  byId(grant: GrantId): BookedGrant | null {
    return this.#shelf.byId(grant);
  }

  /** The live grants of a member, one a purpose at most. */
  liveOf(subject: SubjectRef): readonly Grant[] {
    return this.#shelf.liveOf(subject);
  }

  /** Since when what was revoked is known in full. */
  get leaseMono(): MonoMs | "never" {
    return this.#leaseMono;
  }

  /** What the centre is told: its changes are known here up to this number. */
  get applied(): { readonly register: string | null; readonly seq: number } {
    return { register: this.#register, seq: this.#applied };
  }

  /** `refused`: grants that found no room; their members are not recognised here. */
  get counts(): ShelfCounts & { readonly refused: number } {
    return { ...this.#shelf.counts, refused: this.#refused };
  }

  /**
   * Takes a message. What it revokes holds at once; the store follows. @throws the store's faults; the same changes are
   * then taken again from the centre's next message, and the lease is not renewed
   */
  take(news: CentreNews): NewsOutcome {
    const isAnew = news.register !== this.#register;
    if (news.from > (isAnew ? 0 : this.#applied)) return { kind: "gap", applied: this.#applied };
    const isBelievable = this.#isBelievable(news.issuedAt);
    // Nobody's clock may be spoilt for good by a centre whose own is wrong.
    if (isBelievable) this.#clock.note(news.issuedAt);
    if (isAnew) this.#begin(news.register);
    const before = this.#applied;
    const fresh = news.changes.filter(({ seq }) => seq > before);
    const ended = fresh.flatMap((change) => this.#apply(change) ?? []);
    if (this.#isStoreStale || news.to > before) {
      this.#store.save({ ...news, changes: fresh }, this.#isStoreStale);
      this.#isStoreStale = false;
    }
    this.#applied = Math.max(before, news.to);
    if (isBelievable && this.#applied >= news.upTo) this.#renew(news.issuedAt);
    if (!isAnew && this.#applied === before) return { kind: "known", applied: before };
    return { kind: "applied", applied: this.#applied, ended };
  }

  #begin(register: string): void {
    this.#shelf = new GrantShelf(this.#cap);
    this.#register = register;
    this.#applied = 0;
    this.#leaseMono = "never";
    this.#isStoreStale = true;
  }

  /** Whether a time may be the centre's: near to ours where ours is right, about the same day where nobody knows. */
  #isBelievable(issuedAt: EpochMs): boolean {
    const clock = this.#clock;
    if (clock.isVouched()) return Math.abs(issuedAt - clock.wall()) <= CLOCK_TOLERANCE_MS;
    return Math.abs(issuedAt - clock.now()) <= UNVOUCHED_APART_MS;
  }

  /** The oldest that a message can be, by each clock there is: one that waited in a broker must not look fresh. */
  #renew(issuedAt: EpochMs): void {
    const clock = this.#clock;
    const mono = clock.mono();
    const heardMs = this.#centreAheadMs;
    const isOff = heardMs !== null && Math.abs(heardMs + mono - clock.wall()) > CLOCK_TOLERANCE_MS;
    // A centre whose clock was put back is believed again where ours can tell that it is right now.
    const known = isOff && clock.isVouched() ? null : heardMs;
    this.#centreAheadMs = Math.max(known ?? Number.NEGATIVE_INFINITY, issuedAt - mono);
    const centreNow = this.#centreAheadMs + mono;
    const since = mono - (Math.max(centreNow, clock.now()) - issuedAt);
    if (this.#leaseMono === "never" || since > this.#leaseMono) this.#leaseMono = monoMs(since);
  }

  /** The grant, when it was live and ends with the change. */
  #apply({ state, grant }: CentreChange): Grant | null {
    const wasLive = this.#shelf.isLive(grant.grantId);
    if (!this.#shelf.put(grant)) this.#refused += 1;
    if (state === "granted") this.#shelf.extend(grant.grantId, epochMs(grant.expiresAt));
    else this.#shelf.end(grant.grantId, state === "revoked", grant.expiresAt);
    return wasLive && state !== "granted" ? grant : null;
  }
}
