import { z } from "zod";

/** An id of the site plan. */
export const id = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, "1 to 64 letters, digits, - or _")
  .meta({
    description: "Stable id; it appears in events and topics. Never reuse one for another thing.",
  });

/** A name for people. */
export const label = z.string().min(1).max(120).meta({ description: "What people read" });

/** A coordinate of the floor plan. */
export const metres = z
  .number()
  .min(-10_000, "metres, -10000 to 10000")
  .max(10_000, "metres, -10000 to 10000");
