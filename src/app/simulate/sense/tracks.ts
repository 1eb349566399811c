import { between, chance, type Random } from "../draws.ts";
import type { SensorModel } from "../model.ts";
import type { TruePasser, TrueVisit } from "../true-day.ts";

/** A stretch of somebody's way that a counter follows under one number. */
export interface Piece {
  readonly person: TrueVisit | TruePasser;
  readonly from: number;
  readonly to: number;
}

/** What a counter takes for one person: mostly it is one. */
export interface Track {
  readonly number: number;
  /** In order of time. */
  readonly pieces: readonly Piece[];
  /** Lost inside the shop: stays that were going on then have no end. */
  readonly isLost: boolean;
}

/** The counter found out that two numbers are one person. */
export interface Rename {
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

/** How people are followed in a day. */
export interface Following {
  readonly tracks: readonly Track[];
  readonly renames: readonly Rename[];
}

/** So long somebody lost is nobody. */
const GAP_MS = 3_000;

const isVisit = (person: Piece["person"]): person is TrueVisit => "crossings" in person;

interface Stretch {
  readonly person: Piece["person"];
  readonly from: number;
  to: number;
  track: number;
}

/** Follows everybody from the first to the last sight, with what a counter gets wrong. Numbers go on from `first`. */
export function followDay(
  people: readonly (TrueVisit | TruePasser)[],
  sensor: SensorModel,
  first: number,
  random: Random,
): Following {
  const follower = new Follower(sensor, first, random);
  for (const person of people) follower.add(person);
  return follower.result();
}

class Follower {
  readonly #sensor: SensorModel;
  readonly #random: Random;
  readonly #stretches: Stretch[] = [];
  readonly #renames: Rename[] = [];
  readonly #lost = new Set<number>();
  /** Stretches inside the shop that may be taken for another's, newest last. */
  readonly #recent: Stretch[] = [];
  #next: number;

  constructor(sensor: SensorModel, first: number, random: Random) {
    this.#sensor = sensor;
    this.#random = random;
    this.#next = first;
  }

  add(person: TrueVisit | TruePasser): void {
    const from = person.path[0]?.at ?? 0;
    const to = person.path.at(-1)?.at ?? 0;
    let stretch = this.#begin(person, from, to);
    if (!isVisit(person)) return;
    for (const away of absences(person)) {
      const next = this.#begin(person, away.to, stretch.to);
      stretch.to = away.from;
      stretch = next;
    }
    if (person.staff !== null) return;
    stretch = this.#lose(person, stretch);
    this.#swap(stretch);
  }

  result(): Following {
    const tracks = new Map<number, Stretch[]>();
    for (const stretch of this.#stretches) {
      const known = tracks.get(stretch.track);
      if (known === undefined) tracks.set(stretch.track, [stretch]);
      else known.push(stretch);
    }
    return {
      tracks: [...tracks].map(([number, pieces]) => ({
        number,
        pieces: pieces.sort((a, b) => a.from - b.from),
        isLost: this.#lost.has(number),
      })),
      renames: this.#renames,
    };
  }

  #begin(person: Piece["person"], from: number, to: number): Stretch {
    const stretch = { person, from, to, track: this.#next };
    this.#next += 1;
    this.#stretches.push(stretch);
    return stretch;
  }

  /** Loses somebody once inside and finds them again some seconds later under another number. */
  #lose(visit: TrueVisit, stretch: Stretch): Stretch {
    const { trackLossRatio, renamedRatio } = this.#sensor;
    const isLost = chance(this.#random, trackLossRatio);
    const isRenamed = chance(this.#random, renamedRatio);
    const at = between(this.#random, visit.enteredAt + 2_000, visit.exitedAt - 2_000);
    // Doors are watched best: nobody is lost on the step.
    const isAtDoor = visit.crossings.some((one) => Math.abs(one.at - at) < GAP_MS + 1_000);
    if (!isLost || isAtDoor || at < stretch.from + 1_000) return stretch;
    const next = this.#begin(visit, at + GAP_MS, stretch.to);
    stretch.to = at;
    this.#lost.add(stretch.track);
    if (isRenamed) this.#renames.push({ at: at + 5_000, from: next.track, to: stretch.track });
    return next;
  }

  /** Takes somebody for another who is inside at the same time, from a moment on. */
  #swap(stretch: Stretch): void {
    const isSwapped = chance(this.#random, this.#sensor.swapRatio);
    const share = this.#random();
    const others = this.#recent.filter((one) => one.to > stretch.from + 30_000);
    const other = others[Math.floor(share * others.length)];
    this.#recent.push(stretch);
    if (this.#recent.length > 12) this.#recent.shift();
    if (!isSwapped || other === undefined) return;
    const [low, high] = [Math.max(stretch.from, other.from), Math.min(stretch.to, other.to)];
    if (high - low < 60_000) return;
    const at = low + 30_000 + share * (high - low - 60_000);
    for (const [one, track] of [
      [stretch, other.track],
      [other, stretch.track],
    ] as const) {
      this.#stretches.push({ person: one.person, from: at, to: one.to, track });
      one.to = at;
    }
  }
}

/** When somebody was out of sight between two of their own crossings. */
function absences(visit: TrueVisit): { readonly from: number; readonly to: number }[] {
  if (!visit.isOutOfSight) return [];
  const found: { from: number; to: number }[] = [];
  for (let i = 1; i + 1 < visit.crossings.length; i += 2) {
    const out = visit.crossings[i]?.at ?? 0;
    const back = visit.crossings[i + 1]?.at ?? 0;
    const rest = longestRest(visit, out, back);
    if (rest !== null) found.push(rest);
  }
  return found;
}

/** Who is away stands still beyond the edge of what is seen. */
function longestRest(
  { path }: TrueVisit,
  from: number,
  to: number,
): { readonly from: number; readonly to: number } | null {
  let best: { from: number; to: number } | null = null;
  for (let i = 1; i < path.length; i += 1) {
    const a = path[i - 1];
    const b = path[i];
    if (a === undefined || b === undefined || a.at < from || b.at > to) continue;
    if (a.x !== b.x || a.y !== b.y) continue;
    if (best === null || b.at - a.at > best.to - best.from) best = { from: a.at, to: b.at };
  }
  return best;
}
