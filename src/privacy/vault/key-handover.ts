import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
} from "node:crypto";
import type { GatewayId } from "../../core/brand.ts";
import { fail, ok, type Result } from "../../core/errors.ts";
import { IV_BYTES, TAG_BYTES, VAULT_KEY_BYTES } from "./template-seal.ts";

/** What a gateway asks with; both texts are base64url. */
export interface KeyRequest {
  /** 16 random bytes. */
  readonly request: string;
  /** X25519, 32 bytes. */
  readonly publicKey: string;
}

/** A key sealed for one request; texts are base64url. */
export interface SealedKey extends KeyRequest {
  /** 12 random bytes. */
  readonly nonce: string;
  /** The key, encrypted, and the tag: 48 bytes. */
  readonly sealed: string;
}

/**
 * Why a key was not taken or not given: `other-request` (an answer to somebody else's question, or to an earlier one),
 * `closed` (this question was answered before, or given up), `bad-public-key` (not a point to agree on a secret with),
 * `not-genuine` (changed on the way, or sealed for another gateway).
 */
export const HANDOVER_REFUSALS = [
  "other-request",
  "closed",
  "bad-public-key",
  "not-genuine",
] as const;
export type HandoverRefusal = (typeof HANDOVER_REFUSALS)[number];

/** Fills its argument with random bytes; `crypto.randomFillSync` in production. */
export type Fill = (bytes: Uint8Array) => void;

/** One question for a key, which takes one answer. */
export interface KeyQuestion {
  readonly ask: KeyRequest;
  /**
   * Opens the answer: the key, 32 bytes, which the caller overwrites. The question is closed by the answer that opens, and
   * by no other: what a stranger sends cannot spoil it.
   */
  open(answer: SealedKey): Result<Uint8Array, HandoverRefusal>;
  /** Gives the question up: what comes later is refused. */
  close(): void;
}

const REQUEST_BYTES = 16;
const POINT_BYTES = 32;
/** Heads of RFC 8410: a private key (PKCS #8) and a public one (SPKI) of X25519; the 32 bytes follow. */
const PRIVATE_HEAD = Buffer.from("302e020100300506032b656e04220420", "hex");
const PUBLIC_HEAD = Buffer.from("302a300506032b656e032100", "hex");

/**
 * Begins to ask for the key of a gateway: a pair of keys for this one question, whose private half is held by the result
 * alone. `fill` gives 16 and then 32 bytes.
 */
export function askForKey(gateway: GatewayId, fill: Fill): KeyQuestion {
  const id = new Uint8Array(REQUEST_BYTES);
  fill(id);
  const pair = drawPair(fill);
  const ask = { request: base64url(id), publicKey: pair.publicKey };
  let own: KeyObject | null = pair.privateKey;
  return {
    ask,
    open(answer) {
      if (own === null) return fail("closed");
      if (answer.request !== ask.request) return fail("other-request");
      const wrap = wrapKeyOf(own, answer, gateway);
      if (wrap === null) return fail("bad-public-key");
      const key = unseal(wrap, answer, gateway);
      wrap.fill(0);
      if (key === null) return fail("not-genuine");
      own = null;
      return ok(key);
    },
    close() {
      own = null;
    },
  };
}

/**
 * Seals a gateway's key (32 bytes, which stay the caller's to overwrite) for the one who asked: X25519 between the key of
 * the question and one drawn here, HKDF-SHA256 with the request as salt, AES-256-GCM bound to the gateway's id. `fill`
 * gives 32 and then 12 bytes. Refuses with `bad-public-key` only.
 */
export function sealForRequest(
  key: Uint8Array,
  gateway: GatewayId,
  { request, publicKey }: KeyRequest,
  fill: Fill,
): Result<SealedKey, HandoverRefusal> {
  if (key.length !== VAULT_KEY_BYTES) throw new RangeError("key of a gateway: 32 bytes");
  const pair = drawPair(fill);
  const wrap = wrapKeyOf(pair.privateKey, { request, publicKey }, gateway);
  if (wrap === null) return fail("bad-public-key");
  const nonce = new Uint8Array(IV_BYTES);
  fill(nonce);
  const cipher = createCipheriv("aes-256-gcm", wrap, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(gateway));
  const text = cipher.update(key);
  cipher.final();
  wrap.fill(0);
  const sealed = base64url(Buffer.concat([text, cipher.getAuthTag()]));
  return ok({ request, publicKey: pair.publicKey, nonce: base64url(nonce), sealed });
}

/** A pair for one message. The bytes it is made of are overwritten; node keeps the key object out of reach. */
function drawPair(fill: Fill): { readonly privateKey: KeyObject; readonly publicKey: string } {
  const der = Buffer.concat([PRIVATE_HEAD, new Uint8Array(POINT_BYTES)]);
  fill(der.subarray(PRIVATE_HEAD.length));
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  der.fill(0);
  const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  return { privateKey, publicKey: base64url(spki.subarray(PUBLIC_HEAD.length)) };
}

/** The key that both sides come to; null when the other's public key is none. The caller overwrites it. */
function wrapKeyOf(own: KeyObject, other: KeyRequest, gateway: GatewayId): Uint8Array | null {
  const point = Buffer.from(other.publicKey, "base64url");
  if (point.length !== POINT_BYTES) return null;
  const secret = agreedSecret(own, point);
  if (secret === null) return null;
  const salt = Buffer.from(other.request, "base64url");
  const info = `vitrine template key ${gateway}`;
  const wrap = new Uint8Array(hkdfSync("sha256", secret, salt, info, VAULT_KEY_BYTES));
  secret.fill(0);
  return wrap;
}

function agreedSecret(privateKey: KeyObject, point: Uint8Array): Buffer | null {
  const key = Buffer.concat([PUBLIC_HEAD, point]);
  try {
    const publicKey = createPublicKey({ key, format: "der", type: "spki" });
    return diffieHellman({ privateKey, publicKey });
  } catch {
    // Points of small order, with which everybody would come to the same secret, are told by an exception only.
    return null;
  }
}

function unseal(wrap: Uint8Array, answer: SealedKey, gateway: GatewayId): Uint8Array | null {
  const nonce = Buffer.from(answer.nonce, "base64url");
  const sealed = Buffer.from(answer.sealed, "base64url");
  if (nonce.length !== IV_BYTES || sealed.length !== VAULT_KEY_BYTES + TAG_BYTES) return null;
  const decipher = createDecipheriv("aes-256-gcm", wrap, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(gateway)).setAuthTag(sealed.subarray(VAULT_KEY_BYTES));
  const plain = decipher.update(sealed.subarray(0, VAULT_KEY_BYTES));
  try {
    decipher.final();
    return Uint8Array.from(plain);
  } catch {
    // A tag that does not fit is told by an exception only; what was decrypted so far must not be used.
    return null;
  } finally {
    plain.fill(0);
  }
}

const base64url = (found: Uint8Array): string => Buffer.from(found).toString("base64url");
