import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { GatewayError } from "../../core/errors.ts";
import { VAULT_KEY_BYTES } from "../../privacy/vault/template-seal.ts";
import { syncFolder } from "./sync-folder.ts";

/** Where the gateway key comes from: what wraps the key of every template. */
export interface GatewayKey {
  /**
   * A copy of the key, which the caller overwrites; null while there is none, such as before the centre sent it.
   * `mayMake`: nothing depends on a key yet, so a new one may be drawn where that is how it is done.
   */
  take(mayMake: boolean): Uint8Array | null;
}

/** Name of the systemd credential that holds the key. */
export const KEY_CREDENTIAL = "VITRINE_TEMPLATE_KEY";

/**
 * The key in a file of its own, readable for its owner only, drawn when the first template is kept. An empty file is none, as
 * a power cut may have left one. Whoever copies the whole state folder has key and templates: prefer a credential of
 * systemd where the board has a TPM. What the disk refuses is a TEMPLATE_VAULT_UNAVAILABLE.
 */
export function keyInFile(path: string): GatewayKey {
  return {
    take(mayMake) {
      try {
        if (existsSync(path) && statSync(path).size > 0) return keyOf(readSecretFile(path));
        return mayMake ? drawInto(path) : null;
      } catch (error) {
        throw asFault(error);
      }
    },
  };
}

/**
 * The key as a credential of systemd (`LoadCredentialEncrypted=`): 32 bytes, or 64 hexadecimal digits. `folder`: value
 * of $CREDENTIALS_DIRECTORY; undefined: the service was started without.
 */
export function keyInCredential(folder: string | undefined): GatewayKey {
  return {
    take() {
      const path = folder === undefined ? null : join(folder, KEY_CREDENTIAL);
      return path === null || !existsSync(path) ? null : keyOf(readFileSync(path));
    },
  };
}

/** The key that the centre sends: held in memory alone, gone with the process. */
export class KeyFromCentre implements GatewayKey {
  #key: Uint8Array | null = null;
  /** Called when the key changes. */
  onChange: () => void = () => undefined;

  /**
   * Takes the key (32 bytes), whose bytes stay the caller's to overwrite; null takes it away.
   * @throws TEMPLATE_VAULT_UNAVAILABLE for another length; the former key stays
   */
  deliver(key: Uint8Array | null): void {
    // Made before the former one goes: one that is none leaves everything as it was.
    const made = key === null ? null : keyOf(Uint8Array.from(key));
    this.#key?.fill(0);
    this.#key = made;
    this.onChange();
  }

  take(): Uint8Array | null {
    return this.#key?.slice() ?? null;
  }
}

/** Bytes or hexadecimal digits as a key; what was read is overwritten. */
function keyOf(found: Uint8Array): Uint8Array {
  const key = found.length === VAULT_KEY_BYTES ? Uint8Array.from(found) : unhexed(found);
  found.fill(0);
  if (key !== null) return key;
  throw new GatewayError(
    "TEMPLATE_VAULT_UNAVAILABLE",
    `its key is not ${VAULT_KEY_BYTES} bytes long`,
  );
}

/** The key that is written in hexadecimal digits, blanks around them; null: it is not. No text is made of it on the way. */
function unhexed(digits: Uint8Array): Uint8Array | null {
  const from = digits.findIndex((byte) => byte > 0x20);
  const key = new Uint8Array(VAULT_KEY_BYTES);
  let isKey = from >= 0 && digits.subarray(from + 2 * key.length).every((byte) => byte <= 0x20);
  for (let i = 0; i < key.length; i += 1) {
    const [high, low] = [nibble(digits[from + 2 * i]), nibble(digits[from + 2 * i + 1])];
    isKey &&= high >= 0 && low >= 0;
    key[i] = high * 16 + low;
  }
  if (isKey) return key;
  key.fill(0);
  return null;
}

/** What an ASCII hexadecimal digit stands for; -1: it is none. */
function nibble(digit: number | undefined): number {
  if (digit === undefined) return -1;
  if (digit >= 0x30 && digit <= 0x39) return digit - 0x30;
  const letter = digit | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : -1;
}

function readSecretFile(path: string): Uint8Array {
  if ((statSync(path).mode & 0o077) !== 0)
    throw new GatewayError(
      "TEMPLATE_VAULT_UNAVAILABLE",
      "others may read the file of its key: chmod 600",
    );
  return readFileSync(path);
}

/** Under another name until it is whole and on the disk: what has the key's name is a key, or nothing. */
function drawInto(path: string): Uint8Array {
  const key = randomBytes(VAULT_KEY_BYTES);
  const draft = `${path}.new`;
  rmSync(draft, { force: true });
  const fd = openSync(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    writeSync(fd, key);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(draft, path);
  syncFolder(path);
  return key;
}

function asFault(error: unknown): unknown {
  if (!(error instanceof Error) || !("syscall" in error) || !("code" in error)) return error;
  const sentence = `the file of its key cannot be used (${String(error.code)})`;
  return new GatewayError("TEMPLATE_VAULT_UNAVAILABLE", sentence, { cause: error });
}
