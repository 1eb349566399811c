import type { ZoneId } from "../../core/brand.ts";
import type { TimeSpan } from "../calendar/shop-hours.ts";
import { SLOT_MS, type SlotRange } from "../calendar/slots.ts";
import type { Day, DayPart } from "../days/day-book.ts";
import { type Sources, shopParts, totalOf } from "../sources.ts";
import { PathTally } from "./common-paths.ts";
import { PairTally } from "./lifts.ts";
import { TransitionTally } from "./transitions.ts";
import {
  isKnown,
  kindFor,
  type NoSample,
  type PaymentLinks,
  paymentsOf,
  type SampledVisit,
  type SampleKind,
  sampledVisits,
} from "./visit-sample.ts";

/** What the figures of paths need of the completed visits of an interval. */
export interface VisitTally extends SampleKind {
  readonly transitions: TransitionTally;
  readonly pairs: PairTally;
  readonly paths: PathTally;
  /** Whole visits that stayed, stopped in two zones, or bought something. */
  readonly engaged: number;
  readonly payments: PaymentLinks;
  /** Corrections of what had been published. */
  readonly revision: number;
}

/** The part of a tally that days add up to. */
export interface DaysTally {
  readonly transitions: TransitionTally;
  readonly pairs: PairTally;
  readonly paths: PathTally;
  readonly engaged: number;
  readonly linked: number;
}

/**
 * The tally of the best visits that know all of these zones; see `kindFor`. A day is read once, and again only when a
 * visit of it changes.
 */
export function visitTally(
  sources: Sources,
  question: TimeSpan,
  zones: readonly ZoneId[],
): VisitTally | NoSample {
  const kind = kindFor(sources, question, zones);
  if (!isKnown(kind)) return kind;
  const parts = shopParts(sources, question);
  const { linked, ...tally } = tallyOf(sources, parts, kind);
  return {
    ...kind,
    ...tally,
    payments: paymentsOf(sources, question, linked),
    revision:
      kind.sight.corrections + totalOf(parts, ({ day, range }) => day.visits.revision(range)),
  };
}

/** The visits of a kind that began in some parts of days. */
export function tallyOf(sources: Sources, parts: readonly DayPart[], kind: SampleKind): DaysTally {
  const days = parts.map((part) => dayTally(sources, part, kind));
  const size = kind.zones.length;
  const transitions = new TransitionTally(size);
  const pairs = new PairTally(size);
  const paths = new PathTally();
  for (const day of days) {
    transitions.merge(day.transitions);
    pairs.merge(day.pairs);
    paths.merge(day.paths);
  }
  return {
    transitions,
    pairs,
    paths,
    engaged: days.reduce((sum, day) => sum + day.engaged, 0),
    linked: days.reduce((sum, day) => sum + day.linked, 0),
  };
}

function dayTally(sources: Sources, part: DayPart, kind: SampleKind): DaysTally {
  const { from, to } = heldRange(part);
  return part.day.memo(`visits by ${kind.method} ${from} ${to}`, () => {
    const visits = sampledVisits({ ...part, range: { from, to } }, kind);
    const size = kind.zones.length;
    const transitions = new TransitionTally(size);
    const pairs = new PairTally(size);
    const paths = new PathTally();
    for (const [i, visit] of visits.entries()) {
      if (i > 0 && visit.group !== visits[i - 1]?.group) {
        transitions.closeGroup();
        pairs.closeGroup();
      }
      transitions.add(visit);
      pairs.add(visit);
      paths.add(visit);
    }
    transitions.closeGroup();
    pairs.closeGroup();
    const { bounceMaxMs } = sources.measures;
    return {
      transitions,
      pairs,
      paths,
      engaged: visits.filter((visit) => visit.isWhole && isEngaged(visit, bounceMaxMs)).length,
      linked: visits.reduce((sum, { sales }) => sum + sales, 0),
    };
  });
}

const isEngaged = ({ row, path, hasBought }: SampledVisit, bounceMaxMs: number): boolean =>
  hasBought || row.exitedAt - row.enteredAt >= bounceMaxMs || path.some((zone) => zone !== path[0]);

/** The slots, taken as the whole day where no visit lies outside of them: a day that goes on keeps its name. */
function heldRange({ day, range }: DayPart): SlotRange {
  const from = isEmpty(day, { from: 0, to: range.from }) ? 0 : range.from;
  const to = isEmpty(day, { from: range.to, to: day.slots }) ? day.slots : range.to;
  return { from, to };
}

function isEmpty({ visits, span }: Day, { from, to }: SlotRange): boolean {
  if (from >= to) return true;
  const rows = visits.rows(span.start + from * SLOT_MS, span.start + to * SLOT_MS);
  return rows.next().done === true;
}
