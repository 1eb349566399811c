import { createHash } from "node:crypto";
import { canonicalText } from "../../core/canonical-text.ts";
import type { LedgerEntry } from "../../core/consent-ledger.ts";
import { fail, ok, type Result } from "../../core/errors.ts";

/** An entry as it rests: its text, and the hash that the next one names. */
export interface LedgerRow {
  readonly seq: number;
  /** Canonical text of the entry: keys sorted, no blanks. */
  readonly text: string;
  /** SHA-256 of the text, 64 hexadecimal digits. */
  readonly sha256: string;
}

/** Where a chain ends. */
export interface ChainHead {
  readonly seq: number;
  readonly sha256: string;
}

/** The head of a ledger without entries; its hash is what the first entry names as the one before. */
export const EMPTY_HEAD: ChainHead = Object.freeze({ seq: 0, sha256: "0".repeat(64) });

/**
 * The first entry that is not as it was written. `number`: one is missing, doubled or out of order. `hash`: the text is
 * not the one that was hashed. `link`: it does not name the entry before. `text`: no entry, or not in canonical form.
 * `ledger`: it was written for another ledger. `head`: what notes beside the ledger where it ends is gone, or of another one.
 */
export interface ChainBreak {
  readonly seq: number;
  readonly what: "number" | "hash" | "link" | "text" | "ledger" | "head";
}

/** SHA-256 of a text as UTF-8, in 64 hexadecimal digits. Pure. */
export const sha256Of = (text: string): string =>
  createHash("sha256").update(text, "utf8").digest("hex");

/** The row of an entry: its canonical text, which holds the hash of the entry before, and the hash of that. Pure. */
export function rowOf(entry: LedgerEntry): LedgerRow {
  const text = canonicalText(entry);
  return { seq: entry.seq, text, sha256: sha256Of(text) };
}

/** What checking a chain needs to know. */
export interface ChainTerms {
  readonly ledgerId: string;
  /** Reads the text of an entry; null when it is none. */
  readonly read: (text: string) => LedgerEntry | null;
  /** The entry before the first of the rows; absent = the rows are the whole ledger. */
  readonly after?: ChainHead;
  /** Gets each sound entry, in order, before the next is looked at. */
  readonly onEntry?: (entry: LedgerEntry) => void;
}

/**
 * Checks rows in order and stops at the first broken one, which it names; returns the head when there is none. A chain
 * shows that something was changed, left out or put in. It does not show that the newest entries were cut off or the whole
 * was written anew: for that compare the head with one that was noted elsewhere, such as at the centre.
 */
export function verifyChain(
  rows: Iterable<LedgerRow>,
  terms: ChainTerms,
): Result<ChainHead, ChainBreak> {
  let head = terms.after ?? EMPTY_HEAD;
  for (const row of rows) {
    const entry = nextEntry(row, head, terms);
    if (typeof entry === "string") return fail({ seq: head.seq + 1, what: entry });
    terms.onEntry?.(entry);
    head = { seq: row.seq, sha256: row.sha256 };
  }
  return ok(head);
}

function nextEntry(
  row: LedgerRow,
  head: ChainHead,
  { ledgerId, read }: ChainTerms,
): LedgerEntry | ChainBreak["what"] {
  if (row.seq !== head.seq + 1) return "number";
  if (sha256Of(row.text) !== row.sha256) return "hash";
  const entry = read(row.text);
  if (entry === null || canonicalText(entry) !== row.text) return "text";
  if (entry.seq !== row.seq) return "number";
  if (entry.previous !== head.sha256) return "link";
  return entry.ledgerId === ledgerId ? entry : "ledger";
}
