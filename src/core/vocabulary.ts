/**
 * Words that are listed as well as typed. Stored columns number them by their place: new ones go to the end, and none is
 * ever taken out.
 */

/** Kinds of receipts a till may report. */
export const TRANSACTION_KINDS = Object.freeze([
  "sale",
  "refund",
  "exchange",
  "staff-sale",
  "click-collect",
  "delivery",
] as const);
export type TransactionKind = (typeof TRANSACTION_KINDS)[number];

/** What a registered tag is fixed to. */
export const TAG_KINDS = Object.freeze([
  "basket",
  "cart",
  "staff",
  "asset",
  "loyalty-card",
] as const);
export type TagKind = (typeof TAG_KINDS)[number];

/** What became of something that the centre asked for. */
export const AUDIT_OUTCOMES = Object.freeze([
  "applied",
  "reverted",
  "rejected",
  "done",
  "refused",
  "expired",
  "failed",
] as const);
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

/** How a member was recognised: by a code or card that was shown, by the face, or by a beacon that they carry. */
export const RECOGNITION_METHODS = Object.freeze(["code", "face", "beacon"] as const);
export type RecognitionMethod = (typeof RECOGNITION_METHODS)[number];
