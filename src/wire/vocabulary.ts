import { z } from "zod";

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
export const transactionKind = z.enum([
  "sale",
  "refund",
  "exchange",
  "staff-sale",
  "click-collect",
  "delivery",
]);

/** A whole number from 0. */
export const count = z.number().int("a whole number").nonnegative("a number from 0");
