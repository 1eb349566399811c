import { z } from "zod";
import { fail, type InputFault, ok, type Result } from "../core/errors.ts";
import { faultsOf } from "../core/input-faults.ts";
import type { MetricValue } from "../core/metric-value.ts";
import { compileCheck, type QuickCheck } from "./quick-check.ts";
import { count, levelText, streamText } from "./vocabulary.ts";

/** Largest payload of any message, bytes of UTF-8. */
export const LARGEST_PAYLOAD_BYTES = 65_536;

const epoch = z.uuid("a UUID").meta({
  description:
    "Life of one outbox file; sequence numbers of different epochs have nothing in common",
});
const sequence = z.number().int("a whole number").positive("a number from 1");
const perStream = z.record(streamText, count);

/**
 * `up/ev`: consecutive records of one stream. The first has the sequence number `first`; each takes one number,
 * except a gap record, which takes `data.n`.
 */
export const batchSchema = z.strictObject({
  v: z.literal(1),
  epoch,
  stream: streamText,
  first: sequence,
  hist: z.boolean().meta({
    description: "True for a backlog: it must not overwrite what a live view shows",
  }),
  ev: z
    .array(z.record(z.string(), z.unknown()))
    .min(1, "at least one record")
    .max(1024, "at most 1024 records"),
});
export type BatchMessage = z.output<typeof batchSchema>;

/** `down/ack`: what the centre has committed. The only message after which a gateway may forget events. */
export const ackSchema = z.strictObject({
  v: z.literal(1),
  epoch,
  seq: perStream.meta({
    description: "Per stream: every number up to and including this one is committed",
  }),
  need: z.record(streamText, sequence).nullable().meta({
    description:
      "Per stream: the number the centre waits for, after a batch left a hole; else null",
  }),
  pauseMs: count.meta({
    description: "Send nothing for this long; a gateway heeds at most ten minutes of it",
  }),
  renew: z.literal(true).exactOptional().meta({
    description:
      "The centre has other events under numbers of this outbox, which is a copy: begin a new epoch. Nothing else in such a message counts",
  }),
});
export type AckMessage = z.output<typeof ackSchema>;

/** `up/birth`, retained, and the last will: who is there. The will carries the same `session` as the birth. */
export const birthSchema = z.strictObject({
  v: z.literal(1),
  online: z.boolean(),
  session: levelText.meta({
    description: "One connection; a late will of an older session says nothing about a newer one",
  }),
  boot: levelText,
  storeId: levelText,
  epoch,
  versions: z.record(z.string().min(1).max(32), z.string().max(64)),
  schemaHash: levelText,
  sensors: z
    .array(
      z.strictObject({
        id: levelText,
        kind: z.enum(["camera", "radio"]),
        state: z.enum(["starting", "seeing", "blind", "stopped"]),
      }),
    )
    .max(64),
});
export type BirthMessage = z.output<typeof birthSchema>;

/**
 * Why events are missing. `cap`: outbox full. `disk`: the disk refused. `gone`: asked for again after being forgotten.
 * `age`: waited longer than events may, in time the gateway was switched on. `corrupt`: unreadable in a damaged file; the
 * number is exact where the file still told what it held. `size`: larger than any message.
 */
export const GAP_REASONS = ["cap", "disk", "gone", "age", "corrupt", "size"] as const;
export type GapReason = (typeof GAP_REASONS)[number];

/** `data` of a gap record: the numbers `from` to `to` of this stream will never come; they were `n` events. */
export const gapDataSchema = z
  .strictObject({
    stream: streamText,
    from: sequence,
    to: sequence,
    n: sequence,
    why: z.enum(GAP_REASONS),
  })
  .refine((gap) => gap.to - gap.from + 1 === gap.n, { path: ["n"], message: "to - from + 1" });
export type GapData = z.output<typeof gapDataSchema>;

const share = z.number().min(0).max(1);
const metricValue = z.strictObject({
  metric: levelText,
  scope: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("store") }),
    z.strictObject({ kind: z.literal("zone"), id: levelText }),
    z.strictObject({ kind: z.literal("line"), id: levelText }),
    z.strictObject({ kind: z.literal("zone-pair"), from: levelText, to: levelText }),
  ]),
  value: z.number().nullable(),
  unit: z.enum(["people", "count", "ratio", "ms", "minor", "days", "per-hour", "per-transaction"]),
  reason: z.strictObject({ code: z.string().min(1), text: z.string().min(1) }).nullable(),
  definition: z.strictObject({
    id: z.string().min(1),
    version: sequence,
    parameters: z.record(z.string(), z.union([z.number(), z.string()])),
  }),
  method: z.string().min(1),
  coverage: share,
  imputedShare: share,
  n: z.number().nonnegative(),
  effectiveN: z.number().nonnegative().nullable().default(null),
  ci95: z.tuple([z.number(), z.number()]).nullable(),
  from: z.number(),
  to: z.number(),
  revision: count,
});

/** `live/<scope>`, retained: the latest values of the store, a zone or a line. Aggregates only. */
export const liveSchema = z.strictObject({
  v: z.literal(1),
  at: z.iso.datetime(),
  values: z.array(metricValue).max(64),
});

/** A live tile as it is published. */
export interface LiveMessage {
  readonly v: 1;
  readonly at: string;
  readonly values: readonly MetricValue[];
}

/** Parses the text of a message and checks it; a text that is not JSON is one fault on the whole document. Pure. */
export function parseMessage<T>(
  schema: z.ZodType<T>,
  text: string,
): Result<T, readonly InputFault[]> {
  const parsed = parseJson(text);
  return parsed.ok ? checked(schema, parsed.value) : parsed;
}

/** Layers of unknown keys that are looked through: what stands inside an unknown key is gone with it. */
const PEER_ROUNDS = 4;

/**
 * Reads a message between gateway and centre, which may run different versions: as `parseMessage`, but keys that the
 * schema does not name are left out instead of refused, so that a message may gain keys without stopping older readers.
 * Everything else is as strict. Pure.
 */
export function parsePeerMessage<T>(
  schema: z.ZodType<T>,
  text: string,
): Result<T, readonly InputFault[]> {
  const parsed = parseJson(text);
  if (!parsed.ok) return parsed;
  for (let round = 0; round < PEER_ROUNDS; round += 1) {
    const outcome = schema.safeParse(parsed.value);
    if (outcome.success) return ok(outcome.data);
    const extra = outcome.error.issues.filter((issue) => issue.code === "unrecognized_keys");
    if (extra.length === 0) break;
    for (const { path, keys } of extra) dropKeys(parsed.value, path, keys);
  }
  return checked(schema, parsed.value);
}

function dropKeys(root: unknown, path: readonly PropertyKey[], keys: readonly string[]): void {
  const owner = path.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
    root,
  );
  if (typeof owner !== "object" || owner === null) return;
  for (const key of keys) Reflect.deleteProperty(owner, key);
}

let isSoundBatch: QuickCheck | null = null;

/** Does what `parseMessage(batchSchema, text)` does, without a copy of every record of a sound batch. Pure. */
export function parseBatch(text: string): Result<BatchMessage, readonly InputFault[]> {
  isSoundBatch ??= compileCheck(batchSchema).accepts;
  const parsed = parseJson(text);
  if (!parsed.ok) return parsed;
  return isSoundBatch(parsed.value)
    ? ok(parsed.value as BatchMessage)
    : checked(batchSchema, parsed.value);
}

function checked<T>(schema: z.ZodType<T>, value: unknown): Result<T, readonly InputFault[]> {
  const outcome = schema.safeParse(value);
  return outcome.success ? ok(outcome.data) : fail(faultsOf(outcome.error.issues, value));
}

/** No message of ours nests half as deeply; code that walks a value must not run out of stack on a hostile one. */
const DEEPEST_NESTING = 64;

/** Whether brackets outside of strings nest beyond the limit; malformed text is left to the parser. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') at = endOfString(text, at);
    else if (character === "[" || character === "{") depth += 1;
    else if (character === "]" || character === "}") depth -= 1;
    if (depth > DEEPEST_NESTING) return true;
  }
  return false;
}

/** Where the string that begins at `start` ends; beyond the text when it does not. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end > 0; end = text.indexOf('"', end + 1)) {
    let escapes = 0;
    while (text[end - 1 - escapes] === "\\") escapes += 1;
    if (escapes % 2 === 0) return end;
  }
  return text.length;
}

function parseJson(text: string): Result<unknown, readonly InputFault[]> {
  if (isTooDeep(text)) {
    const expected = `at most ${DEEPEST_NESTING} levels of nesting`;
    return fail([{ path: "", found: "more", expected }]);
  }
  try {
    return ok(JSON.parse(text));
  } catch {
    // JSON.parse reports bad text only by throwing; its message may quote the payload, so it is not passed on.
    return fail([{ path: "", found: `${text.length} characters`, expected: "JSON" }]);
  }
}
