import { type EpochMs, epochMs, type GrantId, type SubjectRef } from "../../core/brand.ts";
import {
  type ConsentProof,
  type Grant,
  PURPOSES,
  type Purpose,
  type ShownNotice,
} from "../../core/consent.ts";
import type { BookedGrant, GrantBook } from "./consent-gate.ts";
import { capOf } from "./grant-rules.ts";

/** How full a shelf is. */
export interface ShelfCounts {
  readonly live: number;
  /** Revoked and expired ones that are still known as such. */
  readonly ended: number;
  /** Ended ones that made room; they count as never granted. */
  readonly forgotten: number;
}

/** Notices and proofs that grants may share; a shop has a few of each, and what is beyond stands with its grant. */
const SHARED_CAP = 1_000;

/**
 * Grants by id and by member and purpose; of a member and a purpose only the newest counts. Bounded: when it is full,
 * ended grants make room, the longest ended first; a shelf full of live ones takes no more. What it hands out is frozen.
 */
export class GrantShelf implements GrantBook {
  readonly #cap: number;
  readonly #grants = new Map<GrantId, BookedGrant>();
  /** A map and no record: a purpose that is none of them, such as `__proto__`, finds nothing. */
  readonly #newest = new Map<Purpose, Map<SubjectRef, GrantId>>(
    PURPOSES.map((purpose) => [purpose, new Map()]),
  );
  readonly #shared = new Map<string, ShownNotice | ConsentProof>();
  /** In the order of ending. */
  readonly #ended = new Set<GrantId>();
  #forgotten = 0;

  constructor(cap: number) {
    this.#cap = cap;
  }

  find(subject: SubjectRef, purpose: Purpose): BookedGrant | null {
    const id = this.#newest.get(purpose)?.get(subject);
    return id === undefined ? null : this.byId(id);
  }

  byId(grant: GrantId): BookedGrant | null {
    return this.#grants.get(grant) ?? null;
  }

  /** Whether a grant is neither revoked nor told to have expired; what the clock says is not asked. */
  isLive(grant: GrantId): boolean {
    return this.#grants.has(grant) && !this.#ended.has(grant);
  }

  /** The live grants of a member, one a purpose at most. */
  liveOf(subject: SubjectRef): readonly Grant[] {
    return PURPOSES.flatMap((purpose) => {
      const booked = this.find(subject, purpose);
      return booked === null || this.#ended.has(booked.grant.grantId) ? [] : [booked.grant];
    });
  }

  /** All live grants, in the order in which they came. */
  *live(): Generator<Grant> {
    for (const { grant } of this.#grants.values()) if (!this.#ended.has(grant.grantId)) yield grant;
  }

  /** Whether no further grant can be taken: all that are known are live. */
  get isFull(): boolean {
    return this.#grants.size - this.#ended.size >= this.#cap;
  }

  get counts(): ShelfCounts {
    const ended = this.#ended.size;
    return { live: this.#grants.size - ended, ended, forgotten: this.#forgotten };
  }

  /** Takes a grant; the one before of the same member and purpose ends with it. False when there is no room. */
  put(grant: Grant): boolean {
    if (this.#grants.has(grant.grantId)) return true;
    const before = this.find(grant.subjectRef, grant.purpose)?.grant;
    const isNewest = before === undefined || before.grantedAt <= grant.grantedAt;
    if (before !== undefined && isNewest) this.end(before.grantId, true);
    if (this.isFull) return false;
    this.#makeRoom();
    this.#grants.set(grant.grantId, this.#booked(grant, grant.expiresAt, false));
    if (isNewest) this.#newest.get(grant.purpose)?.set(grant.subjectRef, grant.grantId);
    else this.end(grant.grantId, true);
    return true;
  }

  /** Moves the expiry of a live grant, at the latest to its cap. */
  extend(id: GrantId, expiresAt: EpochMs): void {
    const booked = this.#grants.get(id);
    if (booked !== undefined && this.isLive(id))
      this.#grants.set(id, this.#booked(booked.grant, expiresAt, false));
  }

  /** Ends a grant: as revoked, or as expired at `expiresAt` when it did not end before. One that has ended stays so. */
  end(id: GrantId, isRevoked: boolean, expiresAt?: EpochMs): void {
    const booked = this.#grants.get(id);
    if (booked === undefined || !this.isLive(id)) return;
    const last = Math.min(booked.grant.expiresAt, expiresAt ?? booked.grant.expiresAt);
    this.#grants.set(id, this.#booked(booked.grant, epochMs(last), isRevoked));
    this.#ended.add(id);
  }

  #makeRoom(): void {
    const [oldest] = this.#ended;
    if (this.#grants.size < this.#cap || oldest === undefined) return;
    const grant = this.#grants.get(oldest)?.grant;
    this.#ended.delete(oldest);
    this.#grants.delete(oldest);
    this.#forgotten += 1;
    if (grant === undefined) return;
    const newest = this.#newest.get(grant.purpose);
    if (newest?.get(grant.subjectRef) === oldest) newest.delete(grant.subjectRef);
  }

  /** A frozen copy, its keys in one order and its notice and proof shared: 100,000 of them stand in memory. */
  #booked(grant: Grant, until: EpochMs, isRevoked: boolean): BookedGrant {
    const { grantId, tenantId, subjectRef, purpose, jurisdiction, grantedAt } = grant;
    const { id, version, language, sha256 } = grant.notice;
    const notice = this.#share(Object.freeze({ id, version, language, sha256 }));
    const proof = this.#share(Object.freeze({ kind: grant.proof.kind, ref: grant.proof.ref }));
    const expiresAt = epochMs(Math.min(until, capOf(grantedAt)));
    const who = { grantId, tenantId, subjectRef, purpose, jurisdiction, notice, proof };
    return Object.freeze({ grant: Object.freeze({ ...who, grantedAt, expiresAt }), isRevoked });
  }

  #share<T extends ShownNotice | ConsentProof>(value: T): T {
    const key = Object.values(value).join("\n");
    const known = this.#shared.get(key);
    if (known !== undefined) return known as T;
    if (this.#shared.size < SHARED_CAP) this.#shared.set(key, value);
    return value;
  }
}
