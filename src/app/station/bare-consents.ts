import type { ConsentDesk } from "../consent/consent-desk.ts";
import type { TemplateStore } from "./template-store.ts";

/** Longer than an enrolment lasts by far: whoever is just being looked at is not disturbed. */
const BARE_MS = 300_000;
/** Ended at once at most; the rest a minute later. */
const MOST = 100;

/** What the search needs. */
export interface BareConsentsDeps {
  readonly stationId: string;
  readonly consents: Pick<ConsentDesk, "ownLive" | "revoke" | "clock">;
  readonly templates: Pick<TemplateStore, "vault">;
}

/**
 * Takes back consents to the face that this station noted and of which it has no template, such as after a power cut in
 * mid-enrolment; returns how many. Those of other stations and of staff are not touched, and nothing is while the vault
 * cannot be opened or the time is unsure.
 */
export function endBareConsents({ stationId, consents, templates }: BareConsentsDeps): number {
  if (!consents.clock.isSure()) return 0;
  const latest = consents.clock.now() - BARE_MS;
  const noted = consents
    .ownLive("loyalty-face")
    .filter(({ proof, grantedAt }) => proof.ref === stationId && grantedAt < latest)
    .filter(({ proof }) => proof.kind === "screen");
  if (noted.length === 0) return 0;
  const { vault } = templates;
  if (vault === null) return 0;
  const bare = new Set(noted.map((grant) => grant.subjectRef).filter((who) => !vault.has(who)));
  const ended = [...bare].slice(0, MOST);
  for (const subjectRef of ended)
    consents.revoke({ subjectRef, purposes: ["loyalty-face"], by: "system", ref: "no-template" });
  return ended.length;
}
