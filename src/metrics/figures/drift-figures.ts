import type { LineId } from "../../core/brand.ts";
import type { MetricValue } from "../../core/metric-value.ts";
import { customers, type Day } from "../days/day-book.ts";
import { ratioOfSums } from "../estimate/bootstrap.ts";
import { DRIFT_RULES } from "../estimate/occupancy.ts";
import { basisOf } from "../estimate/visit-basis.ts";
import { reason } from "../reasons.ts";
import {
  camerasWith,
  figure,
  linesOf,
  noted,
  type Question,
  type Sight,
  type Sources,
  sightOf,
  totalOf,
  unknown,
  unseen,
} from "../sources.ts";
import { doorRevision } from "./visit-parts.ts";

/** Closed days whose entries and exits are compared, as parts. */
interface Ledger {
  readonly days: readonly Day[];
  /** They lie in the asked interval. */
  readonly isAsked: boolean;
}

/**
 * People per day that came in and were not counted leaving (above zero), or the other way round: of the shop, or of its
 * only door. Of one door among several only what its counts say, since people come in at one and leave by another.
 */
export function doorDrift(sources: Sources, question: Question): MetricValue {
  const lines = linesOf(sources.site, "door");
  if (lines.length === 0)
    return unknown(question, 0, "no-door-line", "The site plan has no door line.");
  const { scope } = question;
  const asked = scope.kind === "line" ? lines.find((id) => id === scope.id) : undefined;
  if (scope.kind !== "store" && asked === undefined)
    return unknown(question, 0, "unknown-scope", "This is not measured here.");
  const sight = sightOf(sources, camerasWith(sources.site, "door"), question.from, question.to);
  const blind = unseen(sources, question, sight);
  if (blind !== null) return blind;
  const ledger = ledgerOf(sources, question);
  if (ledger.days.length === 0) {
    const text =
      "No well-seen trading day has closed yet, so entries and exits cannot be compared.";
    return unknown(question, sight.share, "day-open", text);
  }
  return asked !== undefined && lines.length > 1
    ? oneDoorOfSeveral(question, sight, ledger, asked)
    : balanceOf(sources, question, sight, ledger);
}

function ledgerOf(sources: Sources, question: Question): Ledger {
  const closed = sources.book
    .parts(question.from, question.to)
    .filter((part) => part.isWhole)
    .map((part) => part.day)
    .filter((day) => {
      const { start, end } = day.span;
      const { share } = sightOf(sources, camerasWith(sources.site, "door"), start, end);
      return share >= DRIFT_RULES.minCoverage && day.doorTimes.times("in").length > 0;
    });
  return closed.length > 0
    ? { days: closed, isAsked: true }
    : { days: basisOf(sources, question).days, isAsked: false };
}

function balanceOf(
  sources: Sources,
  question: Question,
  sight: Sight,
  { days, isAsked }: Ledger,
): MetricValue {
  const balance = ratioOfSums(
    days.map(({ doorTimes }) => ({
      top: doorTimes.times("in").length - doorTimes.times("out").length,
      bottom: 1,
    })),
  );
  const text = `Over the last ${days.length} closed days.`;
  return figure(question, {
    value: balance?.value ?? null,
    ci95: balance?.ci95 ?? null,
    reason: noted(sight, isAsked ? null : reason("estimated-over-days", text)),
    coverage: sight.share,
    n: days.length,
    revision: totalOf(
      days.map((day) => ({ day, range: { from: 0, to: day.slots }, isWhole: true })),
      (part) => doorRevision(sources, part),
    ),
    parameters: { basisDays: days.length },
  });
}

function oneDoorOfSeveral(
  question: Question,
  sight: Sight,
  { days }: Ledger,
  id: LineId,
): MetricValue {
  const count = (direction: "in" | "out"): number =>
    days.reduce((sum, day) => {
      const line = day.lines.get(id);
      return line === undefined
        ? sum
        : sum + customers(line, direction, { from: 0, to: day.slots });
    }, 0);
  const ins = count("in");
  const outs = count("out");
  const counted = `${ins} came in and ${outs} left here in ${days.length} closed days`;
  if (ins === 0 || outs === 0)
    return unknown(
      question,
      sight.share,
      "one-way-door",
      `${counted}: a door that is used one way only cannot be judged alone, only the shop as a whole.`,
    );
  return unknown(
    question,
    sight.share,
    "not-identifiable",
    `${counted}: people come in at one door and leave by another, so only the shop as a whole can be judged.`,
  );
}
