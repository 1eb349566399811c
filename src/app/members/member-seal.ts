import { z } from "zod";
import { epochMs, type SubjectRef, type TenantId } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";
import type { MembersFile } from "../../io/members/members-file.ts";
import { keyInFile } from "../../io/vault/gateway-key.ts";
import type { EidTag } from "../../privacy/loyalty/eid-window.ts";
import { LoyaltyKeys } from "../../privacy/loyalty/loyalty-keys.ts";

/** What a member carries. */
export interface Carried {
  /** Key of the member's app, 16 bytes; null: no app. */
  readonly appKey: Uint8Array | null;
  readonly tags: readonly EidTag[];
}

/** Name of the key in the state folder. */
export const MEMBERS_KEY_FILE = "members-key";
/** Tags and cards of one member, as at the centre. */
export const TAGS_CAP = 4;
const KEY_CHECK = "key-check";

const key16 = z.string().regex(/^[A-Za-z0-9_-]{22}$/);
const carriedSchema = z.strictObject({
  appKey: key16.nullable(),
  tags: z
    .array(
      z.strictObject({
        ...{ key: key16, rotation: z.number().int().min(0).max(15), counter: z.number().min(0) },
        ...{ counterAt: z.number(), lostMs: z.number().min(0) },
      }),
    )
    .max(TAGS_CAP),
});

/**
 * Seals and opens what rests in the members' file, under a key that is used for nothing else; the same key gives the
 * keyed hash by which a customer is found, and the pseudonyms. A text opens only in its own place.
 */
export class MemberSeal {
  readonly #tenant: TenantId;
  readonly #keys: LoyaltyKeys;

  constructor(tenant: TenantId, keys: LoyaltyKeys) {
    this.#tenant = tenant;
    this.#keys = keys;
  }

  indexOf(reference: string): string {
    return this.#keys.indexOf(this.#tenant, reference);
  }

  pseudonymKey(): Uint8Array {
    return this.#keys.pseudonymKey(this.#tenant);
  }

  sealReference(subject: SubjectRef, reference: string): string {
    return this.#keys.seal(reference, this.#place("member-reference", subject));
  }

  /** null when it was changed, or sealed for somebody else. */
  openReference(subject: SubjectRef, sealed: string): string | null {
    return this.#keys.open(sealed, this.#place("member-reference", subject));
  }

  sealCarried(subject: SubjectRef, { appKey, tags }: Carried): string {
    const text = {
      appKey: appKey === null ? null : base64url(appKey),
      tags: tags.map((tag) => ({ ...tag, key: base64url(tag.key) })),
    };
    return this.#keys.seal(JSON.stringify(text), this.#place("member-carried", subject));
  }

  /** null when it was changed, sealed for somebody else, or is not understood. */
  openCarried(subject: SubjectRef, sealed: string): Carried | null {
    const text = this.#keys.open(sealed, this.#place("member-carried", subject));
    const outcome = text === null ? null : carriedSchema.safeParse(JSON.parse(text));
    if (outcome?.success !== true) return null;
    const { appKey, tags } = outcome.data;
    return {
      appKey: appKey === null ? null : bytesOf(appKey),
      tags: tags.map((tag) => ({
        ...tag,
        key: bytesOf(tag.key),
        counterAt: epochMs(tag.counterAt),
      })),
    };
  }

  sealAnswer(subject: SubjectRef, text: string): string {
    return this.#keys.seal(text, this.#place("member-answer", subject));
  }

  /** null when it was changed, or sealed for somebody else. */
  openAnswer(subject: SubjectRef, sealed: string): string | null {
    return this.#keys.open(sealed, this.#place("member-answer", subject));
  }

  #place(kind: string, subject: SubjectRef) {
    return { kind, owner: this.#tenant, part: subject };
  }
}

/**
 * Takes the key that the file was sealed with, or draws one for a file in which nothing is sealed yet; null while there is
 * none and none is wanted.
 * @throws MEMBERS_UNAVAILABLE when it is lost, is another, or may be read by others
 */
export function memberSeal(
  file: MembersFile,
  keyPath: string,
  { tenant, mayMake }: { readonly tenant: TenantId; readonly mayMake: boolean },
): MemberSeal | null {
  const place = { kind: KEY_CHECK, owner: tenant, part: "" };
  const check = file.mark(KEY_CHECK);
  if (check === null) {
    if (!mayMake) return null;
    // Alone: of two processes that draw a key at once, one would seal with a key that is no more.
    file.alone(() => {
      if (file.mark(KEY_CHECK) !== null) return;
      const keys = keysIn(keyPath, true);
      if (keys !== null) file.setMark(KEY_CHECK, keys.seal("vitrine", place));
    });
    return memberSeal(file, keyPath, { tenant, mayMake: false });
  }
  const keys = keysIn(keyPath, false);
  if (keys === null) throw unavailable("the key of the members' file (members-key) is gone");
  if (keys.open(check, place) === null)
    throw unavailable("the members' file was sealed with another key, or for another tenant");
  return new MemberSeal(tenant, keys);
}

function keysIn(path: string, mayMake: boolean): LoyaltyKeys | null {
  const master = masterKey(path, mayMake);
  if (master === null) return null;
  const keys = new LoyaltyKeys(master);
  master.fill(0);
  return keys;
}

function masterKey(path: string, mayMake: boolean): Uint8Array | null {
  try {
    return keyInFile(path).take(mayMake);
  } catch (cause) {
    const why = cause instanceof GatewayError ? `: ${cause.message}` : "";
    throw unavailable(`the key of the members' file (members-key) cannot be used${why}`, cause);
  }
}

const unavailable = (sentence: string, cause?: unknown): GatewayError =>
  new GatewayError("MEMBERS_UNAVAILABLE", sentence, { cause });

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "base64url"));
