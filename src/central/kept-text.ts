/** Most of a message or record that is kept when it is set aside, bytes of UTF-8. */
const QUARANTINE_BYTES = 65_536;

/** Messages and records set aside that are kept; the oldest beyond them are dropped. */
export const QUARANTINE_ROWS = 10_000;
/** Entries of the audit log that are kept; the oldest beyond them are dropped. */
export const AUDIT_ROWS = 1_000_000;

/**
 * Figures of the two days behind the events that were dropped are not made again: a trading day of which a part is
 * missing would be made too small.
 */
export const SETTLED_MS = 172_800_000;

/** Kinds of documents that live with their store; all others live on the first node. */
const STORE_KINDS: ReadonlySet<string> = new Set(["site", "day-record"]);

/** Whether the owner of a document of this kind is a store. Pure. */
export const isStoreKind = (kind: string): boolean => STORE_KINDS.has(kind);

/**
 * Makes any text fit to be stored in every engine: the character NUL and lone surrogates, which PostgreSQL refuses,
 * become replacement characters. Pure.
 */
export function storableText(text: string): string {
  return /[\0\ud800-\udfff]/u.test(text) ? text.replace(/[\0\ud800-\udfff]/gu, "\ufffd") : text;
}

/** The part of a text set aside that is kept, at most 64 KiB, cut between characters. Pure. */
export function keptBody(text: string): string {
  const storable = storableText(text.slice(0, QUARANTINE_BYTES));
  const bytes = Buffer.from(storable);
  if (bytes.length <= QUARANTINE_BYTES) return storable;
  let end = QUARANTINE_BYTES;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end).toString("utf8");
}
