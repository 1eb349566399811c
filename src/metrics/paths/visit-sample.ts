import type { ZoneId } from "../../core/brand.ts";
import type { MetricMethod } from "../../core/metric-value.ts";
import type { SitePlan } from "../../core/site.ts";
import type { TimeSpan } from "../calendar/shop-hours.ts";
import type { DayPart } from "../days/day-book.ts";
import { isPurchase } from "../days/sales.ts";
import type { VisitRow } from "../days/visit-table.ts";
import { inverseWeight, TAG_RULES } from "../estimate/tag-weights.ts";
import type { ReasonCode } from "../reasons.ts";
import { type Sight, type Sources, sentence, sightOf, totalOf } from "../sources.ts";
import { pathOf, stopsOf, type ZoneStop } from "./zone-stops.ts";

/** Through the same door within this of the one before: they came together. */
const TOGETHER_MS = 3000;

/** One visit of a sample. */
export interface SampledVisit {
  readonly row: VisitRow;
  readonly stops: readonly ZoneStop[];
  /** Its zones in order, each as often as it was come back to from elsewhere. */
  readonly path: readonly number[];
  readonly isEntrySeen: boolean;
  /** Its last stop is known, and that it left after it. */
  readonly isEndSeen: boolean;
  /** Seen from where it began to where it left, so that it says where it did not stop, too. */
  readonly isWhole: boolean;
  /** How many visits it stands for, relative to the others. */
  readonly weight: number;
  /** Visits of one group share it; groups follow one another. */
  readonly group: number;
  /** Purchases linked to it. */
  readonly sales: number;
  readonly hasBought: boolean;
}

/** Which visits a figure rests on, and how well their sensors saw. */
export interface SampleKind {
  readonly method: Extract<MetricMethod, "track" | "tag">;
  /** Zones in which these visits are seen; a stop's `zone` is a place in this list. */
  readonly zones: readonly ZoneId[];
  readonly sight: Sight;
}

/** How far receipts are linked to the visits that paid. */
export interface PaymentLinks {
  /** Purchases that one visit of the sample is known to have paid. */
  readonly linked: number;
  /** Purchases at the till in the interval. */
  readonly sales: number;
}

/** Why there is no sample. */
export interface NoSample {
  readonly code: ReasonCode;
  readonly text: string;
}

/** Zones of the cameras whose tracks go from door to door. */
export function trackZonesOf(site: SitePlan): ZoneId[] {
  const cameras = site.cameras.filter((camera) => camera.followsVisits === true);
  return unique(cameras.flatMap((camera) => camera.zones.map((zone) => zone.id)));
}

/** Zones of the floor inside the shop, in which tags are located. */
export function tagZonesOf(site: SitePlan): ZoneId[] {
  const zones = (site.floor?.zones ?? []).filter((zone) => zone.kind !== "outside");
  return unique(zones.map((zone) => zone.id));
}

/**
 * The best visits that know all of these zones: tracks from door to door, where a camera follows visits and saw any of
 * the interval; else tags that customers carry, where a receiver heard any of it. An empty list asks for visits as such.
 */
export function kindFor(
  sources: Sources,
  question: TimeSpan,
  zones: readonly ZoneId[],
): SampleKind | NoSample {
  const { site } = sources;
  const followers = site.cameras.filter((camera) => camera.followsVisits === true);
  const trackZones = trackZonesOf(site);
  const tagZones = tagZonesOf(site);
  const cameras = followers.map((camera) => camera.id);
  const sight = sightOf(sources, cameras, question.from, question.to);
  const knows = (known: readonly ZoneId[]): boolean => zones.every((zone) => known.includes(zone));
  const isFollowed = followers.length > 0 && knows(trackZones);
  if (isFollowed && sight.share > 0) return { method: "track", zones: trackZones, sight };
  const isHeard = site.receivers.length > 0 && site.tags.some(isCustomerTag) && knows(tagZones);
  const heard = isHeard ? sightOfReceivers(sources, question) : null;
  if (heard !== null && heard.share > 0) return { method: "tag", zones: tagZones, sight: heard };
  const blindText = isFollowed ? sight.blindText : heard?.blindText;
  if (blindText !== undefined)
    return { code: "sensor-blind", text: sentence(blindText || "nothing was seen") };
  const where = zones.length === 0 ? "through the shop" : "through this part of the shop";
  return {
    code: "not-identifiable",
    text: `No camera follows visits ${where}, and no tags of customers are located there.`,
  };
}

/** Whether visits are known. */
export const isKnown = (outcome: SampleKind | NoSample): outcome is SampleKind =>
  "method" in outcome;

const isCustomerTag = ({ kind }: { readonly kind: string }): boolean =>
  kind === "basket" || kind === "cart" || kind === "loyalty-card";

/** What the receivers heard of an interval: they hear on without one another, so it is the mean of their shares. */
export function sightOfReceivers(sources: Sources, { from, to }: TimeSpan): Sight {
  const each = sources.site.receivers.map(({ id }) => sightOf(sources, [id], from, to));
  return {
    share: each.reduce((sum, one) => sum + one.share, 0) / each.length,
    isSeeing: each.some((one) => one.isSeeing),
    blindText: each.flatMap(({ blindText }) => (blindText === "" ? [] : [blindText])).join(", "),
    corrections: each.reduce((sum, one) => sum + one.corrections, 0),
  };
}

/** The visits of a kind that began in a part of a day, groups together, otherwise in order of entry. */
export function sampledVisits({ day, range }: DayPart, kind: SampleKind): SampledVisit[] {
  const places = new Map(kind.zones.map((zone, place) => [zone, place]));
  const visits: SampledVisit[] = [];
  const together = new Groups();
  for (const row of day.visits.within(range)) {
    if (row.method !== kind.method || !isCustomer(row) || isRecognition(row)) continue;
    const weight = weightOf(row);
    if (weight === 0) continue;
    const sales = salesOf(row);
    const stops = stopsOf(row.stays, places);
    visits.push({
      row,
      stops,
      path: pathOf(stops),
      isEntrySeen: row.isEntrySeen,
      isEndSeen: isEndSeen(row),
      isWhole: isWhole(row),
      weight,
      group: together.groupOf(row),
      sales,
      hasBought: sales > 0,
    });
  }
  // Sorting is stable: within a group, and between groups, the order of entry stays.
  return visits.sort((a, b) => a.group - b.group);
}

/** How well the payments of an interval are linked to these visits. */
export function paymentsOf(sources: Sources, question: TimeSpan, linked: number): PaymentLinks {
  const parts = sources.book.parts(question.from, question.to);
  return {
    linked,
    sales: totalOf(parts, ({ day, range }) => day.sales.transactions(range)),
  };
}

/**
 * A tag is heard sooner or later, so short visits stand for others that were not heard; tracks stand for themselves. How
 * soon is learned from weeks of doors, which a shop with paths need not have: here it is always what a walk found.
 */
function weightOf({ method, tagKind, enteredAt, exitedAt }: VisitRow): number {
  if (method === "track" || tagKind === null) return 1;
  return inverseWeight(tagKind, exitedAt - enteredAt, TAG_RULES.detectMs);
}

/** A tag that is laid down is heard no more: that is how its visit ends. */
function isEndSeen(row: VisitRow): boolean {
  const hasLeft = row.isExitSeen || (row.method === "tag" && row.endedBy === "silence");
  return hasLeft && row.staysDropped === 0;
}

/**
 * A track that is lost inside comes again as one without an entry: taken for two visits, neither of which stopped where
 * the other did. A tag is heard from when it is taken until it is laid down.
 */
function isWhole({ method, isEntrySeen, endedBy }: VisitRow): boolean {
  return method === "tag" || (isEntrySeen && endedBy !== "lost");
}

/** Purchases linked to a visit. Pure. */
export function salesOf(row: VisitRow): number {
  let sales = 0;
  for (const { transactionKind: kind, netMinor } of row.receipts)
    if (isPurchase({ kind, netMinor })) sales += 1;
  return sales;
}

/** Whether a visit is a customer's: by a track, or by a tag that customers carry; never staff. Pure. */
export function isCustomer(row: VisitRow): boolean {
  if (row.isStaff) return false;
  return row.method === "track" || (row.tagKind !== null && isCustomerTag({ kind: row.tagKind }));
}

/** Known by a recognition at a station alone: where the member went, and for how long, nobody knows. */
const isRecognition = ({ method, isEntrySeen, endedBy, stays }: VisitRow): boolean =>
  method === "tag" && !isEntrySeen && endedBy === "lost" && stays.length === 0;

/** Numbers the groups in which visits began: through the same door, shortly after one another. */
class Groups {
  readonly #last = new Map<string, { readonly at: number; readonly group: number }>();
  #groups = 0;

  groupOf({ entryLineId, enteredAt }: VisitRow): number {
    const door = entryLineId ?? "";
    const last = this.#last.get(door);
    const isNew = last === undefined || enteredAt - last.at >= TOGETHER_MS;
    if (isNew) this.#groups += 1;
    const group = isNew ? this.#groups : last.group;
    this.#last.set(door, { at: enteredAt, group });
    return group;
  }
}

const unique = <T>(items: readonly T[]): T[] => [...new Set(items)];
