import type { EpochMs } from "../../core/brand.ts";
import type { Point } from "../../core/geometry.ts";
import { between, type Random, streamOf } from "./draws.ts";
import type { ShopLayout } from "./layout.ts";
import type { ShopModel } from "./model.ts";
import { drawParties } from "./parties.ts";
import { passersOfDay } from "./passers-by.ts";
import { doorOf, lookAround, type Shopping } from "./shopping.ts";
import { staffOfDay } from "./staff-day.ts";
import { type Errands, goToErrand, Till } from "./till.ts";
import type {
  TrueBasket,
  TrueCrossing,
  TrueDay,
  TruePass,
  TrueQueue,
  TrueReceipt,
  TrueStay,
  TrueVisit,
} from "./true-day.ts";
import { beside, type Spot } from "./walk.ts";
import { walkAway, walkOut } from "./way.ts";
import { lineTimes, zoneTimes } from "./zone-times.ts";

/** One day to simulate. */
export interface DayPlan {
  readonly seed: number;
  /** From 0; part of every id and of the day's randomness. */
  readonly number: number;
  readonly opensAt: EpochMs;
  readonly closesAt: EpochMs;
  /** Factor on the entries, of the day of the week. */
  readonly factor: number;
  /** Tagged baskets and carts of the shop; a day begins with all of them at the rack. */
  readonly baskets: number;
  readonly carts: number;
}

/** Ids of a day begin at its number times this: customers first, then staff, then who comes by. */
const IDS_PER_DAY = 1_000_000;
const STAFF_IDS = 500_000;
const PASSER_IDS = 600_000;

/** One day of the shop as it was. Pure for a seed: the same plan gives the same day, whatever day came before. */
export function simulateDay(model: ShopModel, layout: ShopLayout, plan: DayPlan): TrueDay {
  const stream = (aspect: string): Random => streamOf(plan.seed, aspect, plan.number);
  const parties = drawParties(model, layout, plan, plan.factor, stream("parties"));
  const walks = stream("walks");
  const shoppings = parties.map((party) => lookAround(party, layout, walks));
  for (const shopping of shoppings) goToErrand(shopping, layout, walks);
  const till = new Till(model, layout, `d${plan.number}`, stream("till"));
  const errands = new Map<Shopping, Errands>();
  const inOrder = [...shoppings].sort((a, b) => a.walk.now - b.walk.now);
  for (const shopping of inOrder) errands.set(shopping, till.serve(shopping));
  const leaving = stream("leaving");
  for (const { party, walk } of shoppings) {
    const door = doorOf(layout, party.doorOut);
    walkOut(walk, layout, door);
    walkAway(walk, layout, door, party.toSide, leaving);
  }
  const tags = basketTags(shoppings, errands, plan);
  const visits: TrueVisit[] = [];
  shoppings.forEach((shopping, number) => {
    const known = { shopping, errands: errands.get(shopping), tag: tags.get(shopping) ?? null };
    visits.push(...visitsOf(known, number, layout, plan, leaving));
  });
  visits.push(...staffVisits(model, layout, plan, stream("staff")));
  const entrants = visits.filter((visit) => visit.staff === null).length;
  const firstId = plan.number * IDS_PER_DAY + PASSER_IDS;
  const span = { firstId, from: plan.opensAt - 1_800_000, to: plan.closesAt };
  const passers = passersOfDay(model, layout, span, entrants, stream("passers"));
  const staffReceipts = Array.from({ length: model.staffSales }, () =>
    till.staffSale(between(leaving, plan.opensAt, plan.closesAt)),
  );
  const receipts = [...visits.flatMap((visit) => visit.receipts), ...staffReceipts];
  return {
    number: plan.number,
    opensAt: plan.opensAt,
    closesAt: plan.closesAt,
    visits,
    passers,
    passes: [...visits, ...passers].flatMap((person) => passesOf(person, layout)).sort(inTime),
    receipts: receipts.sort(inTime),
  };
}

const inTime = (a: { readonly at: number }, b: { readonly at: number }): number => a.at - b.at;

function passesOf(
  { id, path }: { readonly id: number; readonly path: readonly Spot[] },
  { frontage }: ShopLayout,
): TruePass[] {
  const found: TruePass[] = [];
  for (const side of [0, 1] as const)
    for (const { at, direction } of lineTimes(path, frontage.lines[side]))
      found.push({ at, person: id, side, direction });
  return found;
}

/** Which basket or cart each party has: the one that has been back longest; null when all are out. */
function basketTags(
  shoppings: readonly Shopping[],
  errands: ReadonlyMap<Shopping, Errands>,
  { baskets, carts }: DayPlan,
): Map<Shopping, number> {
  const freeAt = Array.from({ length: baskets + carts }, () => Number.NEGATIVE_INFINITY);
  const tags = new Map<Shopping, number>();
  const takers = shoppings.flatMap((shopping) =>
    shopping.takenAt === null ? [] : [{ shopping, takenAt: shopping.takenAt }],
  );
  for (const { shopping, takenAt } of takers.sort((a, b) => a.takenAt - b.takenAt)) {
    const isCart = shopping.party.carries === "cart";
    const tag = isCart
      ? longestBack(freeAt, baskets, baskets + carts)
      : longestBack(freeAt, 0, baskets);
    // A minute at the rack, so that the tag is seen at rest in between.
    if (tag === null || (freeAt[tag] ?? 0) + 60_000 > takenAt) continue;
    tags.set(shopping, tag);
    freeAt[tag] = errands.get(shopping)?.basketLeftAt ?? shopping.walk.now;
  }
  return tags;
}

function longestBack(freeAt: readonly number[], first: number, end: number): number | null {
  let best: number | null = null;
  for (let i = first; i < end; i += 1)
    if (best === null || (freeAt[i] ?? 0) < (freeAt[best] ?? 0)) best = i;
  return best;
}

interface Known {
  readonly shopping: Shopping;
  readonly errands: Errands | undefined;
  readonly tag: number | null;
}

function visitsOf(
  { shopping, errands, tag }: Known,
  number: number,
  layout: ShopLayout,
  plan: DayPlan,
  random: Random,
): TrueVisit[] {
  const { party, walk } = shopping;
  const ids = plan.number * IDS_PER_DAY + number * 4;
  return Array.from({ length: party.size }, (_, member): TrueVisit => {
    const offset = member === 0 ? HERE : aside(random, member);
    const path = member === 0 ? walk.spots : beside(walk.spots, offset, member * 600);
    const crossings = doorTimes(path, layout);
    const stays = zoneTimes(path, layout.zones);
    const isFirst = member === 0;
    const receipts = (errands?.receipts ?? []).map((one) => ({ ...one, visit: ids }));
    return {
      id: ids + member,
      day: plan.number,
      isChild: party.hasChild && member === party.size - 1,
      staff: null,
      party: ids,
      partySize: party.size,
      isFirst,
      crossings,
      ...boundsOf(crossings),
      isOutOfSight: party.outing?.isOutOfSight ?? false,
      stays,
      queue: queueOf(errands?.outcome ?? null, stays, layout),
      receipts: isFirst ? receipts : NO_RECEIPTS,
      basket: isFirst ? basketOf(tag, shopping, errands, boundsOf(crossings).exitedAt) : null,
      card: isFirst ? party.card : null,
      path,
    };
  });
}

const HERE: Point = { x: 0, y: 0 };
const NO_RECEIPTS: readonly TrueReceipt[] = [];

function aside(random: Random, member: number): Point {
  const side = member === 1 ? 1 : -1;
  return { x: side * between(random, 0.3, 0.5), y: between(random, -0.15, 0.15) };
}

function doorTimes(path: readonly Spot[], { doors }: ShopLayout): TrueCrossing[] {
  const found = doors.flatMap((line, door) =>
    lineTimes(path, line).map(({ at, direction }) => ({ at, door, direction })),
  );
  return found.sort(inTime);
}

/** First entry, last exit, and the time outside in between. */
function boundsOf(
  crossings: readonly TrueCrossing[],
): Pick<TrueVisit, "enteredAt" | "exitedAt" | "outsideMs"> {
  let outsideMs = 0;
  for (let i = 1; i + 1 < crossings.length; i += 2)
    outsideMs += (crossings[i + 1]?.at ?? 0) - (crossings[i]?.at ?? 0);
  return {
    enteredAt: crossings[0]?.at ?? Number.NaN,
    exitedAt: crossings.at(-1)?.at ?? Number.NaN,
    outsideMs,
  };
}

function queueOf(
  outcome: Errands["outcome"],
  stays: readonly TrueStay[],
  { queue, approach }: ShopLayout,
): TrueQueue | null {
  const zone = outcome === "balked" ? approach : queue;
  const stay = stays.filter((one) => one.zone === zone).at(-1);
  if (outcome === null || stay === undefined) return null;
  return { joinedAt: stay.from, leftAt: stay.to, outcome };
}

function basketOf(
  tag: number | null,
  { takenAt }: Shopping,
  errands: Errands | undefined,
  exitedAt: number,
): TrueBasket | null {
  if (tag === null || takenAt === null) return null;
  const leftAt = errands?.basketLeftAt ?? null;
  const back = { returnedAt: leftAt ?? exitedAt - 3_000, isLeftAtTill: leftAt !== null };
  return { tag, takenAt, ...back, changes: errands?.changes ?? [] };
}

function staffVisits(
  model: ShopModel,
  layout: ShopLayout,
  plan: DayPlan,
  random: Random,
): TrueVisit[] {
  return staffOfDay(model, layout, plan, random).map(({ number, walk }) => {
    const id = plan.number * IDS_PER_DAY + STAFF_IDS + number;
    const crossings = doorTimes(walk.spots, layout);
    return {
      id,
      day: plan.number,
      isChild: false,
      staff: number,
      party: id,
      partySize: 1,
      isFirst: true,
      crossings,
      ...boundsOf(crossings),
      isOutOfSight: true,
      stays: zoneTimes(walk.spots, layout.zones),
      queue: null,
      receipts: NO_RECEIPTS,
      basket: null,
      card: null,
      path: walk.spots,
    };
  });
}
