import { type TagId, tagId } from "../core/brand.ts";
import { GatewayError } from "../core/errors.ts";
import type { BeaconIdentity, TagPlan } from "../core/site.ts";
import { type BeaconSpot, IDENTITY_BYTES, type IdentityFormat } from "./beacon.ts";
import { byteAt, bytesOfHex } from "./bytes.ts";

const SLOT_BYTES = 21;
const FORMAT_CODE: Readonly<Record<IdentityFormat, number>> = {
  ibeacon: 1,
  altbeacon: 2,
  "eddystone-uid": 3,
};

/** Positions a book gives out in one life of the gateway: twice the tags a plan may have. */
export const TAG_POSITION_CAP = 40_000;

/** Members of a loyalty programme that a book follows at a time, beside the registered tags. */
export const GUEST_CAP = 512;

/**
 * A tag that is followed: a registered one, or a guest (a member of a loyalty programme while present), who has no fixed
 * identity to be registered by.
 */
export type FollowedTag = Omit<TagPlan, "beacon"> & Partial<Pick<TagPlan, "beacon">>;

/** What a replacement changed, as positions, each list ascending. */
export interface TagBookChange {
  /** New positions, and positions of retired tags whose id is back: their state begins anew. */
  readonly added: readonly number[];
  /** Same id, another name. */
  readonly changed: readonly number[];
  /** Same id, another kind or identity: another thing by now, of which nothing is known yet. */
  readonly renewed: readonly number[];
  /** No longer registered: never matched again, unless the same id comes back. */
  readonly retired: readonly number[];
}

/**
 * The registered tags of the running gateway, and which of them a beacon identity belongs to. Anything not found here
 * is nobody. Positions are handed out once: arrays of state may be kept by them.
 */
export interface TagBook {
  /**
   * The tags by position; one array that grows and is never replaced. A retired tag keeps its place in it: ask
   * `isActive` before walking through it.
   */
  readonly tags: readonly FollowedTag[];
  /** The registered tags only, in the order of their positions; a new array with each change. */
  readonly active: readonly TagPlan[];
  isActive(position: number): boolean;
  /**
   * Gives a guest a position: one that nobody uses, so that guests never run out of them. -1 when `GUEST_CAP` are here.
   * Nobody is told, and no identity leads to it.
   */
  admit(guest: FollowedTag): number;
  /** Takes a guest's position back: it may be another's from here on. Nothing happens for a registered tag. */
  dismiss(position: number): void;
  isGuest(position: number): boolean;
  /** Position of the tag whose identity stands at `spot` in the payload, or -1. Allocates nothing. */
  indexOf(payload: Uint8Array, spot: Readonly<BeaconSpot>): number;
  /** Position of the tag with this identity, or -1. */
  indexOfIdentity(identity: BeaconIdentity): number;
  /** Position of the registered tag with this id, or -1. */
  indexOfId(id: TagId): number;
  /** Whether this id is a guest's now, or is registered or was while the gateway runs: what a retired tag did last is told after it went. */
  knows(id: TagId): boolean;
  /**
   * Makes `tags` the registered ones: a known id keeps its position, others get new ones. Of two tags with one
   * identity the first of the book is found; of two with one id the last counts. Listeners are told before it returns.
   * @throws TAG_BOOK_FULL when positions run out; nothing has changed then
   */
  replace(tags: readonly TagPlan[]): TagBookChange;
  /** Whether `replace` has positions enough for these tags. */
  hasRoomFor(tags: readonly TagPlan[]): boolean;
  /** Calls back after each change that changed something; returns how to stop that. */
  onChange(listener: (change: TagBookChange) => void): () => void;
}

/**
 * Opens a book with these tags. Identities lie as bytes in one flat array under an open-addressing hash table, so that
 * a lookup compares bytes in the packet itself and makes no text; the table is built anew with each change.
 */
export function createTagBook(tags: readonly TagPlan[]): TagBook {
  return new LiveTagBook(tags);
}

/** Stands where a guest stood: nothing is left of who it was. */
const NOBODY: FollowedTag = { id: tagId("nobody"), kind: "loyalty-card" };

class LiveTagBook implements TagBook {
  readonly tags: FollowedTag[] = [];
  #active: readonly TagPlan[] = [];
  readonly #isActive: boolean[] = [];
  readonly #positions = new Map<TagId, number>();
  readonly #listeners = new Set<(change: TagBookChange) => void>();
  readonly #guests = new Map<TagId, number>();
  /** Positions that guests had and nobody has now; with the guests' own at most `GUEST_CAP`. */
  readonly #vacant: number[] = [];
  #table: Int32Array = new Int32Array(16).fill(-1);
  #identities: Uint8Array = new Uint8Array(0);

  constructor(tags: readonly TagPlan[]) {
    this.replace(tags);
  }

  get active(): readonly TagPlan[] {
    return this.#active;
  }

  isActive(position: number): boolean {
    return this.#isActive[position] === true;
  }

  admit(guest: FollowedTag): number {
    const known = this.#guests.get(guest.id);
    if (known !== undefined) return known;
    if (this.#guests.size >= GUEST_CAP) return -1;
    const position = this.#vacant.pop() ?? this.tags.length;
    this.tags[position] = guest;
    this.#isActive[position] = true;
    this.#guests.set(guest.id, position);
    return position;
  }

  dismiss(position: number): void {
    const id = this.tags[position]?.id;
    if (id === undefined || this.#guests.get(id) !== position) return;
    this.#guests.delete(id);
    this.#isActive[position] = false;
    this.tags[position] = NOBODY;
    this.#vacant.push(position);
  }

  isGuest(position: number): boolean {
    const id = this.tags[position]?.id;
    return id !== undefined && this.#guests.get(id) === position;
  }

  indexOf(payload: Uint8Array, spot: Readonly<BeaconSpot>): number {
    if (spot.format === "eddystone-tlm") return -1;
    const { format, idFrom } = spot;
    return this.#find(FORMAT_CODE[format], payload, idFrom, IDENTITY_BYTES[format]);
  }

  indexOfIdentity(identity: BeaconIdentity): number {
    const bytes = identityBytes(identity);
    return this.#find(FORMAT_CODE[identity.format], bytes, 0, bytes.length);
  }

  indexOfId(id: TagId): number {
    const position = this.#positions.get(id) ?? -1;
    return this.isActive(position) ? position : -1;
  }

  knows(id: TagId): boolean {
    return this.#positions.has(id) || this.#guests.has(id);
  }

  hasRoomFor(tags: readonly TagPlan[]): boolean {
    const strangers = new Set(tags.map(({ id }) => id).filter((id) => !this.#positions.has(id)));
    const guests = this.#guests.size + this.#vacant.length;
    return this.tags.length - guests + strangers.size <= TAG_POSITION_CAP;
  }

  replace(tags: readonly TagPlan[]): TagBookChange {
    if (!this.hasRoomFor(tags)) {
      const message = `the gateway has had ${this.tags.length} tags since it started and can take ${TAG_POSITION_CAP}`;
      throw new GatewayError("TAG_BOOK_FULL", message, { context: { tags: tags.length } });
    }
    const change = this.#place(tags);
    this.#active = this.tags.filter(
      (tag, position): tag is TagPlan => tag.beacon !== undefined && this.#isRegistered(position),
    );
    this.#index();
    const isEmpty = Object.values(change).every((positions) => positions.length === 0);
    if (!isEmpty) for (const listener of [...this.#listeners]) listener(change);
    return change;
  }

  onChange(listener: (change: TagBookChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #place(tags: readonly TagPlan[]): TagBookChange {
    const kept = new Set<number>();
    const added = new Set<number>();
    const changed = new Set<number>();
    const renewed = new Set<number>();
    for (const tag of tags) {
      const position = this.#positions.get(tag.id) ?? this.tags.length;
      const known = this.tags[position];
      if (this.isActive(position)) {
        if (known !== undefined && !sameThing(known, tag)) renewed.add(position);
        else if (known?.name !== tag.name) changed.add(position);
      } else added.add(position);
      this.#positions.set(tag.id, position);
      this.tags[position] = tag;
      this.#isActive[position] = true;
      kept.add(position);
    }
    const retired = this.tags.flatMap((_, position) =>
      this.#isRegistered(position) && !kept.has(position) ? [position] : [],
    );
    for (const position of retired) this.#isActive[position] = false;
    const inOrder = (positions: ReadonlySet<number>): number[] =>
      [...positions].sort((a, b) => a - b);
    for (const position of added) renewed.delete(position);
    for (const position of [...added, ...renewed]) changed.delete(position);
    return { added: inOrder(added), changed: inOrder(changed), renewed: inOrder(renewed), retired };
  }

  #isRegistered(position: number): boolean {
    return this.isActive(position) && !this.isGuest(position);
  }

  #index(): void {
    const table = new Int32Array(tableSize(this.#active.length)).fill(-1);
    const mask = table.length - 1;
    const identities = new Uint8Array(this.tags.length * SLOT_BYTES);
    for (const [position, { beacon }] of this.tags.entries()) {
      if (!this.#isRegistered(position) || beacon === undefined) continue;
      const bytes = identityBytes(beacon);
      const code = FORMAT_CODE[beacon.format];
      identities[position * SLOT_BYTES] = code;
      identities.set(bytes, position * SLOT_BYTES + 1);
      let slot = hashOf(code, bytes, 0, bytes.length) & mask;
      while ((table[slot] ?? -1) !== -1) {
        if (sameAt(identities, table[slot] ?? -1, code, bytes, 0, bytes.length)) break;
        slot = (slot + 1) & mask;
      }
      if (table[slot] === -1) table[slot] = position;
    }
    this.#table = table;
    this.#identities = identities;
  }

  #find(code: number, bytes: Uint8Array, from: number, size: number): number {
    const table = this.#table;
    const mask = table.length - 1;
    let slot = hashOf(code, bytes, from, size) & mask;
    for (let index = table[slot] ?? -1; index !== -1; index = table[slot] ?? -1) {
      if (sameAt(this.#identities, index, code, bytes, from, size)) return index;
      slot = (slot + 1) & mask;
    }
    return -1;
  }
}

/** Power of two with at most half of the slots taken, so that a search is short and always ends. */
function tableSize(count: number): number {
  let size = 16;
  while (size < 2 * count) size *= 2;
  return size;
}

/** @source FNV-1a, 32 bits, Fowler, Noll, Vo. */
function hashOf(code: number, bytes: Uint8Array, from: number, size: number): number {
  let hash = Math.imul(0x811c9dc5 ^ code, 0x01000193);
  for (let i = 0; i < size; i += 1) hash = Math.imul(hash ^ byteAt(bytes, from + i), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}

function sameAt(
  identities: Uint8Array,
  index: number,
  code: number,
  bytes: Uint8Array,
  from: number,
  size: number,
): boolean {
  const at = index * SLOT_BYTES;
  if (identities[at] !== code) return false;
  for (let i = 0; i < size; i += 1) if (identities[at + 1 + i] !== bytes[from + i]) return false;
  return true;
}

function sameThing(a: FollowedTag, b: TagPlan): boolean {
  return (
    a.kind === b.kind && a.beacon !== undefined && identityKey(a.beacon) === identityKey(b.beacon)
  );
}

/** One text per identity: two tags with the same text cannot be told apart on the air. Pure. */
export function identityKey(beacon: BeaconIdentity): string {
  switch (beacon.format) {
    case "ibeacon":
      return `ibeacon ${beacon.uuid} ${beacon.major} ${beacon.minor}`;
    case "altbeacon":
      return `altbeacon ${beacon.id}`;
    case "eddystone-uid":
      return `eddystone-uid ${beacon.namespace} ${beacon.instance}`;
  }
}

/** The bytes by which a registered identity is recognised on the air, in the order in which they are sent. Pure. */
export function identityBytes(beacon: BeaconIdentity): Uint8Array {
  switch (beacon.format) {
    case "ibeacon": {
      const bytes = new Uint8Array(20);
      bytes.set(bytesOfHex(beacon.uuid.replaceAll("-", "")) ?? [], 0);
      bytes.set([beacon.major >> 8, beacon.major & 255, beacon.minor >> 8, beacon.minor & 255], 16);
      return bytes;
    }
    case "altbeacon":
      return bytesOfHex(beacon.id) ?? new Uint8Array(20);
    case "eddystone-uid":
      return bytesOfHex(beacon.namespace + beacon.instance) ?? new Uint8Array(16);
  }
}
