import type { LineId } from "../../core/brand.ts";
import type { MetricReason, MetricValue } from "../../core/metric-value.ts";
import type { DayPart } from "../days/day-book.ts";
import { countInterval95, DOOR_ACCURACY_RATIO } from "../estimate/bootstrap.ts";
import { type Interval, Z95 } from "../estimate/intervals.ts";
import {
  type CountedHours,
  type Imputed,
  imputedCount,
  imputedNote,
  imputedShare,
} from "../impute/imputed-count.ts";
import { joinedReasons } from "../reasons.ts";
import {
  camerasOfLines,
  figure,
  noted,
  type Question,
  type Sight,
  type Sources,
  shopParts,
  sightOf,
  unseen,
} from "../sources.ts";
import { type Count, seriesOf } from "./door-count.ts";

/** Relative error of what is filled in, besides chance: a weekday is no exact likeness of another. */
const IMPUTED_ERROR_RATIO = 0.2;

/** What one figure counts, and what is to be said about it. */
export interface Told {
  readonly lines: readonly LineId[];
  readonly hours: CountedHours;
  /** What the count is of any parts of days. */
  count(parts: readonly DayPart[]): Count;
  /** The same over one line and part, for what its sensor did not see. */
  readLine(part: DayPart, line: LineId): number;
  /** Crossings the other way over the same whole days; absent where they say nothing. */
  readonly opposite?: number | null;
  /** What speaks against it, and what else is to be known: the former comes first. */
  readonly doubts?: readonly (MetricReason | null)[];
  readonly notes?: readonly (MetricReason | null)[];
  readonly parameters?: Readonly<Record<string, number | string>>;
}

/** A count over lines, with what was not seen filled in, its interval and its notes. */
export function counted(sources: Sources, question: Question, told: Told): MetricValue {
  const { lines, hours, doubts = [], notes = [], parameters = {} } = told;
  const sight = sightOfLines(sources, question, lines);
  const isOpenOnly = hours === "open";
  const parts = isOpenOnly
    ? shopParts(sources, question)
    : sources.book.parts(question.from, question.to);
  const name = `${question.metric} ${question.scope.kind}`;
  const series = seriesOf(sources, name, lines, told.readLine);
  const imputed = imputedCount(sources, series, parts, hours);
  const blind = unseen(sources, question, sight);
  const isFilled = imputed.count > 0 && imputed.emptyMin === 0;
  if (blind !== null && !(isFilled && blind.reason?.code === "sensor-blind")) return blind;
  const { people, revision } = told.count(parts);
  const { daysNotComparable } = imputed;
  // Fewer than nobody are counted where an interval cuts through a group: they were seen all the same.
  const n = Math.abs(people);
  const said = joinedReasons(...doubts, imputedNote(n, imputed), ...notes);
  return figure(question, {
    value: people + imputed.count,
    reason: noted(sight, said),
    coverage: sight.share,
    imputedShare: imputedShare(n, imputed),
    n,
    ci95: people < 0 ? null : intervalOf(people, told.opposite ?? null, imputed),
    revision: revision + sight.corrections,
    parameters: daysNotComparable > 0 ? { ...parameters, daysNotComparable } : parameters,
  });
}

/** What the cameras of some lines saw. */
export function sightOfLines(
  sources: Sources,
  { from, to }: Question,
  lines: readonly LineId[],
): Sight {
  return sightOf(sources, camerasOfLines(sources.site, lines), from, to);
}

function intervalOf(people: number, opposite: number | null, { count }: Imputed): Interval {
  const [low, high] = countInterval95(people, { opposite, accuracyRatio: DOOR_ACCURACY_RATIO });
  const half = Z95 * Math.sqrt(count) + IMPUTED_ERROR_RATIO * count;
  return [low + Math.max(0, count - half), high + count + half];
}
