import type { LineId } from "../../core/brand.ts";
import type { TimeSpan } from "../calendar/shop-hours.ts";
import { SLOT_MS } from "../calendar/slots.ts";
import { corrections, customers, type DayPart, type LineDay } from "../days/day-book.ts";
import type { CountedSeries } from "../impute/profile.ts";
import { RULES } from "../rules.ts";
import { linesOf, type Sources, shopParts, totalOf } from "../sources.ts";

/** Which way somebody went. */
export type Direction = "in" | "out";

/** A count with what it takes to judge it. */
export interface Count {
  /** Customers: neither staff nor counted before, nor children where the shop tells them apart. */
  readonly people: number;
  readonly revision: number;
  /** Re-entries merged, and crossings of staff left out that were no such re-entries. */
  readonly merged: number;
  readonly staff: number;
  /** Children left out; 0 where the shop counts them. */
  readonly children: number;
}

/** Sum over some lines of one part of a day. */
export function overLines(
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

/** Sum over some lines and parts of days. */
export const lineTotal = (
  covered: readonly DayPart[],
  lines: readonly LineId[],
  read: (day: LineDay, part: DayPart) => number,
): number => totalOf(covered, (part) => overLines(part, lines, read));

/** Crossings of customers, re-entries and children among them. */
export function crossings(
  covered: readonly DayPart[],
  lines: readonly LineId[],
  direction: Direction,
): Count {
  return {
    people: lineTotal(covered, lines, (line, { range }) => customers(line, direction, range)),
    revision: lineTotal(covered, lines, (line, { range }) => corrections(line, direction, range)),
    merged: 0,
    staff: lineTotal(covered, lines, (line, { range }) => line.staff[direction].count(range)),
    children: 0,
  };
}

/** Who came in over some doors; `isSeparate`: children are told beside the count, not in it. */
export function entries(
  covered: readonly DayPart[],
  doors: readonly LineId[],
  isSeparate: boolean,
): Count {
  const came = crossings(covered, doors, "in");
  const merged = lineTotal(covered, doors, (line, { range }) => line.reentries.count(range));
  // A re-entry of staff is merged already and must not be taken out again.
  const both = lineTotal(covered, doors, (line, { range }) => line.staffReentries.count(range));
  const children = isSeparate ? childrenIn(covered, doors) : 0;
  const people = came.people - merged + both - children;
  return { people, revision: came.revision, merged, staff: came.staff - both, children };
}

/** Children among those who came in, staff and re-entries left out. */
export const childrenIn = (covered: readonly DayPart[], doors: readonly LineId[]): number =>
  lineTotal(covered, doors, (line, { range }) => line.children.count(range));

/** Whether the shop tells children beside its entrants. */
export const isSeparate = ({ measures }: Sources): boolean => measures.children === "separate";

/** Entrants of the whole shop over some parts of days. */
export const entrantsIn = (sources: Sources, covered: readonly DayPart[]): Count =>
  entries(covered, linesOf(sources.site, "door"), isSeparate(sources));

/** Those who came in with somebody before them. */
export const companionsIn = (covered: readonly DayPart[], doors: readonly LineId[]): number =>
  lineTotal(covered, doors, (line, { range }) => line.companions.count(range));

/** People moving towards the door; `isMerging`: one track counts once. */
export function passersBy(
  covered: readonly DayPart[],
  lines: readonly LineId[],
  isMerging: boolean,
): Count {
  const raw = crossings(covered, lines, "in");
  const merged = isMerging
    ? totalOf(covered, ({ day, range }) => day.repeatPasses.count(range))
    : 0;
  return { people: raw.people - merged, revision: raw.revision, merged, staff: 0, children: 0 };
}

/** Customers who came in while the shop was closed. */
export interface OutsideHours {
  /** Before the first opening of a trading day. */
  readonly preOpen: number;
  /** After closing, and in breaks. */
  readonly postClose: number;
}

/** Who of [from, to) came outside of the hours that count, as `count` counts parts of days. */
export function outsideHours(
  sources: Sources,
  question: TimeSpan,
  count: (covered: readonly DayPart[]) => number,
): OutsideHours {
  if (!sources.hours.areKnown) return { preOpen: 0, postClose: 0 };
  const all = sources.book.parts(question.from, question.to);
  const early = all.flatMap(({ day, range, isWhole }): DayPart[] => {
    const [first] = sources.hours.openSpans(day.span);
    if (first === undefined) return [];
    const opensAt = Math.floor((first.from - RULES.openGraceMs - day.span.start) / SLOT_MS);
    const to = Math.min(range.to, opensAt);
    return to > range.from ? [{ day, range: { from: range.from, to }, isWhole }] : [];
  });
  const preOpen = count(early);
  return { preOpen, postClose: count(all) - count(shopParts(sources, question)) - preOpen };
}

/** One series per line, on the camera that carries it; `name` tells what is counted there. */
export function seriesOf(
  { site }: Sources,
  name: string,
  lines: readonly LineId[],
  read: (part: DayPart, line: LineId) => number,
): CountedSeries[] {
  return site.cameras.flatMap((camera) =>
    camera.lines
      .filter((line) => lines.includes(line.id))
      .map((line) => ({
        name: `${name} ${line.id}`,
        sensorId: camera.id,
        read: (day, range) => read({ day, range, isWhole: false }, line.id),
      })),
  );
}
