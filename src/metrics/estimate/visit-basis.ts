import { type EpochMs, epochMs } from "../../core/brand.ts";
import { civilFromDays, daysFromCivil } from "../../core/civil-date.ts";
import type { VisitReceipt } from "../../core/events.ts";
import type { Day } from "../days/day-book.ts";
import { isPurchase } from "../days/sales.ts";
import type { VisitRow } from "../days/visit-table.ts";
import { isLopsided } from "../figures/plausibility.ts";
import { stopsOf } from "../paths/zone-stops.ts";
import { camerasWith, type Question, type Sources, sightOf } from "../sources.ts";
import { affordableDays, type DoorDay } from "./deconvolution.ts";
import { estimateKey } from "./estimates.ts";
import { DRIFT_RULES } from "./occupancy.ts";
import { FLOOR_RULES, learnFloor, type PurchaseFloor } from "./purchase-floor.ts";
import { VISIT_ESTIMATE_RULES } from "./rules.ts";
import type { TagSighting } from "./tag-lags.ts";
import type { EstimateDay, VisitEstimate } from "./visit-estimate.ts";

const DAY_MS = 86_400_000;

/** The interval of a question. */
export type AskedSpan = Omit<Question, "metric" | "scope">;

/** The closed days that an estimate for a question rests on. */
export interface Basis {
  readonly days: readonly Day[];
  /** They are those of the asked interval. */
  readonly isAsked: boolean;
}

/**
 * The usable closed days for a question: those within the asked interval when they are enough, else the last ones
 * before its end. Usable: the doors saw, people came and left, and about as many.
 */
export function basisOf(sources: Sources, { from, to }: AskedSpan): Basis {
  const closed = sources.book.days.filter((day) => day.span.end <= to);
  const usable = sources.memo(`usable days up to ${closed.at(-1)?.span.end ?? 0}`, () =>
    closed.filter((day) => isUsable(sources, day)),
  );
  const asked = usable.filter((day) => day.span.start >= from);
  if (asked.length >= VISIT_ESTIMATE_RULES.minAskedDays)
    return { days: affordable(asked), isAsked: true };
  return { days: affordable(usable.slice(-VISIT_ESTIMATE_RULES.windowDays)), isAsked: false };
}

function isUsable(sources: Sources, day: Day): boolean {
  const { ins, outs } = doorsOf(day);
  if (ins.length === 0 || outs.length === 0) return false;
  if (isLopsided({ ins: ins.length, outs: outs.length }, true)) return false;
  const { start, end } = day.span;
  const { share } = sightOf(sources, camerasWith(sources.site, "door"), start, end);
  return share >= DRIFT_RULES.minCoverage;
}

const affordable = (days: readonly Day[]): Day[] =>
  affordableDays(days.map((day) => ({ day, doors: doorsOf(day) }))).map(({ day }) => day);

const doorsOf = ({ doorTimes }: Day): DoorDay => ({
  ins: doorTimes.times("in"),
  outs: doorTimes.times("out"),
});

/** Why there is no estimate. */
export type NoEstimate = "learning" | "estimating";

/** The estimate for a question with the days it rests on and the tau it was made for. */
export interface BasedEstimate {
  readonly basis: Basis;
  readonly floor: PurchaseFloor;
  readonly estimate: VisitEstimate | NoEstimate;
}

/** The estimate of visits for a question. */
export function estimateFor(sources: Sources, question: Question): BasedEstimate {
  const basis = basisOf(sources, question);
  const floor = floorAt(sources, question.to);
  const entries = basis.days.reduce((sum, day) => sum + day.doorTimes.times("in").length, 0);
  if (basis.days.length < VISIT_ESTIMATE_RULES.minDays || entries < VISIT_ESTIMATE_RULES.minEntries)
    return { basis, floor, estimate: "learning" };
  const estimate = sources.estimates.visits({
    key: estimateKey(
      basis.days.map((day) => day.span.start),
      floor.bounceMaxMs,
    ),
    version: basis.days.map(versionOf).join(),
    input: () => ({ days: basis.days.map(copyOf), bounceMaxMs: floor.bounceMaxMs }),
  });
  return { basis, floor, estimate: estimate ?? "estimating" };
}

/** Tells whether a day is still what it was; staff taken out and visits corrected change it. */
function versionOf(day: Day): string {
  const { ins, outs } = doorsOf(day);
  const { visits } = day;
  return `${ins.length}/${outs.length}/${visits.size}/${visits.revision({ from: 0, to: day.slots })}`;
}

function copyOf(day: Day): EstimateDay {
  const { ins, outs } = doorsOf(day);
  const tags: TagSighting[] = [];
  for (const row of day.visits.rows()) {
    const visit = sightingOf(row, day.span.start);
    if (visit !== null) tags.push(visit);
  }
  return { doors: { ins: [...ins], outs: [...outs] }, tags };
}

/** A visit by a customer's tag that was seen from its beginning to its end; else null. */
function sightingOf(row: VisitRow, dayStart: EpochMs): TagSighting | null {
  const { method, tagKind, isStaff, endedBy } = row;
  if (method !== "tag" || tagKind === null || isStaff) return null;
  if (tagKind !== "loyalty-card" && tagKind !== "basket" && tagKind !== "cart") return null;
  if (!row.isEntrySeen || !(row.isExitSeen || endedBy === "silence")) return null;
  return {
    kind: tagKind,
    fromMs: row.enteredAt - dayStart,
    toMs: row.exitedAt - dayStart,
    reentries: row.reentries,
    isEngaged: hasBought(row),
    hasTwoZones: zonesOf(row) >= 2,
  };
}

/** Whether a receipt of the visit is a purchase. Pure. */
export const hasBought = (row: VisitRow): boolean => row.receipts.some(isSale);

const isSale = ({ transactionKind, netMinor }: VisitReceipt): boolean =>
  isPurchase({ kind: transactionKind, netMinor });

/** Zones in which a visit stopped, each once; walking through is no stop. Pure. */
export function zonesOf(row: VisitRow): number {
  const ids = [...new Set(row.stays.map((stay) => stay.zoneId))];
  const stops = stopsOf(row.stays, new Map(ids.map((id, place) => [id, place])));
  return new Set(stops.map((stop) => stop.zone)).size;
}

/** tau for an instant: learned from the four weeks before its calendar month, anew with each month. */
export function floorAt(sources: Sources, at: EpochMs): PurchaseFloor {
  const { calendar, book, estimates, measures } = sources;
  // An interval that ends with a month belongs to it, not to the one that begins then.
  const date = Math.floor(calendar.wallOf(calendar.dayOf(epochMs(at - 1)).start) / DAY_MS);
  const { year, month } = civilFromDays(date);
  const name = `${year}-${String(month).padStart(2, "0")}`;
  const firstDay = daysFromCivil(year, month, 1);
  const until = calendar.instantOfWall(
    firstDay * DAY_MS + sources.site.store.dayCutoverMin * 60_000,
  );
  const since = epochMs(until - FLOOR_RULES.windowDays * DAY_MS);
  const learn = (): PurchaseFloor => {
    const days = book.days.filter(({ span }) => span.start >= since && span.end <= until);
    return learnFloor(days.flatMap(firstPayments), name, measures.bounceMaxMs);
  };
  return estimates.floor(name, !book.isForgotten(since), learn);
}

/** Times between entry and first purchase of the visits of a day, ms. */
function firstPayments(day: Day): number[] {
  const times: number[] = [];
  for (const row of day.visits.rows()) {
    if (row.isStaff || !row.isEntrySeen) continue;
    const sales = row.receipts.filter(isSale);
    if (sales.length > 0) times.push(Math.min(...sales.map((sale) => sale.paidAt)) - row.enteredAt);
  }
  return times;
}
