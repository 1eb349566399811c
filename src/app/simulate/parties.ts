import {
  between,
  chance,
  exponential,
  lognormal,
  pick,
  type Random,
  swellingInstants,
} from "./draws.ts";
import type { LayoutDoor, ShopLayout } from "./layout.ts";
import type { ShopModel } from "./model.ts";

/** What people come for. */
export type Errand = "look" | "buy" | "refund" | "exchange" | "collect";

/** People who come together, before they have done anything. */
export interface Party {
  readonly arrivesAt: number;
  readonly size: number;
  /** The last of them is a child. */
  readonly hasChild: boolean;
  /** How long they mean to stay. */
  readonly visitMs: number;
  readonly errand: Errand;
  readonly doorIn: number;
  readonly doorOut: number;
  /** From which end of the pavement they come and to which they go; 0 = left. */
  readonly fromSide: 0 | 1;
  readonly toSide: 0 | 1;
  readonly carries: "basket" | "cart" | "nothing";
  readonly card: number | null;
  /** Goes out and comes back within the re-entry gap: for so long, in sight or not; null = does not. */
  readonly outing: { readonly ms: number; readonly isOutOfSight: boolean } | null;
}

/** Nobody begins to pay with less time than this. */
const SHORTEST_ERRAND_MS = 240_000;
const SHORTEST_CARRY_MS = 180_000;
const SHORTEST_OUTING_MS = 300_000;
/** Nobody comes in the last minutes, and everybody is asked to leave soon after closing. */
const LAST_ENTRY_MS = 600_000;
const LAST_EXIT_MS = 900_000;

interface Hours {
  readonly opensAt: number;
  readonly closesAt: number;
}

/** Everybody who comes in on a day as a customer, in order of arrival. */
export function drawParties(
  model: ShopModel,
  layout: ShopLayout,
  hours: Hours,
  factor: number,
  random: Random,
): Party[] {
  const open = { from: hours.opensAt, to: hours.closesAt - LAST_ENTRY_MS };
  const people = (model.entriesPerHour * factor * (hours.closesAt - hours.opensAt)) / 3_600_000;
  const groups = groupShare(model.groupedRatio);
  const parties: Party[] = [];
  const instants = swellingInstants(random, open, people / (1 - groups + groups * GROUP_SIZE_MEAN));
  for (const at of instants) {
    const party = drawParty(model, layout, at, groups, hours.closesAt, random);
    parties.push(party);
    if (chance(random, model.returnRatio)) {
      const againAt = at + party.visitMs + between(random, 1_200_000, 5_400_000);
      if (againAt < open.to) {
        const again = drawParty(model, layout, againAt, 0, hours.closesAt, random);
        parties.push({ ...again, size: party.size, hasChild: party.hasChild, card: party.card });
      }
    }
  }
  return withoutTwins(parties.sort((a, b) => a.arrivesAt - b.arrivesAt));
}

const GROUP_SIZE_MEAN = 2.3;

/** Share of parties that are groups, for this share of people in groups. */
const groupShare = (peopleRatio: number): number =>
  peopleRatio / (GROUP_SIZE_MEAN - peopleRatio * (GROUP_SIZE_MEAN - 1));

function drawParty(
  model: ShopModel,
  layout: ShopLayout,
  arrivesAt: number,
  groups: number,
  closesAt: number,
  random: Random,
): Party {
  const isGroup = chance(random, groups);
  const size = isGroup ? (chance(random, 0.7) ? 2 : 3) : 1;
  const visitMs = Math.min(drawVisitMs(model, random), closesAt + LAST_EXIT_MS - arrivesAt);
  const doorIn = pick(random, indices(layout.doors), (i) => layout.doors[i]?.weight ?? 0);
  const staysWithDoor = chance(random, 0.85);
  const other = pick(random, indices(layout.doors), (i) => layout.doors[i]?.weight ?? 0);
  const carried = drawCarried(model, visitMs, random);
  const outing = drawOuting(model, visitMs, layout.doors[doorIn], random);
  // Nobody takes the shop's basket out onto the street and comes back with it.
  const carries = outing === null ? carried : "nothing";
  return {
    arrivesAt,
    size,
    hasChild: isGroup && chance(random, model.childRatio),
    visitMs,
    errand: drawErrand(model, layout, { visitMs, carries }, random),
    doorIn,
    doorOut: staysWithDoor ? doorIn : other,
    fromSide: chance(random, 0.5) ? 0 : 1,
    toSide: chance(random, 0.5) ? 0 : 1,
    carries,
    card: chance(random, model.cardRatio) ? Math.floor(model.members * random() ** 2) + 1 : null,
    outing,
  };
}

/** How long somebody means to stay. @source retail notes 3.2 */
function drawVisitMs(model: ShopModel, random: Random): number {
  return chance(random, model.shortRatio)
    ? 5_000 + exponential(random, model.shortMeanMs)
    : Math.min(lognormal(random, model.longMedianMs, model.longSigma), 10_800_000);
}

/** Who takes a basket means to buy more often than who does not. */
const CARRIER_FACTOR = 1.7;

function drawErrand(
  model: ShopModel,
  layout: ShopLayout,
  { visitMs, carries }: Pick<Party, "visitMs" | "carries">,
  random: Random,
): Errand {
  const draw = random();
  const tillRatio = model.tillRatio * (carries === "nothing" ? 0.8 : CARRIER_FACTOR);
  const detail = random();
  if (visitMs < SHORTEST_ERRAND_MS) return "look";
  if (layout.collect >= 0 && draw > 1 - model.collectRatio) return "collect";
  if (layout.till < 0 || draw >= tillRatio) return "look";
  if (detail < model.refundRatio) return "refund";
  return detail < model.refundRatio + model.exchangeRatio ? "exchange" : "buy";
}

function drawCarried(model: ShopModel, visitMs: number, random: Random): Party["carries"] {
  const draw = random();
  if (visitMs < SHORTEST_CARRY_MS) return "nothing";
  if (draw < model.basketRatio) return "basket";
  return draw < model.basketRatio + model.cartRatio ? "cart" : "nothing";
}

function drawOuting(
  model: ShopModel,
  visitMs: number,
  door: LayoutDoor | undefined,
  random: Random,
): Party["outing"] {
  const isOut = chance(random, model.outingRatio);
  const isOutOfSight = chance(random, 0.5);
  const share = random();
  if (!isOut || visitMs < SHORTEST_OUTING_MS || door?.isStreet !== true) return null;
  const ms = isOutOfSight ? 120_000 + share * 480_000 : 20_000 + share * 100_000;
  return { ms, isOutOfSight };
}

const indices = (list: readonly unknown[]): readonly number[] => list.map((_, i) => i);

/** Nobody is in the shop twice at once: a card that is still inside stays at home. */
function withoutTwins(parties: readonly Party[]): Party[] {
  const busyUntil = new Map<number, number>();
  return parties.map((party) => {
    const { card, arrivesAt, visitMs } = party;
    if (card === null) return party;
    if ((busyUntil.get(card) ?? 0) > arrivesAt) return { ...party, card: null };
    busyUntil.set(card, arrivesAt + visitMs + 1_800_000);
    return party;
  });
}
