import type { Point } from "../../core/geometry.ts";
import { between, type Random } from "./draws.ts";
import { type LayoutDoor, middleOf, type ShopLayout } from "./layout.ts";
import { Walk, walkMs } from "./walk.ts";

/** Length of the way through these places at a walk, ms. */
export function wayMs(from: Point, ...places: readonly Point[]): number {
  let ms = 0;
  let here = from;
  for (const place of places) {
    ms += walkMs(here, place);
    here = place;
  }
  return ms;
}

/** Goes to a place around the corners of the shop. */
export function goTo(walk: Walk, layout: ShopLayout, place: Point): void {
  walk.to(...layout.bend(walk.here, place), place);
}

/** Time that takes. */
export function goMs(from: Point, layout: ShopLayout, place: Point): number {
  return wayMs(from, ...layout.bend(from, place), place);
}

/** Where somebody is first and last seen: at an end of the pavement, or in the yard of a back door. */
export function edgeOf(layout: ShopLayout, door: LayoutDoor, side: 0 | 1, y: number): Point {
  if (!door.isStreet) return { x: door.outside.x, y: door.outside.y * 2 };
  const { leftX, rightX } = layout.frontage;
  return { x: side === 0 ? leftX : rightX, y };
}

/** A walk that begins out of sight and stands in the door at `arrivesAt`. */
export function walkIn(
  layout: ShopLayout,
  door: LayoutDoor,
  side: 0 | 1,
  arrivesAt: number,
  random: Random,
): Walk {
  const { nearY, farY } = layout.frontage;
  const edge = edgeOf(layout, door, side, between(random, nearY, farY));
  const places = [door.outside, middleOf(door)];
  const walk = new Walk(arrivesAt - wayMs(edge, ...places), edge);
  return walk.to(...places).to(door.inside);
}

/** Goes to a door and through it; the last corner is just outside. */
export function walkOut(walk: Walk, layout: ShopLayout, door: LayoutDoor): void {
  goTo(walk, layout, door.inside);
  walk.to(middleOf(door), door.outside);
}

/** From just outside of a door to where nobody is seen any more. */
export function walkAway(
  walk: Walk,
  layout: ShopLayout,
  door: LayoutDoor,
  side: 0 | 1,
  random: Random,
): void {
  const { nearY, farY } = layout.frontage;
  walk.to(edgeOf(layout, door, side, between(random, nearY, farY)));
}

/** Time from a place inside to the middle of a door. */
export const leavingMs = (from: Point, layout: ShopLayout, door: LayoutDoor): number =>
  goMs(from, layout, door.inside) + walkMs(door.inside, middleOf(door));

/** How far people look for the next thing to see, and how much less a zone draws that they have seen. */
const NEAR_M = 8;
const SEEN_FACTOR = 0.3;

/** The next zone to look at: near and attractive ones first, those seen before less; -1 = there is nothing to see. */
export function nextZone(
  layout: ShopLayout,
  here: Point,
  seen: ReadonlySet<number>,
  random: Random,
): number {
  let total = 0;
  const weights = layout.zones.map(({ pull, box }, i) => {
    if (pull === 0) return 0;
    const away = Math.hypot(
      (box.left + box.right) / 2 - here.x,
      (box.top + box.bottom) / 2 - here.y,
    );
    const weight = pull * Math.exp(-away / NEAR_M) * (seen.has(i) ? SEEN_FACTOR : 1);
    total += weight;
    return weight;
  });
  let left = random() * total;
  return weights.findIndex((weight) => {
    left -= weight;
    return weight > 0 && left < 0;
  });
}
