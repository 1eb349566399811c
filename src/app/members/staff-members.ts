import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import { type SubjectRef, subjectRef } from "../../core/brand.ts";
import {
  type ConsentProof,
  type Grant,
  PURPOSES,
  type Purpose,
  type ShownNotice,
} from "../../core/consent.ts";
import { GatewayError } from "../../core/errors.ts";
import type { SealedMember } from "../../io/members/members-file.ts";
import { newConsentId, type OpenConsent } from "../consent/open-consent.ts";
import { granted, type LoyalGateway, withLedger } from "../consent/staff-ledger.ts";
import { type Carried, TAGS_CAP } from "./member-seal.ts";
import { type OpenMembers, openMembers } from "./members-at-hand.ts";

/** Name of the members' file in the state folder. */
export const MEMBERS_FILE = "members.db";
/** Members of one shop without a centre; more need one. */
export const MEMBERS_CAP = 10_000;

/** What a shop calls a customer. */
const REFERENCE = /^[^\p{C}]{1,256}$/u;
const APP_KEY_BYTES = 16;

/** What staff work on: the ledger and the members beside a gateway that may be running. */
export interface StaffDesk {
  readonly gateway: LoyalGateway;
  readonly consent: OpenConsent;
  readonly members: OpenMembers;
}

/** Consents that a customer gave on paper or to staff, each purpose for itself. */
export interface GivenConsent {
  readonly purposes: readonly Purpose[];
  readonly notice: ShownNotice;
  /** The notice's words, which are kept beside the ledger. */
  readonly text: string;
  readonly proof: ConsentProof;
  readonly isMinor: boolean;
}

/** A customer to be registered. */
export interface Registration {
  readonly reference: string;
  /** Who agreed at a station and is now given a name; null: a new member. */
  readonly subject: SubjectRef | null;
  readonly carried: Carried;
  readonly consent: GivenConsent | null;
}

/** How a member stands, without any key. */
export interface ListedMember {
  /** null: the entry cannot be read. */
  readonly reference: string | null;
  readonly subjectRef: SubjectRef;
  readonly registeredAt: number;
  readonly purposes: readonly Purpose[];
  readonly app: boolean;
  readonly tags: number;
}

/**
 * Works on the members beside the gateway, which may be running: it takes what is written here within a second.
 * @throws USAGE when the members are the centre's; what opening ledger and members throws, and what the work throws
 */
export function withMembers<T>(gateway: LoyalGateway, work: (desk: StaffDesk) => T): Promise<T> {
  const { loyalty, ledgerPath } = gateway;
  if (loyalty.authority !== "gateway")
    throw new GatewayError("USAGE", "loyalty.authority is centre: members are registered there");
  return withLedger(gateway, (consent) => {
    const path = join(dirname(ledgerPath), MEMBERS_FILE);
    const members = openMembers({ path, tenant: loyalty.tenantId });
    try {
      return work({ gateway, consent, members });
    } finally {
      members.file.close();
    }
  });
}

/**
 * Registers a customer who agreed: the consents first, then who it is. What does not become a member altogether is taken
 * back, so that nothing is half-written.
 * @throws MEMBER_REFUSED, CONSENT_REFUSED, and the faults of the files
 */
export function register(desk: StaffDesk, wish: Registration): SubjectRef {
  const { members } = desk;
  refuseBadWish(desk, wish);
  const subject = wish.subject ?? subjectRef(newConsentId());
  const grants = grantAll(desk, subject, wish.consent);
  try {
    const { carried, reference } = wish;
    const carries = carried.appKey !== null || carried.tags.length > 0;
    const outcome = members.file.add(
      {
        ...{ subject, index: members.seal.indexOf(reference) },
        reference: members.seal.sealReference(subject, reference),
        carried: carries ? members.seal.sealCarried(subject, carried) : null,
        registeredAt: desk.consent.clock.now(),
      },
      MEMBERS_CAP,
    );
    if (outcome === "added") return subject;
    throw refused(
      outcome === "taken"
        ? "there is a member of this reference already"
        : `there are ${MEMBERS_CAP} members already; more need a centre`,
    );
  } catch (error) {
    takeBack(desk, subject, grants);
    throw error;
  }
}

/** Sets what a member carries from now on, all of it. @throws MEMBER_REFUSED, CONSENT_REFUSED, and the faults of the files */
export function carry(desk: StaffDesk, reference: string, carried: Carried): void {
  const { subject } = found(desk, reference);
  const { file, seal } = desk.members;
  const carries = carried.appKey !== null || carried.tags.length > 0;
  if (carries && !holds(desk, subject, "loyalty-beacon")) throw needsBeacon();
  if (carried.tags.length > TAGS_CAP) throw tooManyTags();
  file.setCarried(subject, carries ? seal.sealCarried(subject, carried) : null);
}

/** All members with their live consents, the oldest first. */
export function list(desk: StaffDesk): readonly ListedMember[] {
  const { file, seal } = desk.members;
  return file.all().map(({ subject, reference, carried, registeredAt }) => {
    const things = carried === null ? null : seal.openCarried(subject, carried);
    return {
      reference: seal.openReference(subject, reference),
      ...{ subjectRef: subject, registeredAt },
      purposes: PURPOSES.filter((purpose) => holds(desk, subject, purpose)),
      ...{ app: (things?.appKey ?? null) !== null, tags: things?.tags.length ?? 0 },
    };
  });
}

/** What forgetting a customer did. */
export interface Forgotten {
  readonly revoked: readonly Purpose[];
  /** null: the ledger cannot be believed, and nobody was asked. */
  readonly erasureId: string | null;
}

/**
 * Takes every consent of a customer back, asks for erasing, and forgets who it was and what they carried.
 * @throws MEMBER_REFUSED, and the faults of the files
 */
export function erase(desk: StaffDesk, reference: string, by: string): Forgotten {
  const { subject } = found(desk, reference);
  const { ledger, book } = desk.consent;
  const grants = book.liveOf(subject);
  const wish = { subjectRef: subject, grants, by: "staff", ref: by } as const;
  // Without a consent too: nothing may be left of somebody who asks to be forgotten.
  const erasureId = ledger.revoke(wish) ?? ledger.askToErase(subject, PURPOSES);
  desk.members.file.remove(subject);
  return { revoked: grants.map(({ purpose }) => purpose), erasureId };
}

/** The entry of a customer. @throws MEMBER_REFUSED */
export function found({ members }: StaffDesk, reference: string): SealedMember {
  const row = members.file.byIndex(members.seal.indexOf(reference));
  if (row === null) throw refused("there is no member of this reference");
  return row;
}

/** A new key for a member's app, 16 bytes. */
export const newAppKey = (): Uint8Array => new Uint8Array(randomBytes(APP_KEY_BYTES));

function refuseBadWish(desk: StaffDesk, wish: Registration): void {
  const { reference, subject, carried, consent } = wish;
  const { file, seal } = desk.members;
  if (!REFERENCE.test(reference)) throw refused("a reference is 1 to 256 printable characters");
  if (carried.tags.length > TAGS_CAP) throw tooManyTags();
  if (file.byIndex(seal.indexOf(reference)) !== null)
    throw refused("there is a member of this reference already");
  if (subject !== null && file.bySubject(subject) !== null)
    throw refused("the subject is a member already");
  if (file.count >= MEMBERS_CAP)
    throw refused(`there are ${MEMBERS_CAP} members already; more need a centre`);
  const has = (purpose: Purpose): boolean =>
    consent?.purposes.includes(purpose) === true ||
    (subject !== null && holds(desk, subject, purpose));
  if (!PURPOSES.some(has))
    throw new GatewayError("CONSENT_REFUSED", "refused: nobody is registered without a consent");
  const carries = carried.appKey !== null || carried.tags.length > 0;
  if (carries && !has("loyalty-beacon")) throw needsBeacon();
}

function holds({ consent }: StaffDesk, subject: SubjectRef, purpose: Purpose): boolean {
  const now = consent.clock.now();
  return consent.book
    .liveOf(subject)
    .some((grant) => grant.purpose === purpose && grant.expiresAt > now);
}

function grantAll(
  desk: StaffDesk,
  subject: SubjectRef,
  consent: GivenConsent | null,
): readonly Grant[] {
  const given: Grant[] = [];
  const { tenantId } = desk.gateway.loyalty;
  if (
    consent !== null &&
    !desk.consent.file.notices.keep({ ...consent.notice, text: consent.text })
  )
    throw new GatewayError(
      "CONSENT_REFUSED",
      "refused: this version of the notice was shown with other words; raise its version",
    );
  try {
    for (const purpose of consent?.purposes ?? []) {
      if (consent === null) break;
      const { notice, proof, isMinor } = consent;
      const wish = { tenantId, subjectRef: subject, purpose, notice, proof, isMinor };
      given.push(granted(desk.consent.ledger.grant(wish)));
    }
    return given;
  } catch (error) {
    takeBack(desk, subject, given);
    throw error;
  }
}

function takeBack(desk: StaffDesk, subject: SubjectRef, grants: readonly Grant[]): void {
  if (grants.length === 0) return;
  const ref = "not-registered";
  desk.consent.ledger.revoke({ subjectRef: subject, grants, by: "system", ref });
}

const refused = (why: string): GatewayError =>
  new GatewayError("MEMBER_REFUSED", `refused: ${why}`);
const needsBeacon = (): GatewayError =>
  new GatewayError(
    "CONSENT_REFUSED",
    "refused: what a customer carries is kept only with a live consent to loyalty-beacon",
  );
const tooManyTags = (): GatewayError => refused(`a member has ${TAGS_CAP} tags at most`);
