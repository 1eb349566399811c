import type { MonoMs } from "../../core/brand.ts";
import type { SensorEvent } from "../../core/events.ts";
import type { SitePlan } from "../../core/site.ts";
import { DoorWatch, watchedDoorsOf } from "../../radio/door-watch.ts";
import type { WhereaboutsEvent } from "../../radio/tag-events.ts";
import { TagMotion } from "../../radio/tag-motion.ts";
import type { FollowedTag, TagBook } from "../../radio/tag-registry.ts";
import type { TagTelemetry } from "../../radio/telemetry.ts";
import type { ZoneEstimate } from "../../radio/zones/zone-estimate.ts";

export interface TagFollowersOptions {
  readonly tags: TagBook;
  /** Absent = there are no doors to watch. */
  readonly plan?: Pick<SitePlan, "cameras" | "floor"> | undefined;
  readonly run: string;
  readonly onEvent: (event: SensorEvent) => void;
}

/** What is concluded from where tags are and what they say: who of the staff went through a door, who took a basket. */
export class TagFollowers {
  readonly #tags: TagBook;
  readonly #doors: DoorWatch | null;
  readonly #motion: TagMotion;
  readonly #onEvent: (event: SensorEvent) => void;
  #isForgetting = false;

  constructor({ tags, plan, run, onEvent }: TagFollowersOptions) {
    this.#tags = tags;
    this.#onEvent = onEvent;
    const tagAt = (position: number): FollowedTag | undefined => tags.tags[position];
    this.#doors =
      plan === undefined ? null : new DoorWatch({ ...watchedDoorsOf(plan), tagAt, run, onEvent });
    this.#motion = new TagMotion({ tagAt, run, onEvent });
  }

  /** Passes an event on, and draws what is to be drawn from it. */
  event(event: WhereaboutsEvent): void {
    this.#onEvent(event);
    if (this.#isForgetting) return;
    if (event.kind === "tag-changed") this.#doors?.presence(event);
    else {
      const zoneId = event.kind === "tag-zone-entered" ? event.zoneId : null;
      this.#motion.zone(this.#tags.indexOfId(event.tagId), zoneId, event.atMono);
    }
  }

  /** Takes an estimate of the zone engine; `heardMono` is when the tag was last heard. */
  estimate(estimate: ZoneEstimate, heardMono: MonoMs): void {
    this.#doors?.estimate(estimate, heardMono);
  }

  /** Takes what a tag says of itself. */
  telemetry(tag: number, telemetry: TagTelemetry, atMono: MonoMs): void {
    this.#motion.telemetry(tag, telemetry, atMono);
  }

  /** Registered just now, or another thing under the same id: where it comes from nobody knows. */
  begin(tag: number, atMono: MonoMs): void {
    const plan = this.#tags.tags[tag];
    if (plan !== undefined) this.#doors?.begin(plan, atMono);
  }

  /**
   * No longer registered, or another thing by now. Nothing is concluded from what `tellEnd` tells of it: that nobody
   * looks for a badge any more does not mean that its wearer left.
   */
  forget(tag: number, tellEnd: () => void): void {
    this.#isForgetting = true;
    tellEnd();
    this.#isForgetting = false;
    this.#motion.forget(tag);
  }

  /** No receiver saw up to now. */
  interrupted(atMono: MonoMs): void {
    this.#doors?.interrupted(atMono);
  }
}
