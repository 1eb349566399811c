import type { MonoMs } from "../core/brand.ts";

/** A beacon tells its name at least every ten seconds; two minutes are what may be kept of an address at all. */
const IDLE_MS = 120_000;
/** A thousand tags, each heard by eight receivers; about 1 MB. */
const CAP = 8_192;
/** So much room is made at a time: looking for the oldest one on every packet would cost more than the packet. */
const EVICTED_RATIO = 0.25;

/** An address as a number where a controller reported it (see `addressNumberAt`), else in print. Of one kind per receiver. */
export type AddressKey = number | string;

interface Owner {
  tag: number;
  namedMono: MonoMs;
}

/**
 * Whose frames are those that carry no identity (telemetry, vendor data): those of the tag whose identity was last heard
 * from the same address by the same receiver. Only addresses of registered tags are kept, in memory, for two minutes
 * after the tag last told its name; beyond the cap those that were kept for the longest time are forgotten.
 */
export class FrameOwners {
  readonly #cap: number;
  /** By receiver; in order of first naming. */
  readonly #owners: (Map<AddressKey, Owner> | undefined)[] = [];
  #size = 0;
  #evicted = 0;

  constructor(cap = CAP) {
    this.#cap = cap;
  }

  /** Addresses kept now. */
  get size(): number {
    return this.#size;
  }

  /** Addresses that were forgotten early because there were too many. */
  get evicted(): number {
    return this.#evicted;
  }

  /** The tag told its name from this address. */
  named(receiver: number, address: AddressKey, tag: number, atMono: MonoMs): void {
    const owners = this.#owners[receiver] ?? new Map<AddressKey, Owner>();
    this.#owners[receiver] = owners;
    const known = owners.get(address);
    if (known !== undefined) {
      known.tag = tag;
      known.namedMono = atMono;
      return;
    }
    if (this.#size >= this.#cap) this.#evict();
    owners.set(address, { tag, namedMono: atMono });
    this.#size += 1;
  }

  /** Position of the tag that this address of this receiver belongs to, or -1. */
  ownerOf(receiver: number, address: AddressKey): number {
    return this.#owners[receiver]?.get(address)?.tag ?? -1;
  }

  /** Forgets addresses without a name for two minutes. Call about once a second. */
  advance(nowMono: MonoMs): void {
    this.#dropWhere(({ namedMono }) => nowMono - namedMono > IDLE_MS);
  }

  /** Forgets all addresses of a tag that is no longer registered. */
  forget(tag: number): void {
    this.#dropWhere((owner) => owner.tag === tag);
  }

  /** Of every receiver the same share, so that one which hears many costs the others little. */
  #evict(): void {
    for (const owners of this.#owners) {
      let left = Math.ceil((owners?.size ?? 0) * EVICTED_RATIO);
      for (const address of owners?.keys() ?? []) {
        if (left === 0) break;
        left -= 1;
        owners?.delete(address);
        this.#size -= 1;
        this.#evicted += 1;
      }
    }
  }

  #dropWhere(isGone: (owner: Owner) => boolean): void {
    for (const owners of this.#owners)
      for (const [address, owner] of owners ?? [])
        if (isGone(owner)) {
          owners?.delete(address);
          this.#size -= 1;
        }
  }
}
