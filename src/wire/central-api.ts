import { z } from "zod";
import { type EpochMs, epochMs } from "../core/brand.ts";
import { fail, type InputFault, ok, type Result } from "../core/errors.ts";
import { faultsOf } from "../core/input-faults.ts";

const DEFAULT_LIMIT = 500;
const LARGEST_LIMIT = 5000;

/** An instant in a query. */
export const instant = z.union(
  [
    z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
    z
      .string()
      .regex(/^\d{1,15}$/)
      .transform(Number),
  ],
  { error: "an RFC 3339 time or milliseconds since 1970" },
);

/** Query of `/api/v1/stores/:id/events` as it is sent. */
export const eventsQuerySchema = z.strictObject({
  from: instant.default(0),
  to: instant.default(8.64e15),
  type: z
    .string()
    .regex(/^vitrine\.[a-z][a-z0-9-]{0,63}$/, "an event type such as vitrine.entered")
    .exactOptional(),
  limit: z
    .string()
    .regex(/^\d{1,5}$/, "a whole number")
    .transform(Number)
    .refine((n) => n >= 1 && n <= LARGEST_LIMIT, `1 to ${LARGEST_LIMIT}`)
    .default(DEFAULT_LIMIT),
  after: z
    .string()
    .regex(/^\d{1,16}\.[!-~]{1,128}$/, "the `next` value of the page before")
    .exactOptional(),
});

/** Query of `/api/v1/stores/:id/events`, checked. */
export interface EventsQuery {
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly type: string | null;
  readonly limit: number;
  readonly after: { readonly at: EpochMs; readonly id: string } | null;
}

/** Checks the query string of the events address. Pure. */
export function parseEventsQuery(query: unknown): Result<EventsQuery, readonly InputFault[]> {
  const outcome = eventsQuerySchema.safeParse(query);
  if (!outcome.success) return fail(faultsOf(outcome.error.issues, query));
  const { from, to, type, limit, after } = outcome.data;
  const dot = after?.indexOf(".") ?? 0;
  return ok({
    from: epochMs(from),
    to: epochMs(to),
    type: type ?? null,
    limit,
    after:
      after === undefined
        ? null
        : { at: epochMs(Number(after.slice(0, dot))), id: after.slice(dot + 1) },
  });
}
