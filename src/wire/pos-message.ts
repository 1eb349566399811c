import { z } from "zod";
import { type EpochMs, epochMs } from "../core/brand.ts";
import { fail, type InputFault, ok, type Result } from "../core/errors.ts";
import type { ReceiptDetails, TransactionKind } from "../core/events.ts";
import { faultsOf } from "../core/input-faults.ts";
import { LARGEST_PAYLOAD_BYTES, parseMessage } from "./envelopes.ts";
import { count, receiptDetails, receiptText, transactionKind } from "./vocabulary.ts";

/** Kinds whose sum is money taken: never below zero. */
const TAKING: ReadonlySet<TransactionKind> = new Set([
  "sale",
  "staff-sale",
  "click-collect",
  "delivery",
]);

/**
 * Largest receipt, bytes of its JSON in UTF-8: its event must fit into one batch, and whoever forges one must not be
 * able to stop the stream of a gateway at the centre.
 */
export const LARGEST_RECEIPT_BYTES = LARGEST_PAYLOAD_BYTES - 4_096;
/** Times that have a year of four digits in UTC as well, which the centre insists on; a clock never set shows 1970. */
const [FIRST_TIME, LAST_TIME] = [0, Date.UTC(9999, 11, 30)];

/** `in/pos`: a receipt from the till. Sending the same `receiptId` of the same kind again changes nothing. */
export const posSchema = z
  .strictObject({
    v: z.literal(1).default(1),
    receiptId: receiptText,
    kind: transactionKind,
    paidAt: z.iso
      .datetime({ offset: true, error: "an RFC 3339 time with zone, such as 2026-05-01T10:00:00Z" })
      .meta({ description: "The till's own clock" }),
    netMinor: z.number().int("a whole number of minor units").meta({
      description: "Net amount in cents of the store's currency; refunds are negative",
    }),
    units: count,
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/, "an ISO 4217 code such as EUR")
      .exactOptional()
      .meta({ description: "Refused when it is not the store's" }),
    ...receiptDetails,
  })
  .superRefine((receipt, ctx) => {
    const { kind, netMinor, paidAt } = receipt;
    const time = Date.parse(paidAt);
    if (time < FIRST_TIME || time > LAST_TIME) {
      const message = "a time from 1970 on";
      ctx.addIssue({ code: "custom", path: ["paidAt"], message, input: paidAt });
    }
    if (new TextEncoder().encode(JSON.stringify(receipt)).length > LARGEST_RECEIPT_BYTES) {
      const message = `at most ${LARGEST_RECEIPT_BYTES} bytes in all: fewer lines or shorter texts, or none of the lines`;
      ctx.addIssue({ code: "custom", path: ["lines"], message, input: receipt.lines });
    }
    if (TAKING.has(kind) && netMinor < 0) {
      const message = `0 or more for a ${kind}; money given back is a refund or an exchange`;
      ctx.addIssue({ code: "custom", path: ["netMinor"], message, input: netMinor });
    }
    if (kind === "refund" && netMinor > 0) {
      const message = "0 or less for a refund: money given back is negative";
      ctx.addIssue({ code: "custom", path: ["netMinor"], message, input: netMinor });
    }
  });

/** A receipt as the till reported it, checked. */
export interface PosReceipt extends ReceiptDetails {
  readonly receiptId: string;
  readonly transactionKind: TransactionKind;
  readonly paidAt: EpochMs;
  readonly netMinor: number;
  readonly units: number;
}

/** Checks one `in/pos` payload; `currency` is the store's, absent = not known. Pure. */
export function parsePosReceipt(
  text: string,
  currency?: string,
): Result<PosReceipt, readonly InputFault[]> {
  const outcome = parseMessage(posSchema, text);
  return outcome.ok ? receiptOf(outcome.value, currency) : outcome;
}

/** Checks one receipt that is parsed already. Pure. */
export function readPosReceipt(
  value: unknown,
  currency?: string,
): Result<PosReceipt, readonly InputFault[]> {
  const outcome = posSchema.safeParse(value);
  if (!outcome.success) return fail(faultsOf(outcome.error.issues, value));
  return receiptOf(outcome.data, currency);
}

function receiptOf(
  message: z.output<typeof posSchema>,
  currency: string | undefined,
): Result<PosReceipt, readonly InputFault[]> {
  const { v: _, kind, paidAt, currency: told, ...rest } = message;
  if (told !== undefined && currency !== undefined && told !== currency) {
    const expected = `${currency}, the currency of the store`;
    return fail([{ path: "currency", found: JSON.stringify(told), expected }]);
  }
  return ok({ ...rest, transactionKind: kind, paidAt: epochMs(Date.parse(paidAt)) });
}
