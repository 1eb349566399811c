import { epochMs, grantId, monoMs, subjectRef, tenantId } from "../../src/core/brand.ts";
import type { Grant } from "../../src/core/consent.ts";
import { ConsentGate, type Permit } from "../../src/privacy/consent/consent-gate.ts";

/** A real gate over a book of one grant in memory, for tests and measurements of what needs a permit. */
export interface OneGrant {
  readonly gate: ConsentGate;
  readonly permit: Permit<"loyalty-face">;
  revoke(): void;
}

const GRANT: Grant = {
  grantId: grantId("grant-1"),
  tenantId: tenantId("tenant-1"),
  subjectRef: subjectRef("subject-1"),
  purpose: "loyalty-face",
  jurisdiction: "kiosk-verify",
  notice: { id: "face", version: 1, language: "en", sha256: "0".repeat(64) },
  proof: { kind: "device", ref: "made for this run" },
  grantedAt: epochMs(0),
  expiresAt: epochMs(1),
};

/** Makes the gate and asks it for the permit. */
export function oneFaceGrant(): OneGrant {
  let isRevoked = false;
  const booked = (): { grant: Grant; isRevoked: boolean } => ({ grant: GRANT, isRevoked });
  const gate = new ConsentGate({
    book: {
      find: (subject, purpose) =>
        subject === GRANT.subjectRef && purpose === GRANT.purpose ? booked() : null,
      byId: (id) => (id === GRANT.grantId ? booked() : null),
    },
    tenantId: GRANT.tenantId,
    jurisdiction: () => "kiosk-verify",
    clock: { now: () => epochMs(0), mono: () => monoMs(0), isSure: () => true },
    leaseMono: () => null,
  });
  const asked = gate.permit(GRANT.subjectRef, "loyalty-face");
  if (!asked.ok) throw new TypeError(`no permit: ${asked.error}`);
  return {
    gate,
    permit: asked.value,
    revoke: () => {
      isRevoked = true;
    },
  };
}
