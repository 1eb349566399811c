import type { TimeSpan } from "../calendar/shop-hours.ts";
import { type Sources, shopParts } from "../sources.ts";
import type { PathCount, PathTally } from "./common-paths.ts";
import { toldCount, type WeekPiece, weekPieces } from "./told-counts.ts";
import type { SampleKind } from "./visit-sample.ts";
import { type DaysTally, tallyOf } from "./visit-tally.ts";

/** Visits of an interval as they are told: running counts of each week in steps, by the shop's least cells. */
export interface ToldVisits {
  /** By cells as in `TransitionTally.visits`. */
  readonly transitions: Float64Array;
  /** By cells as in `PairTally.together`. */
  readonly pairs: Float64Array;
  /** By ways through the zones. */
  readonly paths: ReadonlyMap<string, PathCount>;
}

/** What is told of the visits of whole hours; null when the beginning of their first week is kept no more. */
export function toldVisits(sources: Sources, hours: TimeSpan, kind: SampleKind): ToldVisits | null {
  const pieces = weekPieces(sources.calendar, hours);
  const [first] = pieces;
  if (first !== undefined && sources.book.isForgotten(first.weekStart)) return null;
  const size = kind.zones.length;
  const told = {
    transitions: new Float64Array((size + 1) * (size + 2)),
    pairs: new Float64Array(size * size),
    paths: new Map<string, PathCount>(),
  };
  for (const piece of pieces) addPiece(sources, kind, piece, told);
  return told;
}

function addPiece(
  sources: Sources,
  kind: SampleKind,
  { weekStart, from, to }: WeekPiece,
  told: ToldVisits & { readonly paths: Map<string, PathCount> },
): void {
  const { minCell, minPathCell } = sources.measures;
  const upTo = (end: WeekPiece["to"]): DaysTally =>
    tallyOf(sources, shopParts(sources, { from: weekStart, to: end }), kind);
  const before = upTo(from);
  const through = upTo(to);
  const add = (into: Float64Array, read: (tally: DaysTally) => Float64Array): void => {
    const [low, high] = [read(before), read(through)];
    for (let cell = 0; cell < into.length; cell += 1) {
      const step = toldCount(high[cell] ?? 0, minCell) - toldCount(low[cell] ?? 0, minCell);
      into[cell] = (into[cell] ?? 0) + step;
    }
  };
  add(told.transitions, ({ transitions }) => transitions.visits);
  add(told.pairs, ({ pairs }) => pairs.together);
  addPaths(told.paths, before.paths, through.paths, minPathCell);
}

function addPaths(
  into: Map<string, PathCount>,
  before: PathTally,
  through: PathTally,
  step: number,
): void {
  for (const [key, { zones, visits, bought }] of through.counts()) {
    const earlier = before.count(key);
    const stepped = (count: number, start: number): number =>
      toldCount(count, step) - toldCount(start, step);
    const known = into.get(key) ?? { zones, visits: 0, bought: 0 };
    into.set(key, {
      zones,
      visits: known.visits + stepped(visits, earlier?.visits ?? 0),
      bought: known.bought + stepped(bought, earlier?.bought ?? 0),
    });
  }
}
