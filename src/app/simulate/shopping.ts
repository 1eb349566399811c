import { between, lognormal, type Random } from "./draws.ts";
import { type LayoutDoor, type ShopLayout, spotIn } from "./layout.ts";
import type { Party } from "./parties.ts";
import { type Walk, walkMs } from "./walk.ts";
import { goMs, goTo, leavingMs, nextZone, walkAway, walkIn, walkOut } from "./way.ts";

/** Time somebody looked around in a zone. */
export interface Look {
  readonly zone: number;
  readonly from: number;
  readonly to: number;
}

/** A party that has looked around and now goes on with its errand. */
export interface Shopping {
  readonly party: Party;
  readonly walk: Walk;
  readonly looks: readonly Look[];
  /** When the party took its basket or cart; null = carries none. */
  readonly takenAt: number | null;
  /** When it came back from an outing that was out of sight: everything before is another track. */
  readonly backAt: number | null;
}

/** Time kept for queue and till when somebody plans the visit. */
const ERRAND_MS = 160_000;
const DWELL = { medianMs: 45_000, sigma: 0.9, shortestMs: 3_000 } as const;
/** People move a little while they look at something. */
const STANDING_MS: readonly [number, number] = [8_000, 30_000];

/** Comes in and looks around until it is time to go on; who only looks stands where the way out begins. */
export function lookAround(party: Party, layout: ShopLayout, random: Random): Shopping {
  const doorIn = doorOf(layout, party.doorIn);
  const walk = walkIn(layout, doorIn, party.fromSide, party.arrivesAt, random);
  const looks: Look[] = [];
  let takenAt: number | null = null;
  if (party.carries !== "nothing") {
    goTo(walk, layout, layout.rack);
    takenAt = walk.now;
    walk.restUntil(walk.now + 3_000);
  }
  const until = party.arrivesAt + party.visitMs - (party.errand === "look" ? 0 : ERRAND_MS);
  const seen = new Set<number>();
  let backAt: number | null = null;
  if (party.outing !== null) {
    strollUntil({ walk, looks, seen, layout, random }, doorIn, party.arrivesAt + party.visitMs / 2);
    const outing = goOut(walk, party, layout, random);
    if (party.outing.isOutOfSight) backAt = outing;
  }
  const doorOut = doorOf(layout, party.doorOut);
  const outsideMs = party.outing?.ms ?? 0;
  strollUntil({ walk, looks, seen, layout, random }, doorOut, until + outsideMs);
  return { party, walk, looks, takenAt, backAt };
}

/** The door at a position. A position beyond the list is a bug. */
export function doorOf(layout: ShopLayout, position: number): LayoutDoor {
  const door = layout.doors[position];
  if (door === undefined) throw new TypeError(`no door ${position}`);
  return door;
}

/** How far in; zones begin three metres from the doors, and nobody stands on the border of two for a minute. */
const STEP_IN_M = 2.5;

interface Stroll {
  readonly walk: Walk;
  readonly looks: Look[];
  readonly seen: Set<number>;
  readonly layout: ShopLayout;
  readonly random: Random;
}

/** Goes from zone to zone as long as there is time to be at the door at `until`, and stands there until it is. */
function strollUntil(stroll: Stroll, door: LayoutDoor, until: number): void {
  const { walk, looks, seen, layout, random } = stroll;
  const spareMs = (): number => until - walk.now - leavingMs(walk.here, layout, door);
  for (;;) {
    const number = nextZone(layout, walk.here, seen, random);
    const zone = layout.zones[number];
    if (zone === undefined) break;
    const spot = spotIn(zone, random);
    const neededMs = goMs(walk.here, layout, spot) + leavingMs(spot, layout, door);
    if (walk.now + neededMs + DWELL.shortestMs > until) break;
    goTo(walk, layout, spot);
    seen.add(number);
    const from = walk.now;
    const dwellMs = Math.min(lognormal(random, DWELL.medianMs, DWELL.sigma), spareMs());
    lookAt(stroll, zone, from + dwellMs, random);
    looks.push({ zone: number, from, to: walk.now });
  }
  stepIn(stroll, door, until);
  walk.restUntil(walk.now + Math.max(0, spareMs()));
}

function lookAt(
  { walk }: Stroll,
  zone: ShopLayout["zones"][number],
  until: number,
  random: Random,
): void {
  while (walk.now < until) {
    walk.restUntil(Math.min(until, walk.now + between(random, ...STANDING_MS)));
    const spot = spotIn(zone, random);
    if (walk.now + walkMs(walk.here, spot) >= until) walk.restUntil(until);
    else walk.to(spot);
  }
}

/** Who has little time goes a few steps in, as far as there is time for. */
function stepIn({ walk, looks }: Stroll, door: LayoutDoor, until: number): void {
  const spareMs = until - walk.now - walkMs(walk.here, door.inside);
  const isElsewhere = Math.hypot(walk.here.x - door.inside.x, walk.here.y - door.inside.y) > 3;
  if (looks.length > 0 || spareMs < 3_000 || isElsewhere) return;
  const depthM = Math.min(STEP_IN_M, (spareMs / 1000) * 0.35);
  const inwards = Math.sign(door.inside.y - door.outside.y);
  walk.to({ x: walk.here.x, y: walk.here.y + inwards * depthM });
}

/** Out of the door and in again; returns when it is back in sight. */
function goOut(walk: Walk, party: Party, layout: ShopLayout, random: Random): number {
  const door = doorOf(layout, party.doorIn);
  const { outing } = party;
  walkOut(walk, layout, door);
  if (outing === null) return walk.now;
  if (!outing.isOutOfSight) {
    const place = { x: door.outside.x + between(random, -1.5, 1.5), y: layout.frontage.farY - 0.5 };
    walk.to(place).restUntil(walk.now + outing.ms);
    walk.to(door.outside, door.inside);
    return walk.now;
  }
  walkAway(walk, layout, door, party.fromSide, random);
  const edge = walk.here;
  walk.restUntil(walk.now + outing.ms);
  const backAt = walk.now;
  walk.to(edge, door.outside, door.inside);
  return backAt;
}
