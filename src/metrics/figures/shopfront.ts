import type { MetricValue } from "../../core/metric-value.ts";
import { joinedReasons, reason } from "../reasons.ts";
import { RULES } from "../rules.ts";
import {
  camerasOfLines,
  figure,
  linesOf,
  noted,
  type Question,
  type Sources,
  seenParts,
  sightOf,
  streetDoorsOf,
  unknown,
  unseen,
} from "../sources.ts";
import { type Count, companionsIn, entries, outsideHours, passersBy } from "./door-count.ts";
import { hourParameters, indexOnly, staffParameters, tooFew, withoutLines } from "./door-notes.ts";
import { lineDoubts } from "./plausibility-notes.ts";
import { dayBlocks, shareInterval } from "./rate-interval.ts";

/**
 * Entrants from the street over passing traffic, for the whole shop; back doors are in neither. Children are in both,
 * whatever the shop chose for its entrants: who of the passers-by is a child is not known.
 */
export function shopfrontConversion(sources: Sources, question: Question): MetricValue {
  const { site } = sources;
  const passing = linesOf(site, "passing");
  const doors = streetDoorsOf(site);
  if (question.scope.kind !== "store" || linesOf(site, "door").length === 0)
    return withoutLines(sources, question, "door");
  if (doors.length === 0)
    return unknown(question, 0, "no-street-door", "No door opens onto the frontage.");
  if (passing.length === 0) return withoutLines(sources, question, "passing");
  const cameras = camerasOfLines(site, [...doors, ...passing]);
  const sight = sightOf(sources, cameras, question.from, question.to);
  const blind = unseen(sources, question, sight);
  if (blind !== null) return blind;
  const covered = seenParts(sources, cameras, question);
  const came = entries(covered, doors, false);
  const passed = passersBy(covered, passing, true);
  const n = passed.people;
  const coverage = sight.share;
  if (n === 0)
    return unknown(question, coverage, "no-passers-by", "Nobody has passed by in this interval.");
  const blocks = dayBlocks(covered, (part) => ({
    top: entries([part], doors, false).people,
    bottom: passersBy([part], passing, true).people,
  }));
  const units = came.people - companionsIn(covered, doors);
  const interval = shareInterval(
    blocks,
    { top: true, bottom: true },
    came.people > 0 ? units / came.people : 1,
  );
  const outside = outsideHours(sources, question, (parts) => entries(parts, doors, false).people);
  const answer = {
    coverage,
    n,
    ...interval,
    revision: came.revision + passed.revision + sight.corrections,
    parameters: { ...staffParameters(came), ...hourParameters(sources, outside) },
  };
  if (interval.ci95 !== null && n < RULES.minN)
    return figure(question, { ...answer, value: null, reason: tooFew(n) });
  const doubts = lineDoubts(sources, question, [...doors, ...passing]);
  return figure(question, {
    value: came.people / n,
    ...answer,
    reason: noted(sight, joinedReasons(moreThanPassed(came, n), doubts, indexOnly(passing.length))),
  });
}

/** More entered than passed by: a fault of geometry, shown and flagged; null when not. */
const moreThanPassed = ({ people }: Count, passed: number) =>
  people <= passed
    ? null
    : reason(
        "geometry-fault",
        `${people} entered but only ${passed} passed by: check where the passing lines are.`,
      );
