import { type MonoMs, monoMs, type ZoneId } from "../core/brand.ts";
import type { TagChanged, TagState, TagZoneEntered, TagZoneExited } from "../core/events.ts";
import type { FollowedTag } from "./tag-registry.ts";

/** What is told of where registered tags are. */
export type WhereaboutsEvent = TagChanged | TagZoneEntered | TagZoneExited;

export interface TagEventsOptions {
  /** The tags by position; the array of a live book may grow. */
  readonly tags: readonly FollowedTag[];
  /** Name of this run; with the number of the event it makes the event's id. */
  readonly run: string;
  readonly onEvent: (event: WhereaboutsEvent) => void;
}

/**
 * Tells where tags are: one source for all tags, numbered without a gap, and per tag in order of time. An instant
 * before the last one told of the same tag is told as that one. Memory: one number per tag that was ever heard.
 */
export class TagEvents {
  readonly #options: TagEventsOptions;
  readonly #source: string;
  readonly #toldMono = new Map<number, MonoMs>();
  #seq = 0;

  constructor(options: TagEventsOptions) {
    this.#options = options;
    this.#source = `radio:fused#${options.run}`;
  }

  /** Tells a change of presence; returns the instant it was told with. */
  change(tag: number, state: TagState, previous: TagState, atMono: MonoMs): MonoMs {
    const head = this.#head(tag, atMono);
    if (head !== null) this.#options.onEvent({ ...head, kind: "tag-changed", state, previous });
    return head?.atMono ?? atMono;
  }

  /** Tells the begin of a stay in a zone; returns the instant it was told with. */
  enter(tag: number, zoneId: ZoneId, confidence: number, atMono: MonoMs): MonoMs {
    const head = this.#head(tag, atMono);
    if (head !== null)
      this.#options.onEvent({ ...head, kind: "tag-zone-entered", zoneId, confidence });
    return head?.atMono ?? atMono;
  }

  /** Tells the end of a stay that began (was told) at `enteredMono`. */
  exit(
    tag: number,
    stay: Pick<TagZoneExited, "zoneId" | "confidence" | "censored">,
    enteredMono: MonoMs,
    atMono: MonoMs,
  ): void {
    const head = this.#head(tag, atMono);
    if (head === null) return;
    const { zoneId, confidence, censored } = stay;
    const dwellMs = head.atMono - enteredMono;
    const what = { zoneId, dwellMs, confidence, censored };
    this.#options.onEvent({ ...head, kind: "tag-zone-exited", ...what });
  }

  /** null for a position without a tag: nobody is told of. */
  #head(
    tag: number,
    atMono: MonoMs,
  ): Pick<TagChanged, "source" | "seq" | "atMono" | "tagId" | "tagKind"> | null {
    const plan = this.#options.tags[tag];
    if (plan === undefined) return null;
    const stamp = monoMs(Math.max(atMono, this.#toldMono.get(tag) ?? atMono));
    this.#toldMono.set(tag, stamp);
    const seq = this.#seq;
    this.#seq += 1;
    return { source: this.#source, seq, atMono: stamp, tagId: plan.id, tagKind: plan.kind };
  }
}
