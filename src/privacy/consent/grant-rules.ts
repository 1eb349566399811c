import { type EpochMs, epochMs, type SubjectRef, type TenantId } from "../../core/brand.ts";
import { civilFromDays, daysFromCivil, monthOf } from "../../core/civil-date.ts";
import {
  type ConsentProof,
  type Grant,
  type Jurisdiction,
  PURPOSES,
  type Purpose,
  type Refusal,
  type ShownNotice,
} from "../../core/consent.ts";

const DAY_MS = 86_400_000;
/**
 * A consent ends twelve months after the last visit, and thirty-six months after it was given whatever happens.
 * @source docs/privacy.md; the longest that the Biometric Information Privacy Act (Illinois) leaves is three years
 */
const MONTHS_SINCE_VISIT = 12;
const MONTHS_AT_MOST = 36;
/**
 * An expiry is moved on only when it gains so much: the ledger is kept for years and must not become a list of visits.
 * A consent may so end up to a month earlier than twelve months after the last visit, never later.
 */
export const LEAST_GAIN_MS = 30 * DAY_MS;

/** What somebody agrees to: one purpose, on the ground of one notice. Two purposes are two acts and two requests. */
export interface GrantRequest {
  readonly tenantId: TenantId;
  readonly subjectRef: SubjectRef;
  readonly purpose: Purpose;
  readonly notice: ShownNotice;
  readonly proof: ConsentProof;
  /** Whether the person said to be below the age of consent: nobody asks for more than that. */
  readonly isMinor: boolean;
}

/** The same day so many months later, at the same time of day, in UTC; the last day of a shorter month. Pure. */
export function monthsLater(at: EpochMs, months: number): EpochMs {
  const days = Math.floor(at / DAY_MS);
  const { year, month, day } = civilFromDays(days);
  const count = year * 12 + month - 1 + months;
  const first = daysFromCivil(Math.floor(count / 12), (((count % 12) + 12) % 12) + 1, 1);
  const last = monthOf(first)[1];
  return epochMs(Math.min(first + day - 1, last) * DAY_MS + (at - days * DAY_MS));
}

/** The latest that a consent of then may ever last. Pure. */
export const capOf = (grantedAt: EpochMs): EpochMs => monthsLater(grantedAt, MONTHS_AT_MOST);

/** When a consent ends by the last visit (giving it counts as one), at the latest at its cap. Pure. */
export const expiryOf = (grantedAt: EpochMs, lastVisitAt: EpochMs): EpochMs =>
  epochMs(Math.min(monthsLater(lastVisitAt, MONTHS_SINCE_VISIT), capOf(grantedAt)));

/**
 * The expiry to write after a visit; null while it would gain too little. Cut to a whole day of UTC, so that the ledger
 * does not tell when somebody came. Never later than the cap, never earlier than before. Pure.
 */
export function extendedExpiry(grant: Grant, visitedAt: EpochMs): EpochMs | null {
  const cap = capOf(grant.grantedAt);
  const wanted = expiryOf(grant.grantedAt, visitedAt);
  const expiry = wanted === cap ? cap : epochMs(Math.floor(wanted / DAY_MS) * DAY_MS);
  const isWorth = expiry - grant.expiresAt >= LEAST_GAIN_MS;
  return isWorth || (expiry === cap && expiry > grant.expiresAt) ? expiry : null;
}

const SUBJECT = /^[A-Za-z0-9_-]{22}$/;
const NAME = /^[A-Za-z0-9_.-]{1,64}$/;
const LANGUAGE = /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/;
const SHA256 = /^[0-9a-f]{64}$/;
const PROOFS: readonly string[] = ["signature", "screen", "operator", "device"];
/** No space, so that nobody writes a name or a sentence where the name of the evidence belongs. */
const PROOF_REF = /^[!-~]{1,128}$/;

/** Whether a text may stand for a member: 128 random bits as base64url. Pure. */
export const isSubjectRef = (text: unknown): text is SubjectRef =>
  typeof text === "string" && SUBJECT.test(text);

/**
 * Why a request to grant is refused; null when it may be granted. What comes from outside is judged as it is, whatever
 * its type says. Pure.
 */
export function grantRefusal(
  request: GrantRequest,
  terms: { readonly tenantId: TenantId; readonly jurisdiction: Jurisdiction },
): Refusal | null {
  const { tenantId, subjectRef, purpose, notice, proof, isMinor } = request;
  if (tenantId !== terms.tenantId) return "grant-foreign";
  if (!isSubjectRef(subjectRef) || !PURPOSES.includes(purpose)) return "no-grant";
  if (isMinor !== false) return "minor";
  if (purpose === "loyalty-face" && terms.jurisdiction === "off") return "face-off";
  if (!isNotice(notice)) return "notice-missing";
  return isProof(proof) ? null : "proof-missing";
}

function isNotice(notice: unknown): boolean {
  if (typeof notice !== "object" || notice === null) return false;
  const { id, version, language, sha256 } = notice as Readonly<Record<string, unknown>>;
  const isNumbered = Number.isSafeInteger(version) && Number(version) >= 1;
  return isNumbered && matches(NAME, id) && matches(LANGUAGE, language) && matches(SHA256, sha256);
}

function isProof(proof: unknown): boolean {
  if (typeof proof !== "object" || proof === null) return false;
  const { kind, ref } = proof as Readonly<Record<string, unknown>>;
  return typeof kind === "string" && PROOFS.includes(kind) && matches(PROOF_REF, ref);
}

const matches = (pattern: RegExp, value: unknown): boolean =>
  typeof value === "string" && pattern.test(value);
