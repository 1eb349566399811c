import { z } from "zod";
import { epochMs } from "../core/brand.ts";
import { fail, type InputFault, ok, type Result } from "../core/errors.ts";
import { faultsOf } from "../core/input-faults.ts";
import { parseScope } from "../core/scope-text.ts";
import { instant } from "./central-api.ts";
import { desiredSchema, orderSchema } from "./fleet-messages.ts";

const instantText = z.iso.datetime({ offset: true });
const when = instant.transform(epochMs);
const metric = z
  .string()
  .regex(/^[a-z][a-z0-9-]{1,63}$/, "a metric id of /api/v1/definitions")
  .meta({ description: "A metric of /api/v1/definitions" });
const scope = z
  .string()
  .refine((text) => parseScope(text) !== null, "store, zone:ID or line:ID")
  .meta({ description: "`store`, `zone:ID` or `line:ID`" });
const grain = z.enum(["quarter", "day"], { error: "quarter or day" });
const wholeNumber = z
  .string()
  .regex(/^\d{1,15}$/, "a whole number")
  .transform(Number);
const limit = (largest: number, usual: number): z.ZodDefault<z.ZodType<number, string>> =>
  (
    z
      .string()
      .regex(/^\d{1,5}$/, "a whole number")
      .transform(Number)
      .refine((n) => n >= 1 && n <= largest, `1 to ${largest}`) as z.ZodType<number, string>
  ).default(usual);

const interval = {
  from: when.meta({ description: "RFC 3339 or milliseconds since 1970; included" }),
  to: when.meta({ description: "The same; not included" }),
};

/** Query of `/api/v1/stores/:id/metrics`. */
export const metricsQuery = z.strictObject({
  metric,
  scope: scope.default("store"),
  grain: grain.default("day"),
  ...interval,
});

/** Query of `/api/v1/stores/:id/export.csv` and `.ndjson`. */
export const exportQuery = z.strictObject({
  metric: metric.exactOptional().meta({ description: "Absent: all that are kept" }),
  scope: scope.exactOptional().meta({ description: "Absent: all" }),
  grain: grain.default("day"),
  ...interval,
});

/** Query of `/api/v1/compare` and `/api/v1/compare.csv`. */
export const compareQuery = z.strictObject({ metric, ...interval });

/** Query of `/api/v1/stores/:id/journeys`. */
export const journeysQuery = z.strictObject({
  ...interval,
  limit: limit(1_000, 200),
  after: z
    .string()
    .regex(/^\d{1,16}\.[!-~]{1,128}$/, "the `next` value of the page before")
    .exactOptional(),
});

/** Query of `/api/v1/quarantine` and `/api/v1/audit`. */
export const pageQuery = z.strictObject({
  before: wholeNumber.exactOptional().meta({ description: "The `next` value of the page before" }),
  limit: limit(500, 100),
});

/** An address without a query. */
export const noQuery = z.strictObject({});

/** Body of `PUT /api/v1/gateways/:id/desired`. */
export const desiredBody = z.strictObject({
  document: desiredSchema.shape.document,
  notAfter: instantText
    .nullable()
    .default(null)
    .meta({ description: "The gateway must have begun by then" }),
});

/** Body of `POST /api/v1/gateways/:id/commands`. */
export const commandBody = z.strictObject({
  command: orderSchema,
  goodForMs: z.number().int("whole milliseconds").min(1_000).max(604_800_000).default(600_000),
});

/**
 * Checks a query or a body; an interval must not be empty and may span at most 400 days, unless the answer
 * comes in pages. Pure.
 */
export function checked<T>(schema: z.ZodType<T>, input: unknown): Result<T, readonly InputFault[]> {
  const outcome = schema.safeParse(input ?? {});
  if (!outcome.success) return fail(faultsOf(outcome.error.issues, input));
  const { from, to } = outcome.data as { from?: number; to?: number };
  if (from === undefined || to === undefined) return ok(outcome.data);
  if (to <= from) return fail([{ path: "to", found: String(to), expected: `after ${from}` }]);
  // What comes in pages may span any time.
  if (to - from <= 400 * 86_400_000 || "limit" in (outcome.data as object)) return ok(outcome.data);
  return fail([{ path: "to", found: String(to), expected: "at most 400 days after from" }]);
}
