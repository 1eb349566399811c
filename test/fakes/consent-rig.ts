import { createHash } from "node:crypto";
import { epochMs, monoMs, subjectRef, tenantId } from "../../src/core/brand.ts";
import type { ClockState } from "../../src/core/clock.ts";
import type { Jurisdiction, Purpose } from "../../src/core/consent.ts";
import { readEntry } from "../../src/io/consent/consent-file.ts";
import { type ConsentLedger, openLedger } from "../../src/privacy/consent/consent-ledger.ts";
import type { GrantRequest } from "../../src/privacy/consent/grant-rules.ts";
import type { ChainBreak, LedgerRow } from "../../src/privacy/consent/hash-chain.ts";
import { LedgerClock } from "../../src/privacy/consent/ledger-clock.ts";
import type { LedgerStore, LedgerTerms } from "../../src/privacy/consent/ledger-terms.ts";
import { shownNotice } from "../../src/privacy/consent/notice.ts";

export const DAY_MS = 86_400_000;
export const TENANT = tenantId("acme");
export const NOTICE = shownNotice("loyalty", 3, "da", "Vi genkender dig, når du siger ja.");

/** A reference or an id made of a text: 22 characters of base64url. */
export const idOf = (text: string): string =>
  createHash("sha256").update(text).digest().subarray(0, 16).toString("base64url");
export const member = (name: string) => subjectRef(idOf(name));

/** A request that is granted. */
export const request = (
  name: string,
  purpose: Purpose = "loyalty-beacon",
  change: Partial<GrantRequest> = {},
): GrantRequest => ({
  tenantId: TENANT,
  subjectRef: member(name),
  purpose,
  notice: NOTICE,
  proof: { kind: "screen", ref: "station-1" },
  isMinor: false,
  ...change,
});

/** A clock whose both sides are set by hand. */
export class HandClock {
  epoch = Date.UTC(2026, 8, 1, 9);
  monoNow = 1_000;
  state: ClockState = "synced";
  isAwaited = false;

  /** Both clocks run on. */
  pass(ms: number): void {
    this.epoch += ms;
    this.monoNow += ms;
  }

  ledgerClock(): LedgerClock {
    return new LedgerClock({
      anchor: () => ({
        epoch: epochMs(this.epoch),
        mono: monoMs(this.monoNow),
        clock: this.state,
      }),
      isAwaited: () => this.isAwaited,
      mono: () => monoMs(this.monoNow),
    });
  }
}

/** A store in memory that several ledgers may share. */
export class MemoryStore implements LedgerStore {
  readonly ledgerId = "0123456789abcdef0123456789abcdef";
  rows: LedgerRow[] = [];
  /** Set to have writes fail. */
  failure: Error | null = null;

  rowsAfter(seq: number): Iterable<LedgerRow> {
    return this.rows.filter((row) => row.seq > seq);
  }

  rowsOnDisk(seq: number): Iterable<LedgerRow> {
    return this.rowsAfter(seq);
  }

  hasNews(): boolean {
    return true;
  }

  newsTaken(): void {}

  append(after: number, work: (news: Iterable<LedgerRow>) => readonly LedgerRow[]): void {
    if (this.failure !== null) throw this.failure;
    this.rows.push(...work(this.rowsAfter(after)));
  }
}

/** A ledger on a store in memory. */
export class LedgerRig {
  readonly hand = new HandClock();
  readonly store = new MemoryStore();
  readonly breaks: ChainBreak[] = [];
  jurisdiction: Jurisdiction = "kiosk-verify";
  #ids = 0;

  terms(change: Partial<LedgerTerms> = {}): LedgerTerms {
    return {
      ...{ store: this.store, tenantId: TENANT, clock: this.hand.ledgerClock(), read: readEntry },
      jurisdiction: () => this.jurisdiction,
      newId: () => {
        this.#ids += 1;
        return idOf(`id ${this.#ids}`);
      },
      consumers: () => ["gw-1"],
      onBreak: (found) => void this.breaks.push(found),
      ...change,
    };
  }

  /** Opens the ledger; the rows must be sound. */
  open(change: Partial<LedgerTerms> = {}): ConsentLedger {
    const outcome = openLedger(this.terms(change));
    if (!outcome.ok) throw new Error(`broken at ${outcome.error.seq}: ${outcome.error.what}`);
    return outcome.value;
  }
}
