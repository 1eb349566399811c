import type { LineId } from "../core/brand.ts";
import type { MetricId, MetricReason, MetricValue } from "../core/metric-value.ts";
import { corrections, customers, type DayPart, type LineDay } from "./day-book.ts";
import { wilson95 } from "./intervals.ts";
import { reason } from "./reasons.ts";
import { RULES } from "./rules.ts";
import {
  camerasOfLines,
  type Figure,
  figure,
  linesOf,
  noted,
  type Question,
  type Sight,
  type Sources,
  seenParts,
  sightOf,
  streetDoorsOf,
  totalOf,
  unknown,
  unseen,
} from "./sources.ts";

type Direction = "in" | "out";

/** A count with what it takes to judge it. */
interface Count {
  /** Customers: neither staff nor counted before. */
  readonly people: number;
  readonly revision: number;
  /** Re-entries merged, and crossings of staff left out that were no such re-entries. */
  readonly merged: number;
  readonly staff: number;
}

/** Entrants of the shop, or all entries over one door line. */
export function entrants(sources: Sources, question: Question): MetricValue {
  return doorCount(sources, question, "in");
}

/** Exits of the shop, or over one door line. */
export function exits(sources: Sources, question: Question): MetricValue {
  return doorCount(sources, question, "out");
}

/** Passing traffic of the shop, or towards the door over one passing line. */
export function passingTraffic(sources: Sources, question: Question): MetricValue {
  const all = linesOf(sources.site, "passing");
  const lines = linesInScope(question, all);
  if (lines.length === 0) return withoutLines(question, all.length === 0, "passing");
  const sight = sightOfLines(sources, question, lines);
  const blind = unseen(sources, question, sight);
  if (blind !== null) return blind;
  const isStore = question.scope.kind === "store";
  const { people, revision } = passersBy(parts(sources, question), lines, isStore);
  return figure(question, {
    value: people,
    reason: noted(sight, isStore ? indexOnly(lines.length) : null),
    coverage: sight.share,
    n: people,
    revision: revision + sight.corrections,
  });
}

/** Entrants from the street over passing traffic, for the whole shop; back doors are in neither. */
export function shopfrontConversion(sources: Sources, question: Question): MetricValue {
  const { site } = sources;
  const passing = linesOf(site, "passing");
  const doors = streetDoorsOf(site);
  if (question.scope.kind !== "store") return withoutLines(question, false, "door");
  if (linesOf(site, "door").length === 0) return withoutLines(question, true, "door");
  if (doors.length === 0)
    return unknown(question, 0, "no-street-door", "No door opens onto the frontage.");
  if (passing.length === 0) return withoutLines(question, true, "passing");
  const cameras = camerasOfLines(site, [...doors, ...passing]);
  const sight = sightOf(sources, cameras, question.from, question.to);
  const blind = unseen(sources, question, sight);
  if (blind !== null) return blind;
  const covered = seenParts(sources, cameras, question);
  const came = entries(covered, doors);
  const passed = passersBy(covered, passing, true);
  const n = passed.people;
  if (n === 0)
    return unknown(
      question,
      sight.share,
      "no-passers-by",
      "Nobody has passed by in this interval.",
    );
  const ci95 = wilson95(came.people, n);
  const revision = came.revision + passed.revision + sight.corrections;
  const coverage = sight.share;
  const answer = { coverage, n, ci95, revision, parameters: staffParameters(came) };
  if (ci95 !== null && n < RULES.minN)
    return figure(question, { ...answer, value: null, reason: tooFew(n) });
  const isFault = came.people > n;
  const fault = reason(
    "geometry-fault",
    `${came.people} entered but only ${n} passed by: check where the passing lines are.`,
  );
  return figure(question, {
    value: came.people / n,
    ...answer,
    reason: noted(sight, isFault ? fault : indexOnly(passing.length)),
  });
}

/** People who came in alone or as one group, for the whole shop or over one door line. */
export function buyingUnits(sources: Sources, question: Question): MetricValue {
  const all = linesOf(sources.site, "door");
  const lines = linesInScope(question, all);
  if (lines.length === 0) return withoutLines(question, all.length === 0, "door");
  const sight = sightOfLines(sources, question, lines);
  const blind = unseen(sources, question, sight);
  if (blind !== null) return blind;
  const covered = parts(sources, question);
  const isStore = question.scope.kind === "store";
  const came = isStore ? entries(covered, lines) : crossings(covered, lines, "in");
  const sum = (read: (day: LineDay, part: DayPart) => number): number =>
    totalOf(covered, (part) => overLines(part, lines, read));
  const companions = sum((line, { range }) => line.companions.count(range));
  const corrected = sum((line, { range }) => line.companions.revision(range));
  const noGroups = reason(
    "no-groups",
    "Nobody has been seen coming in a group yet: every entrant counts as one unit.",
  );
  // The border of an interval may cut through a group; fewer than nobody never came.
  const units = Math.max(0, came.people - companions);
  return figure(question, {
    value: units,
    reason: noted(sight, sources.hasGroups() || units === 0 ? null : noGroups),
    coverage: sight.share,
    n: units,
    revision: came.revision + corrected + sight.corrections,
    parameters: staffParameters(came),
  });
}

/** Entrants of the whole shop over some parts of days. */
export function entrantsIn(sources: Sources, covered: readonly DayPart[]): Count {
  return entries(covered, linesOf(sources.site, "door"));
}

/** Why a rate on few observations is shown as an interval only; the interval stands beside it. */
export function tooFew(n: number): MetricReason {
  return reason("small-sample", `Only ${n} observations: too few for a rate.`);
}

function doorCount(sources: Sources, question: Question, direction: Direction): MetricValue {
  const all = linesOf(sources.site, "door");
  const lines = linesInScope(question, all);
  if (lines.length === 0) return withoutLines(question, all.length === 0, "door");
  const sight = sightOfLines(sources, question, lines);
  const blind = unseen(sources, question, sight);
  if (blind !== null) return blind;
  const covered = parts(sources, question);
  const isMerging = direction === "in" && question.scope.kind === "store";
  const count = isMerging ? entries(covered, lines) : crossings(covered, lines, direction);
  return figure(question, {
    value: count.people,
    reason: noted(sight, leftOut(count)),
    coverage: sight.share,
    n: count.people,
    revision: count.revision + sight.corrections,
    parameters: staffParameters(count),
  });
}

/** How many crossings of staff were left out: a fact that stands with each figure that counts customers. */
export const staffParameters = ({
  staff,
}: Pick<Count, "staff">): Readonly<Record<string, number>> => ({
  staffExcluded: staff,
});

/** What was left out of a count, with the raw count; null when it is the raw count. */
function leftOut({ people, merged, staff }: Count): MetricReason | null {
  const raw = `raw count ${people + merged + staff}.`;
  const reentries = `Re-entries on the same track merged: ${merged}; `;
  if (staff > 0)
    return reason(
      "staff-excluded",
      `Staff left out: ${staff}; ${merged > 0 ? reentries : ""}${raw}`,
    );
  return merged > 0 ? reason("re-entries-merged", `${reentries}${raw}`) : null;
}

const parts = (sources: Sources, question: Question): DayPart[] =>
  sources.book.parts(question.from, question.to);

function crossings(
  covered: readonly DayPart[],
  lines: readonly LineId[],
  direction: Direction,
): Count {
  const sum = (read: (day: LineDay, part: DayPart) => number): number =>
    totalOf(covered, (part) => overLines(part, lines, read));
  return {
    people: sum((line, { range }) => customers(line, direction, range)),
    revision: sum((line, { range }) => corrections(line, direction, range)),
    merged: 0,
    staff: sum((line, { range }) => line.staff[direction].count(range)),
  };
}

/** Sum over some lines of one part of a day. */
function overLines(
  part: DayPart,
  lines: readonly LineId[],
  read: (day: LineDay, part: DayPart) => number,
): number {
  let sum = 0;
  for (const id of lines) {
    const line = part.day.lines.get(id);
    if (line !== undefined) sum += read(line, part);
  }
  return sum;
}

function entries(covered: readonly DayPart[], doors: readonly LineId[]): Count {
  const came = crossings(covered, doors, "in");
  const sum = (read: (day: LineDay, part: DayPart) => number): number =>
    totalOf(covered, (part) => overLines(part, doors, read));
  const merged = sum((line, { range }) => line.reentries.count(range));
  // A re-entry of staff is merged already and must not be taken out again.
  const both = sum((line, { range }) => line.staffReentries.count(range));
  const people = came.people - merged + both;
  return { people, revision: came.revision, merged, staff: came.staff - both };
}

function passersBy(
  covered: readonly DayPart[],
  lines: readonly LineId[],
  isMerging: boolean,
): Count {
  const raw = crossings(covered, lines, "in");
  const merged = isMerging
    ? totalOf(covered, ({ day, range }) => day.repeatPasses.count(range))
    : 0;
  return { people: raw.people - merged, revision: raw.revision, merged, staff: 0 };
}

function linesInScope(question: Question, lines: readonly LineId[]): LineId[] {
  const { scope } = question;
  if (scope.kind === "store") return [...lines];
  return scope.kind === "line" ? lines.filter((line) => line === scope.id) : [];
}

function sightOfLines(sources: Sources, question: Question, lines: readonly LineId[]): Sight {
  const cameras = camerasOfLines(sources.site, lines);
  return sightOf(sources, cameras, question.from, question.to);
}

function withoutLines(
  question: Question,
  isPlanEmpty: boolean,
  role: "door" | "passing",
): MetricValue {
  if (!isPlanEmpty || question.scope.kind !== "store")
    return unknown(question, 0, "unknown-scope", "This is not measured here.");
  return role === "door"
    ? unknown(question, 0, "no-door-line", "The site plan has no door line.")
    : unknown(question, 0, "no-passing-line", "The site plan has no passing line.");
}

function indexOnly(passingLines: number): MetricReason | null {
  if (passingLines !== 1) return null;
  return reason(
    "index-only",
    "Only one passing line: an index for comparing this shop with itself, not a number of people.",
  );
}

/** Figures by metric. */
export const DOOR_FIGURES = {
  "passing-traffic": passingTraffic,
  entrants,
  "buying-units": buyingUnits,
  exits,
  "shopfront-conversion": shopfrontConversion,
} as const satisfies Partial<Record<MetricId, Figure>>;
