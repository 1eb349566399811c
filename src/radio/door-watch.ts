import { BoundedMap } from "../core/bounded-map.ts";
import { type LineId, type MonoMs, monoMs } from "../core/brand.ts";
import type { CrossingDirection, TagAtDoor, TagChanged } from "../core/events.ts";
import type { SitePlan, TagPlan } from "../core/site.ts";
import { DoorSeconds, NEAR_RULES, type NearTime } from "./door-seconds.ts";
import { type SideChange, SideFollower } from "./door-side.ts";
import { UNKNOWN_ZONE, type ZoneEstimate } from "./zones/zone-estimate.ts";

/** What is told of a way through a door. */
const PASSAGE_RULES = Object.freeze({
  /** Probability that a change of sides is one, and least share of it for a door to be told. */
  changeProbability: 0.95,
  doorShare: 0.15,
  /** A tag that is heard for the first time so soon after listening began may have been there all along. */
  warmUpMs: 60_000,
  /** A change of sides without a time at a door: so much on either side of it, and this probability. */
  marginMs: 10_000,
  sideProbability: 0.5,
  /** Where the plan has no ground outside: from so much probability on at a door, the side is not known. */
  besideDoorRatio: 0.1,
  /** So long without a place, or between the sides: nobody knows when it went through, if it did. */
  gapMs: 60_000,
  /**
   * First or last heard far from the door, a tag may still walk so long to it, or from it. A place that begins with
   * the first packets is little worth: a change within `freshMs` of them says no more than that the tag came.
   */
  walkMs: 45_000,
  freshMs: 10_000,
});

/**
 * Without a floor plan: the crossing lies in this window around the change of presence. A tag gets weak some twenty
 * metres from the door, and strong a little before it. A back room or a pillar looks like leaving, hence the low
 * probability.
 */
const LEVEL_RULES = Object.freeze({
  strongBeforeMs: 10_000,
  strongAfterMs: 15_000,
  weakBeforeMs: 40_000,
  weakAfterMs: 5_000,
  probability: 0.4,
});

/** Staff tags watched at once; the one untouched longest is forgotten first. */
const MAX_TAGS = 1024;

/** Which doors there are, as the watch needs them. */
export interface WatchedDoors {
  /** Lines of `floor.doors`, in its order; empty without a floor plan. */
  readonly doors: readonly LineId[];
  /** Whether the floor has ground outside: only then does being heard outside look different from being inside. */
  readonly hasOutside: boolean;
  /** The one door line of the plan; null when it has none or several. */
  readonly onlyDoor: LineId | null;
}

type WatchedTag = Pick<TagPlan, "id" | "kind">;

export interface DoorWatchOptions extends WatchedDoors {
  /** The tag at a position of the registry; undefined = none. */
  readonly tagAt: (position: number) => WatchedTag | undefined;
  /** Name of this run; with the number of the event it makes the event's id. */
  readonly run: string;
  readonly onEvent: (event: TagAtDoor) => void;
}

/** Reads the doors of a site plan. Pure. */
export function watchedDoorsOf(site: Pick<SitePlan, "cameras" | "floor">): WatchedDoors {
  const lines = site.cameras.flatMap((camera) => camera.lines);
  const doors = lines.filter((line) => line.role === "door").map((line) => line.id);
  return {
    doors: (site.floor?.doors ?? []).map((door) => door.lineId),
    hasOutside: (site.floor?.zones ?? []).some((zone) => zone.kind === "outside"),
    onlyDoor: doors.length === 1 ? (doors[0] ?? null) : null,
  };
}

interface Watched {
  readonly tag: WatchedTag;
  /** Since when it has been looked for; what is heard of it soon after may have been there all along. */
  readonly sinceMono: number;
  readonly side: SideFollower;
  readonly seconds: DoorSeconds;
  /** Newest second whose place was known. */
  knownMono: MonoMs;
  /** Fell silent and has not been heard since: what an estimate says of it is no more than a memory. */
  isAway: boolean;
  /** It may have been there all along: becoming strong is no way in. */
  isOld: boolean;
  /** When it was first heard of late. */
  arrivedMono: MonoMs;
  /** It has come in since, and it is not told yet by which way. */
  isComing: boolean;
}

type Passage = Pick<
  TagAtDoor,
  "lineId" | "atMono" | "fromMono" | "toMono" | "probability" | "direction"
>;

/**
 * Tells when staff tags went through a door: `tag-at-door`, as the estimates show it, one per door that the tag was
 * near to at that time. Tags of other kinds are not watched: nobody needs to know whose basket or card went through a
 * door. Pure; one entry per staff tag, bounded.
 *
 * With a floor plan a passage is a change of sides; it is told some seconds after, when it is sure, with the time near
 * the door around it. A tag that falls silent is outside; one that is heard again comes from there. A change of sides
 * away from every door (a tag that sends seldom) is told for the only door of the plan, with half the probability and a
 * wide window.
 *
 * Without a floor plan, and with exactly one door line, the change to inside is a way in and the change from inside a
 * way out, both with a wide window and a low probability; with several door lines nothing is told.
 *
 * What is heard first within a minute of the start, or of a time in which all receivers were blind, has not come in.
 */
export class DoorWatch {
  readonly #options: DoorWatchOptions;
  readonly #watched = new BoundedMap<string, Watched>({
    cap: MAX_TAGS,
    idleMs: Number.POSITIVE_INFINITY,
  });
  #sinceMono = Number.NaN;
  #seq = 0;

  constructor(options: DoorWatchOptions) {
    this.#options = options;
  }

  /** Staff tags known now. */
  get size(): number {
    return this.#watched.size;
  }

  /** Staff tags forgotten for want of room since the start. */
  get evicted(): number {
    return this.#watched.evicted;
  }

  /** This tag was registered at `atMono`, anew or as another thing: what is heard next of it may have been there before. */
  begin(tag: WatchedTag, atMono: MonoMs): void {
    this.#watched.delete(tag.id);
    if (tag.kind === "staff") this.#watch(tag, atMono, atMono);
  }

  /** All receivers were blind up to here: what is heard next may have been there all along. */
  interrupted(atMono: MonoMs): void {
    this.#sinceMono = atMono;
    for (const [, watched] of this.#watched.entries()) {
      watched.side.set(null);
      watched.seconds.clear();
    }
  }

  /**
   * Takes one second of one tag. `heardMono` is when the tag was last heard: what is said of later seconds is a guess
   * and left out. Nothing of the estimate is kept but its probabilities at the doors, for a minute.
   */
  estimate(estimate: ZoneEstimate, heardMono: MonoMs): void {
    const tag = this.#options.tagAt(estimate.tag);
    const { atMono, atDoors } = estimate;
    if (tag === undefined || tag.kind !== "staff" || atMono > heardMono) return;
    const watched = this.#watchedFor(tag, atMono);
    if (watched.isAway || estimate.zone === UNKNOWN_ZONE) return;
    if (atMono - watched.knownMono > PASSAGE_RULES.gapMs) watched.side.set(null);
    watched.knownMono = atMono;
    watched.seconds.push(atDoors, atMono);
    const insideRatio = this.#insideRatio(estimate);
    const change = insideRatio === null ? null : watched.side.push(insideRatio, atMono);
    if (change !== null) this.#take(watched, change, atMono);
    if (watched.isComing && atMono >= watched.arrivedMono + PASSAGE_RULES.walkMs)
      this.#tellArrival(watched);
  }

  /** Takes a change of presence of any tag: where a silent tag went, and all there is without a floor plan. */
  presence(event: TagChanged): void {
    if (event.tagKind !== "staff") return;
    const watched = this.#watchedFor({ id: event.tagId, kind: event.tagKind }, event.atMono);
    if (this.#options.doors.length === 0) this.#takeLevel(watched, event);
    else if (event.previous === "outside") this.#arrive(watched, event.atMono);
    else if (event.state === "outside") this.#lose(watched, event.atMono);
  }

  #isWarm({ sinceMono }: Pick<Watched, "sinceMono">, atMono: MonoMs): boolean {
    return atMono - Math.max(sinceMono, this.#sinceMono) >= PASSAGE_RULES.warmUpMs;
  }

  #watchedFor(tag: WatchedTag, atMono: MonoMs): Watched {
    if (Number.isNaN(this.#sinceMono)) this.#sinceMono = atMono;
    const known = this.#watched.get(tag.id, atMono);
    return known ?? this.#watch(tag, atMono, Number.NEGATIVE_INFINITY);
  }

  #watch(tag: WatchedTag, atMono: MonoMs, sinceMono: number): Watched {
    const watched: Watched = {
      tag,
      sinceMono,
      side: new SideFollower(),
      seconds: new DoorSeconds(this.#options.doors.length),
      knownMono: atMono,
      isAway: false,
      isOld: !this.#isWarm({ sinceMono }, atMono),
      arrivedMono: atMono,
      isComing: false,
    };
    this.#watched.set(tag.id, watched, atMono);
    this.#arrive(watched, atMono);
    return watched;
  }

  /** Near a door of a shop whose plan has no ground outside, the walls say nothing: a tag before it seems inside. */
  #insideRatio({ insideRatio, atDoors }: ZoneEstimate): number | null {
    if (this.#options.hasOutside) return insideRatio;
    for (const ratio of atDoors) if (ratio >= PASSAGE_RULES.besideDoorRatio) return null;
    return insideRatio;
  }

  /** Heard for the first time of late: it comes from outside, unless it may have been there all along. */
  #arrive(watched: Watched, atMono: MonoMs): void {
    watched.isAway = false;
    watched.knownMono = atMono;
    watched.arrivedMono = atMono;
    watched.isComing = false;
    watched.side.set(this.#isWarm(watched, atMono) ? "outside" : null);
  }

  /** A change of sides by the estimates; what was going on before it is over. */
  #take(watched: Watched, { direction, atMono }: SideChange, nowMono: MonoMs): void {
    const { gapMs, freshMs } = PASSAGE_RULES;
    watched.isComing = direction === "in" && atMono - watched.arrivedMono <= freshMs;
    if (watched.isComing || nowMono - atMono > gapMs) return;
    const { reachMs } = NEAR_RULES;
    const near = watched.seconds.nearWithin(
      monoMs(atMono - reachMs),
      monoMs(atMono + reachMs),
      atMono,
    );
    this.#tellNear(watched, direction, near);
    if (near.length === 0) this.#tellUnseen(watched, direction, atMono, atMono);
  }

  /** Came in soon after it was first heard: when it was at a door since, or at any time since. */
  #tellArrival(watched: Watched): void {
    const { arrivedMono } = watched;
    const untilMono = monoMs(arrivedMono + PASSAGE_RULES.walkMs);
    const near = watched.seconds.nearWithin(arrivedMono, untilMono, null);
    watched.isComing = false;
    this.#tellNear(watched, "in", near);
    if (near.length === 0) this.#tellUnseen(watched, "in", arrivedMono, untilMono);
  }

  /** Fell silent: it is outside from here on. */
  #lose(watched: Watched, atMono: MonoMs): void {
    const { side, turnMono } = watched.side;
    const { isComing } = watched;
    watched.isAway = true;
    watched.isComing = false;
    watched.side.set("outside");
    if (side !== "inside" || isComing) return;
    const sinceMono = monoMs(atMono - PASSAGE_RULES.walkMs);
    const near = watched.seconds.nearWithin(sinceMono, atMono, turnMono);
    this.#tellNear(watched, "out", near);
    if (near.length === 0) this.#tellUnseen(watched, "out", sinceMono, atMono);
  }

  #takeLevel(watched: Watched, { atMono, state, previous }: TagChanged): void {
    const { strongBeforeMs, strongAfterMs, weakBeforeMs, weakAfterMs } = LEVEL_RULES;
    if (previous === "outside") watched.isOld = !this.#isWarm(watched, atMono);
    if (state === "inside") {
      if (!watched.isOld) this.#tellLevel(watched, "in", atMono, strongBeforeMs, strongAfterMs);
    } else if (previous === "inside") {
      watched.isOld = false;
      this.#tellLevel(watched, "out", atMono, weakBeforeMs, weakAfterMs);
    }
  }

  #tellLevel(
    watched: Watched,
    direction: CrossingDirection,
    atMono: MonoMs,
    beforeMs: number,
    afterMs: number,
  ): void {
    this.#tellOnlyDoor(watched, {
      fromMono: monoMs(atMono - beforeMs),
      toMono: monoMs(atMono + afterMs),
      probability: LEVEL_RULES.probability,
      direction,
    });
  }

  /**
   * Through one of the doors that the tag was near to: walls let nobody through, so that the doors share the
   * probability of the change itself.
   */
  #tellNear(watched: Watched, direction: CrossingDirection, near: readonly NearTime[]): void {
    const { changeProbability, doorShare } = PASSAGE_RULES;
    const sum = near.reduce((all, { peakRatio }) => all + peakRatio, 0);
    for (const { door, peakRatio, peakMono, fromMono, toMono } of near) {
      const lineId = this.#options.doors[door];
      const share = peakRatio / sum;
      if (lineId === undefined || share < doorShare) continue;
      const probability = changeProbability * share;
      this.#tell(watched, { lineId, atMono: peakMono, fromMono, toMono, probability, direction });
    }
  }

  /** Through the only door of the plan at some time. */
  #tellUnseen(
    watched: Watched,
    direction: CrossingDirection,
    sinceMono: MonoMs,
    untilMono: MonoMs,
  ): void {
    const { marginMs, sideProbability: probability } = PASSAGE_RULES;
    const fromMono = monoMs(sinceMono - marginMs);
    const toMono = monoMs(untilMono + marginMs);
    this.#tellOnlyDoor(watched, { fromMono, toMono, probability, direction });
  }

  #tellOnlyDoor(watched: Watched, passage: Omit<Passage, "lineId" | "atMono">): void {
    const { onlyDoor: lineId } = this.#options;
    const atMono = monoMs((passage.fromMono + passage.toMono) / 2);
    if (lineId !== null) this.#tell(watched, { lineId, atMono, ...passage });
  }

  #tell(watched: Watched, passage: Passage): void {
    const { lineId, atMono, fromMono, toMono, probability, direction } = passage;
    const { id: tagId, kind: tagKind } = watched.tag;
    const source = `radio-door:fused#${this.#options.run}`;
    const head = { kind: "tag-at-door", source, seq: this.#seq, atMono } as const;
    this.#seq += 1;
    const what = { tagId, tagKind, lineId, fromMono, toMono, probability, direction };
    this.#options.onEvent({ ...head, ...what });
  }
}
