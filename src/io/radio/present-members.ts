import type { MonoMs, TagId } from "../../core/brand.ts";
import { MemberIds } from "../../radio/loyalty/member-ids.ts";
import type { MemberHearing, MemberPort } from "../../radio/loyalty/member-port.ts";
import type { FollowedTag, TagBook } from "../../radio/tag-registry.ts";

/** Beyond the silence after which a tag is outside, and the lag of the zone engine: nothing is told any more. */
const IDLE_MS = 120_000;
/** A blind receiver keeps a tag where it is, but no member is followed without a word for so long. */
const LONGEST_SILENCE_MS = 1_800_000;

interface Present {
  readonly position: number;
  heardMono: MonoMs;
}

export interface PresentMembersDeps {
  readonly port: MemberPort;
  readonly book: TagBook;
  /** Whether the guest at a position is told to be outside. */
  readonly isOutside: (position: number) => boolean;
  /** Ends what is told of the guest at a position. */
  readonly drop: (position: number) => void;
}

/**
 * Members who are present, as guests of the tag book: at most `GUEST_CAP`; who comes when it is full is followed as soon
 * as somebody left. Two minutes after a member went, and at once when consent ends, nothing is left.
 */
export class PresentMembers {
  readonly #deps: PresentMembersDeps;
  readonly #ids = new MemberIds();
  readonly #present = new Map<TagId, Present>();
  /** Identifiers of nobody, and readings of members for whom there was no room. */
  readonly counts = { strangers: 0, crowded: 0 };

  constructor(deps: PresentMembersDeps) {
    this.#deps = deps;
  }

  /** Members followed now. */
  get size(): number {
    return this.#present.size;
  }

  /** Position of the member who sent this payload, or -1. A stranger's frame is counted and nothing else. */
  positionIn(payload: Uint8Array, heard: MemberHearing): number {
    const { spot } = this.#ids;
    for (let at = this.#ids.next(payload, 0); at > 0; at = this.#ids.next(payload, at)) {
      const member = this.#deps.port.memberOf(spot, heard);
      if (member !== null) return this.#positionOf(member, heard.atMono);
      this.counts.strangers += 1;
    }
    return -1;
  }

  /** Position of the member whom another gateway of the shop means, or -1. */
  positionNamed(id: TagId, atMono: MonoMs): number {
    const member = this.#deps.port.memberNamed(id);
    return member === null ? -1 : this.#positionOf(member, atMono);
  }

  /** Lets those go who left, and those who may not be followed any more. Call about once a second. */
  advance(nowMono: MonoMs): void {
    const { port, book, isOutside, drop } = this.#deps;
    for (const [id, { position, heardMono }] of this.#present) {
      const silentMs = nowMono - heardMono;
      const isGone = silentMs > LONGEST_SILENCE_MS || (silentMs > IDLE_MS && isOutside(position));
      if (!isGone && port.mayFollow(id)) continue;
      drop(position);
      book.dismiss(position);
      this.#present.delete(id);
    }
  }

  #positionOf(member: FollowedTag, atMono: MonoMs): number {
    const known = this.#present.get(member.id);
    if (known !== undefined) {
      if (atMono > known.heardMono) known.heardMono = atMono;
      return known.position;
    }
    const position = this.#deps.book.admit(member);
    if (position < 0) this.counts.crowded += 1;
    else this.#present.set(member.id, { position, heardMono: atMono });
    return position;
  }
}
