import { z } from "zod";
import { zoneId } from "../core/brand.ts";

/** An id of the site plan. */
export const id = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, "1 to 64 letters, digits, - or _")
  .meta({
    description: "Stable id; it appears in events and topics. Never reuse one for another thing.",
  });

/** Ids that ways through the shop need for themselves: where they begin and how they end. */
const PATH_ENDS: ReadonlySet<string> = new Set(["entry", "exit-with-tx", "exit-without"]);

/** The id of a zone. */
export const zoneIdText = id.refine(
  (text) => !PATH_ENDS.has(text),
  "another id: entry, exit-with-tx and exit-without are the ends of ways through the shop",
);

/** A name for people. */
export const label = z.string().min(1).max(120).meta({ description: "What people read" });

/** A coordinate of the floor plan. */
export const metres = z
  .number()
  .min(-10_000, "metres, -10000 to 10000")
  .max(10_000, "metres, -10000 to 10000");

const tillText = z.string().min(1).max(64);

/** What the figures of a zone need to know about it. */
export const zonePurpose = {
  departments: z
    .array(tillText)
    .max(64)
    .optional()
    .meta({ description: "Departments of the till's receipts that are sold here" }),
  skus: z
    .array(tillText)
    .max(4_096)
    .optional()
    .meta({ description: "Articles sold here, besides those of the departments" }),
  referenceDwellMs: z
    .number()
    .positive("milliseconds above 0")
    .max(3_600_000, "at most an hour")
    .optional()
    .meta({ description: "Dwell the zone was laid out for; holding power is measured against it" }),
  servedAt: id.transform(zoneId).optional().meta({
    description: "Of a queue: the zone in which people are served",
  }),
  approach: id.transform(zoneId).optional().meta({
    description: "Of a queue: the zone one comes through before joining",
  }),
  stacksBaskets: z.boolean().optional().meta({
    description:
      "Baskets and carts stand here until somebody takes one, and are brought back to here",
  }),
};

const MINUTES_PER_DAY = 1_440;
const time = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "a local time HH:MM")
  .transform((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)));

/** Hours that come again every week; an end at or before the begin means the next day. */
export const weeklyHours = z
  .strictObject({
    days: z.array(z.enum(["mon", "tue", "wed", "thu", "fri", "sat", "sun"])).min(1),
    from: time,
    to: time,
  })
  .transform(({ days, from, to }) => ({
    days,
    fromMin: from,
    toMin: to > from ? to : to + MINUTES_PER_DAY,
  }));
