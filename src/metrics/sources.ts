import { type EpochMs, epochMs, type LineId, type ZoneId } from "../core/brand.ts";
import type { SensorState } from "../core/events.ts";
import type {
  MetricId,
  MetricMethod,
  MetricReason,
  MetricScope,
  MetricValue,
} from "../core/metric-value.ts";
import type { LineRole, SitePlan } from "../core/site.ts";
import type { Reach, ShopHours, TimeSpan } from "./calendar/shop-hours.ts";
import { SLOT_MS } from "./calendar/slots.ts";
import type { TradingCalendar } from "./calendar/trading-day.ts";
import type { LeftPresence, Presence } from "./days/carrier-timeline.ts";
import { type Coverage, SeenSpans } from "./days/coverage.ts";
import type { CustomerBook } from "./days/customer-book.ts";
import type { Day, DayBook, DayPart } from "./days/day-book.ts";
import type { LeftVisit } from "./days/open-visits.ts";
import type { OpenVisit } from "./days/visit-table.ts";
import type { ZoneStays } from "./days/zone-stays.ts";
import { definitionOf, definitionReference } from "./definitions.ts";
import type { Estimates } from "./estimate/estimates.ts";
import { type DoorFlow, emptyFlow, type LearnedDrift } from "./estimate/occupancy.ts";
import { type ReasonCode, reason } from "./reasons.ts";
import { DEFAULT_MEASURES, type Measures, RULES } from "./rules.ts";

/** What the figures are read from. */
export interface Sources {
  readonly site: SitePlan;
  readonly calendar: TradingCalendar;
  readonly book: DayBook;
  readonly coverage: Coverage;
  readonly stays: ZoneStays;
  /** Stays of tags in zones of the floor that are not settled yet. */
  readonly tagStays: ZoneStays;
  /** Whether the till has ever sent a receipt. */
  hasReceipts(): boolean;
  /** Beginning of the first trading day with a receipt: nothing is known of days before; null before there was one. */
  receiptsSince(): EpochMs | null;
  /** Whether people have ever been seen crossing together. */
  hasGroups(): boolean;
  /** The shop's choices. */
  readonly measures: Measures;
  readonly hours: ShopHours;
  readonly customers: CustomerBook;
  /** What is too dear to be worked out with every question. */
  readonly estimates: Estimates;
  /** Visits going on at an instant, as far as a track or a tag names them. */
  openVisits(at: EpochMs): readonly OpenVisit[];
  /** Whether all of a trading day has been told: it ended empty, and every visit is known. */
  isOver(day: Pick<Day, "span">): boolean;
  /** Whom tracks from door to door know to be inside at an instant, of those whose visit is not told as a whole. */
  presentTracks(at: EpochMs): readonly Presence[];
  /** The same of those who were counted leaving by then. */
  leftTracks(at: EpochMs): readonly LeftPresence[];
  /** Visits that went out shortly before an instant and are not told as a whole yet: they may come back. */
  leftVisits(at: EpochMs): readonly LeftVisit[];
  /** What the closed days before an instant taught about drift. */
  driftBefore(at: EpochMs): LearnedDrift;
  /**
   * The result of `compute`, worked out again only when something of these sources that it read has changed. `key` and
   * `variant` name everything else it depends on; of several variants of a key only the latest is remembered, as it
   * should be where an interval ends now. Whoever gets the result must not change it.
   */
  memo<T>(key: string, compute: () => T, variant?: string): T;
}

/** Lines of one role. */
export function linesOf(site: SitePlan, role: LineRole): LineId[] {
  return site.cameras.flatMap((camera) =>
    camera.lines.filter((line) => line.role === role).map((line) => line.id),
  );
}

/** Cameras that carry lines of one role; all of them are needed for a shop-level count. */
export function camerasWith(site: SitePlan, role: LineRole): string[] {
  return site.cameras
    .filter((camera) => camera.lines.some((line) => line.role === role))
    .map((camera) => camera.id);
}

/** Doors that open onto the frontage which the passing lines watch; back doors are not among them. */
export function streetDoorsOf(site: SitePlan): LineId[] {
  return site.cameras.flatMap((camera) =>
    camera.lines
      .filter((line) => line.role === "door" && line.frontage !== false)
      .map((line) => line.id),
  );
}

/** The cameras of some lines, each once. */
export function camerasOfLines(site: SitePlan, lines: readonly LineId[]): string[] {
  return site.cameras
    .filter((camera) => camera.lines.some((line) => lines.includes(line.id)))
    .map((camera) => camera.id);
}

/** The camera that looks at a zone; null when the zone is not in the plan. */
export function cameraOfZone(site: SitePlan, zoneId: ZoneId): string | null {
  return site.cameras.find((camera) => camera.zones.some((zone) => zone.id === zoneId))?.id ?? null;
}

/** What a group of sensors saw of an interval. */
export interface Sight {
  /** Share of the interval in which all of them were seeing, 0..1. */
  readonly share: number;
  /** All of them are seeing at the end of the interval. */
  readonly isSeeing: boolean;
  /** Names those that do not, and since when; empty when all see. */
  readonly blindText: string;
  readonly corrections: number;
}

const STATE_TEXT: Readonly<Record<SensorState, string>> = {
  starting: "starting",
  seeing: "seeing",
  blind: "blind",
  stopped: "switched off",
};

/** What these cameras saw of [from, to). An empty interval is judged by its instant. */
export function sightOf(
  sources: Sources,
  cameraIds: readonly string[],
  from: EpochMs,
  to: EpochMs,
): Sight {
  const { coverage, site, calendar } = sources;
  const complaints: string[] = [];
  for (const id of cameraIds) {
    const standing = coverage.standingAt(id, to);
    if (standing?.state === "seeing") continue;
    const name = site.cameras.find((camera) => camera.id === id)?.name ?? id;
    complaints.push(
      standing === null
        ? `${name} has not reported yet`
        : `${name} ${STATE_TEXT[standing.state]} since ${calendar.localTime(standing.since)}`,
    );
  }
  const isSeeing = complaints.length === 0 && cameraIds.length > 0;
  return {
    share: to > from ? seenShare(sources, cameraIds, from, to) : Number(isSeeing),
    isSeeing,
    blindText: complaints.join(", "),
    corrections: coverage.corrections(cameraIds, from, to),
  };
}

/** Seen share of the part of an interval in which the shop is open; of all of it where it is closed throughout. */
function seenShare(
  { coverage, hours }: Sources,
  cameraIds: readonly string[],
  from: EpochMs,
  to: EpochMs,
): number {
  const seen = coverage.seen(cameraIds, from, to);
  let openMs = 0;
  let seenMs = 0;
  for (const open of hours.openWithin(from, to)) {
    openMs += open.to - open.from;
    seenMs += seen.lengthWithin(open.from, open.to);
  }
  return openMs > 0 ? seenMs / openMs : seen.shareOf(from, to);
}

/** An interval and what it is about. */
export interface Question {
  readonly metric: MetricId;
  readonly scope: MetricScope;
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** The shop's own choices, which every answer carries where its definition names them; absent = the defaults. */
  readonly measures?: Measures;
}

/** Answers a question about one metric. */
export type Figure = (sources: Sources, question: Question) => MetricValue;

/** The parts of an answer that differ from metric to metric; what is left out has its plainest value. */
export interface Answer {
  readonly value: number | null;
  readonly reason: MetricReason | null;
  readonly coverage: number;
  readonly n?: number;
  /** Absent or null = nothing is weighted: it is `n`. */
  readonly effectiveN?: number | null;
  /** How it came about, where the definition knows several ways; absent = its best. */
  readonly method?: MetricMethod;
  readonly imputedShare?: number;
  readonly ci95?: readonly [number, number] | null;
  readonly revision?: number;
  readonly parameters?: Readonly<Record<string, number | string>>;
}

/** Puts a complete value together. */
export function figure(question: Question, answer: Answer): MetricValue {
  const { unit, methods } = definitionOf(question.metric);
  const reference = referenceOf(question);
  const method: MetricMethod =
    answer.value === null && !answer.ci95 ? "none" : (answer.method ?? methods[0] ?? "none");
  return {
    metric: question.metric,
    scope: question.scope,
    value: answer.value,
    unit,
    reason: answer.reason,
    definition:
      answer.parameters === undefined
        ? reference
        : { ...reference, parameters: { ...reference.parameters, ...answer.parameters } },
    method,
    coverage: answer.coverage,
    imputedShare: answer.imputedShare ?? 0,
    n: answer.n ?? 0,
    effectiveN: answer.effectiveN ?? null,
    ci95: answer.ci95 ?? null,
    from: question.from,
    to: question.to,
    revision: answer.revision ?? 0,
  };
}

/** What a value carries of its definition, with the choices of the shop in place of the defaults. */
function referenceOf({ metric, measures = DEFAULT_MEASURES }: Question): MetricValue["definition"] {
  const reference = definitionReference(metric);
  if (measures === DEFAULT_MEASURES) return reference;
  const chosen = Object.entries(measures).filter(([name]) => name in reference.parameters);
  if (chosen.length === 0) return reference;
  return { ...reference, parameters: { ...reference.parameters, ...Object.fromEntries(chosen) } };
}

/** A value that cannot be known, and why. */
export function unknown(
  question: Question,
  coverage: number,
  code: ReasonCode,
  text: string,
): MetricValue {
  return figure(question, { value: null, reason: reason(code, text), coverage });
}

/** The value of a blind group of sensors, or of an interval no longer kept; null when it can be counted. */
export function unseen(sources: Sources, question: Question, sight: Sight): MetricValue | null {
  if (sources.book.isForgotten(question.from))
    return unknown(question, 0, "not-kept", "This interval is older than what is kept here.");
  if (sight.share > 0) return null;
  const text =
    sight.blindText === "" ? "Nothing was seen in this interval." : sentence(sight.blindText);
  return unknown(question, 0, "sensor-blind", text);
}

/** What to say about an interval that was seen in part; null when nearly all of it was. */
function partlyBlind(sight: Sight): MetricReason | null {
  if (sight.share >= RULES.goodCoverageRatio) return null;
  const percent = Math.floor(sight.share * 100);
  const seen = `${percent < 1 ? "Less than 1" : percent} % of the interval was seen`;
  const why = sight.blindText === "" ? "" : `; ${sight.blindText}`;
  return reason("partly-blind", `${seen}${why}.`);
}

/**
 * The note of a value: the specific one where there is one, with what was not seen added to its text; else only what
 * was not seen; null when there is nothing to say.
 */
export function noted(sight: Sight, specific: MetricReason | null): MetricReason | null {
  const unseenPart = partlyBlind(sight);
  if (specific === null || unseenPart === null) return specific ?? unseenPart;
  return { code: specific.code, text: `${specific.text} ${unseenPart.text}` };
}

/** How far the hours in which the shop counts reach beyond its opening hours. */
const COUNTED: Reach = { beforeMs: RULES.openGraceMs, afterMs: 0 };

/**
 * The slots of an interval in which crossings count as those of customers: opening hours and a little before; all of
 * them while hours are not known. One day may come in several parts.
 */
export function shopParts(sources: Sources, { from, to }: TimeSpan, reach = COUNTED): DayPart[] {
  const parts = sources.book.parts(from, to);
  if (!sources.hours.areKnown) return parts;
  const spans = sources.hours.openWithin(from, to, reach);
  const open = new SeenSpans(spans.flatMap((span) => [span.from, span.to]));
  return parts.flatMap((part) => partsWithin(part, open));
}

const partsWithin = ({ day, range, isWhole }: DayPart, spans: SeenSpans): DayPart[] =>
  spans
    .slotsWithin(day.span.start, SLOT_MS, range)
    .map((slots) => ({ day, range: slots, isWhole }));

/**
 * The slots of an interval of which all the cameras saw at least a part, within the hours in which the shop counts. A
 * rate is taken over these only: where one of its two counts was blind, the other would bend it.
 */
export function seenParts(
  sources: Sources,
  cameraIds: readonly string[],
  question: TimeSpan,
  reach = COUNTED,
): DayPart[] {
  const seen = sources.coverage.seen(cameraIds, question.from, question.to);
  return shopParts(sources, question, reach).flatMap((part) => partsWithin(part, seen));
}

/** Sum over the parts of an interval. */
export function totalOf(parts: readonly DayPart[], read: (part: DayPart) => number): number {
  let sum = 0;
  for (const part of parts) sum += read(part);
  return sum;
}

/** Crossings of all door lines of one day together, without those of staff. Shared: not to be changed. */
export const doorFlow = (site: SitePlan, day: Day): DoorFlow =>
  day.memo("door flow", () => flowOf(site, day));

function flowOf(site: SitePlan, day: Day): DoorFlow {
  const flow = emptyFlow(day.slots);
  for (const lineId of linesOf(site, "door")) {
    const line = day.lines.get(lineId);
    if (line === undefined) continue;
    line.in.addTo(flow.ins, flow.inOffsetsMs, 1);
    line.staff.in.addTo(flow.ins, flow.inOffsetsMs, -1);
    line.out.addTo(flow.outs, flow.outOffsetsMs, 1);
    line.staff.out.addTo(flow.outs, flow.outOffsetsMs, -1);
  }
  return flow;
}

/** Start of the trading day that ends at or holds `to`: an instant at the border belongs to the day it closes. */
export function dayEndingAt(sources: Sources, to: EpochMs): { start: EpochMs; end: EpochMs } {
  return sources.calendar.dayOf(epochMs(to - 1));
}

/** First letter in upper case, full stop at the end. */
export const sentence = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
