import { QUEUE_RULES } from "../../../journey/visits/rules.ts";
import { ZONE_RULES } from "../../../metrics/figures/zone-rules.ts";
import { RULES } from "../../../metrics/rules.ts";
import type { ShopLayout } from "../layout.ts";
import type {
  TrueBasket,
  TrueCrossing,
  TrueDay,
  TrueQueue,
  TrueReceipt,
  TrueStay,
} from "../true-day.ts";

/** A stop in a zone: breaks bridged, walking through left out. */
export type TrueStop = TrueStay;

/** One customer's visit, as truth keeps it. */
export interface TrueRow {
  readonly id: number;
  readonly isChild: boolean;
  readonly isFirst: boolean;
  readonly enteredAt: number;
  readonly exitedAt: number;
  /** Stays between an entry and an exit; without outings there is one. */
  readonly stretches: readonly {
    readonly from: number;
    readonly to: number;
    readonly isStreet: boolean;
  }[];
  readonly stops: readonly TrueStop[];
  readonly queue: TrueQueue | null;
  readonly hasBought: boolean;
  readonly basket: TrueBasket | null;
  readonly card: number | null;
}

/** One day, as truth keeps it. */
export interface TruthDay {
  readonly number: number;
  readonly opensAt: number;
  readonly closesAt: number;
  readonly rows: readonly TrueRow[];
  /** People towards the door over the passing lines, while the shop was open or about to open. */
  readonly passing: number;
  /** Entries of staff. */
  readonly staffEntries: number;
  readonly receipts: readonly TrueReceipt[];
  /** Stops and all stays of everybody, staff and passers-by included, per zone. */
  readonly zoneStops: readonly (readonly TrueStop[])[];
  readonly stays: readonly (readonly TrueStay[])[];
  readonly zoneMs: readonly number[];
  /** Ids of visits that a card identified, as the sensors told. */
  readonly identified: ReadonlySet<number>;
}

/** Keeps of a day what true figures need. Pure. */
export function truthDay(
  day: TrueDay,
  layout: ShopLayout,
  identified: ReadonlySet<number>,
): TruthDay {
  const zoneStops = layout.zones.map((): TrueStop[] => []);
  const zoneStays = layout.zones.map((): TrueStay[] => []);
  const zoneMs = layout.zones.map(() => 0);
  for (const { stays } of [...day.visits, ...day.passers]) {
    for (const stay of bridged(stays)) {
      zoneMs[stay.zone] = (zoneMs[stay.zone] ?? 0) + stay.to - stay.from;
      zoneStays[stay.zone]?.push(stay);
      if (isStop(stay)) zoneStops[stay.zone]?.push(stay);
    }
  }
  const customers = day.visits.filter((visit) => visit.staff === null);
  return {
    number: day.number,
    opensAt: day.opensAt,
    closesAt: day.closesAt,
    passing: day.passes.filter(
      ({ direction, at }) =>
        direction === "in" && at >= day.opensAt - RULES.openGraceMs && at < day.closesAt,
    ).length,
    staffEntries: day.visits.reduce(
      (sum, { staff, crossings }) => sum + (staff === null ? 0 : crossings.length / 2),
      0,
    ),
    receipts: day.receipts,
    zoneStops,
    stays: zoneStays,
    zoneMs,
    identified,
    rows: customers.map((visit) => ({
      id: visit.id,
      isChild: visit.isChild,
      isFirst: visit.isFirst,
      enteredAt: visit.enteredAt,
      exitedAt: visit.exitedAt,
      stretches: stretchesOf(visit.crossings, layout),
      stops: bridged(visit.stays).filter(isStop),
      queue: joined(visit.queue),
      hasBought: visit.receipts.some(({ kind }) => kind === "sale"),
      basket: visit.basket,
      card: visit.card,
    })),
  };
}

const isStop = ({ from, to }: TrueStay): boolean => to - from >= ZONE_RULES.minDwellMs;

/** Who was in the queue for less was walking through it, by definition. */
function joined(queue: TrueQueue | null): TrueQueue | null {
  return queue !== null && queue.leftAt - queue.joinedAt >= QUEUE_RULES.joinMs ? queue : null;
}

function bridged(stays: readonly TrueStay[]): TrueStop[] {
  const found: { zone: number; from: number; to: number }[] = [];
  for (const stay of stays) {
    const before = found.findLast((one) => one.zone === stay.zone);
    if (before !== undefined && stay.from - before.to < ZONE_RULES.bridgedGapMs)
      before.to = Math.max(before.to, stay.to);
    else found.push({ ...stay });
  }
  return found;
}

function stretchesOf(
  crossings: readonly TrueCrossing[],
  { doors }: ShopLayout,
): TrueRow["stretches"] {
  const found: { from: number; to: number; isStreet: boolean }[] = [];
  for (let i = 0; i + 1 < crossings.length; i += 2) {
    const entry = crossings[i];
    const exit = crossings[i + 1];
    if (entry === undefined || exit === undefined) continue;
    const isStreet = doors[entry.door]?.isStreet ?? false;
    found.push({ from: entry.at, to: exit.at, isStreet });
  }
  return found;
}
