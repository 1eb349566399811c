import {
  type EpochMs,
  epochMs,
  grantId,
  monoMs,
  type SubjectRef,
  type TenantId,
} from "../../src/core/brand.ts";
import type { Grant, Jurisdiction, Purpose } from "../../src/core/consent.ts";
import { ConsentGate, type Permit } from "../../src/privacy/consent/consent-gate.ts";

/** A real gate over consents in memory, for tests of what many members do. */
export class FaceGrants {
  readonly gate: ConsentGate;
  readonly #grants = new Map<string, { grant: Grant; isRevoked: boolean }>();
  readonly #tenant: TenantId;
  epoch: EpochMs = epochMs(Date.UTC(2026, 8, 1));
  isSure = true;
  jurisdiction: Jurisdiction = "kiosk-verify";

  constructor(tenant: TenantId) {
    this.#tenant = tenant;
    this.gate = new ConsentGate({
      book: {
        find: (subject, purpose) => this.#grants.get(`${subject} ${purpose}`) ?? null,
        byId: (id) => this.#grants.get(id) ?? null,
      },
      tenantId: tenant,
      jurisdiction: () => this.jurisdiction,
      clock: this.clock,
      leaseMono: () => null,
    });
  }

  get clock() {
    return { now: () => this.epoch, mono: () => monoMs(0), isSure: () => this.isSure };
  }

  /** Writes a consent of a year. */
  grant(subject: SubjectRef, purpose: Purpose = "loyalty-face"): Grant {
    const key = `${subject} ${purpose}`;
    const grant: Grant = {
      ...{ grantId: grantId(key), tenantId: this.#tenant, subjectRef: subject, purpose },
      jurisdiction: this.jurisdiction,
      notice: { id: purpose, version: 1, language: "en", sha256: "0".repeat(64) },
      proof: { kind: "screen", ref: "station" },
      grantedAt: this.epoch,
      expiresAt: epochMs(this.epoch + 31_536_000_000),
    };
    this.#grants.set(key, { grant, isRevoked: false });
    return grant;
  }

  revoke(subject: SubjectRef, purpose: Purpose = "loyalty-face"): void {
    const booked = this.#grants.get(`${subject} ${purpose}`);
    if (booked !== undefined) booked.isRevoked = true;
  }

  /** A permit for the face, on a consent that is written when there is none yet. */
  permitOf(subject: SubjectRef): Permit<"loyalty-face"> {
    if (!this.#grants.has(`${subject} loyalty-face`)) this.grant(subject);
    const asked = this.gate.permit(subject, "loyalty-face");
    // A revoked consent gives no permit: tests keep the one from before.
    if (!asked.ok) {
      const kept = this.#permits.get(subject);
      if (kept !== undefined) return kept;
      throw new TypeError(`no permit: ${asked.error}`);
    }
    this.#permits.set(subject, asked.value);
    return asked.value;
  }

  readonly #permits = new Map<SubjectRef, Permit<"loyalty-face">>();
}
