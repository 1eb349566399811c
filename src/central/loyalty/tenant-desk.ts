import type { EpochMs, GatewayId, SubjectRef, TenantId } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import type { Grant } from "../../core/consent.ts";
import type { ConsentApplied, ConsentRecorded, ErasureAnswerRecorded } from "../../core/events.ts";
import type { Log } from "../../core/lifecycle.ts";
import type { Link } from "../../io/mqtt/link.ts";
import { memberPseudonym, pseudonymTag } from "../../privacy/loyalty/pseudonym.ts";
import { ErasureRound } from "./erasure-round.ts";
import type { Homes } from "./homes.ts";
import type { TenantConfig } from "./loyalty-config.ts";
import type { LoyaltyKeys } from "./loyalty-keys.ts";
import type { MemberBook } from "./member-book.ts";
import { NewsDesk } from "./news-desk.ts";
import type { TableDesk } from "./table-desk.ts";
import { type CentreRevocation, TenantConsents } from "./tenant-consents.ts";
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

  /** @throws CONSENT_LEDGER_DAMAGED, CONSENT_LEDGER_UNAVAILABLE */
  constructor(terms: TenantDeskTerms) {
    const { root, stateDir, tenant, keys, link, homes, clock, log } = terms;
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
    this.erasures = new ErasureRound({ root, link, consents: this.consents, homes, pseudonymKey });
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

  /** What time brings to consents. @throws the ledger's faults */
  sweep(): void {
    this.consents.sweep();
    this.erasures.askNew();
  }

  /** Asks everyone anew who has not answered, and tells everyone how consents stand. */
  repeat(): void {
    this.news.repeat();
    this.erasures.repeat();
  }

  /**
   * Erases at the centre what open requests ask for, and answers them. Of a member without any live consent nothing is
   * left but what the ledger says of a random number. @throws STORE_FAILED; the requests stay open, and it is tried again
   */
  async eraseHere(name: string): Promise<void> {
    for (const { erasureId, waiting } of this.consents.openErasures()) {
      const open = waiting.includes(name) ? this.consents.erasure(erasureId) : null;
      if (open === null) continue;
      const count = await this.#eraseMember(open.subjectRef);
      this.consents.answer(erasureId, name, count > 0 ? "erased" : "held-nothing");
    }
  }

  /** Forgets a member that has no consent; false when there is one. @throws STORE_FAILED */
  async forgetWithout(subject: SubjectRef): Promise<boolean> {
    if (this.consents.register.liveOf(subject).length > 0) return false;
    await this.#eraseMember(subject);
    return true;
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

  async #eraseMember(subject: SubjectRef): Promise<number> {
    const { visits, members, clock } = this.#terms;
    const live = this.consents.register.liveOf(subject).map(({ purpose }) => purpose);
    this.stand(subject);
    if (!live.includes("loyalty-beacon"))
      await members.change(subject, (member) => ({ ...member, appKey: null, tags: [] }));
    const isRecognised = live.includes("loyalty-beacon") || live.includes("loyalty-face");
    const gone = isRecognised ? 0 : await visits.forget(subject, now(clock));
    if (live.length > 0) return gone;
    return gone + Number(await members.remove(subject));
  }
}

const now = (clock: Clock): EpochMs => clock.now();
