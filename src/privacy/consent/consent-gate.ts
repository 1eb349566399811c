import type { EpochMs, GrantId, MonoMs, SubjectRef, TenantId } from "../../core/brand.ts";
import type { Grant, Jurisdiction, Purpose, Refusal } from "../../core/consent.ts";
import { fail, ok, type Result } from "../../core/errors.ts";

/** What the ledger says about a grant now. Expiry by the clock is the gate's, not the book's. */
export interface GrantBook {
  /** The newest grant of a member for a purpose, revoked ones included; null when there never was one. */
  find(subject: SubjectRef, purpose: Purpose): BookedGrant | null;
  /** By its id; null for an unknown one. */
  byId(grant: GrantId): BookedGrant | null;
}

/** A grant and whether it was taken back. */
export interface BookedGrant {
  readonly grant: Grant;
  readonly isRevoked: boolean;
}

/** What the gate looks at besides the book. */
export interface GateTerms {
  readonly book: GrantBook;
  readonly tenantId: TenantId;
  /** null: the law of the place is not set, which is `off`. */
  readonly jurisdiction: () => Jurisdiction;
  readonly clock: {
    readonly now: () => EpochMs;
    readonly mono: () => MonoMs;
    /** False while the wall clock may be wrong or was set back: no expiry can be judged then. */
    readonly isSure: () => boolean;
  };
  /**
   * When what the centre revoked was last known in full; null: this gateway's own ledger decides alone. A lease of a
   * centre that was not heard for `LEASE_MS` is lost, and nothing is matched until it is heard again.
   */
  readonly leaseMono: () => MonoMs | null | "never";
  /** Why nothing at all is permitted, such as a damaged ledger; null or absent: nothing is wrong. */
  readonly fault?: () => Refusal | null;
}

/** Longest time that grants are believed without a word from the centre. */
export const LEASE_MS = 60_000;

/**
 * Permission to do one thing with one shopper's data, made by the gate alone: there is no other way to get one, and
 * whatever touches an identifier or a face asks for one. It is not kept: work that lasts asks `refusal` before every
 * step, since a grant can be revoked in between.
 */
export class Permit<P extends Purpose = Purpose> {
  readonly grantId: GrantId;
  readonly subjectRef: SubjectRef;
  readonly purpose: P;
  /** What the law of the place allowed when the consent was given: it reaches no further than that, whatever holds now. */
  readonly jurisdiction: Jurisdiction;
  readonly #ask: () => Refusal | null;

  /** Only `ConsentGate` can call it: the key is a value that never leaves this module. */
  constructor(key: typeof MINT, grant: Grant, purpose: P, ask: () => Refusal | null) {
    if (key !== MINT) throw new TypeError("a permit is given by the consent gate");
    this.grantId = grant.grantId;
    this.subjectRef = grant.subjectRef;
    this.purpose = purpose;
    this.jurisdiction = grant.jurisdiction;
    this.#ask = ask;
    Object.freeze(this);
  }

  /** Why it may no longer be used, at this moment; null: it may. */
  get refusal(): Refusal | null {
    return this.#ask();
  }

  /** Whether a value is a permit that the gate gave (and no look-alike). */
  static isGenuine(value: unknown): value is Permit {
    return typeof value === "object" && value !== null && #ask in value;
  }

  /**
   * Why a value may not be used as a permit for a purpose, at this moment; null: it may. For whoever is handed a permit:
   * the type of a purpose can be cast, the purpose that the gate wrote into it cannot.
   */
  static refusalOf(value: unknown, purpose: Purpose): Refusal | null {
    if (!Permit.isGenuine(value)) return "no-grant";
    return value.purpose === purpose ? value.#ask() : "grant-foreign";
  }

  static {
    // Or somebody could put a getter in the place of `refusal`.
    Object.freeze(Permit);
    Object.freeze(Permit.prototype);
  }
}

const MINT: unique symbol = Symbol("mint");

/** The one gate in the data path: nobody is matched, compared or enrolled without a permit of it. */
export class ConsentGate {
  readonly #terms: GateTerms;
  readonly #given = new WeakSet<Permit>();

  /** Keeps its own copy of the terms: nobody puts another book under a gate that is in use. */
  constructor(terms: GateTerms) {
    this.#terms = Object.freeze({ ...terms });
    Object.freeze(this);
  }

  /** Asks for the use of a member's data for a purpose. */
  permit<P extends Purpose>(subject: SubjectRef, purpose: P): Result<Permit<P>, Refusal> {
    const booked = this.#terms.book.find(subject, purpose);
    if (booked === null) return fail(this.#terms.fault?.() ?? "no-grant");
    const ask = (): Refusal | null => this.#refusal(booked.grant.grantId, purpose);
    const refusal = ask();
    if (refusal !== null) return fail(refusal);
    const permit = new Permit(MINT, booked.grant, purpose, ask);
    this.#given.add(permit);
    return ok(permit);
  }

  /** As `Permit.refusalOf`, and only for permits that this gate gave: one of another gate has another book behind it. */
  refusalOf(value: unknown, purpose: Purpose): Refusal | null {
    if (Permit.isGenuine(value) && !this.#given.has(value)) return "grant-foreign";
    return Permit.refusalOf(value, purpose);
  }

  static {
    Object.freeze(ConsentGate);
    Object.freeze(ConsentGate.prototype);
  }

  #refusal(id: GrantId, purpose: Purpose): Refusal | null {
    const { book, tenantId, clock, jurisdiction, leaseMono, fault } = this.#terms;
    const wrong = fault?.() ?? null;
    if (wrong !== null) return wrong;
    const booked = book.byId(id);
    if (booked === null) return "no-grant";
    const { grant, isRevoked } = booked;
    if (isRevoked) return "grant-revoked";
    if (grant.tenantId !== tenantId || grant.purpose !== purpose) return "grant-foreign";
    if (purpose === "loyalty-face" && jurisdiction() === "off") return "face-off";
    if (!clock.isSure()) return "clock-unsure";
    if (clock.now() >= grant.expiresAt) return "grant-expired";
    const lease = leaseMono();
    if (lease === "never") return "lease-lost";
    return lease !== null && clock.mono() - lease > LEASE_MS ? "lease-lost" : null;
  }
}
