import { randomBytes } from "node:crypto";
import type { ActiveLoyalty } from "../../config/loyalty.ts";
import { epochMs, type GatewayId } from "../../core/brand.ts";
import type { Grant, Refusal } from "../../core/consent.ts";
import { GatewayError } from "../../core/errors.ts";
import { ConsentFile, readEntry } from "../../io/consent/consent-file.ts";
import { CentreGrants } from "../../privacy/consent/centre-grants.ts";
import type { GrantBook } from "../../privacy/consent/consent-gate.ts";
import { type ConsentLedger, openLedger } from "../../privacy/consent/consent-ledger.ts";
import type { ChainBreak } from "../../privacy/consent/hash-chain.ts";
import { JoinedBook } from "../../privacy/consent/joined-book.ts";
import { LedgerClock, type LedgerClockTerms } from "../../privacy/consent/ledger-clock.ts";
import type { OwedStore } from "../../privacy/consent/ledger-terms.ts";

/** Under which name the latest time is kept that was ever seen. */
const SEEN_MARK = "seen";
/** Under which name it is kept that somebody put the clock right, and up to which entry it had been wrong. */
const RESET_MARK = "clock-reset";

/** What is needed to open the consents of a gateway. */
export interface ConsentTerms {
  /** `consent.db` of the state folder. */
  readonly path: string;
  readonly gatewayId: GatewayId;
  readonly loyalty: Pick<ActiveLoyalty, "tenantId" | "jurisdiction" | "authority">;
  readonly time: LedgerClockTerms;
  /** Where the gateway notes what the ledger does not take; staff at a terminal see the fault instead. */
  readonly owed?: OwedStore;
}

/** The consents of a gateway, read and checked. */
export interface OpenConsent {
  readonly file: ConsentFile;
  readonly ledger: ConsentLedger;
  /** null: this ledger decides alone. */
  readonly centre: CentreGrants | null;
  readonly book: GrantBook & { liveOf: ConsentLedger["book"]["liveOf"] };
  readonly clock: LedgerClock;
  /** Why nothing at all is permitted; null while the ledger is as it was written. */
  readonly fault: () => Refusal | null;
  /** Takes up that somebody put the clock right, by the command line beside the gateway; whether somebody did. */
  readonly takeClockReset: () => boolean;
}

/** 128 random bits as 22 characters of base64url: a grant, a member, a request to erase. */
export const newConsentId = (): string => randomBytes(16).toString("base64url");

/**
 * Opens the ledger and checks all of it. The caller closes the file.
 * @throws CONSENT_LEDGER_DAMAGED with the first broken entry, CONSENT_LEDGER_UNAVAILABLE
 */
export function openConsent(terms: ConsentTerms): OpenConsent {
  const { path, gatewayId, loyalty, time, owed } = terms;
  const clock = new LedgerClock(time);
  const file = new ConsentFile(path);
  try {
    clock.note(epochMs(Number(file.mark(SEEN_MARK) ?? 0)));
    let timeAfter = resetAt(file);
    const centre = loyalty.authority === "centre" ? new CentreGrants(file.lease, clock) : null;
    const outcome = openLedger({
      ...{ store: file, clock, read: readEntry, newId: newConsentId },
      tenantId: loyalty.tenantId,
      jurisdiction: () => loyalty.jurisdiction,
      consumers: () => [gatewayId],
      mayExpire: (grant: Grant) => centre === null || centre.byId(grant.grantId) === null,
      onBreak: () => undefined,
      timeAfter: () => timeAfter,
      ...(owed === undefined ? {} : { owed }),
    });
    const found = outcome.ok ? file.cutOff(outcome.value.head) : outcome.error;
    if (!outcome.ok || found !== null) throw damaged(found);
    const ledger = outcome.value;
    const book = centre === null ? ledger.book : new JoinedBook(ledger.book, centre);
    const fault = (): Refusal | null => (ledger.isBroken ? "ledger-damaged" : null);
    const takeClockReset = (): boolean => {
      const seq = resetAt(file);
      if (seq === timeAfter) return false;
      timeAfter = seq;
      clock.reset();
      // Whoever kept a later time in between had not heard of it.
      file.setMark(SEEN_MARK, String(clock.latest));
      return true;
    };
    return { file, ledger, centre, book, clock, fault, takeClockReset };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Up to which entry the times were those of a clock that was wrong; 0 when nobody ever said so. */
function resetAt(file: ConsentFile): number {
  return Number(file.mark(RESET_MARK) ?? 0);
}

/**
 * Goes by the wall clock from now on, although a later time was seen: that clock had been wrong. A running gateway takes it up
 * within a second. @throws the ledger's faults
 */
export function resetClock({ file, ledger, takeClockReset }: OpenConsent, by: string): void {
  // Its own entry is the last of the time that is not believed, so that no two resets are alike.
  ledger.attest(`clock reset: ${by}`);
  file.setMark(RESET_MARK, String(ledger.head.seq));
  takeClockReset();
}

/** Keeps the latest time that was seen, so that a clock set back while the power is off is found. */
export function keepSeen({ file, clock }: Pick<OpenConsent, "file" | "clock">): void {
  const kept = Number(file.mark(SEEN_MARK) ?? 0);
  if (clock.latest > kept) file.setMark(SEEN_MARK, String(clock.latest));
}

/** A broken entry as a fault, without anything of what it says. Pure. */
export function damaged(found: ChainBreak | null): GatewayError {
  const sentence = found === null ? "the chain is broken" : sentenceOf(found);
  return new GatewayError("CONSENT_LEDGER_DAMAGED", sentence, {
    context: { seq: found?.seq ?? null, what: found?.what ?? null },
  });
}

/** What is wrong with the first broken entry, for a person. Pure. */
export function sentenceOf({ seq, what }: ChainBreak): string {
  switch (what) {
    case "number":
      return `entry ${seq} is missing or out of order`;
    case "hash":
      return `entry ${seq} was changed`;
    case "link":
      return `entry ${seq} does not follow the one before`;
    case "text":
      return `entry ${seq} is no entry`;
    case "ledger":
      return `entry ${seq} belongs to another ledger`;
    case "head":
      return "what notes beside the ledger where it ends (consent.head) is gone or of another ledger";
  }
}
