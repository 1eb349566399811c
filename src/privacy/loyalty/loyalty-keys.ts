import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";
import type { TenantId } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";

const KEY_BYTES = 32;
/** Thirty-two bytes as base64 or base64url. */
const KEY_TEXT = /^[A-Za-z0-9+/_-]{43}=?$/;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const FORM = "v1.";

/** What a sealed text belongs to; opened for anything else it is refused. */
export interface SealedPlace {
  readonly kind: string;
  readonly owner: string;
  readonly part: string;
}

/**
 * Everything that is made of the master key of a centre's loyalty: sealing of what rests in the store, the index by which
 * a customer is found, and the tenants' keys for pseudonyms. Each has a key of its own (HKDF-SHA256), so that none says
 * anything of another. The key is never written, logged or handed out.
 */
export class LoyaltyKeys {
  readonly #master: Uint8Array;
  readonly #seal: Uint8Array;
  readonly #index: Uint8Array;
  readonly #gone: Uint8Array;

  /** `master`: 32 random bytes; the caller's copy may be overwritten afterwards. */
  constructor(master: Uint8Array) {
    if (master.length !== KEY_BYTES) throw new RangeError("master key: 32 bytes");
    this.#master = Uint8Array.from(master);
    this.#seal = this.#derived("seal");
    this.#index = this.#derived("index");
    this.#gone = this.#derived("gone");
  }

  /** Encrypts a text for one place (AES-256-GCM, a random nonce each time). */
  seal(text: string, place: SealedPlace): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#seal, nonce).setAAD(aadOf(place));
    const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
    return FORM + Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("base64url");
  }

  /** Undoes `seal`; null when it was sealed with another key or for another place, or was changed. */
  open(sealed: string, place: SealedPlace): string | null {
    const bytes = Buffer.from(sealed.slice(FORM.length), "base64url");
    if (!sealed.startsWith(FORM) || bytes.length < NONCE_BYTES + TAG_BYTES) return null;
    const nonce = bytes.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv("aes-256-gcm", this.#seal, nonce, {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(aadOf(place)).setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    const body = bytes.subarray(NONCE_BYTES + TAG_BYTES);
    try {
      return Buffer.concat([decipher.update(body), decipher.final()]).toString("utf8");
    } catch {
      // A tag that does not fit is told by throwing alone; whatever the reason, it cannot be opened.
      return null;
    }
  }

  /** Name under which a customer of a tenant is found, 22 characters of base64url; without the key it says nothing. */
  indexOf(tenant: TenantId, customer: string): string {
    const digest = createHmac("sha256", this.#index).update(`${tenant}\u0000${customer}`).digest();
    return digest.subarray(0, 16).toString("base64url");
  }

  /** Under which a name that was taken out is kept, 22 characters of base64url; without the key it says nothing. */
  goneIndexOf(tenant: TenantId, name: string): string {
    const digest = createHmac("sha256", this.#gone).update(`${tenant}\u0000${name}`).digest();
    return digest.subarray(0, 16).toString("base64url");
  }

  /** Key for the pseudonyms of a tenant's members, 32 bytes. */
  pseudonymKey(tenant: TenantId): Uint8Array {
    return this.#derived(`pseudonym ${tenant}`);
  }

  #derived(label: string): Uint8Array {
    const info = Buffer.from(`vitrine-loyalty-1 ${label}`);
    return new Uint8Array(hkdfSync("sha256", this.#master, new Uint8Array(0), info, KEY_BYTES));
  }
}

/**
 * Reads a master key: 32 bytes as base64 or base64url, blanks around it allowed. Pure.
 * @throws CONFIG_INVALID; the sentence never holds what was found
 */
export function masterKeyOf(text: string): Uint8Array {
  const trimmed = text.trim();
  // Node's decoder stops at what it does not know: the whole text has to be a key, not its beginning.
  if (KEY_TEXT.test(trimmed)) return new Uint8Array(Buffer.from(trimmed, "base64"));
  const found = trimmed === "" ? "nothing" : `${trimmed.length} characters that are none`;
  throw new GatewayError(
    "CONFIG_INVALID",
    `the key of loyalty: expected 32 bytes as base64, found ${found}`,
  );
}

const aadOf = ({ kind, owner, part }: SealedPlace): Buffer =>
  Buffer.from(`${kind}\u0000${owner}\u0000${part}`);
