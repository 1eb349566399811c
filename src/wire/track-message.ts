import { z } from "zod";

const trackIdText = z
  .union([
    z.string().min(1, "1 to 128 characters").max(128, "1 to 128 characters"),
    z.number().int("a whole number"),
  ])
  .meta({ description: "The counter's own id of a person; it is never published" });

const near = z
  .number()
  .min(-0.5, "a number from -0.5 to 1.5 (share of the picture)")
  .max(1.5, "a number from -0.5 to 1.5 (share of the picture)");
const share = z.number().min(0, "a number from 0 to 1").max(1, "a number from 0 to 1");

/** A person of `in/track/<source>`: the foot point, and how tall the body is in the picture. */
export const trackPersonSchema = z.strictObject({
  id: trackIdText,
  xNorm: near,
  yNorm: near,
  heightNorm: z
    .number()
    .gt(0, "a number above 0, up to 2")
    .max(2, "a number above 0, up to 2")
    .default(0.15),
  score: share.default(1),
});

/** One person under a new id. */
export const trackRenameSchema = z.strictObject({ from: trackIdText, to: trackIdText });

/**
 * `in/track/<source>`: a third-party people counter in the generic form. `people` names everybody visible, an empty
 * list nobody; whoever is missing is gone. `ended` and `renamed` may come with it or alone.
 */
export const trackSchema = z
  .strictObject({
    v: z.literal(1),
    tMs: z.number().optional().meta({
      description: "Time of the message, ms since 1970 by the counter's clock; or give `time`",
    }),
    time: z.iso.datetime({ offset: true }).optional(),
    people: z.array(trackPersonSchema).max(512, "at most 512 people").optional(),
    ended: z.array(trackIdText).max(512, "at most 512 ids").optional(),
    renamed: z.array(trackRenameSchema).max(512, "at most 512 renames").optional(),
  })
  .refine((m) => m.people !== undefined || m.ended !== undefined || m.renamed !== undefined, {
    path: ["people"],
    message: "at least one of people, ended and renamed",
  });
