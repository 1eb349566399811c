import { between, chance, type Random } from "./draws.ts";
import { type ShopLayout, spotIn } from "./layout.ts";
import type { ShopModel } from "./model.ts";
import { doorOf } from "./shopping.ts";
import type { Walk } from "./walk.ts";
import { goTo, walkAway, walkIn, walkOut } from "./way.ts";

/** A shift of one member of staff, as one way from the first entry to the last exit. */
export interface StaffShiftWalk {
  /** From 1. */
  readonly number: number;
  readonly walk: Walk;
  /** Outings, so that staff count as inside only where they are. */
  readonly hours: { readonly from: number; readonly to: number };
}

interface Hours {
  readonly opensAt: number;
  readonly closesAt: number;
}

const MINUTE_MS = 60_000;

/**
 * Staff of a day: the first half opens, the others close. They come by the street, are behind the scenes, go out for
 * two or three breaks by the front or the back, and make rounds over the floor when the model says so.
 */
export function staffOfDay(
  model: ShopModel,
  layout: ShopLayout,
  { opensAt, closesAt }: Hours,
  random: Random,
): StaffShiftWalk[] {
  const middle = (opensAt + closesAt) / 2;
  return Array.from({ length: model.staff }, (_, i) => {
    const isEarly = i < model.staff / 2;
    const from = isEarly
      ? opensAt - between(random, 20, 40) * MINUTE_MS
      : middle - between(random, 50, 70) * MINUTE_MS;
    const to = isEarly
      ? middle + between(random, 20, 40) * MINUTE_MS
      : closesAt + between(random, 20, 35) * MINUTE_MS;
    const walk = shiftWalk(model, layout, { from, to }, random);
    return { number: i + 1, walk, hours: { from, to } };
  });
}

function shiftWalk(
  model: ShopModel,
  layout: ShopLayout,
  { from, to }: { readonly from: number; readonly to: number },
  random: Random,
): Walk {
  const front = doorOf(layout, 0);
  const walk = walkIn(layout, front, chance(random, 0.5) ? 0 : 1, from, random);
  const breaks = Array.from({ length: 2 + Math.floor(2 * random()) }, () =>
    between(random, from + 30 * MINUTE_MS, to - 45 * MINUTE_MS),
  ).sort((a, b) => a - b);
  goTo(walk, layout, layout.backOffice);
  for (const at of breaks) {
    if (at < walk.now) continue;
    work(walk, model, layout, at, random);
    takeBreak(walk, layout, random);
  }
  work(walk, model, layout, to, random);
  walkOut(walk, layout, front);
  walkAway(walk, layout, front, chance(random, 0.5) ? 0 : 1, random);
  return walk;
}

/** Behind the scenes until an instant, with rounds over the floor. */
function work(
  walk: Walk,
  model: ShopModel,
  layout: ShopLayout,
  until: number,
  random: Random,
): void {
  const goals = layout.zones.filter(({ pull }) => pull > 0);
  while (model.roundsPerHour > 0) {
    const gapMs = (3_600_000 / model.roundsPerHour) * between(random, 0.5, 1.5);
    const zone = goals[Math.floor(random() * goals.length)];
    if (zone === undefined || walk.now + gapMs + 5 * MINUTE_MS > until) break;
    walk.restUntil(walk.now + gapMs);
    goTo(walk, layout, spotIn(zone, random));
    walk.restUntil(walk.now + between(random, 1, 3) * MINUTE_MS);
    goTo(walk, layout, layout.backOffice);
  }
  walk.restUntil(until);
}

function takeBreak(walk: Walk, layout: ShopLayout, random: Random): void {
  const back = layout.doors.findIndex(({ isStreet }) => !isStreet);
  const door = doorOf(layout, back >= 0 && chance(random, 0.5) ? back : 0);
  walkOut(walk, layout, door);
  walkAway(walk, layout, door, chance(random, 0.5) ? 0 : 1, random);
  walk.restUntil(walk.now + between(random, 5, 25) * MINUTE_MS);
  walk.to(door.outside, door.inside);
  goTo(walk, layout, layout.backOffice);
}
