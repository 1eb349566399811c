import { z } from "zod";

const minutes = (from: number, to: number): z.ZodNumber =>
  z
    .number()
    .min(from * 60_000, `at least ${from} min`)
    .max(to * 60_000, `at most ${to} min`);
const seconds = (from: number, to: number): z.ZodNumber =>
  z
    .number()
    .min(from * 1_000, `at least ${from} s`)
    .max(to * 1_000, `at most ${to} s`);
/** Five is the least that privacy allows; a shop may ask for more. @source design/privacy.md P6 */
const cell = z.number().int("a whole number").min(5, "at least 5").max(1_000, "at most 1000");

/** Schema of the shop's choices; what is left out keeps the default of the definition. */
export const measuresSchema = z.strictObject({
  reentryGapMs: minutes(0, 240).optional().meta({
    description: "Out and back within this, proved by a track or a tag: one visit",
  }),
  bounceMaxMs: seconds(30, 600).optional().meta({
    description: "Shortest time to buy anything, until payments have taught a better one",
  }),
  engagedMs: seconds(1, 3_600).optional().meta({
    description: "Dwell from which a stay in a zone is engaged",
  }),
  minCell: cell.optional().meta({ description: "Least number of visits behind a published cell" }),
  minPathCell: cell.optional().meta({
    description: "Least number of visits behind a path or a repeat figure",
  }),
  children: z.enum(["count", "separate"]).optional().meta({
    description: "Whether children count as entrants, or are told beside them",
  }),
});
