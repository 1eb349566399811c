import type { FloorPlan, ReceiverPlan } from "../../core/site.ts";
import { type Confusion, type ConfusionRow, secondsOf } from "./walk-confusion.ts";
import type { WalkReport } from "./walk-report.ts";

/** A zone that is taken for something else in less of its time than this is left alone. */
const WORTH_SAYING_RATIO = 0.2;
/** A share of fewer seconds says nothing: nobody is told to move a receiver for it. */
const LEAST_S = 30;
/** A zone judged on fewer seconds is called thin. */
const THIN_S = 60;

/**
 * What a walk's report means, in sentences for whoever walked: the outcome first, then what is taken for what and what
 * to do about it, then what is missing. Never empty. Pure.
 */
export function adviceOf(
  report: WalkReport,
  plan: { readonly floor: FloorPlan; readonly receivers: readonly ReceiverPlan[] },
): readonly string[] {
  const names = new Map<string, string>(
    [...plan.floor.zones, ...plan.receivers].map(({ id, name }) => [id, name]),
  );
  const nameOf = (id: string): string => names.get(id) ?? id;
  const shown = report.verdict === "better" ? report.after : report.before;
  return [
    outcome(report),
    ...shown.rows.flatMap((row) => confusions(row, shown, nameOf)),
    ...lostZones(report, nameOf),
    ...silence(report.silentReceivers.map(nameOf)),
    ...thinZones(report, nameOf),
  ];
}

function outcome({ verdict, before, after, points }: WalkReport): string {
  const figures = `right ${percent(before.accuracy)} of the time before, ${percent(after.accuracy)} with this walk`;
  switch (verdict) {
    case "better":
      return `The zone is ${figures}. Saving it is worth it: ${plural(points.length, "survey point")}.`;
    case "no-better":
      return `The zone is ${figures}: no better. Do not save it; walk again, slower and through all of each zone, or change what is said below first.`;
    case "too-short":
      return "Too little was walked to say anything. Stay about two minutes in each zone.";
  }
}

function confusions(
  row: ConfusionRow,
  { zones }: Confusion,
  nameOf: (id: string) => string,
): readonly string[] {
  const seconds = secondsOf(row);
  if (seconds < LEAST_S) return [];
  const here = nameOf(row.zoneId);
  const shares: (readonly [ratio: number, sentence: (share: string) => string])[] = [
    ...zones.flatMap((other, column) =>
      other === row.zoneId
        ? []
        : [[(row.placedS[column] ?? 0) / seconds, takenFor(here, nameOf(other))] as const],
    ),
    [
      row.betweenS / seconds,
      (share) =>
        `${here} is taken for the space between the zones in ${share} of the time: draw it larger, or put a receiver nearer to it.`,
    ],
    [
      row.unknownS / seconds,
      (share) =>
        `In ${here} the place is not known in ${share} of the time: too few receivers hear the tag there.`,
    ],
  ];
  return shares
    .filter(([ratio]) => ratio >= WORTH_SAYING_RATIO)
    .sort(([a], [b]) => b - a)
    .map(([ratio, sentence]) => sentence(percent(ratio)));
}

const takenFor =
  (here: string, other: string) =>
  (share: string): string =>
    `${here} is taken for ${other} in ${share} of the time: put a receiver nearer to ${here}, or move the border between them.`;

/** Zones that get clearly worse although the whole gets better: the whole must not hide it. */
function lostZones(report: WalkReport, nameOf: (id: string) => string): readonly string[] {
  if (report.verdict !== "better") return [];
  return report.after.rows.flatMap(({ zoneId, recall }, i) => {
    const was = report.before.rows[i]?.recall ?? null;
    if (was === null || recall === null || was - recall < WORTH_SAYING_RATIO / 2) return [];
    return [
      `${nameOf(zoneId)} itself gets worse: right ${percent(was)} of the time before, ${percent(recall)} with this walk.`,
    ];
  });
}

function silence(names: readonly string[]): readonly string[] {
  if (names.length === 0) return [];
  const [runs, hangs] = names.length === 1 ? ["it runs", "it hangs"] : ["they run", "they hang"];
  return [
    `${names.join(", ")} did not hear the tag at all: check that ${runs} and where the plan says ${hangs}.`,
  ];
}

function thinZones(report: WalkReport, nameOf: (id: string) => string): readonly string[] {
  const missing = report.walkedS.filter(({ seconds }) => seconds === 0);
  const thin = report.walkedS.filter(({ seconds }) => seconds > 0 && seconds < THIN_S);
  return [
    ...(missing.length === 0
      ? []
      : [`Not walked: ${missing.map(({ zoneId }) => nameOf(zoneId)).join(", ")}.`]),
    ...(thin.length === 0
      ? []
      : [
          `Walked for less than a minute, so its figures may be chance: ${thin.map(({ zoneId, seconds }) => `${nameOf(zoneId)} (${seconds} s)`).join(", ")}.`,
        ]),
  ];
}

/** A ratio as whole percent; `-` when there is none. Pure. */
export function percent(ratio: number | null): string {
  return ratio === null ? "-" : `${Math.round(ratio * 100)} %`;
}

function plural(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? "" : "s"}`;
}
