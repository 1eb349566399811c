import type { EpochMs, GrantId, SubjectRef, TenantId } from "./brand.ts";

/**
 * What a shopper can agree to, each for itself. `loyalty-face`: a template of the face is kept and compared at a
 * station. `loyalty-beacon`: an identifier that the shopper carries (app, tag, card, code) is matched. `messages`: the
 * shopper is written to. `cross-channel`: visits are joined with what the shopper did online.
 */
export const PURPOSES = Object.freeze([
  "loyalty-face",
  "loyalty-beacon",
  "messages",
  "cross-channel",
] as const);
export type Purpose = (typeof PURPOSES)[number];

/**
 * What the law of the place allows, set by a named person. `off`: no face is looked at. `kiosk-verify`: a face confirms
 * an identity that the shopper claimed. `kiosk-identify`: a small gallery is searched; for places that allow it only.
 */
export const JURISDICTIONS = Object.freeze(["off", "kiosk-verify", "kiosk-identify"] as const);
export type Jurisdiction = (typeof JURISDICTIONS)[number];

/** The notice that a shopper was shown before agreeing, word for word: the hash is over its text in that language. */
export interface ShownNotice {
  readonly id: string;
  readonly version: number;
  /** BCP 47, such as `da`. */
  readonly language: string;
  /** SHA-256, 64 hexadecimal digits. */
  readonly sha256: string;
}

/** How it can be shown later that somebody agreed. `ref` names the evidence; it never is the evidence itself. */
export interface ConsentProof {
  readonly kind: "signature" | "screen" | "operator" | "device";
  readonly ref: string;
}

/** One consent: who agreed to what, on the ground of which notice, until when. */
export interface Grant {
  readonly grantId: GrantId;
  readonly tenantId: TenantId;
  readonly subjectRef: SubjectRef;
  readonly purpose: Purpose;
  readonly jurisdiction: Jurisdiction;
  readonly notice: ShownNotice;
  readonly proof: ConsentProof;
  readonly grantedAt: EpochMs;
  /** At the latest 36 months after it was granted; moved on by visits, never beyond that. */
  readonly expiresAt: EpochMs;
}

/** Why something about a shopper was not done. The station has a sentence for each in every language. */
export const REFUSALS = Object.freeze([
  "face-off",
  "no-grant",
  "grant-expired",
  "grant-revoked",
  "grant-foreign",
  "lease-lost",
  "clock-unsure",
  "notice-missing",
  "proof-missing",
  "ledger-full",
  "ledger-damaged",
  "not-at-station",
  "minor",
  "no-face",
  "several-faces",
  "face-small",
  "face-blurred",
  "face-turned",
  "face-unsteady",
  "face-poor-light",
  "needs-second-look",
  "no-match",
  "not-enrolled",
  "template-foreign",
  "template-damaged",
  "key-lost",
  "gallery-full",
  "models-missing",
  "camera-missing",
  "code-unreadable",
  "busy",
] as const);
export type Refusal = (typeof REFUSALS)[number];
