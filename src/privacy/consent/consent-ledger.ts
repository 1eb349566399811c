import { type GrantId, grantId, type SubjectRef, type TenantId } from "../../core/brand.ts";
import type { Grant, Jurisdiction, Purpose, Refusal } from "../../core/consent.ts";
import type { EntryBody, ErasureOutcome, LedgerEntry, Revoker } from "../../core/consent-ledger.ts";
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
import type { LedgerClock } from "./ledger-clock.ts";

/** Where entries rest. Appends are durable when they return, and all or nothing. */
export interface LedgerStore {
  readonly ledgerId: string;
  /** Rows above a number, in order. */
  rowsAfter(seq: number): Iterable<LedgerRow>;
  /** Whether another process wrote since the last call. */
  hasNews(): boolean;
  /**
   * Alone with the ledger: hands over the rows above a number, then appends what is returned.
   * @throws the store's faults; nothing was written then
   */
  append(after: number, work: (news: Iterable<LedgerRow>) => readonly LedgerRow[]): void;
}

/** What a ledger is kept with. */
export interface LedgerTerms {
  readonly store: LedgerStore;
  readonly tenantId: TenantId;
  readonly jurisdiction: () => Jurisdiction;
  readonly clock: LedgerClock;
  readonly read: (text: string) => LedgerEntry | null;
  /** 128 random bits as 22 characters of base64url. */
  readonly newId: () => string;
  /** Who is asked to erase when a consent ends. At least one. */
  readonly consumers: () => readonly string[];
  /** Ends the use of the ledger: its rows cannot be believed any more. */
  readonly onBreak: (found: ChainBreak) => void;
  /** Whether the end of a grant is told here; absent = of all. The centre ends those that it knows and extends. */
  readonly mayExpire?: (grant: Grant) => boolean;
  readonly cap?: number;
}

/** Which consents of a member end, and on whose word. */
export interface Revocation {
  readonly subjectRef: SubjectRef;
  readonly grants: readonly Grant[];
  readonly by: Revoker;
  /** A station, a staff id, a request; see `ConsentRevoked`. */
  readonly ref: string;
}

/** Ends of consents that one job takes at a time, so that no transaction grows long. */
const EXPIRIES_AT_ONCE = 500;
/** Takings-back that wait for a disk; beyond it the oldest is held in memory alone, until the process ends. */
const OWED_CAP = 10_000;

/**
 * The ledger of one place: decides by the rules, writes, and knows what stands. Several processes may share one store;
 * each decision is made on the newest entries. Built by `openLedger`.
 */
export class ConsentLedger {
  readonly book: ConsentBook;
  readonly #terms: LedgerTerms;
  readonly #owed = new Map<string, Revocation>();
  #head: ChainHead = EMPTY_HEAD;
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

  /** Takes what was written since; whether there was something. A broken entry is told to `onBreak`. */
  refresh(): boolean {
    const { store } = this.#terms;
    return store.hasNews() && this.take(store.rowsAfter(this.#head.seq));
  }

  /** Checks rows that follow the head and takes them up to the first broken one; whether there were any. */
  take(rows: Iterable<LedgerRow>): boolean {
    const { store, read, clock, onBreak } = this.#terms;
    const before = this.#head;
    const onEntry = (entry: LedgerEntry): void => {
      this.book.take(entry);
      if (entry.isTimeSure) clock.note(entry.at);
    };
    const terms = { ledgerId: store.ledgerId, read, after: before, onEntry };
    const outcome = verifyChain(rows, terms);
    if (outcome.ok) this.#head = outcome.value;
    else {
      this.#isBroken = true;
      onBreak(outcome.error);
    }
    return this.#head.seq > before.seq;
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
    return this.#write(() => (this.book.isFull ? null : [{ kind: "granted", grant }]))
      ? ok(grant)
      : fail("ledger-full");
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
    for (const { grantId } of grants) this.book.hold(grantId);
    const erasureId = this.#terms.newId();
    const [oldest] = this.#owed.keys();
    if (this.#owed.size >= OWED_CAP && oldest !== undefined) this.#owed.delete(oldest);
    this.#owed.set(erasureId, { ...revocation, grants });
    return this.#settle(erasureId, { ...revocation, grants }) ? erasureId : null;
  }

  /** Writes what could not be written when it was taken back. @throws the store's faults */
  settle(): void {
    for (const [erasureId, revocation] of this.#owed) this.#settle(erasureId, revocation);
  }

  /**
   * Writes that consents expired, and asks everyone to erase; returns how many, at most 500 at a time. Nothing while
   * time is unsure: then nobody is matched either.
   */
  expireDue(): number {
    const { clock, newId, mayExpire = (): boolean => true } = this.#terms;
    const now = clock.now();
    if (!clock.isSure() || this.book.due(now, 1, mayExpire).length === 0) return 0;
    let ended = 0;
    this.#write(() => {
      const due = this.book.due(now, EXPIRIES_AT_ONCE, mayExpire);
      ended = due.length;
      return due.flatMap((grant) => [
        { kind: "expired", grantId: grant.grantId },
        this.#erasure(newId(), grant.subjectRef, [grant]),
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

  /** Notes what a named person switched on or off; nothing when it stands so already. */
  switchTo(jurisdiction: Jurisdiction, by: string): boolean {
    return this.#write(() =>
      (this.book.jurisdiction ?? "off") === jurisdiction
        ? null
        : [{ kind: "switched", jurisdiction, by }],
    );
  }

  #settle(erasureId: string, { subjectRef, grants, by, ref }: Revocation): boolean {
    const isWritten = this.#write(() => {
      const open = grants.filter((grant) => this.#isUnwritten(grant.grantId));
      if (open.length === 0) return null;
      const ends = open.map(({ grantId }) => ({ kind: "revoked", grantId, by, ref }) as const);
      return [...ends, this.#erasure(erasureId, subjectRef, open)];
    });
    if (!this.#isBroken) this.#owed.delete(erasureId);
    return isWritten;
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

  #erasure(erasureId: string, subjectRef: SubjectRef, grants: readonly Grant[]): EntryBody {
    const { tenantId, consumers } = this.#terms;
    const purposes: Purpose[] = grants.map(({ purpose }) => purpose);
    const who = { erasureId, tenantId, subjectRef };
    return { kind: "erasure-asked", ...who, purposes, consumers: consumers() };
  }

  /** Appends what `decide` says on the newest state; false when it says null. */
  #write(decide: () => readonly EntryBody[] | null): boolean {
    const { store } = this.#terms;
    if (this.#isBroken) return false;
    let rows: readonly LedgerRow[] = [];
    store.append(this.#head.seq, (news) => {
      this.take(news);
      rows = this.#isBroken ? [] : this.#chained(decide() ?? []);
      return rows;
    });
    this.take(rows);
    return rows.length > 0;
  }

  #chained(bodies: readonly EntryBody[]): readonly LedgerRow[] {
    const { store, clock } = this.#terms;
    const times = { at: clock.wall(), isTimeSure: clock.isSure() };
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
  return found === null ? ok(ledger) : fail(found);
}
