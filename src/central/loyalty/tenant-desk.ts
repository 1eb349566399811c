import {
  type EpochMs,
  epochMs,
  type GatewayId,
  type SubjectRef,
  type TenantId,
} from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import type { Grant, Purpose } from "../../core/consent.ts";
import type { ConsentApplied, ConsentRecorded, ErasureAnswerRecorded } from "../../core/events.ts";
import type { Log } from "../../core/lifecycle.ts";
import type { Link } from "../../io/mqtt/link.ts";
import type { LoyaltyKeys } from "../../privacy/loyalty/loyalty-keys.ts";
import { memberPseudonym, pseudonymTag } from "../../privacy/loyalty/pseudonym.ts";
import { ErasureRound } from "./erasure-round.ts";
import type { Homes } from "./homes.ts";
import type { TenantConfig } from "./loyalty-config.ts";
import type { MemberBook } from "./member-book.ts";
import { NewsDesk } from "./news-desk.ts";
import type { StoreEraser, StoreName } from "./store-eraser.ts";
import type { TableDesk } from "./table-desk.ts";
import {
  CENTRE,
  type CentreRevocation,
  hookConsumer,
  hookOf,
  TenantConsents,
} from "./tenant-consents.ts";
import type { VisitBook } from "./visit-book.ts";
import type { WebhookQueue } from "./webhook-queue.ts";

export interface TenantDeskTerms {
  readonly root: string;
  readonly stateDir: string;
  readonly tenant: TenantConfig;
  readonly keys: LoyaltyKeys;
  readonly link: Link;
  readonly homes: Homes;
  readonly members: MemberBook;
  readonly visits: VisitBook;
  readonly queue: WebhookQueue;
  readonly tables: Pick<TableDesk, "put" | "remove">;
  /** A member, by the name that programs of the tenant know, is not known any more. */
  readonly onForgotten: (member: string) => void;
  readonly eraser: Pick<StoreEraser, "erase" | "eraseAudits" | "auditNameOf">;
  readonly clock: Clock;
  readonly log: Log;
}

/** Events by which a gateway tells of consents. */
export type ConsentTold = ConsentRecorded | ConsentApplied | ErasureAnswerRecorded;

/** A name under which what is told to the outside speaks of a member; no group of stores has this name. */
const OUTSIDE = "+outside";

/**
 * Everything about the members of one tenant: consents, what gateways are told of them, tables, and erasing. A member is
 * in the tables and has a name at the stores only while a consent to be recognised is live.
 */
export class TenantDesk {
  readonly tenantId: TenantId;
  readonly config: TenantConfig;
  readonly consents: TenantConsents;
  readonly news: NewsDesk;
  readonly erasures: ErasureRound;
  readonly #terms: TenantDeskTerms;
  readonly #pseudonymKey: Uint8Array;
  /** Members by what a group of stores calls them. */
  readonly #names = new Map<string, SubjectRef>();
  /** What must not happen while a member is erased, and erasing: one after the other. */
  #turns: Promise<unknown> = Promise.resolve();

  /** @throws CONSENT_LEDGER_DAMAGED, CONSENT_LEDGER_UNAVAILABLE */
  constructor(terms: TenantDeskTerms) {
    const { root, stateDir, tenant, keys, link, homes, queue, clock, log } = terms;
    this.#terms = terms;
    this.config = tenant;
    this.tenantId = tenant.tenantId;
    this.#pseudonymKey = keys.pseudonymKey(tenant.tenantId);
    const onChange = (subject: SubjectRef): void => {
      this.stand(subject);
      this.news.changed();
    };
    let isOpen = false;
    this.consents = new TenantConsents({
      ...{ stateDir, tenant, clock, log },
      // While it opens there is nobody to tell yet, and all are put in their places afterwards.
      onChange: ({ grant }) => isOpen && onChange(grant.subjectRef),
    });
    isOpen = true;
    this.news = new NewsDesk({
      ...{ root, link, clock, register: this.consents.register },
      now: () => this.consents.now(),
      gateways: () => homes.gatewaysOf(this.tenantId),
    });
    const pseudonymKey = this.#pseudonymKey;
    const round = { root, link, consents: this.consents, homes, pseudonymKey, queue };
    this.erasures = new ErasureRound(round);
    this.#writeOffFormerReceivers();
    for (const { subjectRef } of this.consents.register.live()) this.stand(subjectRef);
  }

  /** What is told to the outside calls a member; another tenant's name for the same person is another one. */
  outsideName(subject: SubjectRef): string {
    return pseudonymTag(memberPseudonym(this.#pseudonymKey, OUTSIDE, subject));
  }

  /** The member that a group of stores calls so, while recognising is consented to; null else. */
  memberNamed(storeGroup: string, tag: string): SubjectRef | null {
    const subject = this.#names.get(`${storeGroup}/${tag}`) ?? null;
    return subject !== null && this.consents.mayRecognise(subject) ? subject : null;
  }

  /** Puts a member where the consents say: into the tables with what is carried, or out of everything. */
  stand(subject: SubjectRef): void {
    const { homes, tables, members, queue } = this.#terms;
    const purposes = this.consents.register.liveOf(subject).map(({ purpose }) => purpose);
    const mayCarry = purposes.includes("loyalty-beacon");
    const isKnown = mayCarry || purposes.includes("loyalty-face");
    const member = members.bySubject(subject);
    for (const group of homes.groupsOf(this.tenantId)) {
      const name = `${group}/${pseudonymTag(memberPseudonym(this.#pseudonymKey, group, subject))}`;
      if (isKnown) this.#names.set(name, subject);
      else this.#names.delete(name);
      const carried = mayCarry ? member : null;
      const [appKey, tags] = [carried?.appKey ?? null, carried?.tags ?? []];
      if (isKnown) tables.put(group, { subject, appKey, tags });
      else tables.remove(group, subject);
    }
    if (!isKnown) queue.forget(subject);
  }

  /** Takes what a gateway tells of consents. @throws the ledger's faults; it comes again then */
  take(gateway: GatewayId, event: ConsentTold): void {
    const { consents } = this;
    switch (event.kind) {
      case "consent-recorded":
        consents.takeEntry(gateway, event.entry, event.sha256);
        this.erasures.askNew();
        break;
      case "consent-applied":
        consents.note(gateway);
        this.news.takeApplied(gateway, event.register, event.applied);
        break;
      case "erasure-answered":
        consents.note(gateway);
        // Nobody answers for somebody else.
        if (event.consumer === gateway) consents.answer(event.erasureId, gateway, event.outcome);
    }
  }

  /** Takes consents back: everyone is told, and asked to erase. @throws the ledger's faults; in force all the same */
  revoke(revocation: CentreRevocation): readonly Grant[] {
    const ended = this.consents.revoke(revocation);
    this.erasures.askNew();
    return ended;
  }

  /** What time brings to consents; how many ended. @throws the ledger's faults */
  sweep(): number {
    const ended = this.consents.sweep();
    this.erasures.askNew();
    return ended;
  }

  /** Asks everyone anew who has not answered, and tells everyone how consents stand. */
  repeat(): void {
    this.news.repeat();
    this.erasures.repeat();
  }

  /**
   * Does something while nobody of the tenant is being erased. Whoever is looked up within it is there until it is done.
   * Not from within itself: it would wait for ever.
   */
  inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    const turn = this.#turns.then(work);
    this.#turns = turn.catch(() => undefined);
    return turn;
  }

  /**
   * Erases at the centre what open requests ask for, all or those about one member, and answers them. Of a member without
   * any live consent nothing is left but what the ledger says of a random number. One that fails holds up no other.
   * @throws STORE_FAILED, the ledger's faults, the first one; those requests stay open, and it is tried again
   */
  async eraseHere(of?: SubjectRef): Promise<void> {
    const faults: unknown[] = [];
    for (const { erasureId, waiting } of this.consents.openErasures()) {
      if (!waiting.includes(CENTRE)) continue;
      if (of !== undefined && this.consents.erasure(erasureId)?.subjectRef !== of) continue;
      await this.inTurn(() => this.#eraseOpen(erasureId)).catch((error) => faults.push(error));
    }
    if (faults.length > 0) throw faults[0];
  }

  /** Notes that a receiver of webhooks took a request to erase. @throws the ledger's faults */
  takeErased(erasureId: string, hookId: string): void {
    this.consents.answer(erasureId, hookConsumer(hookId), "erased");
  }

  /** Whether a receiver of webhooks is still asked to erase. */
  isAsked(erasureId: string, hookId: string): boolean {
    return this.consents.erasure(erasureId)?.waiting.includes(hookConsumer(hookId)) === true;
  }

  /** Under which name acts about a member are noted: a member who was erased has none any more. */
  auditName(subject: SubjectRef): string {
    const name = this.outsideName(subject);
    const isKnown = this.#terms.members.bySubject(subject) !== null;
    return isKnown ? name : (this.#terms.eraser.auditNameOf(this.tenantId, name) ?? name);
  }

  /** What the stores of each group call a member. */
  namesOf(subject: SubjectRef): readonly StoreName[] {
    return this.config.groups.map(({ storeGroup, stores }) => ({
      name: pseudonymTag(memberPseudonym(this.#pseudonymKey, storeGroup, subject)),
      storeIds: stores.map(({ storeId }) => storeId),
    }));
  }

  /** Since when a name of a group's member may stand in what is stored; null: it may not. */
  keptSince(storeGroup: string, name: string): EpochMs | null {
    const subject = this.memberNamed(storeGroup, name);
    if (subject === null) return null;
    const grants = this.consents.register.liveOf(subject).filter(({ purpose }) => isSeen(purpose));
    return epochMs(Math.min(...grants.map(({ grantedAt }) => grantedAt)));
  }

  /** Forgets a member that has no consent; false when there is one. @throws STORE_FAILED */
  forgetWithout(subject: SubjectRef): Promise<boolean> {
    return this.inTurn(async () => {
      if (this.#hasConsent(subject)) return false;
      await this.#eraseMember(subject);
      return !this.#hasConsent(subject);
    });
  }

  /** Requests to erase about a member that not everyone has answered. */
  openErasuresOf(subject: SubjectRef): number {
    const { consents } = this;
    const open = consents.openErasures();
    return open.filter(({ erasureId }) => consents.erasure(erasureId)?.subjectRef === subject)
      .length;
  }

  close(): void {
    this.news.stop();
    this.consents.close();
  }

  async #eraseOpen(erasureId: string): Promise<void> {
    const open = this.consents.erasure(erasureId);
    if (open?.waiting.includes(CENTRE) !== true) return;
    const { subjectRef } = open;
    const live = this.consents.register.liveOf(subjectRef);
    // First what a crash leaves half done and only the open request leads to.
    const events = live.some(({ purpose }) => isSeen(purpose))
      ? 0
      : await this.#terms.eraser.erase(this.tenantId, this.namesOf(subjectRef));
    if (live.length === 0)
      await this.#terms.eraser.eraseAudits(this.tenantId, this.outsideName(subjectRef));
    const count = events + (await this.#eraseMember(subjectRef));
    this.consents.answer(erasureId, CENTRE, count > 0 ? "erased" : "held-nothing");
  }

  /** A receiver that the file does not name any more is not told anything, and would be waited for in vain. */
  #writeOffFormerReceivers(): void {
    const { webhooks, switchedOnBy = "the loyalty file" } = this.config;
    const isFormer = (name: string): boolean =>
      hookOf(name) !== null && !webhooks.some(({ id }) => hookConsumer(id) === name);
    const how = { by: switchedOnBy, reason: "the loyalty file names no such receiver any more" };
    for (const { erasureId, waiting } of this.consents.openErasures())
      for (const name of waiting.filter(isFormer)) this.consents.writeOff(erasureId, name, how);
  }

  /**
   * Erases by the consents as they stand at the start. A station may tell of a new one meanwhile: then the member stays,
   * asked last, and what came before the new consent goes all the same.
   */
  async #eraseMember(subject: SubjectRef): Promise<number> {
    const { visits, members, queue, clock } = this.#terms;
    const purposes = (): readonly Purpose[] =>
      this.consents.register.liveOf(subject).map(({ purpose }) => purpose);
    const live = purposes();
    this.stand(subject);
    if (!live.includes("loyalty-beacon"))
      await members.change(subject, (member) =>
        purposes().includes("loyalty-beacon") ? member : { ...member, appKey: null, tags: [] },
      );
    const gone = live.some(isSeen) ? 0 : await visits.forget(subject, now(clock));
    if (live.length > 0) return gone;
    queue.forgetTold(subject);
    this.#terms.onForgotten(this.outsideName(subject));
    return gone + Number(await members.remove(subject, () => !this.#hasConsent(subject)));
  }

  #hasConsent(subject: SubjectRef): boolean {
    return this.consents.register.liveOf(subject).length > 0;
  }
}

/** Whether somebody who agreed to this may be recognised. */
const isSeen = (purpose: Purpose): boolean =>
  purpose === "loyalty-beacon" || purpose === "loyalty-face";

const now = (clock: Clock): EpochMs => clock.now();
