import type { LineId } from "../../core/brand.ts";
import type { MetricReason, MetricValue } from "../../core/metric-value.ts";
import { reason } from "../reasons.ts";
import { RULES } from "../rules.ts";
import { linesOf, type Question, type Sources, unknown } from "../sources.ts";
import { type Count, isSeparate, type OutsideHours } from "./door-count.ts";

/** Lines of a role that a question is about: all of them for the store, one for a line; none when there are none. */
export function linesInScope(
  { site }: Sources,
  { scope }: Question,
  role: "door" | "passing",
): LineId[] {
  const lines = linesOf(site, role);
  if (scope.kind === "store") return lines;
  return scope.kind === "line" ? lines.filter((line) => line === scope.id) : [];
}

/** The answer where there is no line to count at. */
export function withoutLines(
  { site }: Sources,
  question: Question,
  role: "door" | "passing",
): MetricValue {
  if (question.scope.kind !== "store" || linesOf(site, role).length > 0)
    return unknown(question, 0, "unknown-scope", "This is not measured here.");
  return role === "door"
    ? unknown(question, 0, "no-door-line", "The site plan has no door line.")
    : unknown(question, 0, "no-passing-line", "The site plan has no passing line.");
}

/** Why a rate on few observations is shown as an interval only; the interval stands beside it. */
export function tooFew(n: number): MetricReason {
  return reason(
    "small-sample",
    `Only ${n} ${n === 1 ? "observation" : "observations"}: too few for a rate.`,
  );
}

/** How many crossings of staff were left out: a fact that stands with each figure that counts customers. */
export const staffParameters = ({
  staff,
}: Pick<Count, "staff">): Readonly<Record<string, number>> => ({
  staffExcluded: staff,
});

/** Within which gap the shop chose to merge re-entries. */
export const gapParameters = ({ measures }: Sources): Readonly<Record<string, number>> => ({
  reentryGapMs: measures.reentryGapMs,
});

/** How many children stand beside the count; nothing where the shop counts them. */
export const childParameters = (
  sources: Sources,
  { children }: Pick<Count, "children">,
): Readonly<Record<string, number | string>> =>
  isSeparate(sources) ? { children: "separate", childrenSeparate: children } : {};

/** Who came while the shop was closed; nothing while its hours are not known. */
export const hourParameters = (
  { hours }: Sources,
  { preOpen, postClose }: OutsideHours,
): Readonly<Record<string, number>> =>
  hours.areKnown ? { preOpen, postClose, openGraceMs: RULES.openGraceMs } : {};

/** What was left out of a count, with the raw count; null when it is the raw count. */
export function leftOut({ people, merged, staff, children }: Count): MetricReason | null {
  const raw = `raw count ${people + merged + staff + children}.`;
  const others = [
    merged > 0 ? `Re-entries on the same track merged: ${merged}; ` : "",
    children > 0 ? `Children beside them: ${children}; ` : "",
  ].join("");
  if (staff > 0) return reason("staff-excluded", `Staff left out: ${staff}; ${others}${raw}`);
  return merged > 0 ? reason("re-entries-merged", `${others}${raw}`) : null;
}

/** Who came while the shop was closed; null when nobody did. */
export function cameOutside({ preOpen, postClose }: OutsideHours): MetricReason | null {
  if (preOpen + postClose === 0) return null;
  return reason(
    "outside-hours",
    `Not counted, since the shop was closed: ${preOpen} before opening, ${postClose} after closing.`,
  );
}

/** Why a single passing line gives an index; null for another number of them. */
export function indexOnly(passingLines: number): MetricReason | null {
  if (passingLines !== 1) return null;
  return reason(
    "index-only",
    "Only one passing line: an index for comparing this shop with itself, not a number of people.",
  );
}
