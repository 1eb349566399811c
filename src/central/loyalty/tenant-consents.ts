import { join } from "node:path";
import type { EpochMs, GatewayId, SubjectRef } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import { type Grant, PURPOSES, type Purpose, type Refusal } from "../../core/consent.ts";
import type { EntryBody, ErasureOutcome, LedgerEntry, Revoker } from "../../core/consent-ledger.ts";
import { GatewayError, type Result } from "../../core/errors.ts";
import type { Log } from "../../core/lifecycle.ts";
import { ConsentFile, readEntry } from "../../io/consent/consent-file.ts";
import type { CentreChange } from "../../privacy/consent/centre-grants.ts";
import { ConsentGate } from "../../privacy/consent/consent-gate.ts";
import { type ConsentLedger, openLedger } from "../../privacy/consent/consent-ledger.ts";
import type { ErasureAddressee, OpenErasure } from "../../privacy/consent/erasure-book.ts";
import type { GrantRequest } from "../../privacy/consent/grant-rules.ts";
import { LedgerClock } from "../../privacy/consent/ledger-clock.ts";
import { CONSUMERS_CAP } from "../../wire/consent-messages.ts";
import { type ChainVerdict, LedgerChains } from "./ledger-chains.ts";
import { HOOKS_CAP, type TenantConfig } from "./loyalty-config.ts";
import { newRandomId } from "./member-book.ts";
import { Register } from "./register.ts";

/** Name of the centre among those who are asked to erase. */
export const CENTRE = "centre";
const HOOK = "webhook-";

/** Name of a receiver of webhooks among those who are asked to erase. */
export const hookConsumer = (hookId: string): string => HOOK + hookId;
/** The receiver that a name among those who are asked to erase is of; null: it is none's. */
export const hookOf = (consumer: string): string | null =>
  consumer.startsWith(HOOK) ? consumer.slice(HOOK.length) : null;
/** Whether a gateway has a name of somebody else among them: it is neither asked nor heard. */
const isTaken = (gateway: GatewayId): boolean => gateway === CENTRE || hookOf(gateway) !== null;

export interface TenantConsentsTerms {
  readonly stateDir: string;
  readonly tenant: Pick<TenantConfig, "tenantId" | "jurisdiction" | "switchedOnBy" | "webhooks">;
  readonly clock: Clock;
  readonly log: Log;
  /** A consent stands otherwise than before. */
  readonly onChange: (change: CentreChange) => void;
}

/** Consents to take back. */
export interface CentreRevocation {
  readonly subject: SubjectRef;
  /** Absent = all. */
  readonly purposes?: readonly Purpose[];
  readonly by: Revoker;
  readonly ref: string;
}

const FED_MARK = "fed";
const GATEWAYS_MARK = "gateways";
const EXPIRIES_AT_ONCE = 500;
/** Gateways of one tenant that are asked to erase; further ones hear of it by the register alone. */
const GATEWAYS_CAP = CONSUMERS_CAP - 1 - HOOKS_CAP;
/** An entry that is not its gateway's own word. One that was told before changes nothing when it is taken again. */
const UNBELIEVED: readonly ChainVerdict[] = ["foreign", "changed"];
const ODD: readonly ChainVerdict[] = [...UNBELIEVED, "fork", "gap"];

/**
 * The consents of one tenant at the centre: its own ledger (app, API, staff) and the register, which is the union with the
 * ledgers of the tenant's gateways. What either takes back is taken back. Requests to erase, wherever a consent ended, are
 * asked of every gateway that ever told of consents, of the receivers of webhooks, and of the centre itself.
 */
export class TenantConsents {
  readonly register: Register;
  readonly chains: LedgerChains;
  readonly gate: ConsentGate;
  readonly ledger: ConsentLedger;
  readonly #file: ConsentFile;
  readonly #clock: LedgerClock;
  readonly #terms: TenantConsentsTerms;
  readonly #gateways: Set<GatewayId>;

  /** Opens ledger and register and checks them. @throws CONSENT_LEDGER_DAMAGED, CONSENT_LEDGER_UNAVAILABLE */
  constructor(terms: TenantConsentsTerms) {
    const { stateDir, tenant, clock } = terms;
    this.#terms = terms;
    const anchor = () => ({ epoch: clock.now(), mono: clock.mono(), clock: "synced" }) as const;
    this.#clock = new LedgerClock({ anchor, isAwaited: () => false, mono: () => clock.mono() });
    this.#file = new ConsentFile(join(stateDir, tenant.tenantId, "consent.db"));
    try {
      this.#gateways = new Set(JSON.parse(this.#file.mark(GATEWAYS_MARK) ?? "[]") as GatewayId[]);
      this.ledger = this.#openLedger();
      this.chains = new LedgerChains(this.#file);
      this.register = new Register({
        ...{ store: this.#file.lease, newId: newRandomId, now: () => this.#clock.now() },
        onChange: terms.onChange,
      });
      this.gate = this.#makeGate();
      this.ledger.switchTo(tenant.jurisdiction, tenant.switchedOnBy ?? "the loyalty file");
      this.#feed();
    } catch (error) {
      this.#file.close();
      throw error;
    }
  }

  /** Gateways that told of consents, and so are asked to erase. */
  get gateways(): ReadonlySet<GatewayId> {
    return this.#gateways;
  }

  /** The newest time that consents are judged by. */
  now(): EpochMs {
    return this.#clock.now();
  }

  /** A gateway told of consents: from now on it is asked to erase. */
  note(gateway: GatewayId): void {
    if (this.#gateways.has(gateway) || this.#gateways.size >= GATEWAYS_CAP) return;
    if (isTaken(gateway)) return;
    this.#gateways.add(gateway);
    this.#file.setMark(GATEWAYS_MARK, JSON.stringify([...this.#gateways]));
  }

  /** A gateway is gone for good: it is not asked any more, until it tells of consents again. */
  retire(gateway: GatewayId): boolean {
    if (!this.#gateways.delete(gateway)) return false;
    this.#file.setMark(GATEWAYS_MARK, JSON.stringify([...this.#gateways]));
    return true;
  }

  /** Whether anything about a member may be used: a live consent to be recognised, in one way or another. */
  mayRecognise(subject: SubjectRef): boolean {
    const { gate } = this;
    return gate.permit(subject, "loyalty-beacon").ok || gate.permit(subject, "loyalty-face").ok;
  }

  /** Writes a consent, or says why not. Nothing is written then. @throws the ledger's faults */
  grant(request: GrantRequest): Result<Grant, Refusal> {
    const outcome = this.ledger.grant(request);
    this.#feed();
    return outcome;
  }

  /** Takes consents back wherever they were given; those that ended. In force from the first line on. @throws as `grant` */
  revoke({ subject, purposes = PURPOSES, by, ref }: CentreRevocation): readonly Grant[] {
    const live = this.register.liveOf(subject);
    const grants = live.filter(({ purpose }) => purposes.includes(purpose));
    this.#end(grants, { by, ref, state: "revoked" });
    return grants;
  }

  /** A member was recognised in a shop: moves the expiries on. @throws as `grant` */
  visited(subject: SubjectRef): void {
    this.ledger.visited(subject);
    this.#feed();
    if (this.#clock.isSure()) this.register.visited(subject, this.#clock.now());
  }

  /**
   * Takes an entry of a gateway's ledger. A consent counts only when the entry is the gateway's own and as it was hashed;
   * a revocation counts whatever is wrong with it. @throws as `grant`; it may come again then
   */
  takeEntry(gateway: GatewayId, entry: LedgerEntry, sha256: string): ChainVerdict {
    this.note(gateway);
    const { verdict, keep } = this.chains.judge(gateway, entry, sha256);
    if (ODD.includes(verdict)) this.#warn(gateway, verdict);
    if (entry.kind === "revoked" || entry.kind === "expired") this.#endById(gateway, entry);
    else if (!UNBELIEVED.includes(verdict)) this.#takeOwn(entry);
    keep();
    return verdict;
  }

  /** Notes that somebody erased. @throws as `grant` */
  answer(erasureId: string, consumer: string, outcome: ErasureOutcome): boolean {
    return this.ledger.answer(erasureId, consumer, outcome);
  }

  /** Notes that somebody is not waited for any more, and who said so. @throws as `grant` */
  writeOff(erasureId: string, consumer: string, how: { by: string; reason: string }): boolean {
    return this.ledger.writeOff(erasureId, consumer, how);
  }

  /** Requests to erase that not everyone has answered, oldest first. */
  openErasures(): readonly OpenErasure[] {
    return this.ledger.book.openErasures();
  }

  erasure(id: string): (OpenErasure & ErasureAddressee) | null {
    return this.ledger.book.erasure(id);
  }

  /** What time brings: ends what is over, writes what could not be written; how many consents ended. @throws as `grant` */
  sweep(): number {
    this.ledger.settle();
    const own = this.ledger.expireDue();
    this.#feed();
    if (!this.#clock.isSure()) return own;
    const now = this.#clock.now();
    const due = this.register.due(now, EXPIRIES_AT_ONCE);
    this.#end(due, { by: "system", ref: "expired", state: "expired" });
    this.register.forgetEnded(now);
    return own + due.length;
  }

  close(): void {
    this.#file.close();
  }

  #takeOwn(entry: LedgerEntry): void {
    const { tenantId } = this.#terms.tenant;
    if (entry.kind === "granted" && entry.grant.tenantId !== tenantId) return;
    this.register.take(entry);
  }

  #endById(gateway: GatewayId, entry: Extract<EntryBody, { kind: "revoked" | "expired" }>): void {
    const grant = this.register.byId(entry.grantId)?.grant;
    if (grant === undefined) return;
    const by = entry.kind === "revoked" ? entry.by : "system";
    const isLive = this.register
      .liveOf(grant.subjectRef)
      .some((one) => one.grantId === grant.grantId);
    if (isLive) this.#end([grant], { by, ref: gateway, state: entry.kind });
  }

  /** The request to erase first: should the register fail, it is ended again, and nobody is asked twice. */
  #end(
    grants: readonly Grant[],
    how: { by: Revoker; ref: string; state: "revoked" | "expired" },
  ): void {
    const { by, ref, state } = how;
    const subjects = new Set(grants.map(({ subjectRef }) => subjectRef));
    for (const subjectRef of subjects) {
      const own = grants.filter((grant) => grant.subjectRef === subjectRef);
      this.ledger.revoke({ subjectRef, grants: own, by, ref });
      for (const { grantId } of own) this.register.end(grantId, state);
    }
    this.#feed();
  }

  /** The register hears of the own ledger; what it knows already changes nothing. */
  #feed(): void {
    const fed = Number(this.#file.mark(FED_MARK) ?? 0);
    if (fed >= this.ledger.head.seq) return;
    let last = fed;
    for (const { seq, text } of [...this.#file.rowsAfter(fed)]) {
      const entry = readEntry(text);
      if (entry !== null) this.register.take(entry);
      last = seq;
    }
    this.#file.setMark(FED_MARK, String(last));
  }

  #openLedger(): ConsentLedger {
    const { tenant, log } = this.#terms;
    const outcome = openLedger({
      ...{ store: this.#file, clock: this.#clock, read: readEntry, newId: newRandomId },
      ...{ tenantId: tenant.tenantId, jurisdiction: () => tenant.jurisdiction },
      // An entry with more could not be read again, and the ledger would be a broken one.
      consumers: () =>
        [CENTRE, ...tenant.webhooks.map(({ id }) => hookConsumer(id)), ...this.#gateways].slice(
          0,
          CONSUMERS_CAP,
        ),
      onBreak: ({ seq, what }) =>
        log.error(
          { event: "loyalty.ledger-damaged", code: "CONSENT_LEDGER_DAMAGED", seq, what },
          "an entry of the centre's consent ledger cannot be believed",
        ),
    });
    const broken = outcome.ok ? this.#file.cutOff(outcome.value.head) : outcome.error;
    if (outcome.ok && broken === null) return outcome.value;
    const context = { seq: broken?.seq ?? null, what: broken?.what ?? null };
    throw new GatewayError("CONSENT_LEDGER_DAMAGED", "the centre's consent ledger is broken", {
      context,
    });
  }

  #makeGate(): ConsentGate {
    const { tenant } = this.#terms;
    return new ConsentGate({
      ...{ book: this.register, tenantId: tenant.tenantId, clock: this.#clock },
      jurisdiction: () => tenant.jurisdiction,
      leaseMono: () => null,
      fault: () => (this.ledger.isBroken ? "ledger-damaged" : null),
    });
  }

  #warn(gatewayId: GatewayId, verdict: ChainVerdict): void {
    this.#terms.log.warn(
      { event: "loyalty.chain", gatewayId, verdict },
      "entries of a gateway's consent ledger are missing, doubled or not its own",
    );
  }
}
