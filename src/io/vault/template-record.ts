import { type SubjectRef, subjectRef } from "../../core/brand.ts";
import {
  IV_BYTES,
  type Sealed,
  TAG_BYTES,
  VAULT_KEY_BYTES,
} from "../../privacy/vault/template-seal.ts";

/** Most numbers of a template. */
export const MOST_NUMBERS = 512;
const HASH_BYTES = 32;
const SUBJECT_BYTES = 16;
const USED = 1;

/** A slot of `template-keys.bin`: whose template stands in the slot of the same number, and its wrapped key. */
export interface KeyRecord {
  readonly subject: SubjectRef;
  readonly wrapped: Sealed;
}

/** A slot of `templates.bin`. Whose it is stands nowhere in it. */
export interface TemplateRecord {
  readonly tenantHash: Uint8Array;
  readonly chainHash: Uint8Array;
  readonly expiresAtMs: number;
  readonly numbers: number;
  readonly sealed: Sealed;
}

export const KEY_SLOT_BYTES = 1 + SUBJECT_BYTES + IV_BYTES + TAG_BYTES + VAULT_KEY_BYTES;
const TEMPLATE_HEAD_BYTES = 1 + 2 * HASH_BYTES + 8 + 2 + IV_BYTES + TAG_BYTES;
export const TEMPLATE_SLOT_BYTES = TEMPLATE_HEAD_BYTES + MOST_NUMBERS * 4;

/** Pure. */
export function writeKeyRecord({ subject, wrapped }: KeyRecord): Uint8Array {
  const reference = Buffer.from(subject, "base64url");
  if (reference.length !== SUBJECT_BYTES) throw new RangeError("reference of a member: 128 bits");
  return join([Uint8Array.of(USED), reference, wrapped.iv, wrapped.tag, wrapped.text]);
}

/** null: the slot is free. Pure. */
export function readKeyRecord(slot: Uint8Array): KeyRecord | null {
  const cut = cutter(slot);
  if (cut(1)[0] !== USED) return null;
  const subject = subjectRef(Buffer.from(cut(SUBJECT_BYTES)).toString("base64url"));
  return {
    subject,
    wrapped: { iv: cut(IV_BYTES), tag: cut(TAG_BYTES), text: cut(VAULT_KEY_BYTES) },
  };
}

/** Pure. */
export function writeTemplateRecord(record: TemplateRecord): Uint8Array {
  const terms = new Uint8Array(10);
  const view = new DataView(terms.buffer);
  view.setBigUint64(0, BigInt(record.expiresAtMs));
  view.setUint16(8, record.numbers);
  const { iv, tag, text } = record.sealed;
  const head = [Uint8Array.of(USED), record.tenantHash, record.chainHash, terms];
  return join([...head, iv, tag, text]);
}

/** null: there is no template in the slot, or what stands there can be none. Pure. */
export function readTemplateRecord(slot: Uint8Array): TemplateRecord | null {
  const cut = cutter(slot);
  if (cut(1)[0] !== USED) return null;
  const [tenantHash, chainHash] = [cut(HASH_BYTES), cut(HASH_BYTES)];
  const terms = cut(10);
  const view = new DataView(terms.buffer, terms.byteOffset, terms.byteLength);
  const expiresAtMs = Number(view.getBigUint64(0));
  const numbers = view.getUint16(8);
  if (numbers < 1 || numbers > MOST_NUMBERS || !Number.isSafeInteger(expiresAtMs)) return null;
  const sealed = { iv: cut(IV_BYTES), tag: cut(TAG_BYTES), text: cut(numbers * 4) };
  return { tenantHash, chainHash, expiresAtMs, numbers, sealed };
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function cutter(bytes: Uint8Array): (length: number) => Uint8Array {
  let at = 0;
  return (length) => {
    at += length;
    return bytes.slice(at - length, at);
  };
}
