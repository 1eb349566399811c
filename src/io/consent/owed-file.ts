import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { epochMs, grantId, type SubjectRef, subjectRef } from "../../core/brand.ts";
import { PURPOSES } from "../../core/consent.ts";
import { REVOKERS } from "../../core/consent-ledger.ts";
import { GatewayError } from "../../core/errors.ts";
import type { Log } from "../../core/lifecycle.ts";
import type { OwedStore, Revocation } from "../../privacy/consent/ledger-terms.ts";
import { SlotFile } from "../vault/slot-file.ts";
import { guarded } from "./open-consent-database.ts";

const SLOT_BYTES = 1_024;
/** 64 KiB that are there before the disk is full. */
const RESERVED = 64;
/** What a shop takes back while a disk refuses to write, with much to spare; one more is held in memory alone. */
const CAP = 10_000;

const purpose = z.enum(PURPOSES);
const owedSchema = z.strictObject({
  erasureId: z.string(),
  subjectRef: z.string().transform(subjectRef),
  grants: z.array(z.strictObject({ grantId: z.string().transform(grantId), purpose })),
  by: z.enum(REVOKERS),
  ref: z.string(),
  unseen: z
    .strictObject({ purposes: z.array(purpose), at: z.number().transform(epochMs) })
    .exactOptional(),
});

/**
 * `consent.owed` beside the ledger: consents that were taken back while the ledger could not be written. Its slots are there
 * from the beginning and overwritten where they lie, so that a full disk does not keep it from being noted. Used by the
 * gateway alone. A fault of it is logged and told to nobody else: what it cannot keep is in force in memory.
 */
export class OwedFile implements OwedStore {
  readonly #slots: SlotFile | null;
  readonly #log: Log;
  readonly #kept = new Map<string, { readonly slot: number; readonly subject: SubjectRef }>();
  readonly #found: (readonly [string, Revocation])[] = [];
  readonly #free: number[] = [];

  /** `ledgerPath`: the file of the ledger. Never throws. */
  constructor(ledgerPath: string, log: Log) {
    this.#log = log;
    const shape = { magic: "VITOWED1", slotBytes: SLOT_BYTES, head: () => new Uint8Array(0) };
    const fault = "CONSENT_LEDGER_UNAVAILABLE";
    const path = `${ledgerPath.replace(/\.db$/, "")}.owed`;
    this.#slots = this.#guarded(() => {
      guarded(() => mkdirSync(dirname(path), { recursive: true, mode: 0o700 }));
      return new SlotFile(path, { ...shape, fault, reserved: RESERVED });
    }, null);
    this.#guarded(() => this.#index(), undefined);
  }

  load(): Iterable<readonly [string, Revocation]> {
    return this.#found;
  }

  keep(erasureId: string, owed: Revocation): boolean {
    const slots = this.#slots;
    if (this.#kept.has(erasureId)) return true;
    if (slots === null || this.#kept.size >= CAP) return false;
    const { subjectRef: subject, by, ref, unseen } = owed;
    const grants = owed.grants.map((grant) => ({ grantId: grant.grantId, purpose: grant.purpose }));
    const record = { erasureId, subjectRef: subject, grants, by, ref };
    const text = JSON.stringify(unseen === undefined ? record : { ...record, unseen });
    return this.#guarded(() => {
      const slot = this.#free.pop() ?? slots.count;
      try {
        slots.write(slot, Buffer.from(text, "utf8"));
      } catch (error) {
        this.#free.push(slot);
        throw error;
      }
      this.#kept.set(erasureId, { slot, subject });
      return true;
    }, false);
  }

  drop(erasureId: string): void {
    const kept = this.#kept.get(erasureId);
    if (kept === undefined) return;
    // What cannot be cleared is found again after a restart, and is then written already.
    this.#guarded(() => this.#slots?.clear(kept.slot), undefined);
    this.#kept.delete(erasureId);
    this.#free.push(kept.slot);
  }

  /** Whether something of a member is noted here. */
  holds(subject: SubjectRef): boolean {
    for (const kept of this.#kept.values()) if (kept.subject === subject) return true;
    return false;
  }

  close(): void {
    this.#slots?.close();
  }

  #index(): void {
    const slots = this.#slots;
    if (slots === null) return;
    for (let slot = slots.count - 1; slot >= 0; slot -= 1) {
      const owed = readOwed(slots.read(slot));
      if (owed === null) this.#free.push(slot);
      else {
        const [erasureId, { subjectRef: subject }] = owed;
        this.#kept.set(erasureId, { slot, subject });
        this.#found.unshift(owed);
      }
    }
  }

  #guarded<T>(work: () => T, otherwise: T): T {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      const fields = { event: "consent.owed-fault", code: error.code, err: error };
      this.#log.error(fields, "what was taken back cannot be noted beside the ledger");
      return otherwise;
    }
  }
}

/** null: the slot is free, or was being written when the power went. */
function readOwed(slot: Uint8Array): readonly [string, Revocation] | null {
  const end = slot.indexOf(0);
  if (end === 0) return null;
  const text = Buffer.from(slot.subarray(0, end < 0 ? slot.length : end)).toString("utf8");
  try {
    const { erasureId, unseen, ...owed } = owedSchema.parse(JSON.parse(text));
    return [erasureId, unseen === undefined ? owed : { ...owed, unseen }];
  } catch {
    // A half-written slot is told by an exception only; the shopper was not told that it was kept.
    return null;
  }
}
