import { type GrantId, grantId, type SubjectRef } from "../../core/brand.ts";
import type { Grant, Jurisdiction, Purpose, Refusal } from "../../core/consent.ts";
import type { EntryBody, ErasureOutcome, LedgerEntry } from "../../core/consent-ledger.ts";
import { fail, ok, type Result } from "../../core/errors.ts";
import { ConsentBook } from "./consent-book.ts";
import { expiryOf, extendedExpiry, type GrantRequest, grantRefusal } from "./grant-rules.ts";
import {
  type ChainBreak,
  type ChainHead,
  EMPTY_HEAD,
  type LedgerRow,
  rowOf,
  verifyChain,
} from "./hash-chain.ts";
import type { LedgerTerms, Revocation } from "./ledger-terms.ts";

/** Ends of consents that one job takes at a time, so that no transaction grows long. */
const EXPIRIES_AT_ONCE = 500;
/** Takings-back that wait for a disk; beyond it the oldest is held in memory alone, until the process ends. */
const OWED_CAP = 10_000;
/** Entries that are read again at a time: some 30 ms on a small board, and every entry of years within a day. */
const RECHECKED_AT_ONCE = 500;

/**
 * The ledger of one place: decides by the rules, writes, and knows what stands. Several processes may share one store;
 * each decision is made on the newest entries. Built by `openLedger`.
 */
export class ConsentLedger {
  readonly book: ConsentBook;
  readonly #terms: LedgerTerms;
  readonly #owed = new Map<string, Revocation>();
  #head: ChainHead = EMPTY_HEAD;
  /** How far the round of reading again has come. */
  #rechecked: ChainHead = EMPTY_HEAD;
  #isBroken = false;

  constructor(terms: LedgerTerms) {
    this.#terms = terms;
    this.book = new ConsentBook(terms.cap);
  }

  /** The newest entry that was taken. */
  get head(): ChainHead {
    return this.#head;
  }

  /** Whether an entry was found that cannot be believed: nothing is granted or written any more. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Takings-back that are in force and could not be written yet. */
  get owed(): number {
    return this.#owed.size;
  }

  /** Whether something of a member was taken back that could not be written yet. */
  owes(subject: SubjectRef): boolean {
    for (const { subjectRef } of this.#owed.values()) if (subjectRef === subject) return true;
    return false;
  }

  /** Takes what was written since; whether there was something. A broken entry is told to `onBreak`. */
  refresh(): boolean {
    const { store } = this.#terms;
    if (!store.hasNews()) return false;
    const isNew = this.take(store.rowsAfter(this.#head.seq));
    // Only now: a fault of the disk on the way must not make a revocation old news.
    store.newsTaken();
    return isNew;
  }

  /** Checks rows that follow the head and takes them up to the first broken one; whether there were any. */
  take(rows: Iterable<LedgerRow>): boolean {
    const { store, read, clock, timeAfter = (): number => 0 } = this.#terms;
    const before = this.#head;
    const onEntry = (entry: LedgerEntry): void => {
      this.book.take(entry);
      if (entry.isTimeSure && entry.seq > timeAfter()) clock.note(entry.at);
    };
    const terms = { ledgerId: store.ledgerId, read, after: before, onEntry };
    const outcome = verifyChain(rows, terms);
    if (outcome.ok) this.#head = outcome.value;
    else this.#break(outcome.error);
    return this.#head.seq > before.seq;
  }

  /**
   * Reads some entries again from the medium, the whole ledger in turn, and looks whether the newest one is still there. What
   * was changed or taken away since it was read ends the use of the ledger. @throws the store's faults
   */
  recheck(atOnce: number = RECHECKED_AT_ONCE): void {
    if (this.#isBroken || !this.#isHeadThere()) return;
    const { store, read } = this.#terms;
    const from = this.#rechecked;
    const rows = firstOf(store.rowsOnDisk(from.seq), atOnce);
    const outcome = verifyChain(rows, { ledgerId: store.ledgerId, read, after: from });
    if (!outcome.ok) {
      this.#break(outcome.error);
      return;
    }
    const isEnd = outcome.value.seq - from.seq < atOnce;
    this.#rechecked = isEnd ? EMPTY_HEAD : outcome.value;
    if (isEnd && outcome.value.seq < this.#head.seq)
      this.#break({ seq: outcome.value.seq + 1, what: "number" });
  }

  /** Writes a consent, or says why it may not be given. Nothing is written then. */
  grant(request: GrantRequest): Result<Grant, Refusal> {
    const { tenantId, clock, newId } = this.#terms;
    const jurisdiction = this.#terms.jurisdiction();
    const refusal = grantRefusal(request, { tenantId, jurisdiction });
    if (refusal !== null) return fail(refusal);
    if (this.#isBroken) return fail("ledger-damaged");
    if (!clock.isSure()) return fail("clock-unsure");
    const { subjectRef, purpose, notice, proof } = request;
    const grantedAt = clock.now();
    const expiresAt = expiryOf(grantedAt, grantedAt);
    const terms = { notice: bare(notice), proof: { kind: proof.kind, ref: proof.ref } };
    const who = { grantId: grantId(newId()), tenantId, subjectRef, purpose };
    const grant: Grant = { ...who, jurisdiction, ...terms, grantedAt, expiresAt };
    if (this.#write(() => (this.book.isFull ? null : [{ kind: "granted", grant }])))
      return ok(grant);
    return fail(this.#isBroken ? "ledger-damaged" : "ledger-full");
  }

  /** A member came: moves expiries on where that is worth an entry; returns how many. Nothing while time is unsure. */
  visited(subject: SubjectRef): number {
    const { clock } = this.#terms;
    const now = clock.now();
    if (!clock.isSure()) return 0;
    const extensions = (): EntryBody[] =>
      this.book.liveOf(subject).flatMap((grant) => {
        const expiresAt = grant.expiresAt > now ? extendedExpiry(grant, now) : null;
        return expiresAt === null ? [] : [{ kind: "extended", grantId: grant.grantId, expiresAt }];
      });
    if (extensions().length === 0) return 0;
    let written = 0;
    this.#write(() => {
      const entries = extensions();
      written = entries.length;
      return entries;
    });
    return written;
  }

  /**
   * Takes consents back and asks everyone to erase; returns the request's id, null without grants that are live. From the
   * first line on they count as revoked. When writing fails that holds on, the fault is thrown, and `settle` tries again.
   */
  revoke(revocation: Revocation): string | null {
    const grants = revocation.grants.filter(({ grantId }) => this.#mayRevoke(grantId));
    if (grants.length === 0) return null;
    const erasureId = this.#terms.newId();
    this.#owe(erasureId, { ...revocation, grants });
    return this.#settle(erasureId, { ...revocation, grants }) ? erasureId : null;
  }

  /**
   * Asks everyone to erase what is held of a member, whether there is a consent or not: nothing may be left of who has none.
   * The request's id; null when the ledger cannot be believed. @throws the store's faults
   */
  askToErase(subjectRef: SubjectRef, purposes: readonly Purpose[]): string | null {
    const erasureId = this.#terms.newId();
    const asked = (): EntryBody[] => [this.#erasure(erasureId, subjectRef, purposes)];
    return this.#write(asked) ? erasureId : null;
  }

  /** Takes up what was owed when the process before this one ended. */
  resume(): void {
    for (const [erasureId, owed] of this.#terms.owed?.load() ?? []) {
      const { subjectRef, grants, unseen } = owed;
      const found = this.book
        .liveOf(subjectRef)
        .filter(({ purpose }) => unseen?.purposes.includes(purpose))
        .filter(({ grantedAt }) => unseen !== undefined && grantedAt <= unseen.at);
      this.#owe(erasureId, { ...owed, grants: [...grants, ...found] });
    }
  }

  /** Writes what could not be written when it was taken back. @throws the store's faults */
  settle(): void {
    for (const [erasureId, revocation] of this.#owed) this.#settle(erasureId, revocation);
  }

  /**
   * Writes that consents expired, and asks everyone to erase; returns how many, at most 500 at a time. Nothing before time
   * is settled: an end that was written is one for good.
   */
  expireDue(): number {
    const { clock, newId, mayExpire = (): boolean => true } = this.#terms;
    const now = clock.now();
    if (!clock.isSettled() || this.book.due(now, 1, mayExpire).length === 0) return 0;
    let ended = 0;
    this.#write(() => {
      const due = this.book.due(now, EXPIRIES_AT_ONCE, mayExpire);
      ended = due.length;
      return due.flatMap((grant) => [
        { kind: "expired", grantId: grant.grantId },
        this.#erasure(newId(), grant.subjectRef, [grant.purpose]),
      ]);
    });
    return ended;
  }

  /** Notes a consumer's answer and closes the request with the last one; false when nobody waits for it. */
  answer(erasureId: string, consumer: string, outcome: ErasureOutcome): boolean {
    return this.#write(() => {
      const open = this.book.erasure(erasureId);
      if (open === null || !open.waiting.includes(consumer)) return null;
      const answer = { kind: "erasure-answered", erasureId, consumer, outcome } as const;
      const isLast = open.waiting.length === 1 && outcome !== "failed";
      return isLast ? [answer, { kind: "erasure-closed", erasureId }] : [answer];
    });
  }

  /**
   * Notes that a named person gives up waiting for a consumer, and closes the request when nobody else is waited for; false
   * when nobody waits for it.
   */
  writeOff(erasureId: string, consumer: string, how: { by: string; reason: string }): boolean {
    return this.#write(() => {
      const open = this.book.erasure(erasureId);
      if (open === null || !open.waiting.includes(consumer)) return null;
      const { by, reason } = how;
      const entry = { kind: "erasure-written-off", erasureId, consumer, by, reason } as const;
      return open.waiting.length === 1 ? [entry, { kind: "erasure-closed", erasureId }] : [entry];
    });
  }

  /** Notes that a named person did something to the ledger or its clock, beside what is switched on. @throws the store's faults */
  attest(by: string): boolean {
    const jurisdiction = this.book.jurisdiction ?? "off";
    return this.#write(() => [{ kind: "switched", jurisdiction, by }]);
  }

  /** Notes what a named person switched on or off; nothing when it stands so already. */
  switchTo(jurisdiction: Jurisdiction, by: string): boolean {
    return this.#write(() =>
      (this.book.jurisdiction ?? "off") === jurisdiction
        ? null
        : [{ kind: "switched", jurisdiction, by }],
    );
  }

  #owe(erasureId: string, owed: Revocation): void {
    for (const { grantId } of owed.grants) this.book.hold(grantId);
    const [oldest] = this.#owed.keys();
    if (this.#owed.size >= OWED_CAP && oldest !== undefined) this.#owed.delete(oldest);
    this.#owed.set(erasureId, owed);
  }

  #settle(erasureId: string, owed: Revocation): boolean {
    const { subjectRef, grants, by, ref } = owed;
    let isDone = false;
    try {
      const isWritten = this.#write(() => {
        const open = grants.filter((grant) => this.#isUnwritten(grant.grantId));
        if (open.length === 0) return null;
        const ends = open.map(({ grantId }) => ({ kind: "revoked", grantId, by, ref }) as const);
        const purposes = open.map(({ purpose }) => purpose);
        return [...ends, this.#erasure(erasureId, subjectRef, purposes)];
      });
      isDone = !this.#isBroken;
      return isWritten;
    } finally {
      if (isDone) {
        this.#owed.delete(erasureId);
        this.#terms.owed?.drop(erasureId);
      } else this.#terms.owed?.keep(erasureId, owed);
    }
  }

  /** One of the centre's may be taken back once; one of our own while it is live. */
  #mayRevoke(grant: GrantId): boolean {
    const { book } = this;
    const booked = book.byId(grant);
    if (booked === null) return !book.hasRevoked(grant);
    return book.isLive(grant) && !booked.isRevoked;
  }

  /** Whether the ledger itself does not say yet that it was taken back: another process may have been faster. */
  #isUnwritten(grant: GrantId): boolean {
    return this.book.byId(grant) === null ? !this.book.isTakenBack(grant) : this.book.isLive(grant);
  }

  #erasure(erasureId: string, subjectRef: SubjectRef, purposes: readonly Purpose[]): EntryBody {
    const { tenantId, consumers } = this.#terms;
    const who = { erasureId, tenantId, subjectRef };
    return { kind: "erasure-asked", ...who, purposes, consumers: consumers() };
  }

  /** Appends what `decide` says on the newest state; false when it says null. */
  #write(decide: () => readonly EntryBody[] | null): boolean {
    const { store } = this.#terms;
    if (this.#isBroken) return false;
    let rows: readonly LedgerRow[] = [];
    store.append(this.#head.seq, (news) => {
      // Alone with it now: were the newest entry gone, others would take its number.
      if (this.#isHeadThere()) this.take(news);
      rows = this.#isBroken ? [] : this.#chained(decide() ?? []);
      return rows;
    });
    this.take(rows);
    return rows.length > 0;
  }

  /** Whether the newest entry that was taken is still what follows the one before it; else the ledger breaks. */
  #isHeadThere(): boolean {
    const { seq, sha256 } = this.#head;
    if (seq === 0) return true;
    const [there] = firstOf(this.#terms.store.rowsAfter(seq - 1), 1);
    const isThere = there?.seq === seq && there.sha256 === sha256;
    if (!isThere) this.#break({ seq, what: there?.seq === seq ? "hash" : "number" });
    return isThere;
  }

  #break(found: ChainBreak): void {
    this.#isBroken = true;
    this.#terms.onBreak(found);
  }

  #chained(bodies: readonly EntryBody[]): readonly LedgerRow[] {
    const { store, clock } = this.#terms;
    const times = { at: clock.wall(), isTimeSure: clock.isSettled() };
    let { seq, sha256 } = this.#head;
    return bodies.map((body) => {
      seq += 1;
      const head = { v: 1, ledgerId: store.ledgerId, seq, previous: sha256, ...times } as const;
      const row = rowOf({ ...head, ...body });
      sha256 = row.sha256;
      return row;
    });
  }
}

/** Only what belongs to it: what a caller may have hung on is never written. */
function bare({ id, version, language, sha256 }: Grant["notice"]): Grant["notice"] {
  return { id, version, language, sha256 };
}

/**
 * Reads a ledger from its first entry on, checking the whole chain. A broken one is no ledger: what stands behind the
 * break may be a revocation, so none of its grants is believed.
 */
export function openLedger(terms: LedgerTerms): Result<ConsentLedger, ChainBreak> {
  let found: ChainBreak | null = null;
  const onBreak = (broken: ChainBreak): void => {
    found ??= broken;
    terms.onBreak(broken);
  };
  const ledger = new ConsentLedger({ ...terms, onBreak });
  ledger.take(terms.store.rowsAfter(0));
  if (found !== null) return fail(found);
  ledger.resume();
  return ok(ledger);
}

/** At most so many rows; the rest is let go of. */
function* firstOf(rows: Iterable<LedgerRow>, count: number): Generator<LedgerRow> {
  let left = count;
  if (left <= 0) return;
  for (const row of rows) {
    yield row;
    left -= 1;
    if (left === 0) return;
  }
}
