import { z } from "zod";
import { tagId } from "../core/brand.ts";
import { TAG_KINDS, TRANSACTION_KINDS } from "../core/vocabulary.ts";

/** Text that may be one topic level and one id: 1 to 64 letters, digits, - or _. */
export const levelText = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, "1 to 64 letters, digits, - or _");

/** Name of a stream; open, so that a later version may add one without breaking an older centre. */
export const streamText = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,15}$/, "1 to 16 lower-case letters, digits or -");

/** A till's receipt number; printable ASCII without blanks, so that it is safe in a log line. */
export const receiptText = z.string().regex(/^[!-~]{1,64}$/, "1 to 64 printable characters");

/** Kinds of transactions a till may report. */
export const transactionKind = z.enum(TRANSACTION_KINDS);

/** What a registered tag is fixed to. */
export const tagKind = z.enum(TAG_KINDS);

/** A whole number from 0. */
export const count = z.number().int("a whole number").nonnegative("a number from 0");

/** Text of a till: an article, a department, a till's own name. Printable, so that it is safe in a log line. */
const tillText = z.string().regex(/^[^\p{C}]{1,64}$/u, "1 to 64 printable characters");

const receiptLine = z.strictObject({
  sku: tillText,
  department: tillText.nullable().default(null),
  units: z.number().int("a whole number"),
  netMinor: z.number().int("a whole number of minor units"),
});

/** What a receipt may tell besides its sum. */
export const receiptDetails = {
  tillId: levelText.exactOptional(),
  lines: z.array(receiptLine).max(256, "at most 256 lines").readonly().exactOptional(),
  tagId: levelText.transform(tagId).exactOptional(),
  relatedReceiptId: receiptText.exactOptional(),
};
