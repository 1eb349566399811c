import { createHash } from "node:crypto";

/** Most of a message or record that is kept when it is set aside, bytes of UTF-8. */
const QUARANTINE_BYTES = 65_536;

/** Messages and records set aside that are kept, of one gateway and of all on one node; the oldest beyond are dropped. */
export const ASIDES_OF_ONE = 500;
export const QUARANTINE_ROWS = 20_000;
/** Rows set aside between two looks at how many there are. */
export const TRIM_EVERY = 500;
/** Entries of the audit log that are kept; the oldest beyond them are dropped. */
export const AUDIT_ROWS = 1_000_000;

/**
 * Figures of the two days behind the events that were dropped are not made again: a trading day of which a part is
 * missing would be made too small.
 */
export const SETTLED_MS = 172_800_000;

const HOMES: Readonly<Record<string, "store" | "gateway">> = {
  site: "store",
  "day-record": "store",
  health: "gateway",
  reported: "gateway",
};

/**
 * Where documents of a kind live: with the store that owns them, with that of the gateway that owns them, or on the first
 * node. What comes in by itself never depends on the first node. Pure.
 */
export const homeOfKind = (kind: string): "store" | "gateway" | "first" =>
  Object.hasOwn(HOMES, kind) ? (HOMES[kind] ?? "first") : "first";

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

/** What tells a message set aside from others of its gateway: the reason, and its text or what else it is known by. Pure. */
export const asideHash = (reason: string, likeness: string): string =>
  createHash("sha256").update(`${reason}\n${likeness}`).digest("base64url");
