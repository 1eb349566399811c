import { existsSync } from "node:fs";
import { join } from "node:path";
import { type ActiveLoyalty, activeLoyalty } from "../../config/loyalty.ts";
import type { SubjectRef } from "../../core/brand.ts";
import type { Refusal } from "../../core/consent.ts";
import type { LedgerEntry } from "../../core/consent-ledger.ts";
import { GatewayError, type Result } from "../../core/errors.ts";
import { createClockWatch } from "../../io/board/clock-watch.ts";
import { ConsentFile, readEntry } from "../../io/consent/consent-file.ts";
import type { KeptNotice } from "../../io/consent/notice-table.ts";
import { type ChainBreak, type ChainHead, verifyChain } from "../../privacy/consent/hash-chain.ts";
import { type LoadedConfig, loadGatewayFile } from "../config-files.ts";
import { anchorOf, createSystemClock } from "../system-clock.ts";
import { damaged, type OpenConsent, openConsent } from "./open-consent.ts";

/** Name of the ledger in the state folder. */
export const LEDGER_FILE = "consent.db";

/** A gateway file whose ledger staff work on, whether loyalty is switched on in it or was. */
export interface LedgerGateway {
  readonly loaded: LoadedConfig;
  readonly loyalty: Pick<ActiveLoyalty, "tenantId" | "jurisdiction" | "authority">;
  readonly ledgerPath: string;
}

/** A gateway file on which loyalty is switched on. */
export interface LoyalGateway extends LedgerGateway {
  readonly loyalty: ActiveLoyalty;
}

/** Reads a gateway file for what needs loyalty. @throws the faults of the file; USAGE when loyalty is off in it */
export async function loyalGateway(configPath: string): Promise<LoyalGateway> {
  const loaded = await loadGatewayFile(configPath);
  const loyalty = activeLoyalty(loaded.config.loyalty);
  if (loyalty === null)
    throw new GatewayError("USAGE", `loyalty is not enabled in ${configPath} (section loyalty)`);
  return { loaded, loyalty, ledgerPath: join(loaded.stateDir, LEDGER_FILE) };
}

/**
 * Reads a gateway file for what staff owe to members whatever is switched on: to end, to show, to erase.
 * @throws the faults of the file; USAGE when it does not say whose programme it is
 */
export async function ledgerGateway(configPath: string): Promise<LedgerGateway> {
  const loaded = await loadGatewayFile(configPath);
  const { tenantId, jurisdiction, authority } = loaded.config.loyalty;
  if (tenantId === undefined)
    throw new GatewayError("USAGE", `loyalty.tenantId is not set in ${configPath}`);
  const loyalty = { tenantId, jurisdiction, authority };
  return { loaded, loyalty, ledgerPath: join(loaded.stateDir, LEDGER_FILE) };
}

/** Where the ledger of a gateway lies. @throws the faults of the file */
export async function ledgerPathOf(configPath: string): Promise<string> {
  const { stateDir } = await loadGatewayFile(configPath);
  return join(stateDir, LEDGER_FILE);
}

/**
 * Works on the ledger beside the gateway, which may be running: it takes what is written here within a second.
 * @throws what `openConsent` throws, and what the work throws
 */
export async function withLedger<T>(
  { loaded, loyalty, ledgerPath }: LedgerGateway,
  work: (open: OpenConsent) => T,
): Promise<T> {
  const clock = createSystemClock();
  const watch = createClockWatch(clock);
  await watch.refresh();
  const open = openConsent({
    ...{ path: ledgerPath, gatewayId: loaded.config.gateway.id, loyalty },
    time: {
      anchor: () => anchorOf(clock, watch.state),
      isAwaited: () => watch.isAwaited,
      mono: () => clock.mono(),
    },
  });
  try {
    return work(open);
  } finally {
    open.file.close();
  }
}

/** What a check of a whole ledger found. */
export interface LedgerCheck {
  readonly isSound: boolean;
  readonly ledgerId: string;
  /** Entries up to the end, or up to the first broken one. */
  readonly entries: number;
  readonly head: ChainHead;
  readonly broken: ChainBreak | null;
  /** What SQLite says about the file; empty: nothing is wrong. */
  readonly database: string;
}

/**
 * Checks a ledger file from its first entry to its last, and against a head that was noted elsewhere when one is given. Reads
 * alone, on one state of the file, whoever writes meanwhile. `isCopy`: it does not lie where it was written, so that
 * there need be no `consent.head` beside it; `isRestored`: one that is there is not asked.
 * @throws CONFIG_UNREADABLE when there is none, CONSENT_LEDGER_DAMAGED, CONSENT_LEDGER_UNAVAILABLE
 */
export function checkLedger(
  path: string,
  noted: ChainHead | null,
  { isCopy = false, isRestored = false } = {},
): LedgerCheck {
  if (!existsSync(path)) throw new GatewayError("CONFIG_UNREADABLE", `there is no ledger ${path}`);
  const file = new ConsentFile(path, { isReadOnly: true });
  try {
    const { outcome, head, heads } = file.inSnapshot(() => readThrough(file, noted));
    const end = outcome.ok ? outcome.value : head;
    const broken = outcome.ok
      ? (file.cutOff(end, { isCopy, isRestored }) ?? againstNoted(noted, heads))
      : outcome.error;
    const database = file.check();
    const isSound = broken === null && database === "";
    return { isSound, ledgerId: file.ledgerId, entries: end.seq, head: end, broken, database };
  } finally {
    file.close();
  }
}

function readThrough(file: ConsentFile, noted: ChainHead | null) {
  const heads = new Map<number, string>();
  let head: ChainHead = { seq: 0, sha256: "" };
  const rows = (function* () {
    for (const row of file.rowsAfter(0)) {
      yield row;
      head = { seq: row.seq, sha256: row.sha256 };
      if (row.seq === noted?.seq) heads.set(row.seq, row.sha256);
    }
  })();
  const outcome = verifyChain(rows, { ledgerId: file.ledgerId, read: readEntry });
  return { outcome, head, heads };
}

/**
 * Takes a ledger that was put back from a backup for the right one: it must be a sound chain that ends where it says itself.
 * Returns its end. @throws CONSENT_LEDGER_DAMAGED when it is none, CONFIG_UNREADABLE, CONSENT_LEDGER_UNAVAILABLE
 */
export function acceptLedger(path: string): ChainHead {
  const found = checkLedger(path, null, { isCopy: true, isRestored: true });
  if (!found.isSound) throw damaged(found.broken);
  const file = new ConsentFile(path);
  try {
    file.acceptHead(found.head);
    return found.head;
  } finally {
    file.close();
  }
}

function againstNoted(
  noted: ChainHead | null,
  heads: ReadonlyMap<number, string>,
): ChainBreak | null {
  if (noted === null || noted.seq === 0) return null;
  const there = heads.get(noted.seq);
  if (there === undefined) return { seq: noted.seq, what: "number" };
  return there === noted.sha256 ? null : { seq: noted.seq, what: "hash" };
}

/** Every entry about a member, in order: what they agreed to, when it ended, who was asked to erase. */
export function entriesOf(file: ConsentFile, subject: SubjectRef): readonly LedgerEntry[] {
  const about = new Set<string>();
  const entries: LedgerEntry[] = [];
  let ends: LedgerEntry[] = [];
  for (const { text } of file.rowsAfter(0)) {
    const entry = readEntry(text);
    if (entry === null) continue;
    const isMine = isAbout(entry, subject, about);
    // Grants of the centre are not in this ledger: whose ended is told by the request to erase that follows at once.
    if (isMine && entry.kind === "erasure-asked") entries.push(...ends);
    ends = !isMine && isEnd(entry) ? [...ends, entry] : [];
    if (isMine) entries.push(entry);
  }
  return entries;
}

/** The words of the notices that the consents among entries rest on, as far as they are kept here. */
export function noticesOf(
  file: ConsentFile,
  entries: readonly LedgerEntry[],
): readonly KeptNotice[] {
  const shown = entries.flatMap((entry) => (entry.kind === "granted" ? [entry.grant.notice] : []));
  const distinct = new Map(shown.map((notice) => [notice.sha256, notice]));
  return [...distinct.values()].flatMap((notice) => {
    const text = file.notices.words(notice.sha256);
    return text === null ? [] : [{ ...notice, text }];
  });
}

const isEnd = ({ kind }: LedgerEntry): boolean => kind === "revoked" || kind === "expired";

function isAbout(entry: LedgerEntry, subject: SubjectRef, about: Set<string>): boolean {
  switch (entry.kind) {
    case "granted":
      if (entry.grant.subjectRef === subject) about.add(entry.grant.grantId);
      return entry.grant.subjectRef === subject;
    case "erasure-asked":
      if (entry.subjectRef === subject) about.add(entry.erasureId);
      return entry.subjectRef === subject;
    case "extended":
    case "revoked":
    case "expired":
      return about.has(entry.grantId);
    case "erasure-answered":
    case "erasure-written-off":
    case "erasure-closed":
      return about.has(entry.erasureId);
    case "switched":
      return false;
  }
}

/** What was decided, or the reason as a fault. @throws CONSENT_REFUSED */
export function granted<T>(outcome: Result<T, Refusal>): T {
  if (outcome.ok) return outcome.value;
  throw new GatewayError(
    "CONSENT_REFUSED",
    `refused: ${SENTENCES[outcome.error] ?? outcome.error}`,
  );
}

/** For staff at a terminal; the station has its own sentences for shoppers. */
const SENTENCES: Partial<Record<Refusal, string>> = {
  minor: "a minor was declared; nobody below the age of consent is taken in",
  "face-off": "faces are not looked at here (jurisdiction is off)",
  "clock-unsure": "the clock of this machine cannot be believed",
  "notice-missing": "no notice was named that could have been shown",
  "proof-missing": "no proof was named (KIND:REF without blanks)",
  "grant-foreign": "the consent is for another tenant",
  "no-grant": "the member or the purpose is none",
  "ledger-full": "the ledger knows as many live consents as it can hold",
  "ledger-damaged": "the ledger cannot be believed; run `vitrine consent verify`",
};
