import { lineId, type MonoMs, monoMs, receiverId, tagId, zoneId } from "../../src/core/brand.ts";
import type { TagAtDoor, TagState } from "../../src/core/events.ts";
import { normalDraw } from "../../src/core/random.ts";
import type { FloorPlan, ReceiverPlan, TagPlan } from "../../src/core/site.ts";
import { DoorWatch, type WatchedDoors } from "../../src/radio/door-watch.ts";
import { TagWhereabouts } from "../../src/radio/tag-whereabouts.ts";
import { NO_ZONE } from "../../src/radio/zones/zone-estimate.ts";
import type { Spot } from "./staff-shop.ts";

/**
 * How staff tags are heard. `estimates`: a simple stand-in for the zone engine (true place with 1.2 m of slow error).
 * `engine`: packets to four receivers and the product's own engine. `levels`: the same packets and no floor plan.
 */
export type StaffRadio = "estimates" | "engine" | "levels";

/** A second of one member of staff's tag; null = it does not send. */
export type TagSecond = Spot | null;

/** Something that hears tags second by second and tells when they were at the door. */
export interface TagHearing {
  /** Takes where each tag is at this second, in order of time. */
  second(atMono: MonoMs, tags: readonly TagSecond[]): void;
  finish(atMono: MonoMs): void;
}

const DOOR = lineId("door");
const LAG_MS = 10_000;
/** Tags farther away than this are not heard by anybody. */
const REACH_M = 14;
const SILENCE_MS = 30_000;

const rectangle = (left: number, near: number, right: number, far: number) => [
  { x: left, y: near },
  { x: right, y: near },
  { x: right, y: far },
  { x: left, y: far },
];

/** The floor of the simulated shop, with the pavement before it. */
const STAFF_FLOOR: FloorPlan = {
  outline: rectangle(0, 0, 12, 9),
  obstacles: [],
  zones: [
    { id: zoneId("pavement"), name: "Pavement", kind: "outside", polygon: rectangle(0, -4, 12, 0) },
    { id: zoneId("front"), name: "Front", kind: "area", polygon: rectangle(0, 0, 12, 4.5) },
    { id: zoneId("back"), name: "Back", kind: "area", polygon: rectangle(0, 4.5, 12, 9) },
  ],
  doors: [{ lineId: DOOR, a: { x: 5, y: 0 }, b: { x: 7, y: 0 } }],
};

const RECEIVERS: readonly ReceiverPlan[] = [
  [1, 0.5],
  [11, 0.5],
  [2, 8.5],
  [10, 8.5],
].map(([xM = 0, yM = 0], i) => ({ id: receiverId(`r${i}`), name: `R${i}`, xM, yM, zM: 2.5 }));

/** The tags of so many members of staff. */
export function staffTags(count: number): TagPlan[] {
  return Array.from({ length: count }, (_, i) => ({
    id: tagId(`staff-${i}`),
    kind: "staff",
    beacon: { format: "altbeacon", id: i.toString(16).padStart(40, "0") },
  }));
}

interface HearingOptions {
  readonly tags: readonly TagPlan[];
  readonly random: () => number;
  readonly run: string;
  readonly onEvent: (event: TagAtDoor) => void;
}

/** Opens one way of hearing. */
export function createHearing(kind: StaffRadio, options: HearingOptions): TagHearing {
  const doors: WatchedDoors = {
    doors: kind === "levels" ? [] : [DOOR],
    hasOutside: kind !== "levels",
    onlyDoor: DOOR,
  };
  const { tags, run, onEvent } = options;
  const watch = new DoorWatch({ ...doors, tagAt: (i) => tags[i], run, onEvent });
  watch.interrupted(monoMs(Number.NEGATIVE_INFINITY));
  return kind === "estimates" ? new Guess(options, watch) : new Packets(kind, options, watch);
}

const distanceToDoorM = (x: number, y: number): number => Math.hypot(Math.max(0, 5 - x, x - 7), y);

/** Of a normal curve: the share below z. Logistic approximation, good to a hundredth. */
const below = (z: number): number => 1 / (1 + Math.exp(-1.702 * z));

/** Estimates made of the true place: slow errors of 1.2 m, and probabilities that know how large the errors are. */
class Guess implements TagHearing {
  readonly #options: HearingOptions;
  readonly #watch: DoorWatch;
  readonly #errors: { x: number; y: number }[];
  readonly #states: TagState[];
  readonly #heardMono: number[];
  readonly #late: {
    readonly atMono: MonoMs;
    readonly tag: number;
    readonly x: number;
    readonly y: number;
  }[] = [];

  constructor(options: HearingOptions, watch: DoorWatch) {
    this.#options = options;
    this.#watch = watch;
    this.#errors = options.tags.map(() => ({ x: 0, y: 0 }));
    this.#states = options.tags.map(() => "outside");
    this.#heardMono = options.tags.map(() => Number.NEGATIVE_INFINITY);
  }

  second(atMono: MonoMs, tags: readonly TagSecond[]): void {
    tags.forEach((spot, tag) => {
      this.#hear(tag, spot, atMono);
    });
    while ((this.#late[0]?.atMono ?? atMono) <= atMono - LAG_MS) this.#estimate();
  }

  finish(): void {
    while (this.#late.length > 0) this.#estimate();
  }

  #hear(tag: number, spot: TagSecond, atMono: MonoMs): void {
    const { random } = this.#options;
    const error = this.#errors[tag];
    if (error === undefined) return;
    // Correlated over some four seconds; 0.85 m along each axis makes 1.2 m together.
    error.x = 0.8 * error.x + 0.6 * 0.85 * normalDraw(random);
    error.y = 0.8 * error.y + 0.6 * 0.85 * normalDraw(random);
    const isHeard =
      spot !== null && Math.hypot(spot.xM - 6, Math.min(0, spot.yM)) < REACH_M && random() < 0.9;
    if (isHeard) {
      this.#change(tag, this.#states[tag] === "outside" ? "passing" : null, atMono);
      this.#heardMono[tag] = atMono;
      this.#late.push({ atMono, tag, x: spot.xM + error.x, y: spot.yM + error.y });
    } else if (atMono - (this.#heardMono[tag] ?? 0) >= SILENCE_MS)
      this.#change(tag, "outside", monoMs(this.#heardMono[tag] ?? 0));
  }

  #change(tag: number, state: TagState | null, atMono: MonoMs): void {
    const previous = this.#states[tag] ?? "outside";
    const plan = this.#options.tags[tag];
    if (state === null || state === previous || plan === undefined) return;
    this.#states[tag] = state;
    const who = { tagId: plan.id, tagKind: plan.kind, source: "radio:fused#sim", seq: 0 };
    this.#watch.presence({ kind: "tag-changed", atMono, ...who, state, previous });
  }

  #estimate(): void {
    const late = this.#late.shift();
    if (late === undefined) return;
    const { atMono, tag, x, y } = late;
    const atDoor = below((2 - distanceToDoorM(x, y)) / 0.85);
    const estimate = {
      tag,
      atMono,
      zone: NO_ZONE,
      confidence: 0.8,
      probabilities: Float64Array.of(1),
      insideRatio: below(y / 0.85),
      atDoors: Float64Array.of(atDoor),
      xM: x,
      yM: y,
    };
    this.#watch.estimate(estimate, monoMs(this.#heardMono[tag] ?? atMono));
  }
}

/** Packets to the receivers, one a second, three in ten lost; then the product's own radio stages. */
class Packets implements TagHearing {
  readonly #options: HearingOptions;
  readonly #whereabouts: TagWhereabouts;
  readonly #heardMono: number[] = [];
  readonly #shadowDb: number[][];

  constructor(kind: StaffRadio, options: HearingOptions, watch: DoorWatch) {
    this.#options = options;
    this.#shadowDb = options.tags.map(() => RECEIVERS.map(() => 0));
    const { tags, run } = options;
    const floor = STAFF_FLOOR;
    this.#whereabouts = new TagWhereabouts({
      tags,
      receivers: RECEIVERS.length,
      located:
        kind === "levels" ? null : { floor, receivers: RECEIVERS, survey: [], lagMs: LAG_MS },
      run,
      onEvent: (event) => {
        if (event.kind === "tag-changed") watch.presence(event);
      },
      onEstimate: (estimate) => {
        const heardMono = this.#heardMono[estimate.tag] ?? estimate.atMono;
        watch.estimate(estimate, monoMs(heardMono));
      },
    });
    RECEIVERS.forEach((_, receiver) => {
      this.#whereabouts.setSeeing(receiver, true, monoMs(0));
    });
  }

  second(atMono: MonoMs, tags: readonly TagSecond[]): void {
    tags.forEach((spot, tag) => {
      if (spot !== null) this.#send(tag, spot, atMono);
    });
    this.#whereabouts.advance(atMono);
  }

  finish(atMono: MonoMs): void {
    this.#whereabouts.finish(atMono);
  }

  #send(tag: number, spot: Spot, atMono: MonoMs): void {
    const { random } = this.#options;
    const shadows = this.#shadowDb[tag] ?? [];
    RECEIVERS.forEach(({ xM, yM, zM }, receiver) => {
      const distanceM = Math.hypot(spot.xM - xM, spot.yM - yM, zM - 1.1);
      const shadow = 0.9 * (shadows[receiver] ?? 0) + Math.sqrt(1 - 0.81) * 3 * normalDraw(random);
      shadows[receiver] = shadow;
      const glassDb = spot.yM < 0 ? 6 : 0;
      const meanDbm = -62 - 23 * Math.log10(Math.max(0.5, distanceM)) - glassDb;
      const rssiDbm = Math.round(meanDbm + shadow + 4 * normalDraw(random));
      if (random() < 0.3 || rssiDbm < -97) return;
      this.#heardMono[tag] = atMono;
      this.#whereabouts.reading(tag, receiver, receiver, rssiDbm, 1, atMono);
    });
  }
}
