import type { ConsentHealth } from "../../wire/health-message.ts";
import type { ConsentStatus } from "./consent-desk.ts";

/** How the consents stand, as the health tells it. Pure. */
export function consentHealth(status: ConsentStatus): ConsentHealth {
  const { code, refusal, ledger, live, openErasures, oldestErasureAgeMs, owed, centre } = status;
  return {
    ...{ code, refusal, seq: ledger?.seq ?? 0 },
    ...{ live, openErasures, oldestErasureAgeMs, owed },
    register: centre?.register ?? null,
    applied: centre?.applied ?? null,
    leaseAgeMs: centre?.leaseAgeMs ?? null,
  };
}
