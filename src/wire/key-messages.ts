import { z } from "zod";
import { epochMs } from "../core/brand.ts";

/** Largest message about a gateway's key, bytes of UTF-8: either is far below. */
export const KEY_MESSAGE_BYTES = 1024;

const instant = z.iso
  .datetime({ error: "an RFC 3339 time in UTC" })
  .transform((text) => epochMs(Date.parse(text)));
/** Bytes as base64url without padding. */
const bytes = (count: number): z.ZodString => {
  const characters = Math.ceil((count * 4) / 3);
  const grammar = new RegExp(`^[A-Za-z0-9_-]{${characters}}$`);
  return z.string().regex(grammar, `${characters} characters of base64url`);
};
const request = bytes(16).meta({ description: "16 random bytes, drawn for this request" });
const publicKey = bytes(32).meta({
  description: "X25519 public key of the sender, drawn for this message",
});

/**
 * `up/key-request`, not retained: a gateway asks for the key of its templates, which the centre keeps. Asked at each start
 * and again with growing pauses until the answer came.
 */
export const keyRequestSchema = z.strictObject({
  v: z.literal(1),
  at: instant,
  request,
  publicKey,
});
export type KeyRequestMessage = z.output<typeof keyRequestSchema>;

/**
 * `down/key`, not retained: the key, sealed for the one request that it names and readable by who made that one alone.
 * How it is sealed stands in docs/messages.md. A centre that refuses does not answer.
 */
export const keyAnswerSchema = z.strictObject({
  v: z.literal(1),
  at: instant,
  request,
  publicKey,
  nonce: bytes(12).meta({ description: "12 random bytes" }),
  sealed: bytes(48).meta({ description: "The key, 32 bytes encrypted, and the tag, 16" }),
});
