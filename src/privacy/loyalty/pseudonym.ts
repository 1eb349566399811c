import { createHmac } from "node:crypto";
import type { SubjectRef, TagId } from "../../core/brand.ts";
import { tagId } from "../../core/brand.ts";
import { PSEUDONYM_BYTES, SUBJECT_BYTES } from "./table-layout.ts";

/** Least length of a tenant's pseudonym key, bytes. */
export const PSEUDONYM_KEY_BYTES = 32;

/**
 * What a group of stores calls a member: twelve bytes of HMAC-SHA256 under the tenant's pseudonym key, which only the
 * centre has. Another group gets another name for the same member, and without the key neither can be told from the
 * other nor from the member's reference. A wrong length of key, group or reference is a bug and throws a RangeError. Pure.
 */
export function memberPseudonym(
  pseudonymKey: Uint8Array,
  storeGroup: string,
  subject: SubjectRef,
): Uint8Array {
  if (pseudonymKey.length < PSEUDONYM_KEY_BYTES)
    throw new RangeError(`pseudonym key: ${PSEUDONYM_KEY_BYTES} bytes or more`);
  const group = new TextEncoder().encode(storeGroup);
  if (group.length < 1 || group.length > 64) throw new RangeError("store group: 1 to 64 bytes");
  const digest = createHmac("sha256", pseudonymKey)
    .update("VITRINE-PSEUDONYM-1")
    .update(Uint8Array.of(group.length))
    .update(group)
    .update(subjectBytes(subject))
    .digest();
  const pseudonym = new Uint8Array(digest.subarray(0, PSEUDONYM_BYTES));
  digest.fill(0);
  return pseudonym;
}

/** A pseudonym as the id of the member's tag: 16 characters that a topic level may hold. Pure. */
export const pseudonymTag = (pseudonym: Uint8Array): TagId =>
  tagId(Buffer.from(pseudonym).toString("base64url"));

/** The sixteen bytes of a member's reference. Another length is a bug and throws a RangeError. Pure. */
export function subjectBytes(subject: SubjectRef): Uint8Array {
  const bytes = Buffer.from(subject, "base64url");
  if (bytes.length !== SUBJECT_BYTES) throw new RangeError("reference of a member: 128 bits");
  return bytes;
}
