import { z } from "zod";
import { count, levelText } from "./vocabulary.ts";

/** Largest message about members' identifiers, bytes of UTF-8. */
export const LOYALTY_MESSAGE_BYTES = 65_536;
/** Parts that a gateway asks for at a time: what it cannot take yet is not on its way. */
export const LOYALTY_WANTS = 16;
/** Segments of 1024 members that a group of stores may have. */
const SEGMENTS = 255;
const EPOCHS = 3;

const digest = z.string().regex(/^[A-Za-z0-9_-]{22}$/, "22 characters of base64url");
const segment = z
  .number()
  .int("a whole number")
  .min(0)
  .max(SEGMENTS - 1);
const epoch = count.max(0xffff_ffff).meta({ description: "Quarters of an hour since 1970" });
const digests = z.array(digest).max(SEGMENTS).readonly();
const bytes = (limit: number): z.ZodString =>
  z
    .string()
    .max(limit)
    .regex(/^[A-Za-z0-9+/]*={0,2}$/, "base64");

/**
 * `up/loyalty`, not retained: what a gateway has, and at most sixteen parts that it wants. Sent at every connection,
 * once a minute, and while something is missing.
 */
export const loyaltyRequestSchema = z.strictObject({
  v: z.literal(1),
  storeGroup: levelText,
  catalogue: digest.nullable().meta({ description: "The catalogue that it knows; null: none" }),
  want: z
    .array(
      z.strictObject({
        segment,
        epoch: epoch.nullable().meta({ description: "null: the roll of the segment" }),
      }),
    )
    .max(LOYALTY_WANTS)
    .readonly(),
});
export type LoyaltyRequest = z.output<typeof loyaltyRequestSchema>;

/**
 * `down/loyalty`, not retained: which parts there are, by their digests. An answer to a request that names another
 * catalogue; also sent without being asked when members came or went.
 */
export const loyaltyCatalogueSchema = z.strictObject({
  v: z.literal(1),
  storeGroup: levelText,
  digest,
  rolls: digests.meta({ description: "Of the roll of segment 0, 1, ..." }),
  ids: z.array(z.strictObject({ epoch, digests })).max(EPOCHS).readonly(),
});
export type LoyaltyCatalogueMessage = z.output<typeof loyaltyCatalogueSchema>;

/**
 * `down/loyalty-part`, not retained: a part that was asked for. The layout of the bytes stands in docs/messages.md. It
 * holds what members are called and what they send in one epoch, and nothing to make more of either with.
 */
export const loyaltyPartSchema = z.strictObject({
  v: z.literal(1),
  storeGroup: levelText,
  segment,
  of: count.max(SEGMENTS).meta({ description: "Segments that there are" }),
  epoch: epoch.nullable().meta({ description: "null: the roll of the segment" }),
  roll: digest.nullable().meta({ description: "Of identifiers: the roll that they were made for" }),
  rows: bytes(40_000).meta({
    description: "1024 rows: of 28 bytes of a roll, of 10 of identifiers",
  }),
  eids: bytes(41_000).meta({ description: "Rows of 10 bytes: identifier 8, position 2" }),
  digest,
});
export type LoyaltyPartMessage = z.output<typeof loyaltyPartSchema>;
