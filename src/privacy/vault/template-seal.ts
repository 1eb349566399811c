import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync } from "node:crypto";
import type { SubjectRef, TenantId } from "../../core/brand.ts";

/** Length of every key here. */
export const VAULT_KEY_BYTES = 32;
export const IV_BYTES = 12;
export const TAG_BYTES = 16;

/** What a template is bound to: with any of it changed it does not open. */
export interface TemplateBond {
  /** Names the vault, 16 random bytes. */
  readonly vaultId: Uint8Array;
  readonly subject: SubjectRef;
  /** `bondHash` of the tenant's id. */
  readonly tenantHash: Uint8Array;
  /** `bondHash` of the chain's profile and version. */
  readonly chainHash: Uint8Array;
  readonly expiresAtMs: number;
  /** How many numbers the template has. */
  readonly numbers: number;
}

/** Something encrypted with AES-256-GCM. */
export interface Sealed {
  readonly iv: Uint8Array;
  readonly tag: Uint8Array;
  readonly text: Uint8Array;
}

/** Keys that follow from the gateway key, for one vault and one tenant. */
export interface VaultKeys {
  /** Wraps the key of every template. */
  readonly wrap: Uint8Array;
  /** Makes the tenant's projection. */
  readonly project: Uint8Array;
  /** Overwrites both. */
  wipe(): void;
}

/** Derives the keys of a tenant from the gateway key (32 bytes). Pure; the caller wipes the result. */
export function vaultKeys(
  gatewayKey: Uint8Array,
  vaultId: Uint8Array,
  tenantId: TenantId,
): VaultKeys {
  const derive = (label: string): Uint8Array =>
    new Uint8Array(
      hkdfSync("sha256", gatewayKey, vaultId, `VITRINE-${label}-1:${tenantId}`, VAULT_KEY_BYTES),
    );
  const wrap = derive("WRAP");
  const project = derive("PROJECTION");
  return {
    wrap,
    project,
    wipe: () => {
      wrap.fill(0);
      project.fill(0);
    },
  };
}

/** Sixteen bytes by which a vault knows its gateway key again, and which tell nothing of it. Pure. */
export const keyCheck = (gatewayKey: Uint8Array, vaultId: Uint8Array): Uint8Array =>
  new Uint8Array(
    createHmac("sha256", gatewayKey).update("VITRINE-KEY-CHECK-1").update(vaultId).digest(),
  ).slice(0, 16);

/** SHA-256 of texts that are told apart by their lengths. Pure. */
export function bondHash(...parts: readonly string[]): Uint8Array {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return new Uint8Array(hash.digest());
}

/** Wraps the key of one template. `iv`: 12 random bytes, never used twice with the same key. Pure. */
export const wrapKey = (
  keys: VaultKeys,
  dataKey: Uint8Array,
  bond: Pick<TemplateBond, "vaultId" | "subject" | "tenantHash">,
  iv: Uint8Array,
): Sealed => seal(keys.wrap, dataKey, keyBond(bond), iv);

/** The key of a template, or null when it was wrapped otherwise or changed. The caller wipes it. Pure. */
export const unwrapKey = (
  keys: VaultKeys,
  sealed: Sealed,
  bond: Pick<TemplateBond, "vaultId" | "subject" | "tenantHash">,
): Uint8Array | null => unseal(keys.wrap, sealed, keyBond(bond));

/** Encrypts the numbers of a template. Pure. */
export function sealTemplate(
  dataKey: Uint8Array,
  values: Float32Array,
  bond: TemplateBond,
  iv: Uint8Array,
): Sealed {
  const plain = new Uint8Array(values.length * 4);
  const view = new DataView(plain.buffer);
  for (let i = 0; i < values.length; i += 1) view.setFloat32(4 * i, values[i] ?? 0, true);
  const sealed = seal(dataKey, plain, templateBond(bond), iv);
  plain.fill(0);
  return sealed;
}

/** The numbers of a template, or null when anything of it or of its bond was changed. The caller wipes them. Pure. */
export function unsealTemplate(
  dataKey: Uint8Array,
  sealed: Sealed,
  bond: TemplateBond,
): Float32Array | null {
  const plain = unseal(dataKey, sealed, templateBond(bond));
  if (plain === null) return null;
  const view = new DataView(plain.buffer, plain.byteOffset, plain.byteLength);
  const values = new Float32Array(bond.numbers);
  for (let i = 0; i < values.length; i += 1) values[i] = view.getFloat32(4 * i, true);
  plain.fill(0);
  return values;
}

function keyBond(bond: Pick<TemplateBond, "vaultId" | "subject" | "tenantHash">): Uint8Array {
  const subject = Buffer.from(bond.subject, "utf8");
  return Buffer.concat([Buffer.from("VITRINE-KEY-1"), bond.vaultId, bond.tenantHash, subject]);
}

function templateBond(bond: TemplateBond): Uint8Array {
  const terms = new Uint8Array(12);
  const view = new DataView(terms.buffer);
  view.setBigUint64(0, BigInt(bond.expiresAtMs));
  view.setUint32(8, bond.numbers);
  const label = Buffer.from("VITRINE-TEMPLATE-1");
  return Buffer.concat([label, terms, bond.chainHash, keyBond(bond)]);
}

function seal(key: Uint8Array, plain: Uint8Array, bond: Uint8Array, iv: Uint8Array): Sealed {
  const cipher = createCipheriv("aes-256-gcm", key, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(bond);
  const text = new Uint8Array(cipher.update(plain));
  cipher.final();
  return { iv, text, tag: new Uint8Array(cipher.getAuthTag()) };
}

function unseal(key: Uint8Array, { iv, tag, text }: Sealed, bond: Uint8Array): Uint8Array | null {
  const decipher = createDecipheriv("aes-256-gcm", key, iv, { authTagLength: TAG_BYTES });
  decipher.setAAD(bond);
  decipher.setAuthTag(tag);
  const plain = decipher.update(text);
  try {
    decipher.final();
    return plain;
  } catch {
    // A tag that does not fit is told by an exception only; what was decrypted so far must not be used.
    plain.fill(0);
    return null;
  }
}
