import { randomBytes, timingSafeEqual } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { EpochMs, SubjectRef, TenantId } from "../../core/brand.ts";
import type { Refusal } from "../../core/consent.ts";
import { fail, GatewayError, ok, type Result } from "../../core/errors.ts";
import type { Log } from "../../core/lifecycle.ts";
import type { FaceChainId, OpenTemplate, TemplateVault } from "../../face/ports.ts";
import type { ConsentGate, Permit } from "../../privacy/consent/consent-gate.ts";
import { type KeyedProjection, keyedProjection } from "../../privacy/vault/keyed-projection.ts";
import {
  bondHash,
  IV_BYTES,
  keyCheck,
  sealTemplate,
  type TemplateBond,
  unsealTemplate,
  unwrapKey,
  VAULT_KEY_BYTES,
  type VaultKeys,
  vaultKeys,
  wrapKey,
} from "../../privacy/vault/template-seal.ts";
import type { GatewayKey } from "./gateway-key.ts";
import { SlotFile } from "./slot-file.ts";
import {
  KEY_SLOT_BYTES,
  type KeyRecord,
  MOST_NUMBERS,
  readKeyRecord,
  readTemplateRecord,
  TEMPLATE_SLOT_BYTES,
  type TemplateRecord,
  writeKeyRecord,
  writeTemplateRecord,
} from "./template-record.ts";

/** What the consents say to a vault; asked anew every time. */
export interface VaultConsent {
  readonly gate: Pick<ConsentGate, "refusalOf">;
  /** The clock of the consents, which never goes back. */
  readonly clock: { now(): EpochMs; isSure(): boolean };
}

export interface SealedTemplatesDeps {
  /** The state folder: `templates.bin` and `template-keys.bin` lie in it. */
  readonly folder: string;
  readonly tenantId: TenantId;
  readonly key: GatewayKey;
  readonly consent: () => VaultConsent;
  readonly log: Log;
  /** Most members with a template; 10,000 when absent. One more is refused. */
  readonly cap?: number;
}

const CAP = 10_000;
const ID_BYTES = 16;

/**
 * The vault of templates: each is turned by the tenant's projection, encrypted with a key of its own, and that key is
 * wrapped by the gateway key. Wrapped keys and templates lie in two files. To shred is to overwrite the wrapped key,
 * then the template, each on the disk before the next.
 */
export class SealedTemplates implements TemplateVault {
  readonly #deps: SealedTemplatesDeps;
  readonly #keyFile: SlotFile;
  readonly #templateFile: SlotFile;
  readonly #slots = new Map<SubjectRef, number>();
  readonly #free: number[] = [];
  /** Slots that are to be overwritten and could not be yet, with whose they were; null: nobody can say. */
  readonly #left = new Map<number, SubjectRef | null>();
  readonly #tenantHash: Uint8Array;
  readonly #vaultId: Uint8Array;
  #keys: VaultKeys | null = null;
  #projection: KeyedProjection | null = null;

  /** Opens or begins the vault. @throws TEMPLATE_VAULT_UNAVAILABLE */
  constructor(deps: SealedTemplatesDeps) {
    this.#deps = deps;
    mkdirSync(deps.folder, { recursive: true, mode: 0o700 });
    this.#tenantHash = bondHash(deps.tenantId);
    this.#keyFile = new SlotFile(join(deps.folder, "template-keys.bin"), {
      ...{ magic: "VITKEYS1", slotBytes: KEY_SLOT_BYTES },
      head: () => new Uint8Array(Buffer.concat([randomBytes(ID_BYTES), new Uint8Array(ID_BYTES)])),
    });
    this.#vaultId = this.#keyFile.head.slice(0, ID_BYTES);
    try {
      this.#templateFile = new SlotFile(join(deps.folder, "templates.bin"), {
        ...{ magic: "VITTMPL1", slotBytes: TEMPLATE_SLOT_BYTES },
        head: () => new Uint8Array(0),
      });
      this.#index();
    } catch (error) {
      this.#keyFile.close();
      throw error;
    }
  }

  put(
    permit: Permit<"loyalty-face">,
    terms: {
      readonly tenantId: TenantId;
      readonly chain: FaceChainId;
      readonly expiresAtMs: number;
    },
    values: Float32Array,
  ): Result<void, Refusal> {
    const refused = this.#refusal(permit);
    if (refused !== null) return fail(refused);
    if (terms.tenantId !== this.#deps.tenantId) return fail("template-foreign");
    const isFit = values.length >= 1 && values.length <= MOST_NUMBERS;
    if (!isFit || !values.every(Number.isFinite)) return fail("template-damaged");
    const subject = permit.subjectRef;
    const known = this.#slots.get(subject);
    if (known === undefined && this.#slots.size >= (this.#deps.cap ?? CAP))
      return fail("gallery-full");
    return this.#guarded("busy", () => {
      const keys = this.#open(true);
      if (keys === null) return fail("key-lost");
      this.#write(keys, subject, { ...terms, values: this.#turned(keys, values) });
      return ok(undefined);
    });
  }

  open(permit: Permit<"loyalty-face">, chain: FaceChainId): Result<OpenTemplate, Refusal> {
    const refused = this.#refusal(permit);
    if (refused !== null) return fail(refused);
    const slot = this.#slots.get(permit.subjectRef);
    if (slot === undefined) return fail("not-enrolled");
    return this.#guarded("template-damaged", () => this.#openSlot(slot, permit.subjectRef, chain));
  }

  project(values: Float32Array): Result<Float32Array, Refusal> {
    return this.#guarded("key-lost", () => {
      const keys = this.#open(false);
      return keys === null ? fail("key-lost") : ok(this.#turned(keys, values));
    });
  }

  has(subject: SubjectRef): boolean {
    return this.#slots.has(subject);
  }

  /**
   * Overwrites a member's key and template, and what is left of former ones; true when there was something. From the first
   * line on nothing of it opens. @throws TEMPLATE_VAULT_UNAVAILABLE when something may be left; `tidy` tries again
   */
  shred(subject: SubjectRef): boolean {
    const slot = this.#slots.get(subject);
    if (slot !== undefined) this.#give(slot, subject);
    this.#slots.delete(subject);
    let isFound = false;
    let fault: unknown = null;
    for (const [left, whose] of [...this.#left]) {
      if (whose !== null && whose !== subject) continue;
      try {
        this.#clear(left);
        isFound ||= whose === subject;
      } catch (error) {
        // One slot that cannot be overwritten keeps no other from it.
        fault ??= error;
      }
    }
    if (fault !== null) throw fault;
    return isFound;
  }

  /** Tries again what could not be overwritten; how many slots were. @throws TEMPLATE_VAULT_UNAVAILABLE */
  tidy(): number {
    const left = [...this.#left.keys()];
    for (const slot of left) this.#clear(slot);
    return left.length;
  }

  /** Members of whom something may be there, also what could not be overwritten yet. */
  subjects(): readonly SubjectRef[] {
    const left = [...this.#left.values()].filter((subject) => subject !== null);
    return left.length === 0
      ? [...this.#slots.keys()]
      : [...new Set([...this.#slots.keys(), ...left])];
  }

  /** Forgets the gateway key, so that it is asked for anew: for a key that comes from elsewhere and changed. */
  forgetKey(): void {
    this.#keys?.wipe();
    this.#keys = null;
    this.#projection?.wipe();
    this.#projection = null;
  }

  close(): void {
    this.forgetKey();
    this.#keyFile.close();
    this.#templateFile.close();
  }

  #refusal(permit: unknown): Refusal | null {
    const { gate, clock } = this.#deps.consent();
    return gate.refusalOf(permit, "loyalty-face") ?? (clock.isSure() ? null : "clock-unsure");
  }

  /** A fault of disk or key as a refusal; the log says which it was. */
  #guarded<T>(refusal: Refusal, work: () => Result<T, Refusal>): Result<T, Refusal> {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      const fields = { event: "vault.fault", code: error.code, err: error };
      this.#deps.log.error(fields, error.message);
      return fail(refusal);
    }
  }

  #openSlot(slot: number, subject: SubjectRef, chain: FaceChainId): Result<OpenTemplate, Refusal> {
    const record = readTemplateRecord(this.#templateFile.read(slot));
    const key = readKeyRecord(this.#keyFile.read(slot));
    if (record === null || key === null) return fail("template-damaged");
    // Whose it is was read when the vault was opened; both files may have been written since.
    if (key.subject !== subject) return fail("template-damaged");
    if (!isSame(record.tenantHash, this.#tenantHash)) return fail("template-foreign");
    const keys = this.#open(false);
    if (keys === null) return fail("key-lost");
    if (!isSame(record.chainHash, chainHashOf(chain))) return fail("template-foreign");
    const values = this.#unseal(keys, key, record);
    if (values === null) return fail("template-damaged");
    // Only now is the expiry known to be the one that was written.
    if (this.#deps.consent().clock.now() >= record.expiresAtMs) {
      values.fill(0);
      return fail("grant-expired");
    }
    return ok({ subjectRef: subject, chain, values, wipe: () => void values.fill(0) });
  }

  /**
   * Which member's template lies where. What is no key record is overwritten, whatever it was: behind a changed byte a wrapped
   * key would outlive its member. A template without a key, as a power cut may leave one, is a free slot.
   */
  #index(): void {
    for (let slot = 0; slot < this.#keyFile.count; slot += 1) {
      const bytes = this.#keyFile.read(slot);
      const record = readKeyRecord(bytes);
      if (record !== null && !this.#slots.has(record.subject))
        this.#slots.set(record.subject, slot);
      // The power went while a template was replaced: one of the two is enough.
      else if (record !== null) this.#give(slot, record.subject);
      else if (bytes.some((byte) => byte !== 0)) this.#give(slot, null);
      else this.#free.push(slot);
    }
    this.#free.reverse();
    this.#tidyQuietly();
  }

  /** The first slot behind all others, also behind one that could not be written in full. */
  #nextSlot(): number {
    let next = this.#keyFile.count;
    for (const left of this.#left.keys()) next = Math.max(next, left + 1);
    return next;
  }

  /** Marks a slot as one to overwrite. */
  #give(slot: number, subject: SubjectRef | null): void {
    this.#left.set(slot, subject);
  }

  /** The key first: without it the template is noise, whatever becomes of that. Then the slot is free. */
  #clear(slot: number): void {
    this.#keyFile.clear(slot);
    this.#templateFile.clear(slot);
    this.#left.delete(slot);
    this.#free.push(slot);
  }

  /** What cannot be overwritten now is in the log, and tried again by `shred` and `tidy`. */
  #tidyQuietly(): void {
    this.#guarded("busy", () => ok(this.tidy()));
  }

  /** The keys; null when the gateway key is not there or is another one than the templates were kept with. */
  #open(mayMake: boolean): VaultKeys | null {
    if (this.#keys !== null) return this.#keys;
    const gatewayKey = this.#deps.key.take(mayMake && this.#slots.size === 0);
    if (gatewayKey === null) return null;
    try {
      const check = keyCheck(gatewayKey, this.#vaultId);
      const isKnown = isSame(this.#keyFile.head.subarray(ID_BYTES), check);
      if (!isKnown) {
        // Templates of another key would be lost for good if this one took its place.
        if (!mayMake || this.#slots.size > 0) return null;
        this.#keyFile.head.set(check, ID_BYTES);
        this.#keyFile.keepHead();
      }
      this.#keys = vaultKeys(gatewayKey, this.#vaultId, this.#deps.tenantId);
      return this.#keys;
    } finally {
      gatewayKey.fill(0);
    }
  }

  #turned(keys: VaultKeys, values: Float32Array): Float32Array {
    if (this.#projection?.numbers !== values.length) {
      this.#projection?.wipe();
      this.#projection = keyedProjection(keys.project, values.length);
    }
    const into = new Float32Array(values.length);
    this.#projection.apply(values, into);
    return into;
  }

  /** The template first: until its key is there nobody can say that there is one. */
  #write(
    keys: VaultKeys,
    subject: SubjectRef,
    kept: { readonly chain: FaceChainId; readonly expiresAtMs: number; values: Float32Array },
  ): void {
    const dataKey = randomBytes(VAULT_KEY_BYTES);
    const { values, expiresAtMs } = kept;
    const terms = { expiresAtMs: Math.floor(expiresAtMs), numbers: values.length };
    const hashes = { tenantHash: this.#tenantHash, chainHash: chainHashOf(kept.chain) };
    const bond: TemplateBond = { ...terms, ...hashes, vaultId: this.#vaultId, subject };
    try {
      const sealed = sealTemplate(dataKey, values, bond, randomBytes(IV_BYTES));
      const wrapped = wrapKey(keys, dataKey, bond, randomBytes(IV_BYTES));
      const former = this.#slots.get(subject);
      const slot = this.#free.pop() ?? this.#nextSlot();
      try {
        this.#templateFile.write(slot, writeTemplateRecord({ ...terms, ...hashes, sealed }));
        this.#keyFile.write(slot, writeKeyRecord({ subject, wrapped }));
      } catch (error) {
        // The key may be there in part, or whole and not known to be on the disk.
        this.#give(slot, subject);
        throw error;
      }
      this.#slots.set(subject, slot);
      if (former === undefined) return;
      this.#give(former, subject);
      this.#tidyQuietly();
    } finally {
      dataKey.fill(0);
      values.fill(0);
    }
  }

  #unseal(keys: VaultKeys, key: KeyRecord, record: TemplateRecord): Float32Array | null {
    const bond = { ...record, vaultId: this.#vaultId, subject: key.subject };
    const dataKey = unwrapKey(keys, key.wrapped, bond);
    if (dataKey === null) return null;
    try {
      return unsealTemplate(dataKey, record.sealed, bond);
    } finally {
      dataKey.fill(0);
    }
  }
}

const chainHashOf = ({ profile, version }: FaceChainId): Uint8Array => bondHash(profile, version);

const isSame = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && timingSafeEqual(a, b);
