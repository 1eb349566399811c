import type { ActiveLoyalty } from "../../config/loyalty.ts";
import type { EpochMs, GatewayId, SubjectRef } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import {
  type Grant,
  PURPOSES,
  type Purpose,
  type Refusal,
  type ShownNotice,
} from "../../core/consent.ts";
import type { Revoker } from "../../core/consent-ledger.ts";
import { type FaultCode, fail, GatewayError, type Result } from "../../core/errors.ts";
import type { Log } from "../../core/lifecycle.ts";
import { OwedFile } from "../../io/consent/owed-file.ts";
import { ConsentGate, type GrantBook } from "../../privacy/consent/consent-gate.ts";
import type { GrantRequest } from "../../privacy/consent/grant-rules.ts";
import { LedgerClock, type LedgerClockTerms } from "../../privacy/consent/ledger-clock.ts";
import { shownNotice } from "../../privacy/consent/notice.ts";
import type { Chore } from "../upkeep.ts";
import { CentreEar, type CentreLink } from "./centre-ear.ts";
import { type ConsentEvent, ConsentTeller } from "./consent-teller.ts";
import { type EraseReport, type Eraser, type EraseWish, eraseAll } from "./erasure-duty.ts";
import { newConsentId, type OpenConsent, openConsent } from "./open-consent.ts";
import { createRetention, type Retention } from "./retention.ts";

/** What the consents of a gateway need. */
export interface ConsentDeskDeps {
  /** `consent.db` of the state folder. */
  readonly path: string;
  readonly gatewayId: GatewayId;
  /** Names this life of the process. */
  readonly boot: string;
  /** What is left of a loyalty that was switched off needs no more than this. */
  readonly loyalty: Pick<ActiveLoyalty, "tenantId" | "jurisdiction" | "switchedOnBy" | "authority">;
  readonly time: LedgerClockTerms;
  readonly clock: Clock;
  readonly log: Log;
  /** Takes an audit event durably; false when it could not. */
  readonly onEvent: (event: ConsentEvent) => boolean;
  /** Every place of this gateway that holds something about members. */
  readonly erasers: readonly Eraser[];
}

/** A shopper, or somebody for them, takes consents back. */
export interface RevokeWish {
  readonly subjectRef: SubjectRef;
  /** Absent = all of them: "forget me". */
  readonly purposes?: readonly Purpose[];
  readonly by: Revoker;
  readonly ref: string;
}

/** What became of a wish to take back. It is in force in any case, from the moment it was said. */
export interface RevokeOutcome {
  /** The consents that ended. */
  readonly ended: readonly Grant[];
  /** Whether it is written in the ledger, or there was nothing to write. */
  readonly isWritten: boolean;
  /** Whether it outlives the process: written in the ledger, or noted beside it until that can be done. */
  readonly isKept: boolean;
  /** Whether nothing is held here any more. False: a place failed, and is tried again every ten seconds. */
  readonly isErased: boolean;
}

/** How the consents stand, for health, dashboard and documents; names nobody. */
export interface ConsentStatus {
  /** null: the ledger is sound. */
  readonly code: FaultCode | null;
  /** Why nothing is permitted now, whoever asks; null while permits can be had. */
  readonly refusal: Refusal | null;
  readonly ledger: { readonly seq: number; readonly sha256: string } | null;
  readonly live: number;
  readonly openErasures: number;
  readonly oldestErasureAgeMs: number | null;
  /** Takings-back in force that the disk did not take yet. */
  readonly owed: number;
  readonly centre: {
    readonly register: string | null;
    readonly applied: number;
    readonly leaseAgeMs: number | null;
    /** Consents of the centre that found no room: their members are not recognised here. */
    readonly refused: number;
  } | null;
}

const REFRESH_PERIOD_MS = 1_000;
const SWEEP_PERIOD_MS = 10_000;
/** A fault that lasts is tried again every second, and said once a minute. */
const FAULTS_A_LINE = 60;
const NOTHING: GrantBook = Object.freeze({ find: () => null, byId: () => null });

/**
 * The consents of a running gateway: grants and revokes, asks for erasing and sees it done, tells the centre. When the
 * ledger cannot be believed or opened the desk is there all the same: its gate permits nothing, nothing is granted, and
 * "forget me" still erases what is held here.
 */
export class ConsentDesk {
  readonly gate: ConsentGate;
  readonly #deps: ConsentDeskDeps;
  readonly #open: OpenConsent | null;
  readonly #owed: OwedFile;
  readonly #code: FaultCode | null;
  readonly #teller: ConsentTeller | null;
  readonly #retention: Retention | null;
  readonly #ear: CentreEar | null;
  readonly #spareClock: LedgerClock;
  /** Faults in a row. */
  #faults = 0;
  #isBreakSaid = false;
  readonly #isBegunAnew: boolean;

  /** Opens the ledger; what is wrong with it is a state and a line of the log, never an exception. */
  constructor(deps: ConsentDeskDeps) {
    this.#deps = deps;
    this.#owed = new OwedFile(deps.path, deps.log);
    const opened = opening(deps, this.#owed);
    this.#open = opened instanceof GatewayError ? null : opened;
    this.#code = opened instanceof GatewayError ? opened.code : null;
    this.#spareClock = new LedgerClock(deps.time);
    this.gate = gateOf(deps, this.#open);
    const { onEvent, erasers, log, gatewayId, boot } = deps;
    const { anchor } = deps.time;
    const open = this.#open;
    this.#teller = open && new ConsentTeller({ file: open.file, boot, anchor, onEvent });
    const teller = this.#teller;
    this.#retention = open && createRetention({ ...deps, open });
    const erase = (wish: EraseWish): EraseReport => eraseAll(erasers, wish, log);
    const answerOpen = (): void => void this.#retention?.answerOpen();
    this.#ear =
      open && teller && new CentreEar({ open, teller, gatewayId, log, erase, answerOpen });
    this.#isBegunAnew = open?.file.isNew === true && saysAnew(deps);
    this.#note();
  }

  /** Listens to the centre; does nothing while the ledger is unsound: then no lease is worth anything. */
  attach(link: CentreLink, topicRoot: string): void {
    this.#ear?.attach(link, topicRoot);
  }

  /** Writes a consent, or says why not: `busy` when the disk does not take it. Nothing is written then. */
  grant(request: GrantRequest): Result<Grant, Refusal> {
    const open = this.#open;
    if (open === null) return fail("ledger-damaged");
    let outcome: Result<Grant, Refusal> = fail("busy");
    this.#attempt(() => {
      outcome = open.ledger.grant(request);
    });
    this.#tell();
    return outcome;
  }

  /** Takes consents back: at once in memory, then in the ledger, then what is held here is erased. */
  revoke(wish: RevokeWish): RevokeOutcome {
    const { subjectRef, purposes = PURPOSES, by, ref } = wish;
    const { erasers, log, loyalty } = this.#deps;
    const open = this.#open;
    const live = open?.book.liveOf(subjectRef) ?? [];
    const ended = live.filter(({ purpose }) => purposes.includes(purpose));
    this.#attempt(() => open?.ledger.revoke({ subjectRef, grants: ended, by, ref }));
    this.#attempt(() => this.#retention?.answerOpen());
    // Also where no consent was found or could be noted: somebody who asks to be forgotten is forgotten.
    const who = { tenantId: loyalty.tenantId, subjectRef, purposes };
    const report = eraseAll(erasers, { ...who, aliases: [] }, log);
    if (open === null) {
      const unseen = { purposes, at: this.clock.now() };
      this.#owed.keep(newConsentId(), { subjectRef, grants: [], by, ref, unseen });
      const fields = { event: "consent.forgotten", code: this.#code, ...report };
      log.warn(fields, "a member was forgotten here; the ledger could not note it");
    }
    this.#tell();
    const isWritten = open !== null && !open.ledger.owes(subjectRef);
    const isKept = isWritten || this.#owed.holds(subjectRef);
    return { ended, isWritten, isKept, isErased: report.outcome !== "failed" };
  }

  /**
   * What a consent notes about words that are about to be shown: those are kept beside the ledger, and words that are new
   * have the next version. Where the ledger cannot keep them, no consent can be written either.
   */
  noticeOf(id: string, language: string, text: string): ShownNotice {
    let shown = shownNotice(id, 1, language, text);
    this.#attempt(() => {
      shown = this.#open?.file.notices.number(id, language, text) ?? shown;
    });
    return shown;
  }

  /** A member was recognised: moves the expiry on, where the centre does not do that. */
  visited(subjectRef: SubjectRef): void {
    const open = this.#open;
    if (open === null || open.centre !== null) return;
    this.#attempt(() => open.ledger.visited(subjectRef));
    this.#tell();
  }

  /** The clock by which consents end: never goes back, also while the ledger is unsound. */
  get clock(): Pick<LedgerClock, "now" | "isSure"> {
    return this.#open?.clock ?? this.#spareClock;
  }

  /** Whether a member has a live consent for a purpose, as far as the books say. */
  holds(subjectRef: SubjectRef, purpose: Purpose): boolean {
    const booked = this.#open?.book.find(subjectRef, purpose) ?? null;
    return booked !== null && !booked.isRevoked;
  }

  /** Keeps counts of a job with the receipts of retention; names nobody. False when the disk did not take them. */
  keepCounts(job: string, counts: Readonly<Record<string, number>>): boolean {
    let isKept = false;
    this.#attempt(() => {
      this.#open?.file.addReceipt({ at: this.clock.now(), job, counts });
      isKept = this.#open !== null;
    });
    return isKept;
  }

  /** What this gateway's own ledger holds for a purpose now, as far as the books say. */
  ownLive(purpose: Purpose): readonly Grant[] {
    const own = this.#open?.ledger.book.live() ?? [];
    return [...own].filter((grant) => grant.purpose === purpose);
  }

  /** The work that time brings: news of other processes each second, retention every ten. */
  chores(): readonly Chore[] {
    return [
      { name: "consents", periodMs: REFRESH_PERIOD_MS, run: () => this.refresh() },
      { name: "consent-retention", periodMs: SWEEP_PERIOD_MS, run: () => this.sweep() },
    ];
  }

  /** Takes what other processes wrote, such as staff by the command line. */
  refresh(): void {
    const open = this.#open;
    if (open === null) return;
    this.#attempt(() => {
      if (open.takeClockReset())
        this.#deps.log.warn({ event: "consent.clock-reset" }, "the clock was said to be right");
      if (open.ledger.refresh()) this.#retention?.answerOpen();
    });
    this.#tell();
  }

  /** Retention now: ends what expired, erases what nobody agrees to any more, writes receipts. */
  sweep(): void {
    this.#attempt(() => this.#retention?.run());
    this.#tell();
  }

  status(): ConsentStatus {
    const open = this.#open;
    const now = this.#deps.clock.now();
    const erasures = open?.ledger.book.openErasures() ?? [];
    const oldest = erasures[0]?.askedAt;
    const code = open?.ledger.isBroken === true ? "CONSENT_LEDGER_DAMAGED" : this.#code;
    return {
      code,
      refusal: this.#blanketRefusal(),
      ledger: open?.ledger.head ?? null,
      live: open?.ledger.book.counts.live ?? 0,
      openErasures: erasures.length,
      oldestErasureAgeMs: oldest === undefined ? null : ageMs(oldest, now),
      owed: open?.ledger.owed ?? 0,
      centre: this.#centreStatus(),
    };
  }

  /** What people on the dashboard should know; empty when nothing is wrong. */
  notices(): readonly string[] {
    const { code, refusal, owed, centre } = this.status();
    const notices = [
      code !== null &&
        `${code}: nobody is matched or enrolled until the consent ledger is put right.`,
      refusal === "clock-unsure" && "The clock cannot be believed: no member is recognised.",
      refusal === "lease-lost" && "The centre is not heard: no member is recognised.",
      owed > 0 && `${owed} consent(s) taken back wait for the disk; they are in force.`,
      this.#isBegunAnew && BEGUN_ANEW,
      (centre?.refused ?? 0) > 0 &&
        `${centre?.refused} consent(s) of the centre found no room: those members are not recognised.`,
    ];
    return notices.filter((notice) => notice !== false);
  }

  close(): void {
    this.#attempt(() => this.#retention?.keepSeen());
    this.#open?.file.close();
    this.#owed.close();
  }

  #note(): void {
    const { loyalty, log } = this.#deps;
    const open = this.#open;
    if (open === null) return;
    const by = loyalty.switchedOnBy ?? "the gateway file";
    this.#attempt(() => {
      if (open.ledger.switchTo(loyalty.jurisdiction, by))
        log.info(
          { event: "consent.jurisdiction", jurisdiction: loyalty.jurisdiction },
          "what is allowed here was changed; who answers for it stands in the consent ledger",
        );
    });
    this.#tell();
  }

  #blanketRefusal(): Refusal | null {
    const open = this.#open;
    if (open === null) return "ledger-damaged";
    if (open.fault() !== null) return open.fault();
    if (!open.clock.isSure()) return "clock-unsure";
    return this.#ear?.isLeaseLost() === true ? "lease-lost" : null;
  }

  #centreStatus(): ConsentStatus["centre"] {
    const centre = this.#open?.centre ?? null;
    if (centre === null) return null;
    const { register, seq } = centre.applied;
    const lease = centre.leaseMono;
    const leaseAgeMs = lease === "never" ? null : Math.max(0, this.#deps.clock.mono() - lease);
    return { register, applied: seq, leaseAgeMs, refused: centre.counts.refused };
  }

  #tell(): void {
    this.#attempt(() => this.#teller?.tell());
  }

  /** What the disk refuses is tried again within a second; in memory it holds already. */
  #attempt(work: () => void): void {
    try {
      work();
      this.#open?.ledger.settle();
      this.#faults = 0;
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      this.#faults += 1;
      const fields = { event: "consent.ledger-fault", code: error.code, repeated: this.#faults };
      if (this.#faults % FAULTS_A_LINE === 1)
        this.#deps.log.error({ ...fields, err: error }, error.message);
    }
    this.#sayBreak();
  }

  #sayBreak(): void {
    if (this.#isBreakSaid || this.#open?.ledger.isBroken !== true) return;
    this.#isBreakSaid = true;
    this.#deps.log.error(
      { event: "consent.ledger-damaged", code: "CONSENT_LEDGER_DAMAGED" },
      "an entry of the consent ledger cannot be believed; nobody is matched any more",
    );
  }
}

const BEGUN_ANEW =
  "A consent ledger was begun beside templates of members: they are destroyed, and their members have to agree again.";

/** Whether a ledger that was just begun stands beside what an earlier one allowed; that is said loudly. */
function saysAnew({ erasers, log }: ConsentDeskDeps): boolean {
  const held = erasers.reduce((sum, { holders }) => sum + (holders?.subjects().length ?? 0), 0);
  if (held > 0) log.error({ event: "consent.ledger-begun", held }, BEGUN_ANEW);
  return held > 0;
}

const ageMs = (since: EpochMs, now: EpochMs): number => Math.max(0, now - since);

function opening(deps: ConsentDeskDeps, owed: OwedFile): OpenConsent | GatewayError {
  try {
    return openConsent({ ...deps, owed });
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const fields = { event: "consent.ledger-fault", code: error.code, ...error.context };
    deps.log.error(fields, `${error.message}; nobody is matched or enrolled`);
    return error;
  }
}

function gateOf({ loyalty, time }: ConsentDeskDeps, open: OpenConsent | null): ConsentGate {
  const centre = open?.centre ?? null;
  return new ConsentGate({
    book: open?.book ?? NOTHING,
    tenantId: loyalty.tenantId,
    jurisdiction: () => loyalty.jurisdiction,
    clock: open?.clock ?? new LedgerClock(time),
    leaseMono: () => (centre === null ? null : centre.leaseMono),
    fault: () => (open === null ? "ledger-damaged" : open.fault()),
  });
}
