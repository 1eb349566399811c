import type { EpochMs, GrantId, SubjectRef, TenantId } from "./brand.ts";
import type { Grant, Jurisdiction, Purpose } from "./consent.ts";

/** What every entry of a consent ledger begins with. */
export interface EntryHead {
  readonly v: 1;
  /** Names one ledger file: 32 hexadecimal digits, drawn when it was begun. */
  readonly ledgerId: string;
  /** Contiguous within the ledger, from 1. */
  readonly seq: number;
  /** SHA-256 of the entry before, 64 hexadecimal digits; of the first entry 64 zeros. */
  readonly previous: string;
  /** Wall clock when it was written. */
  readonly at: EpochMs;
  /** False when that clock may have been wrong: a shopper may take consent back at any time, whatever the clock says. */
  readonly isTimeSure: boolean;
}

/** Somebody agreed to one purpose. An earlier consent of the same person for the same purpose ends with it. */
export interface ConsentGranted {
  readonly kind: "granted";
  readonly grant: Grant;
}

/** A visit moved the expiry on; never beyond the hard cap. */
export interface ConsentExtended {
  readonly kind: "extended";
  readonly grantId: GrantId;
  readonly expiresAt: EpochMs;
}

/** Who took a consent back. `system`: it could not be kept up, such as a template whose key is lost. */
export const REVOKERS = Object.freeze(["shopper", "staff", "controller", "system"] as const);
export type Revoker = (typeof REVOKERS)[number];

/** A consent was taken back; the grant may be one of the centre that this ledger does not hold. */
export interface ConsentRevoked {
  readonly kind: "revoked";
  readonly grantId: GrantId;
  readonly by: Revoker;
  /** Where it happened or who did it: a station, a staff id, a request. Never what the shopper is called. */
  readonly ref: string;
}

export interface ConsentExpired {
  readonly kind: "expired";
  readonly grantId: GrantId;
}

/** Everyone who holds something about a member for these purposes is asked to erase it. */
export interface ErasureAsked {
  readonly kind: "erasure-asked";
  readonly erasureId: string;
  readonly tenantId: TenantId;
  readonly subjectRef: SubjectRef;
  readonly purposes: readonly Purpose[];
  /** Who has to answer: gateways, the centre, receivers of webhooks. At least one. */
  readonly consumers: readonly string[];
}

/** How a request to erase ended. `failed` is told and leaves the request open. */
export const ERASURE_OUTCOMES = Object.freeze(["erased", "held-nothing", "failed"] as const);
export type ErasureOutcome = (typeof ERASURE_OUTCOMES)[number];

export interface ErasureAnswered {
  readonly kind: "erasure-answered";
  readonly erasureId: string;
  readonly consumer: string;
  readonly outcome: ErasureOutcome;
}

/**
 * A named person gave up waiting for somebody who will not answer any more, such as a gateway that was stolen. What that one
 * holds was not erased by it; `reason` says what was done instead.
 */
export interface ErasureWrittenOff {
  readonly kind: "erasure-written-off";
  readonly erasureId: string;
  readonly consumer: string;
  /** Name and role. */
  readonly by: string;
  readonly reason: string;
}

/** Every consumer answered, or was written off. */
export interface ErasureClosed {
  readonly kind: "erasure-closed";
  readonly erasureId: string;
}

/** A named person set what the law of the place allows. */
export interface JurisdictionSwitched {
  readonly kind: "switched";
  readonly jurisdiction: Jurisdiction;
  readonly by: string;
}

/** What an entry says, without its place in the ledger. */
export type EntryBody =
  | ConsentGranted
  | ConsentExtended
  | ConsentRevoked
  | ConsentExpired
  | ErasureAsked
  | ErasureAnswered
  | ErasureWrittenOff
  | ErasureClosed
  | JurisdictionSwitched;

/** One entry of a consent ledger. Written once, never changed. */
export type LedgerEntry = EntryHead & EntryBody;
