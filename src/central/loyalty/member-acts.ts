import type { EpochMs, SubjectRef, TenantId } from "../../core/brand.ts";
import type { ConsentProof, Grant, Purpose, ShownNotice } from "../../core/consent.ts";
import { fail, ok, type Result } from "../../core/errors.ts";
import { type GrantRequest, grantRefusal } from "../../privacy/consent/grant-rules.ts";
import { type EidTag, findEidClock } from "../../privacy/loyalty/eid-window.ts";
import type { RevokedAnswer } from "../../wire/loyalty-answers.ts";
import type { LoyaltyDesk } from "./loyalty-desk.ts";
import { type Member, newRandomId } from "./member-book.ts";
import type { TenantDesk } from "./tenant-desk.ts";

/** Why something about a member was not done; nothing was changed. */
export interface ActRefusal {
  readonly status: 403 | 404 | 409;
  readonly error: string;
  readonly message: string;
}

/** Whom a request is about. */
export interface Who {
  readonly tenantId: TenantId;
  readonly customer: string;
}

/** What somebody agrees to, as the API is told. */
export interface GivenConsent {
  readonly purpose: Purpose;
  readonly notice: ShownNotice;
  readonly proof: ConsentProof;
  readonly isMinor: boolean;
}

export interface Registration extends Who {
  readonly withApp: boolean;
  readonly subjectRef: SubjectRef | null;
  readonly consent: GivenConsent | null;
}

type Outcome<T> = Result<T, ActRefusal>;

/** A tenant and its member. */
export interface Found {
  readonly desk: TenantDesk;
  readonly member: Member;
}

/** There is no such member, or not any more. */
export const UNKNOWN: ActRefusal = {
  ...{ status: 404, error: "MEMBER_UNKNOWN", message: "the tenant has no such member" },
};
const refused = (reason: string): ActRefusal => ({
  ...{ status: 409, error: "CONSENT_REFUSED", message: `the consent was not written: ${reason}` },
});

/** The member that a request is about. */
export function memberOf(loyalty: LoyaltyDesk, { tenantId, customer }: Who): Outcome<Found> {
  const desk = loyalty.desk(tenantId);
  const member = loyalty.members.byCustomer(tenantId, customer);
  return desk === null || member === null ? fail(UNKNOWN) : ok({ desk, member });
}

/** A member who was registered, and what was agreed to by that. */
interface Registered extends Found {
  readonly grant: Grant | null;
}

/**
 * Registers a customer with the first consent, or gives somebody a customer's name who agreed at a station. The rules are
 * asked before anything is written; what fails in between leaves no member. @throws STORE_FAILED, the ledger's faults
 */
export async function register(
  loyalty: LoyaltyDesk,
  wish: Registration,
): Promise<Outcome<Registered>> {
  const desk = loyalty.desk(wish.tenantId);
  if (desk === null) return fail(UNKNOWN);
  const subject = wish.subjectRef ?? (newRandomId() as SubjectRef);
  return await desk.inTurn(() => registerNow(loyalty, desk, subject, wish));
}

async function registerNow(
  loyalty: LoyaltyDesk,
  desk: TenantDesk,
  subject: SubjectRef,
  wish: Registration,
): Promise<Outcome<Registered>> {
  const { tenantId, customer, withApp, consent } = wish;
  const refusal = registrationRefusal(desk, wish);
  if (refusal !== null) return fail(refusal);
  const member = await loyalty.members.add(tenantId, customer, { withApp, subject });
  if (member === null) {
    const isKnown = loyalty.members.byCustomer(tenantId, customer) !== null;
    const message = isKnown ? "there is such a member already" : "no further member finds room";
    return fail({ status: 409, error: isKnown ? "MEMBER_EXISTS" : "MEMBERS_FULL", message });
  }
  if (consent === null) {
    desk.stand(subject);
    return ok({ desk, member, grant: null });
  }
  const hasNone = (): boolean => desk.consents.register.liveOf(subject).length === 0;
  try {
    const grant = desk.consents.grant(requestOf(tenantId, subject, consent));
    if (grant.ok) return ok({ desk, member, grant: grant.value });
    await loyalty.members.remove(subject, hasNone);
    return fail(refused(grant.error));
  } catch (error) {
    await loyalty.members.remove(subject, hasNone);
    throw error;
  }
}

function registrationRefusal(desk: TenantDesk, wish: Registration): ActRefusal | null {
  const { tenantId, subjectRef, consent } = wish;
  if (subjectRef !== null && desk.consents.register.liveOf(subjectRef).length === 0)
    return { ...UNKNOWN, message: "nobody agreed at a station under this reference" };
  if (consent === null) return null;
  const request = requestOf(tenantId, subjectRef ?? (newRandomId() as SubjectRef), consent);
  const refusal = grantRefusal(request, desk.config);
  return refusal === null ? null : refused(refusal);
}

/** Notes that a member agreed to a purpose, unless the member is not there any more. @throws the ledger's faults */
export function giveConsent(
  loyalty: LoyaltyDesk,
  { desk, member }: Found,
  consent: GivenConsent,
): Promise<Outcome<Grant>> {
  const { tenantId, subject } = member;
  return desk.inTurn(() => {
    if (loyalty.members.bySubject(subject) === null) return fail(UNKNOWN);
    const outcome = desk.consents.grant(requestOf(tenantId, subject, consent));
    return outcome.ok ? outcome : fail(refused(outcome.error));
  });
}

/**
 * Takes consents back, everywhere, and erases what the centre holds for them; without any consent left the customer is
 * forgotten. @throws STORE_FAILED, the ledger's faults; what was taken back is in force all the same
 */
export async function takeBack(
  { desk, member: { subject } }: Found,
  how: { readonly purposes?: readonly Purpose[]; readonly ref: string },
): Promise<RevokedAnswer> {
  const ended = desk.revoke({ subject, ...how, by: "controller" });
  await desk.eraseHere(subject);
  const isForgotten = await desk.forgetWithout(subject);
  return {
    ended: ended.map(({ purpose }) => purpose),
    isForgotten,
    openErasures: desk.openErasuresOf(subject),
  };
}

/** Sets what a member carries; refused without the consent for it. @throws STORE_FAILED */
export async function setTags(
  loyalty: LoyaltyDesk,
  { desk, member: { subject } }: Found,
  tags: readonly EidTag[],
): Promise<Outcome<Member>> {
  const permit = desk.consents.gate.permit(subject, "loyalty-beacon");
  if (!permit.ok) return fail(refused(permit.error));
  const member = await loyalty.members.change(subject, (old) => ({ ...old, tags }));
  if (member === null) return fail(UNKNOWN);
  desk.stand(subject);
  return ok(member);
}

/** Makes a new key for a member's app; refused without the consent for it. @throws STORE_FAILED */
export async function renewAppKey(
  loyalty: LoyaltyDesk,
  { desk, member: { subject } }: Found,
): Promise<Outcome<Uint8Array>> {
  const permit = desk.consents.gate.permit(subject, "loyalty-beacon");
  if (!permit.ok) return fail(refused(permit.error));
  const key = await loyalty.members.renewAppKey(subject);
  if (key === null) return fail(UNKNOWN);
  desk.stand(subject);
  return ok(key);
}

/** Finds the clock of the tag that a member shows now. @throws STORE_FAILED */
export async function findTagClock(
  loyalty: LoyaltyDesk,
  found: Found,
  shown: { readonly eid: Uint8Array; readonly backMs: number; readonly at: EpochMs },
): Promise<Outcome<Member>> {
  const { eid, backMs, at } = shown;
  let isFound = false;
  const tags = found.member.tags.map((tag) => {
    const put = isFound ? null : findEidClock(tag, eid, at, backMs);
    isFound ||= put !== null;
    return put ?? tag;
  });
  if (isFound) return await setTags(loyalty, found, tags);
  const message = "no tag of this member sends that within the time";
  return fail({ status: 404, error: "TAG_UNKNOWN", message });
}

const requestOf = (
  tenantId: TenantId,
  subjectRef: SubjectRef,
  { purpose, notice, proof, isMinor }: GivenConsent,
): GrantRequest => ({ tenantId, subjectRef, purpose, notice, proof, isMinor });
