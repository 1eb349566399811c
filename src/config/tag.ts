import { z } from "zod";
import { tagId } from "../core/brand.ts";
import { TAG_KINDS } from "../core/vocabulary.ts";
import { id, label } from "./plan-terms.ts";

const hex = (digits: number): z.ZodString => {
  const expected = `${digits} lower-case hexadecimal digits`;
  return z.string(expected).regex(new RegExp(`^[0-9a-f]{${digits}}$`), expected);
};
const WORD = "a whole number from 0 to 65535";
const word = z.number(WORD).int(WORD).min(0, WORD).max(0xffff, WORD);
const UUID = "a lower-case UUID with dashes";

/** Schema of the identifier that a beacon sends. */
export const beaconSchema = z.discriminatedUnion("format", [
  z.strictObject({
    format: z.literal("ibeacon"),
    uuid: z.string(UUID).regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, UUID),
    major: word,
    minor: word,
  }),
  z.strictObject({ format: z.literal("eddystone-uid"), namespace: hex(20), instance: hex(12) }),
  z.strictObject({ format: z.literal("altbeacon"), id: hex(40) }),
]);

/** Schema of one registered tag. */
export const tagSchema = z.strictObject({
  id: id.transform(tagId),
  kind: z.enum(TAG_KINDS),
  name: label.optional(),
  beacon: beaconSchema,
});

/** Most tags that one plan may have. */
export const TAG_CAP = 20_000;
