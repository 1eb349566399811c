import type { GrantId, SubjectRef } from "../../core/brand.ts";
import { type Grant, PURPOSES, type Purpose } from "../../core/consent.ts";
import type { CentreGrants } from "./centre-grants.ts";
import type { ConsentBook } from "./consent-book.ts";
import type { BookedGrant, GrantBook } from "./consent-gate.ts";

/**
 * What a gateway goes by when the centre has a say: its own ledger and the centre's register together. Revoked by either
 * is revoked; of a member and a purpose only the newest grant of both counts. How long a grant lasts is the centre's word
 * where it knows the grant.
 */
export class JoinedBook implements GrantBook {
  readonly #own: ConsentBook;
  readonly #centre: CentreGrants;

  constructor(own: ConsentBook, centre: CentreGrants) {
    this.#own = own;
    this.#centre = centre;
    Object.freeze(this);
  }

  static {
    Object.freeze(JoinedBook.prototype);
  }

  find(subject: SubjectRef, purpose: Purpose): BookedGrant | null {
    const id = this.#newest(subject, purpose);
    return id === null ? null : this.#joined(id);
  }

  byId(id: GrantId): BookedGrant | null {
    const booked = this.#joined(id);
    if (booked === null || booked.isRevoked) return booked;
    const { grant } = booked;
    if (this.#newest(grant.subjectRef, grant.purpose) === id) return booked;
    return Object.freeze({ grant, isRevoked: true });
  }

  /** The live grants of a member, one a purpose at most. */
  liveOf(subject: SubjectRef): readonly Grant[] {
    return PURPOSES.flatMap((purpose) => {
      const booked = this.find(subject, purpose);
      return booked === null || booked.isRevoked ? [] : [booked.grant];
    });
  }

  #newest(subject: SubjectRef, purpose: Purpose): GrantId | null {
    const own = this.#own.find(subject, purpose)?.grant;
    const centre = this.#centre.find(subject, purpose)?.grant;
    if (own === undefined) return centre?.grantId ?? null;
    if (centre === undefined) return own.grantId;
    return centre.grantedAt >= own.grantedAt ? centre.grantId : own.grantId;
  }

  #joined(id: GrantId): BookedGrant | null {
    const own = this.#own.byId(id);
    const centre = this.#centre.byId(id);
    const booked = centre ?? own;
    if (booked === null) return null;
    const isRevoked =
      booked.isRevoked || own?.isRevoked === true || (own === null && this.#own.hasRevoked(id));
    return isRevoked === booked.isRevoked
      ? booked
      : Object.freeze({ grant: booked.grant, isRevoked });
  }
}
