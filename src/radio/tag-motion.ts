import { type MonoMs, monoMs, type ZoneId } from "../core/brand.ts";
import type { TagMoved, TagMovement } from "../core/events.ts";
import type { TagKind } from "../core/site.ts";
import { type MotionSign, MotionSigns } from "./motion-sign.ts";
import type { FollowedTag } from "./tag-registry.ts";
import type { TagTelemetry } from "./telemetry.ts";

/** When motion of a tag becomes something that somebody did with it. */
export interface TagMotionRules {
  /** Reports of one sign nearer together than this are one: several receivers hear the same, a knock rings on. */
  readonly apartMs: number;
  /** So many reports of motion, apart from each other: picked up. */
  readonly pickUpReports: number;
  /** So many reports of rest, apart, the newest at least `restMs` after the first: put back. */
  readonly restReports: number;
  readonly restMs: number;
  /** A tag that reported nothing for longer was silent: when it came to rest meanwhile nobody knows. */
  readonly silenceMs: number;
}

/** Beacons report motion every 1 to 10 s; whoever carries a basket stands still in front of a shelf for seconds. */
export const TAG_MOTION_RULES: TagMotionRules = {
  apartMs: 1_000,
  pickUpReports: 2,
  restReports: 2,
  restMs: 10_000,
  silenceMs: 60_000,
};

/** What people carry about. Staff and loyalty cards move with their wearers, which says nothing. */
const FOLLOWED: readonly TagKind[] = ["basket", "cart", "asset"];

export interface TagMotionOptions {
  /** The registered tag at a position. */
  readonly tagAt: (position: number) => FollowedTag | undefined;
  /** Name of this run: part of every event's id. */
  readonly run: string;
  readonly onEvent: (event: TagMoved) => void;
  readonly rules?: TagMotionRules;
}

/**
 * `unknown`: not seen at rest yet, so that nobody can say it was picked up; `resting`; `taken`: told as picked up.
 */
type Phase = "unknown" | "resting" | "taken";

interface Thing {
  readonly signs: MotionSigns;
  phase: Phase;
  /** Newest report that said something; NaN before the first. */
  heardMono: number;
  /** The motion under way: its first and last report, how many apart, and the last that counted. 0 = none. */
  motions: number;
  firstMono: number;
  motionMono: number;
  countedMono: number;
  /** The rest since then, in the same way. */
  rests: number;
  restMono: number;
  countedRestMono: number;
  /** Where it is and since when, and where it was last told to be. */
  zoneId: ZoneId | null;
  zoneMono: number;
  toldZoneId: ZoneId | null;
}

/**
 * What somebody does with tagged things: picked up, moved to another zone, put back. Per tag the events alternate
 * between picked-up and put-back and are in order of time. A thing in motion when it is first heard was picked up
 * before: nothing is told of it until it rests. Silence is no rest: a tag carried away or with an empty battery is not
 * put back. Memory: one entry per registered basket, cart or asset.
 */
export class TagMotion {
  readonly #options: TagMotionOptions;
  readonly #rules: TagMotionRules;
  readonly #source: string;
  readonly #things = new Map<number, Thing>();
  #seq = 0;

  constructor(options: TagMotionOptions) {
    this.#options = options;
    this.#rules = options.rules ?? TAG_MOTION_RULES;
    this.#source = `tag-motion#${options.run}`;
  }

  /** Takes what a tag says of itself. A report older than the last of the tag says nothing new. */
  telemetry(tag: number, telemetry: TagTelemetry, atMono: MonoMs): void {
    const { isMoving, motionCount, isPressed } = telemetry;
    if (isMoving === null && motionCount === null && isPressed === null) return;
    const plan = this.#followed(tag);
    if (plan === null) return;
    const thing = this.#thingOf(tag);
    if (atMono < thing.heardMono) return;
    const wasSilent = atMono - thing.heardMono > this.#rules.silenceMs;
    thing.heardMono = atMono;
    const sign = thing.signs.read(telemetry);
    if (sign === "resting") this.#rest(plan, thing, atMono);
    else if (sign !== "none") this.#move(plan, thing, sign, wasSilent, atMono);
  }

  /** The tag came into a zone (null: into none) at `atMono`, which may lie back by the lag of the zone engine. */
  zone(tag: number, zoneId: ZoneId | null, atMono: MonoMs): void {
    const plan = this.#followed(tag);
    if (plan === null) return;
    const thing = this.#thingOf(tag);
    thing.zoneId = zoneId;
    thing.zoneMono = thing.zoneMono > atMono ? thing.zoneMono : atMono;
    this.#tellMoved(plan, thing);
  }

  /** The tag is no longer registered. */
  forget(tag: number): void {
    this.#things.delete(tag);
  }

  #followed(tag: number): FollowedTag | null {
    const plan = this.#options.tagAt(tag);
    return plan !== undefined && FOLLOWED.includes(plan.kind) ? plan : null;
  }

  #move(
    plan: FollowedTag,
    thing: Thing,
    sign: MotionSign,
    wasSilent: boolean,
    atMono: MonoMs,
  ): void {
    const isNew = thing.motions === 0 || (wasSilent && thing.phase !== "taken");
    if (isNew) {
      thing.motions = 1;
      thing.firstMono = atMono;
      thing.countedMono = atMono;
    } else if (atMono - thing.countedMono >= this.#rules.apartMs) {
      thing.motions += 1;
      thing.countedMono = atMono;
    }
    thing.motionMono = atMono;
    thing.rests = 0;
    const isEnough = thing.phase === "resting" && thing.motions >= this.#rules.pickUpReports;
    if (isEnough || (sign === "handled" && thing.phase !== "taken")) {
      thing.phase = "taken";
      thing.toldZoneId = thing.zoneId;
      this.#tell(plan, "picked-up", thing.zoneId, thing.firstMono);
    } else this.#tellMoved(plan, thing);
  }

  #rest(plan: FollowedTag, thing: Thing, atMono: MonoMs): void {
    if (thing.motions === 0) {
      thing.phase = "resting";
      return;
    }
    const { apartMs, restReports, restMs, silenceMs } = this.#rules;
    if (thing.rests === 0) thing.restMono = atMono;
    if (thing.rests === 0 || atMono - thing.countedRestMono >= apartMs) {
      thing.rests += 1;
      thing.countedRestMono = atMono;
    }
    if (thing.rests < restReports || atMono - thing.restMono < restMs) return;
    const wasTaken = thing.phase === "taken";
    thing.phase = "resting";
    thing.motions = 0;
    thing.rests = 0;
    // After a silence only that it rests now is known, not since when.
    const isSeen = thing.restMono - thing.motionMono <= silenceMs;
    if (wasTaken)
      this.#tell(plan, "put-back", thing.zoneId, isSeen ? thing.motionMono : thing.restMono);
  }

  /** Tells that a thing goes on moving in another zone than it was last told to be in. */
  #tellMoved(plan: FollowedTag, thing: Thing): void {
    const { zoneId, zoneMono, toldZoneId, firstMono, motionMono } = thing;
    if (thing.phase !== "taken" || zoneId === null || zoneId === toldZoneId) return;
    if (motionMono < zoneMono) return;
    thing.toldZoneId = zoneId;
    // Where it was picked up may become known only afterwards; that is no move.
    if (toldZoneId !== null && zoneMono > firstMono) this.#tell(plan, "moved", zoneId, zoneMono);
  }

  #tell(plan: FollowedTag, movement: TagMovement, zoneId: ZoneId | null, atMono: number): void {
    const { id: tagId, kind: tagKind } = plan;
    const head = { source: this.#source, seq: this.#seq, atMono: monoMs(atMono) };
    this.#seq += 1;
    this.#options.onEvent({ ...head, kind: "tag-moved", tagId, tagKind, movement, zoneId });
  }

  #thingOf(tag: number): Thing {
    const known = this.#things.get(tag);
    if (known !== undefined) return known;
    const thing: Thing = {
      signs: new MotionSigns(),
      phase: "unknown",
      heardMono: Number.NaN,
      motions: 0,
      firstMono: Number.NaN,
      motionMono: Number.NaN,
      countedMono: Number.NaN,
      rests: 0,
      restMono: Number.NaN,
      countedRestMono: Number.NaN,
      zoneId: null,
      zoneMono: Number.NaN,
      toldZoneId: null,
    };
    this.#things.set(tag, thing);
    return thing;
  }
}
