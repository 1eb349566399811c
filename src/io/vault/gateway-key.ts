import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { GatewayError } from "../../core/errors.ts";
import { VAULT_KEY_BYTES } from "../../privacy/vault/template-seal.ts";

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
 * The key in a file of its own, readable for its owner only, drawn when the first template is kept. Whoever copies the
 * whole state folder has key and templates: prefer a credential of systemd where the board has a TPM.
 */
export function keyInFile(path: string): GatewayKey {
  return {
    take(mayMake) {
      if (existsSync(path)) return keyOf(readSecretFile(path));
      return mayMake ? drawInto(path) : null;
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

  /** Takes the key (32 bytes), whose bytes stay the caller's to overwrite; null takes it away. */
  deliver(key: Uint8Array | null): void {
    this.#key?.fill(0);
    this.#key = key === null ? null : keyOf(Uint8Array.from(key));
    this.onChange();
  }

  take(): Uint8Array | null {
    return this.#key?.slice() ?? null;
  }
}

/** Bytes or hexadecimal digits as a key; what was read is overwritten. */
function keyOf(found: Uint8Array): Uint8Array {
  const text = found.length === VAULT_KEY_BYTES ? "" : Buffer.from(found).toString("latin1").trim();
  const key = /^[0-9a-f]{64}$/i.test(text)
    ? new Uint8Array(Buffer.from(text, "hex"))
    : Uint8Array.from(found);
  found.fill(0);
  if (key.length === VAULT_KEY_BYTES) return key;
  throw new GatewayError(
    "TEMPLATE_VAULT_UNAVAILABLE",
    `its key is not ${VAULT_KEY_BYTES} bytes long`,
  );
}

function readSecretFile(path: string): Uint8Array {
  if ((statSync(path).mode & 0o077) !== 0)
    throw new GatewayError(
      "TEMPLATE_VAULT_UNAVAILABLE",
      "others may read the file of its key: chmod 600",
    );
  return readFileSync(path);
}

function drawInto(path: string): Uint8Array {
  const key = randomBytes(VAULT_KEY_BYTES);
  const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    writeSync(fd, key);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  return key;
}
