import {
  type EpochMs,
  epochMs,
  lineId,
  monoMs,
  type TagId,
  tagId,
  visitId,
  zoneId,
} from "../../src/core/brand.ts";
import type { JourneyCompleted, VisitBasket, VisitReceipt } from "../../src/core/events.ts";
import type { SitePlan, TagKind, ZonePlan } from "../../src/core/site.ts";
import { shopSite } from "./journey-events.ts";

/** A stop: zone, seconds after the entry, seconds of dwell. */
export type Stop = readonly [zone: string, afterS: number, dwellS: number];

/** What is special about a visit; the rest is a customer seen from door to door. */
export interface VisitSketch {
  readonly stops?: readonly Stop[];
  /** Absent = ten seconds after the last stop. */
  readonly lengthS?: number;
  /** Receipt of a purchase. */
  readonly bought?: string;
  readonly basket?: VisitBasket;
  readonly tag?: string;
  readonly tagKind?: TagKind;
  readonly isStaff?: boolean;
  readonly change?: Partial<JourneyCompleted>;
}

const ZONES: readonly Partial<ZonePlan>[] = [
  { name: "Table", departments: ["hats"], referenceDwellMs: 40_000 },
  { name: "Shoes", skus: ["boot"] },
  { name: "Mirror" },
];

/** A shop whose floor camera follows visits through `table`, `shoes`, `mirror` and a queue before the till. */
export function followedShop(changes: Partial<SitePlan> = {}): SitePlan {
  const site = shopSite();
  const plain = site.cameras[2]?.zones[0];
  if (plain === undefined) throw new TypeError("the plain shop has no zone");
  const zones = ["table", "shoes", "mirror"].map((id, i) => ({
    ...plain,
    id: zoneId(id),
    ...ZONES[i],
  }));
  const queue: ZonePlan = {
    ...plain,
    id: zoneId("queue"),
    name: "Queue",
    kind: "queue",
    servedAt: zoneId("till"),
    approach: zoneId("mirror"),
  };
  const till: ZonePlan = { ...plain, id: zoneId("till"), name: "Till", kind: "till" };
  return {
    ...site,
    cameras: site.cameras.map((camera, i) =>
      i === 2 ? { ...camera, followsVisits: true, zones: [...zones, queue, till] } : camera,
    ),
    ...changes,
  };
}

/** Makes documents of completed visits, numbered from 0. */
export class VisitMaker {
  #made = 0;

  visit(at: EpochMs, sketch: VisitSketch = {}): JourneyCompleted {
    const seq = this.#made;
    this.#made += 1;
    const { stops = [], bought, tag } = sketch;
    const last = stops.reduce((end, [, after, dwell]) => Math.max(end, after + dwell), 0);
    const exitedAt = epochMs(at + (sketch.lengthS ?? last + 10) * 1000);
    const name: TagId | null = tag === undefined ? null : tagId(tag);
    const receipts: VisitReceipt[] =
      bought === undefined
        ? []
        : [
            {
              receiptId: bought,
              transactionKind: "sale",
              paidAt: exitedAt,
              netMinor: 1000,
              units: 1,
            },
          ];
    return {
      kind: "completed",
      source: "visits#a",
      seq,
      at: exitedAt,
      atMono: monoMs(exitedAt),
      clock: "synced",
      visitId: visitId(`v${seq}`),
      revision: 0,
      isWithdrawn: false,
      method: name === null ? "track" : "tag",
      tagKind: name === null ? null : (sketch.tagKind ?? "loyalty-card"),
      tagId: name,
      enteredAt: at,
      exitedAt,
      isEntrySeen: true,
      isExitSeen: true,
      entryLineId: lineId("door"),
      exitLineId: lineId("door"),
      endedBy: "exit",
      reentries: 0,
      isStaff: sketch.isStaff ?? false,
      stays: stops.map(([zone, after, dwell]) => ({
        zoneId: zoneId(zone),
        enteredAt: epochMs(at + after * 1000),
        dwellMs: dwell * 1000,
        isCensored: false,
      })),
      staysDropped: 0,
      queues: [],
      basket: sketch.basket ?? null,
      receipts,
      began: { source: "camera:floor#a", seq },
      ...sketch.change,
    };
  }
}
