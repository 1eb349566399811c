import { z } from "zod";
import { tagId, zoneId } from "../core/brand.ts";
import type { InputFault, Result } from "../core/errors.ts";
import { parseMessage } from "./envelopes.ts";
import { levelText } from "./vocabulary.ts";

/** `in/basket`: goods went into a basket or out of it, as a smart basket or a hand-held scanner tells. */
export const basketSchema = z.strictObject({
  v: z.literal(1).default(1),
  id: z
    .string()
    .regex(/^[^\p{C}]{1,64}$/u, "1 to 64 printable characters")
    .optional()
    .meta({ description: "Names the change among those of its basket; the same id counts once" }),
  tagId: levelText.transform(tagId).meta({ description: "The registered tag of the basket" }),
  change: z.enum(["add", "remove", "return-to-shelf"]),
  sku: z
    .string()
    .regex(/^[^\p{C}]{1,64}$/u, "1 to 64 printable characters")
    .nullable()
    .default(null),
  units: z.number().int("a whole number").min(1, "a number from 1").max(10_000).default(1),
  zoneId: levelText.transform(zoneId).nullable().default(null),
});
export type BasketMessage = z.output<typeof basketSchema>;

/** Checks one `in/basket` payload. Pure. */
export const parseBasketMessage = (text: string): Result<BasketMessage, readonly InputFault[]> =>
  parseMessage(basketSchema, text);
