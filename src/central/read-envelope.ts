import { z } from "zod";
import {
  type BatchMessage,
  batchSchema,
  LARGEST_PAYLOAD_BYTES,
  parseBatch,
  parseMessage,
} from "../wire/envelopes.ts";
import { faultText } from "./read-records.ts";

/** Where a batch stands in its gateway's outbox. */
export type BatchPlace = Pick<BatchMessage, "epoch" | "stream" | "first">;

/** Why a message is set aside whole; one word each, for the log and for counting. */
export type AsideKind =
  | "unreadable"
  | "version"
  | "envelope"
  | "gap"
  | "homeless"
  | "birth"
  | "health"
  | "reported"
  | "topic"
  | "refused"
  | "stray";

/**
 * What the envelope of a batch turned out to be. `faulty`: it says what its records are, but breaks the contract, so each
 * of them is set aside. `held`: it cannot be counted off, so its gateway keeps it. `unreadable`: not even its place is
 * known, and nothing can be answered.
 */
export type Envelope =
  | { readonly kind: "sound"; readonly batch: BatchMessage }
  | {
      readonly kind: "faulty";
      readonly place: BatchPlace;
      readonly ev: readonly unknown[];
      readonly reason: string;
    }
  | {
      readonly kind: "held";
      readonly place: BatchPlace;
      readonly why: "version" | "envelope";
      readonly reason: string;
    }
  | { readonly kind: "unreadable"; readonly reason: string };

/** Larger messages are not parsed: no gateway sends them, and it would take long. */
const MOST_PARSED_BYTES = 1_048_576;
/** Records taken from a faulty envelope at once; the gateway is asked for the rest. */
const MOST_RECORDS = 1024;

const { epoch, stream, first } = batchSchema.shape;
const roughSchema = z.object({ v: z.unknown(), epoch, stream, first, ev: z.unknown() });
/** Keys that a later version may add change nothing about those that are there. */
const widerSchema = batchSchema.strip();

/** Reads the envelope of a batch as far as it can be read. Pure. */
export function readEnvelope(text: string): Envelope {
  const bytes = Buffer.byteLength(text);
  if (bytes > MOST_PARSED_BYTES) return { kind: "unreadable", reason: "payload too large" };
  const isLarge = bytes > 2 * LARGEST_PAYLOAD_BYTES;
  const sound = parseBatch(text);
  if (sound.ok && !isLarge) return { kind: "sound", batch: sound.value };
  const wider = sound.ok ? null : parseMessage(widerSchema, text);
  if (wider?.ok && !isLarge) return { kind: "sound", batch: wider.value };
  const reason = isLarge || sound.ok ? "payload too large" : faultText(sound.error);
  const rough = parseMessage(roughSchema, text);
  if (!rough.ok) return { kind: "unreadable", reason };
  const { v, ev, ...place } = rough.value;
  if (v !== 1) return { kind: "held", place, why: "version", reason };
  if (!Array.isArray(ev) || ev.length === 0)
    return { kind: "held", place, why: "envelope", reason };
  return { kind: "faulty", place, ev: ev.slice(0, MOST_RECORDS), reason };
}
