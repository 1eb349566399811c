import { BoundedMap } from "../../core/bounded-map.ts";
import { type EpochMs, monoMs, type TagId } from "../../core/brand.ts";
import type { JourneyHead } from "../../core/events.ts";
import { Carrier, type CarrierIdentity, type NameAt, tagKey } from "./carrier.ts";
import { compareMarks, type Mark } from "./marks.ts";
import { VISIT_LIMITS } from "./rules.ts";

const bounded = (): BoundedMap<string, Carrier> =>
  new BoundedMap({ cap: VISIT_LIMITS.carriers, idleMs: Number.POSITIVE_INFINITY });

/**
 * The tracks and tags of the shop, and which of them are one person. Two tracks that a source calls one are held apart
 * and only read together, so that it can be taken back without a trace. Bounded.
 */
export class Carriers {
  readonly #tracks = bounded();
  readonly #tags = bounded();
  /** Of the registered tags; the one untouched longest goes first, and is learned again when it moves. */
  readonly #movers = new BoundedMap<string, EpochMs>({
    cap: VISIT_LIMITS.carriers,
    idleMs: Number.POSITIVE_INFINITY,
  });

  get size(): number {
    return this.#tracks.size + this.#tags.size;
  }

  /** Carriers that found no room. */
  get evicted(): number {
    return this.#tracks.evicted + this.#tags.evicted;
  }

  /** When the first thing happened that is known of anybody; null when nothing is. */
  get since(): EpochMs | null {
    let since: EpochMs | null = null;
    for (const { marks } of this.all()) {
      const at = marks.all[0]?.at ?? null;
      if (at !== null && (since === null || at < since)) since = at;
    }
    return since;
  }

  find(key: string): Carrier | null {
    return this.#tracks.peek(key) ?? this.#tags.peek(key) ?? null;
  }

  /** The carrier, made when it is new. */
  touch(identity: CarrierIdentity, head: JourneyHead): Carrier {
    const map = identity.who.tagId === null ? this.#tracks : this.#tags;
    const known = map.get(identity.key, monoMs(0));
    if (known !== undefined) return known;
    const carrier = new Carrier(identity, head);
    map.set(identity.key, carrier, monoMs(0));
    return carrier;
  }

  delete(key: string): void {
    for (const other of this.find(key)?.sameAs ?? []) this.find(other)?.sameAs.delete(key);
    if (!this.#tracks.delete(key)) this.#tags.delete(key);
  }

  /** Gives a tag another name; it, or null when nothing is known of it. */
  renameTag(from: TagId, to: TagId, nameAt: NameAt): Carrier | null {
    const carrier = this.#tags.peek(tagKey(from));
    if (carrier === undefined) return null;
    this.#tags.delete(tagKey(from));
    carrier.rename(to, nameAt);
    this.#tags.set(carrier.key, carrier, monoMs(0));
    return carrier;
  }

  /** A tag told that it was moved at this time: such tags are followed by their movements from then on. */
  noteMover(key: string, at: EpochMs): void {
    const since = this.moverSince(key);
    if (since === null || at < since) this.#movers.set(key, at, monoMs(0));
  }

  /** Since when a tag is known to tell its movements; null when it never did. */
  moverSince(key: string): EpochMs | null {
    return this.#movers.peek(key) ?? null;
  }

  /** Two carriers are one person from now on, or are not after all; false when they were that already. */
  join(a: Carrier, b: Carrier, isUndone: boolean): boolean {
    if (a === b || a.sameAs.has(b.key) !== isUndone) return false;
    if (isUndone) {
      a.sameAs.delete(b.key);
      b.sameAs.delete(a.key);
    } else {
      a.sameAs.add(b.key);
      b.sameAs.add(a.key);
    }
    return true;
  }

  /** Everybody who is this person, in order of their keys. */
  group(carrier: Carrier): readonly Carrier[] {
    if (carrier.sameAs.size === 0) return [carrier];
    const found = new Map([[carrier.key, carrier]]);
    for (const { sameAs } of found.values()) {
      for (const key of sameAs) {
        const other = this.find(key);
        if (other !== null) found.set(key, other);
      }
    }
    return [...found.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** Tracks, then tags; those longest untouched first. */
  *all(): Generator<Carrier> {
    for (const [, carrier] of this.#tracks.entries()) yield carrier;
    for (const [, carrier] of this.#tags.entries()) yield carrier;
  }
}

/** What is known of a person, in order of time. Pure. */
export function marksOf(group: readonly Carrier[]): readonly Mark[] {
  const [only] = group;
  if (group.length === 1 && only !== undefined) return only.marks.all;
  return group.flatMap(({ marks }) => marks.all).sort(compareMarks);
}
