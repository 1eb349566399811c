import { randomBytes } from "node:crypto";
import { z } from "zod";
import {
  type EpochMs,
  epochMs,
  type SubjectRef,
  subjectRef,
  type TenantId,
} from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";
import type { EidTag } from "../../privacy/loyalty/eid-window.ts";
import type { LoyaltyKeys, SealedPlace } from "../../privacy/loyalty/loyalty-keys.ts";
import type { DocumentRepository } from "../repository.ts";

/** What the centre keeps of a member besides consents; who that is stands elsewhere. */
export interface Member {
  readonly tenantId: TenantId;
  readonly subject: SubjectRef;
  readonly registeredAt: EpochMs;
  /** Key of the member's app, 16 bytes; null: no app. */
  readonly appKey: Uint8Array | null;
  readonly tags: readonly EidTag[];
  /** Visits of consented recognition since the registration, and when the first and the last began. */
  readonly visits: number;
  readonly firstVisitAt: EpochMs | null;
  readonly lastVisitAt: EpochMs | null;
}

/** Where members are kept. */
export type MemberStore = Pick<DocumentRepository, "document" | "documents" | "saveDocument">;

export interface MemberBookTerms {
  readonly store: MemberStore;
  readonly keys: LoyaltyKeys;
  readonly now: () => EpochMs;
  /** Members of one tenant; beyond it nobody is registered. Absent = 200,000. */
  readonly cap?: number;
}

const MEMBER = "loyalty-member";
const IDENTITY = "loyalty-identity";
const KEY_CHECK: SealedPlace = { kind: "loyalty-key", owner: "", part: "" };
const CAP = 200_000;
const KEY_BYTES = 16;

const key16 = z.string().regex(/^[A-Za-z0-9_-]{22}$/);
const memberSchema = z.strictObject({
  registeredAt: z.number(),
  appKey: key16.nullable(),
  tags: z.array(
    z.strictObject({
      ...{ key: key16, rotation: z.number(), counter: z.number() },
      ...{ counterAt: z.number(), lostMs: z.number() },
    }),
  ),
  visits: z.number(),
  firstVisitAt: z.number().nullable(),
  lastVisitAt: z.number().nullable(),
});
const identitySchema = z.strictObject({ subject: z.string(), customer: z.string() });

/** 128 random bits as 22 characters of base64url. */
export const newRandomId = (): string => randomBytes(16).toString("base64url");

/**
 * The members of all tenants. What a member carries and what a customer is called rest in documents of two kinds, both
 * sealed; the second is found by a keyed hash alone, so that who has the store has no names, and who has a name cannot
 * look for it. In memory: keys and numbers, never a customer's name. Changes queue.
 */
export class MemberBook {
  readonly #terms: MemberBookTerms;
  readonly #members = new Map<SubjectRef, Member>();
  readonly #counts = new Map<TenantId, number>();
  /** By the index of the customer, and back. */
  readonly #subjects = new Map<string, SubjectRef>();
  readonly #indexes = new Map<SubjectRef, string>();
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(terms: MemberBookTerms) {
    this.#terms = terms;
  }

  /** Reads all members. @throws LOYALTY_KEY_WRONG when they were sealed with another key, STORE_FAILED */
  static async open(terms: MemberBookTerms, tenants: readonly TenantId[]): Promise<MemberBook> {
    const book = new MemberBook(terms);
    await book.#checkKey();
    for (const tenant of tenants) await book.#load(tenant);
    return book;
  }

  get size(): number {
    return this.#members.size;
  }

  /** All members of a tenant. */
  *of(tenant: TenantId): Generator<Member> {
    for (const member of this.#members.values()) if (member.tenantId === tenant) yield member;
  }

  bySubject(subject: SubjectRef): Member | null {
    return this.#members.get(subject) ?? null;
  }

  byCustomer(tenant: TenantId, customer: string): Member | null {
    const subject = this.#subjects.get(this.#terms.keys.indexOf(tenant, customer));
    const member = subject === undefined ? undefined : this.#members.get(subject);
    return member?.tenantId === tenant ? member : null;
  }

  /** Whether another member of the tenant finds room. */
  hasRoom(tenant: TenantId): boolean {
    return (this.#counts.get(tenant) ?? 0) < (this.#terms.cap ?? CAP);
  }

  /**
   * Registers a customer: null when there is one of this name already, or no room. `subject`: a reference that a station
   * gave; absent = a new one. @throws STORE_FAILED; then there is no such member
   */
  add(
    tenant: TenantId,
    customer: string,
    { withApp, subject }: { readonly withApp: boolean; readonly subject?: SubjectRef },
  ): Promise<Member | null> {
    return this.#inTurn(async () => {
      const ref = subject ?? subjectRef(newRandomId());
      const isTaken = this.byCustomer(tenant, customer) !== null || this.#members.has(ref);
      if (isTaken || !this.hasRoom(tenant)) return null;
      const member: Member = {
        ...{ tenantId: tenant, subject: ref, registeredAt: this.#terms.now() },
        ...{ appKey: withApp ? newKey() : null, tags: [] },
        ...{ visits: 0, firstVisitAt: null, lastVisitAt: null },
      };
      // The keys first: an entry of keys without a name is found and removed, a name without keys would be a dead end.
      await this.#save(member);
      const index = this.#terms.keys.indexOf(tenant, customer);
      await this.#write(
        { kind: IDENTITY, owner: tenant, part: index },
        JSON.stringify({ subject: ref, customer }),
      );
      this.#put(member);
      this.#bind(index, ref);
      return member;
    });
  }

  /** Changes a member; null when there is none of this reference any more. @throws STORE_FAILED; nothing changed then */
  change(subject: SubjectRef, to: (member: Member) => Member): Promise<Member | null> {
    return this.#inTurn(async () => {
      const member = this.#members.get(subject);
      if (member === undefined) return null;
      const changed = to(member);
      await this.#save(changed);
      this.#members.set(subject, changed);
      return changed;
    });
  }

  /** Gives a member a new key of the app, 16 bytes, and returns it; the one before is worth nothing from then on. */
  async renewAppKey(subject: SubjectRef): Promise<Uint8Array | null> {
    const member = await this.change(subject, (old) => ({ ...old, appKey: newKey() }));
    return member?.appKey ?? null;
  }

  /** What a member is called by the tenant; null when it is not known here. @throws STORE_FAILED */
  async customerOf(subject: SubjectRef): Promise<string | null> {
    const [index, member] = [this.#indexes.get(subject), this.#members.get(subject)];
    if (index === undefined || member === undefined) return null;
    const place = { kind: IDENTITY, owner: member.tenantId, part: index };
    const row = await this.#terms.store.document(place);
    return row === null
      ? null
      : (identityOf(this.#terms.keys.open(row.text, place))?.customer ?? null);
  }

  /**
   * Forgets a member: name, keys and numbers. False when there was none, or `mayGo`, asked once nothing else is being
   * written, says no. @throws STORE_FAILED; then try again
   */
  remove(subject: SubjectRef, mayGo: () => boolean): Promise<boolean> {
    return this.#inTurn(async () => {
      const member = this.#members.get(subject);
      if (member === undefined || !mayGo()) return false;
      const { store, now } = this.#terms;
      const index = this.#indexes.get(subject);
      if (index !== undefined)
        await store.saveDocument(
          { kind: IDENTITY, owner: member.tenantId, part: index },
          null,
          now(),
        );
      await store.saveDocument(
        { kind: MEMBER, owner: member.tenantId, part: subject },
        null,
        now(),
      );
      this.#members.delete(subject);
      this.#counts.set(member.tenantId, (this.#counts.get(member.tenantId) ?? 1) - 1);
      this.#indexes.delete(subject);
      if (index !== undefined) this.#subjects.delete(index);
      return true;
    });
  }

  async #checkKey(): Promise<void> {
    const { store, keys } = this.#terms;
    const row = await store.document(KEY_CHECK);
    if (row === null) await this.#write(KEY_CHECK, "vitrine");
    else if (keys.open(row.text, KEY_CHECK) === null) throw wrongKey();
  }

  async #load(tenant: TenantId): Promise<void> {
    const { store, keys } = this.#terms;
    for (const { key, text } of await store.documents(MEMBER, tenant)) {
      const member = memberOf(keys.open(text, key), tenant, subjectRef(key.part));
      if (member === null) throw wrongKey();
      this.#put(member);
    }
    for (const { key, text } of await store.documents(IDENTITY, tenant)) {
      const identity = identityOf(keys.open(text, key));
      if (identity === null) throw wrongKey();
      if (this.#members.has(identity.subject)) this.#bind(key.part, identity.subject);
      else await store.saveDocument(key, null, this.#terms.now());
    }
  }

  #put(member: Member): void {
    if (!this.#members.has(member.subject))
      this.#counts.set(member.tenantId, (this.#counts.get(member.tenantId) ?? 0) + 1);
    this.#members.set(member.subject, member);
  }

  #bind(index: string, subject: SubjectRef): void {
    this.#subjects.set(index, subject);
    this.#indexes.set(subject, index);
  }

  async #save(member: Member): Promise<void> {
    const { tenantId: owner, subject: part, appKey, tags, ...rest } = member;
    const text = {
      ...rest,
      appKey: appKey === null ? null : base64url(appKey),
      tags: tags.map((tag) => ({ ...tag, key: base64url(tag.key) })),
    };
    await this.#write({ kind: MEMBER, owner, part }, JSON.stringify(text));
  }

  async #write(place: SealedPlace, text: string): Promise<void> {
    const { store, keys, now } = this.#terms;
    await store.saveDocument(place, keys.seal(text, place), now());
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work);
    this.#queue = turn.catch(() => undefined);
    return turn;
  }
}

const newKey = (): Uint8Array => new Uint8Array(randomBytes(KEY_BYTES));
const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "base64url"));
const at = (value: number | null): EpochMs | null => (value === null ? null : epochMs(value));

function memberOf(text: string | null, tenant: TenantId, subject: SubjectRef): Member | null {
  const outcome = text === null ? null : memberSchema.safeParse(JSON.parse(text));
  if (outcome?.success !== true) return null;
  const { registeredAt, appKey, tags, visits, firstVisitAt, lastVisitAt } = outcome.data;
  return {
    ...{ tenantId: tenant, subject, registeredAt: epochMs(registeredAt), visits },
    appKey: appKey === null ? null : bytesOf(appKey),
    tags: tags.map((tag) => ({
      ...tag,
      key: bytesOf(tag.key),
      counterAt: epochMs(tag.counterAt),
    })),
    ...{ firstVisitAt: at(firstVisitAt), lastVisitAt: at(lastVisitAt) },
  };
}

function identityOf(
  text: string | null,
): { readonly subject: SubjectRef; readonly customer: string } | null {
  const outcome = text === null ? null : identitySchema.safeParse(JSON.parse(text));
  if (outcome?.success !== true) return null;
  return { subject: subjectRef(outcome.data.subject), customer: outcome.data.customer };
}

const wrongKey = (): GatewayError =>
  new GatewayError("LOYALTY_KEY_WRONG", "the members were sealed with another key");
