import type { LookCounts } from "../../face/station/station-ports.ts";
import type { ConsentHealth } from "../../wire/health-message.ts";
import type { ConsentStatus } from "./consent-desk.ts";

/** How the consents stand, as the health tells it, and how the looks of a station ended where there is one. Pure. */
export function consentHealth(
  status: ConsentStatus,
  looks: LookCounts | null = null,
): ConsentHealth {
  const { code, refusal, ledger, live, openErasures, oldestErasureAgeMs, owed, centre } = status;
  return {
    ...{ code, refusal, seq: ledger?.seq ?? 0 },
    ...{ live, openErasures, oldestErasureAgeMs, owed },
    register: centre?.register ?? null,
    applied: centre?.applied ?? null,
    leaseAgeMs: centre?.leaseAgeMs ?? null,
    ...(looks === null ? {} : { looks }),
  };
}
