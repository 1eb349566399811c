import type { EpochMs, SubjectRef, TenantId } from "../../core/brand.ts";
import type { Grant, Jurisdiction, Purpose } from "../../core/consent.ts";
import type { LedgerEntry, Revoker } from "../../core/consent-ledger.ts";
import type { ChainBreak, LedgerRow } from "./hash-chain.ts";
import type { LedgerClock } from "./ledger-clock.ts";

/** Where entries rest. Appends are durable when they return, and all or nothing. */
export interface LedgerStore {
  readonly ledgerId: string;
  /** Rows above a number, in order. */
  rowsAfter(seq: number): Iterable<LedgerRow>;
  /** As `rowsAfter`, but read anew from the medium. */
  rowsOnDisk(seq: number): Iterable<LedgerRow>;
  /** Whether another process wrote since `newsTaken` was said last. */
  hasNews(): boolean;
  /** What `hasNews` found was taken; before that it is asked for again. */
  newsTaken(): void;
  /**
   * Alone with the ledger: hands over the rows above a number, then appends what is returned.
   * @throws the store's faults; nothing was written then
   */
  append(after: number, work: (news: Iterable<LedgerRow>) => readonly LedgerRow[]): void;
}

/** Keeps what was taken back and could not be written, beyond the end of the process. Faults of it are its own. */
export interface OwedStore {
  load(): Iterable<readonly [erasureId: string, owed: Revocation]>;
  /** Idempotent; false when it could not be kept either. */
  keep(erasureId: string, owed: Revocation): boolean;
  drop(erasureId: string): void;
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
  /** Absent: what is owed is lost with the process. */
  readonly owed?: OwedStore;
  /** Times of entries up to this number are not believed: somebody put a clock right that had been wrong. 0 when absent. */
  readonly timeAfter?: () => number;
}

/** Which consents of a member end, and on whose word. */
export interface Revocation {
  readonly subjectRef: SubjectRef;
  readonly grants: readonly Pick<Grant, "grantId" | "purpose">[];
  readonly by: Revoker;
  /** A station, a staff id, a request; see `ConsentRevoked`. */
  readonly ref: string;
  /** Set where no ledger could say which consents there were: those for these purposes that were given until `at`. */
  readonly unseen?: { readonly purposes: readonly Purpose[]; readonly at: EpochMs };
}
