import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { Day } from "../days/day-book.ts";
import type { OpenVisit, VisitRow } from "../days/visit-table.ts";
import type { Sources } from "../sources.ts";
import { clusteredShare95, type RatioBlock, wilsonAt } from "./bootstrap.ts";
import { type Interval, Z95 } from "./intervals.ts";
import { withoutMissedExits } from "./missed-exits.ts";
import { type Duration, endedBefore, kaplanMeier } from "./survival.ts";
import type { Estimated } from "./tag-estimate.ts";
import { type AskedSpan, hasBought, zonesOf } from "./visit-basis.ts";

/** People of a group come and leave together; nothing joins those who came in different hours. */
const HOUR_MS = 3_600_000;

/** One visit on a track from its entry. */
export interface TrackVisit extends Duration {
  readonly hasBought: boolean;
  readonly zones: number;
  /** What happened during the visit is not told yet: only how long it was is known. */
  readonly isUntold: boolean;
  /** Hour of the entry. */
  readonly hour: number;
}

/** The visits that tracks followed from their entry in an interval. */
export interface TrackSample {
  readonly visits: readonly TrackVisit[];
  /** Entries counted at the doors in the interval. */
  readonly entries: number;
  /** Share of these entries whose track ends at an exit, or is still there. */
  readonly completeRatio: number;
}

/** Visits by track; null when no camera of the shop follows people from door to door. */
export function trackSample(sources: Sources, { from, to }: AskedSpan): TrackSample | null {
  if (!sources.site.cameras.some((camera) => camera.followsVisits === true)) return null;
  return sources.memo(`tracks from ${from}`, () => sampleOf(sources, from, to), String(to));
}

function sampleOf(sources: Sources, from: EpochMs, to: EpochMs): TrackSample {
  const { misses } = sources.driftBefore(sources.calendar.dayOf(epochMs(to - 1)).start);
  const parts = sources.book.parts(from, to);
  const rows = parts.flatMap(({ day }) => [...day.visits.rows(from, to)]).filter(isFollowed);
  const isAsked = ({ method, enteredAt }: OpenVisit): boolean =>
    method === "track" && enteredAt >= from && enteredAt < to;
  const present = sources.openVisits(to).filter(isAsked);
  const left = sources.leftVisits(to).filter(isAsked);
  const open = [
    ...present.map(({ enteredAt }) => untoldVisit(enteredAt, null, to)),
    ...left.map(({ enteredAt, exitedAt }) => untoldVisit(enteredAt, exitedAt, to)),
  ];
  const entries = parts.reduce((sum, { day }) => sum + entriesOf(day, from, to), 0);
  const ended = rows.reduce((sum, row) => sum + (row.isExitSeen ? 1 + row.reentries : 0), 0);
  return {
    visits: withoutMissedExits(
      [...rows.map((row) => new ToldVisit(row)), ...open],
      misses.outRatio,
    ),
    entries,
    completeRatio: entries === 0 ? 0 : (ended + open.length) / entries,
  };
}

const isFollowed = (row: VisitRow): boolean =>
  row.method === "track" && !row.isStaff && row.isEntrySeen;

function entriesOf({ doorTimes, span }: Day, from: EpochMs, to: EpochMs): number {
  const first = from - span.start;
  const last = to - span.start;
  return doorTimes.times("in").reduce((sum, at) => sum + Number(at >= first && at < last), 0);
}

const untoldVisit = (enteredAt: EpochMs, exitedAt: EpochMs | null, to: EpochMs): TrackVisit => ({
  ms: (exitedAt ?? to) - enteredAt,
  isCensored: exitedAt === null,
  hasBought: false,
  zones: 0,
  isUntold: true,
  hour: Math.floor(enteredAt / HOUR_MS),
});

/** A visit that is told as a whole: few figures ask for more than its length, so its zones are read when they do. */
class ToldVisit implements TrackVisit {
  readonly ms: number;
  readonly isCensored: boolean;
  readonly isUntold = false;
  readonly hour: number;
  readonly #row: VisitRow;
  #zones: number | null = null;

  constructor(row: VisitRow) {
    this.ms = row.exitedAt - row.enteredAt;
    this.isCensored = !row.isExitSeen;
    this.hour = Math.floor(row.enteredAt / HOUR_MS);
    this.#row = row;
  }

  get hasBought(): boolean {
    return hasBought(this.#row);
  }

  get zones(): number {
    this.#zones ??= zonesOf(this.#row);
    return this.#zones;
  }
}

/** A figure of a sample, with the number of independent visits it is worth. */
export interface TrackFigure {
  readonly value: number | null;
  readonly ci95: Interval | null;
  readonly n: number;
  readonly effectiveN: number;
  readonly censored: number;
}

/**
 * Share of visits that ended before tau without anything that makes them more than a look round. Whoever is still there,
 * or whose track was lost, counts as long as they were seen (product-limit). null value without visits. Pure.
 */
export function bounceOfTracks(
  visits: readonly TrackVisit[],
  bounceMaxMs: number,
  isEngaged: (visit: TrackVisit) => boolean,
): TrackFigure {
  const durations = visits.map((visit) => ({
    ms: isEngaged(visit) ? Math.max(visit.ms, bounceMaxMs) : visit.ms,
    isCensored: visit.isCensored,
  }));
  const isBounce = durations.map(({ ms, isCensored }) => !isCensored && ms < bounceMaxMs);
  const ended = endedBefore(durations, bounceMaxMs);
  const effect = designEffect(visits, (_, index) => isBounce[index] ?? false);
  const n = visits.length;
  const censored = durations.filter(({ ms, isCensored }) => isCensored && ms < bounceMaxMs).length;
  if (ended === null) return { value: null, ci95: null, n, effectiveN: 0, censored };
  const { share, variance } = ended;
  const alone = variance > 0 ? (share * (1 - share)) / variance : n - censored;
  const effectiveN = alone / effect;
  const ci95 = effectiveN > 0 ? wilsonAt(share, effectiveN, Z95) : null;
  return { value: share, ci95, n, effectiveN, censored };
}

/** Which number of the length of visits is asked for. */
export type LengthStatistic = "mean" | "median" | "p90";

/** Length of visits by the product-limit curve; its interval is widened for people who came in groups. Pure. */
export function lengthOfTracks(
  visits: readonly TrackVisit[],
  statistic: LengthStatistic,
): TrackFigure {
  const n = visits.length;
  const censored = visits.filter((visit) => visit.isCensored).length;
  const curve = kaplanMeier(visits);
  const { value, ci95 } = readOf(curve, statistic);
  if (value === null) return { value, ci95, n, effectiveN: 0, censored };
  const effect = designEffect(visits, ({ ms }) => ms < value);
  return { value, ci95: widened({ value, ci95 }, effect), n, effectiveN: n / effect, censored };
}

function readOf(
  curve: ReturnType<typeof kaplanMeier>,
  statistic: LengthStatistic,
): { readonly value: number | null; readonly ci95: Interval | null } {
  switch (statistic) {
    case "mean":
      return { value: curve.meanMs, ci95: curve.mean95 };
    case "median":
      return { value: curve.medianMs, ci95: curve.median95 };
    case "p90":
      return { value: curve.p90Ms, ci95: curve.p9095 };
  }
}

function widened({ value, ci95 }: Estimated, effect: number): Interval | null {
  if (ci95 === null) return null;
  const factor = Math.sqrt(effect);
  return [Math.max(0, value - (value - ci95[0]) * factor), value + (ci95[1] - value) * factor];
}

/** How many times wider than among strangers a share varies from hour to hour, >= 1. */
function designEffect(
  visits: readonly TrackVisit[],
  isHit: (visit: TrackVisit, index: number) => boolean,
): number {
  const hours = new Map<number, { top: number; bottom: number }>();
  visits.forEach((visit, index) => {
    const block = hours.get(visit.hour) ?? { top: 0, bottom: 0 };
    block.top += Number(isHit(visit, index));
    block.bottom += 1;
    hours.set(visit.hour, block);
  });
  const blocks: RatioBlock[] = [...hours.values()];
  const share = clusteredShare95(blocks);
  return share === null ? 1 : visits.length / share.effectiveN;
}
