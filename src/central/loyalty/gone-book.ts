import { createHmac, randomBytes } from "node:crypto";
import { z } from "zod";
import type { EpochMs, TenantId } from "../../core/brand.ts";
import type { LoyaltyKeys } from "../../privacy/loyalty/loyalty-keys.ts";
import { goneName } from "../named-events.ts";
import type { DocumentRepository } from "../repository.ts";

export interface GoneBookTerms {
  readonly store: Pick<DocumentRepository, "documents" | "saveDocument">;
  readonly keys: Pick<LoyaltyKeys, "goneIndexOf" | "seal" | "open">;
  readonly now: () => EpochMs;
  /** How long a late event may name somebody who was erased: as long as events are kept, and what they come late. */
  readonly keptMs: number;
  /** Names that are remembered; absent = 200,000. */
  readonly cap?: number;
}

/** A name that is being taken out, and the stores where it was found. */
export interface PendingName {
  readonly tenantId: TenantId;
  readonly name: string;
  readonly storeIds: readonly string[];
}

interface Gone {
  readonly tenantId: TenantId;
  readonly index: string;
  /** Makes what stands in its place; destroyed with the entry, so that nothing leads from one to the other. */
  readonly salt: Uint8Array;
  readonly at: EpochMs;
  readonly pending: Omit<PendingName, "tenantId"> | null;
}

const KIND = "loyalty-gone";
const SALT_BYTES = 16;
const ALIAS_BYTES = 12;
const CAP = 200_000;

const goneSchema = z.strictObject({
  salt: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
  pending: z.strictObject({ name: z.string(), storeIds: z.array(z.string()) }).nullable(),
});

/**
 * Names of members that were taken out of the store, so that they are taken out of events too that come late. A name
 * stands here by a keyed hash alone, and sealed as long as it is being taken out. What takes its place is the same all
 * through one day of a shop and another one the next day: a day's figures stay what they are, and nobody's visits hang
 * together. Bounded: beyond 200,000 the oldest is forgotten and counted.
 */
export class GoneBook {
  readonly #terms: GoneBookTerms;
  /** Oldest first. */
  readonly #names = new Map<string, Gone>();
  #forgotten = 0;

  private constructor(terms: GoneBookTerms) {
    this.#terms = terms;
  }

  /** @throws STORE_FAILED */
  static async open(terms: GoneBookTerms, tenants: readonly TenantId[]): Promise<GoneBook> {
    const book = new GoneBook(terms);
    const found: Gone[] = [];
    for (const tenantId of tenants)
      for (const { key, text, at } of await terms.store.documents(KIND, tenantId)) {
        const opened = terms.keys.open(text, key);
        const outcome = opened === null ? null : goneSchema.safeParse(JSON.parse(opened));
        if (outcome?.success !== true) continue;
        const salt = new Uint8Array(Buffer.from(outcome.data.salt, "base64url"));
        found.push({ tenantId, index: key.part, salt, at, pending: outcome.data.pending });
      }
    for (const one of found.sort((a, b) => a.at - b.at)) book.#names.set(keyOf(one), one);
    return book;
  }

  get size(): number {
    return this.#names.size;
  }

  /** Names that were forgotten before their time since the start, because there were too many. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** From now on a name is taken out; the same again changes nothing. Durable when it resolves. @throws STORE_FAILED */
  async mark(tenantId: TenantId, name: string): Promise<void> {
    const index = this.#terms.keys.goneIndexOf(tenantId, name);
    const known = this.#names.get(keyOf({ tenantId, index }));
    if (known !== undefined && known.pending !== null) return;
    const salt = known?.salt ?? new Uint8Array(randomBytes(SALT_BYTES));
    const pending = { name, storeIds: [] };
    await this.#save({ tenantId, index, salt, at: this.#terms.now(), pending });
    await this.#bound();
  }

  /** Notes where a name was found. @throws STORE_FAILED */
  async found(tenantId: TenantId, name: string, storeIds: readonly string[]): Promise<void> {
    const known = this.#of(tenantId, name);
    if (known !== undefined) await this.#save({ ...known, pending: { name, storeIds } });
  }

  /** A name is out: only its hash is left. @throws STORE_FAILED */
  async settle(tenantId: TenantId, name: string): Promise<void> {
    const known = this.#of(tenantId, name);
    if (known !== undefined) await this.#save({ ...known, pending: null });
  }

  /** Names that are to be looked for once more: since before `until`, at most `limit`. */
  pending(until: EpochMs, limit: number): readonly PendingName[] {
    const found: PendingName[] = [];
    for (const { tenantId, at, pending } of this.#names.values()) {
      if (pending !== null && at <= until) found.push({ tenantId, ...pending });
      if (found.length >= limit) break;
    }
    return found;
  }

  /** What stands in place of a name in one part of the store, such as a day; null when the name was not taken out. */
  aliasOf(tenantId: TenantId, name: string, part: string): string | null {
    if (this.#names.size === 0) return null;
    const salt = this.#of(tenantId, name)?.salt;
    if (salt === undefined) return null;
    const digest = createHmac("sha256", salt).update(part).digest();
    return goneName(digest.subarray(0, ALIAS_BYTES).toString("base64url"));
  }

  /** Forgets names that no event can hold any more; returns how many. @throws STORE_FAILED */
  async prune(): Promise<number> {
    const { now, keptMs } = this.#terms;
    let count = 0;
    for (const one of this.#names.values()) {
      if (now() - one.at <= keptMs) break;
      if (one.pending !== null) continue;
      await this.#forget(one);
      count += 1;
    }
    return count;
  }

  #of(tenantId: TenantId, name: string): Gone | undefined {
    const index = this.#terms.keys.goneIndexOf(tenantId, name);
    return this.#names.get(keyOf({ tenantId, index }));
  }

  async #save(one: Gone): Promise<void> {
    const { store, keys } = this.#terms;
    const place = { kind: KIND, owner: one.tenantId, part: one.index };
    const text = { salt: Buffer.from(one.salt).toString("base64url"), pending: one.pending };
    await store.saveDocument(place, keys.seal(JSON.stringify(text), place), one.at);
    const isNewer = (this.#names.get(keyOf(one))?.at ?? one.at) < one.at;
    if (isNewer) this.#names.delete(keyOf(one));
    this.#names.set(keyOf(one), one);
  }

  async #bound(): Promise<void> {
    const [oldest] = this.#names.values();
    if (this.#names.size <= (this.#terms.cap ?? CAP) || oldest === undefined) return;
    await this.#forget(oldest);
    this.#forgotten += 1;
  }

  async #forget(one: Gone): Promise<void> {
    const { store, now } = this.#terms;
    const place = { kind: KIND, owner: one.tenantId, part: one.index };
    await store.saveDocument(place, null, now());
    this.#names.delete(keyOf(one));
    one.salt.fill(0);
  }
}

const keyOf = ({ tenantId, index }: Pick<Gone, "tenantId" | "index">): string =>
  `${tenantId}/${index}`;
