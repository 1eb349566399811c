import { normalDraw } from "../../src/core/random.ts";

/** Where somebody is at an instant, metres of the floor plan; the door is the line y = 0 between x = 5 and 7. */
export interface Spot {
  readonly atMs: number;
  readonly xM: number;
  readonly yM: number;
}

/** One person's way through the door. */
export interface TrueCrossing {
  readonly atMs: number;
  readonly direction: "in" | "out";
  /** Number of the member of staff; -1 = a customer. */
  readonly staff: number;
}

/** One day as it was: nobody measured anything yet. Times are ms after midnight. */
export interface TrueDay {
  /** Everybody through the door, in time. */
  readonly crossings: readonly TrueCrossing[];
  /** Where each member of staff was, as corners of straight walks. */
  readonly walks: readonly (readonly Spot[])[];
  /** From when on the tag of each sends; Infinity = left at home. And until when. */
  readonly tagFromMs: readonly number[];
  readonly tagToMs: readonly number[];
  /** People towards the door over the passing lines, and payments. */
  readonly passingMs: readonly number[];
  readonly salesMs: readonly number[];
}

export interface ShopOptions {
  readonly random: () => number;
  readonly entrantsPerHour: number;
  readonly staff: number;
  readonly openMs: number;
  /** Share of shifts on which the tag stays at home, and on which its battery ends in the middle. */
  readonly forgottenRatio: number;
  readonly flatRatio: number;
}

const HOUR_MS = 3_600_000;
const OPENS_MS = 10 * HOUR_MS;
const WALK_M_PER_S = 1.2;
const FAR: Pick<Spot, "xM" | "yM"> = { xM: 6, yM: -60 };

/** A day of a shop of 12 x 9 m with one door, customers alone and in pairs, and staff who work near the door too. */
export function simulateShop(options: ShopOptions): TrueDay {
  const { random, staff, openMs } = options;
  const crossings: TrueCrossing[] = [];
  const walks: Spot[][] = [];
  const tagFromMs: number[] = [];
  const tagToMs: number[] = [];
  for (let i = 0; i < staff; i += 1) {
    const walk = walkOfStaff(random, openMs);
    walks.push(walk);
    crossings.push(...crossingsOf(walk, i));
    tagFromMs.push(random() < options.forgottenRatio ? Number.POSITIVE_INFINITY : 0);
    const isFlat = random() < options.flatRatio;
    tagToMs.push(isFlat ? OPENS_MS + random() * openMs : Number.POSITIVE_INFINITY);
  }
  const people = visitsOf(options);
  const passingMs = [...people.passingMs];
  // Staff come by the frontage like everybody else.
  for (const { atMs, direction } of crossings) if (direction === "in") passingMs.push(atMs - 4000);
  crossings.push(...people.crossings);
  crossings.sort((a, b) => a.atMs - b.atMs);
  const inTime = (a: number, b: number): number => a - b;
  const salesMs = people.salesMs.sort(inTime);
  return { crossings, walks, tagFromMs, tagToMs, passingMs: passingMs.sort(inTime), salesMs };
}

/** Where somebody is on a walk; the ends hold before and after it. */
export function spotAt(walk: readonly Spot[], atMs: number): Spot {
  let low = 0;
  let high = walk.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((walk[middle]?.atMs ?? 0) <= atMs) low = middle;
    else high = middle - 1;
  }
  const from = walk[low];
  const to = walk[low + 1];
  if (from === undefined) return { atMs, ...FAR };
  if (to === undefined || from.atMs > atMs) return { ...from, atMs };
  const share = (atMs - from.atMs) / Math.max(1, to.atMs - from.atMs);
  return {
    atMs,
    xM: from.xM + share * (to.xM - from.xM),
    yM: from.yM + share * (to.yM - from.yM),
  };
}

/** A shift: comes before opening, works all over the floor, goes out three to six times, leaves after closing. */
function walkOfStaff(random: () => number, openMs: number): Spot[] {
  const walk = new Walk(OPENS_MS - 1_800_000 * random(), FAR);
  const leavesMs = OPENS_MS + openMs + 900_000 * random();
  const breaks = 3 + Math.floor(4 * random());
  const dueMs = Array.from({ length: breaks }, () => OPENS_MS + random() * openMs).sort(
    (a, b) => a - b,
  );
  walk.throughDoor(random);
  for (;;) {
    const due = dueMs[0];
    if (walk.nowMs >= leavesMs) break;
    if (due !== undefined && walk.nowMs >= due) {
      dueMs.shift();
      walk.throughDoor(random);
      // Half of them smoke on the pavement before the door, the others go somewhere.
      const isNear = random() < 0.5;
      walk.to(isNear ? { xM: 1 + 10 * random(), yM: -2.2 - random() } : FAR);
      walk.rest(isNear ? 120_000 + 240_000 * random() : 300_000 + 1_200_000 * random());
      walk.throughDoor(random);
    }
    const isAtDoor = random() < 0.12;
    walk.to(
      isAtDoor
        ? { xM: 5 + 2 * random(), yM: 0.5 + 1.5 * random() }
        : { xM: 0.5 + 11 * random(), yM: 1 + 7.5 * random() },
    );
    walk.rest(10_000 + 150_000 * random());
  }
  walk.throughDoor(random);
  walk.to(FAR);
  return walk.spots;
}

/** Somebody walking at one speed from corner to corner. */
class Walk {
  readonly spots: Spot[];
  #at: Spot;

  constructor(atMs: number, from: Pick<Spot, "xM" | "yM">) {
    this.#at = { atMs, ...from };
    this.spots = [this.#at];
  }

  get nowMs(): number {
    return this.#at.atMs;
  }

  to({ xM, yM }: Pick<Spot, "xM" | "yM">): void {
    const lengthM = Math.hypot(xM - this.#at.xM, yM - this.#at.yM);
    this.#push({ atMs: this.#at.atMs + (1000 * lengthM) / WALK_M_PER_S, xM, yM });
  }

  rest(ms: number): void {
    this.#push({ ...this.#at, atMs: this.#at.atMs + ms });
  }

  /** To the other side of the door, straight through it. */
  throughDoor(random: () => number): void {
    const xM = 5.2 + 1.6 * random();
    const side = this.#at.yM < 0 ? 1 : -1;
    this.to({ xM, yM: -0.8 * side });
    this.to({ xM, yM: 0.8 * side });
  }

  #push(spot: Spot): void {
    this.#at = spot;
    this.spots.push(spot);
  }
}

function crossingsOf(walk: readonly Spot[], staff: number): TrueCrossing[] {
  const found: TrueCrossing[] = [];
  for (let i = 1; i < walk.length; i += 1) {
    const from = walk[i - 1];
    const to = walk[i];
    if (from === undefined || to === undefined || from.yM > 0 === to.yM > 0) continue;
    const share = from.yM / (from.yM - to.yM);
    const atMs = from.atMs + share * (to.atMs - from.atMs);
    found.push({ atMs, direction: to.yM > 0 ? "in" : "out", staff });
  }
  return found;
}

/** Customers: a quarter look in for about a minute, the rest stay twelve; a quarter come in pairs; a quarter buy. */
function visitsOf({ random, entrantsPerHour, openMs }: ShopOptions): {
  readonly crossings: TrueCrossing[];
  readonly passingMs: number[];
  readonly salesMs: number[];
} {
  const crossings: TrueCrossing[] = [];
  const passingMs: number[] = [];
  const salesMs: number[] = [];
  const meanSize = 1.25;
  for (let atMs = OPENS_MS; ; ) {
    atMs += (-Math.log(1 - random()) * HOUR_MS * meanSize) / entrantsPerHour;
    if (atMs >= OPENS_MS + openMs) return { crossings, passingMs, salesMs };
    const isShort = random() < 0.25;
    const visitMs = isShort
      ? 5000 - 55_000 * Math.log(1 - random())
      : 720_000 * Math.exp(0.7 * normalDraw(random));
    const size = random() < 0.25 ? 2 : 1;
    for (let i = 0; i < size; i += 1) {
      const lateMs = 700 * i;
      crossings.push({ atMs: atMs + lateMs, direction: "in", staff: -1 });
      crossings.push({ atMs: atMs + visitMs + lateMs, direction: "out", staff: -1 });
      passingMs.push(atMs + lateMs - 4000);
      for (let others = Math.floor(8 * random()); others > 0; others -= 1)
        passingMs.push(atMs + (random() - 0.5) * 600_000);
    }
    if (!isShort && random() < 0.3) salesMs.push(atMs + 0.9 * visitMs);
  }
}
