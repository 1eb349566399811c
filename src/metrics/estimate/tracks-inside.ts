import { type EpochMs, epochMs } from "../../core/brand.ts";
import { SLOT_MS } from "../calendar/slots.ts";
import type { LeftPresence, Presence } from "../days/carrier-timeline.ts";
import { firstIndex } from "../days/columns.ts";
import type { Day } from "../days/day-book.ts";
import type { VisitRow } from "../days/visit-table.ts";
import type { Sources } from "../sources.ts";
import { wilsonAt } from "./bootstrap.ts";
import { Z95 } from "./intervals.ts";
import { VISIT_ESTIMATE_RULES } from "./rules.ts";
import { isExitMissed, learnSights, type SightModel, spansInside } from "./sight-gaps.ts";

const WEEK_MS = 7 * 86_400_000;
/** Until a week is known, so many visits of the day speak for it. */
const FIRST_VISITS = 100;
/** With fewer entries it cannot be said how many are lost. */
const LEAST_ENTRIES = 20;

/** People inside at an instant, by tracks from door to door. */
export interface TrackedPeople {
  readonly people: number;
  /** Standard deviation of the people of whom it is not sure that they are still there. */
  readonly deviation: number;
}

/** People inside over a trading day up to some instant, by tracks. */
export interface TrackedCurve {
  /** Person-milliseconds inside, per slot of a minute. */
  readonly personMs: Float64Array;
  /** Standard deviation of the people inside, per slot. */
  readonly deviations: Float64Array;
}

/**
 * Customers inside at an instant of a trading day, by tracks from door to door. Those whose visit is told were inside
 * until its end. Of the others, who is in a zone is inside, and so is who was seen later; who was neither counted
 * leaving nor seen since counts with the probability of being on the way between two zones. Both are learned from the
 * week before. null when no camera follows people from door to door, when it loses too many of those who come in, or
 * when nothing is known yet of how long people are out of sight.
 */
export function tracksInside(sources: Sources, day: Day, at: EpochMs): TrackedPeople | null {
  const followed = followedDay(sources, day, at);
  if (followed === null) return null;
  const { customers, present, model, uncountedPer } = followed;
  let people = 0;
  let variance = 0;
  const add = (probability: number): void => {
    people += probability;
    variance += probability * (1 - probability);
  };
  for (const row of customers) add(toldInside(row, at, model));
  for (const presence of present) {
    add(untoldInside(presence, at, model));
    // As many more as usual came in with them, were not counted and have been in no zone yet.
    if (!presence.isOnlyCounted || presence.isSure) continue;
    people += uncountedPer;
    variance += uncountedPer;
  }
  return { people, deviation: Math.sqrt(variance) };
}

/** The same for every minute of a trading day up to `to`. Shared: not to be changed. */
export const tracksCurve = (sources: Sources, day: Day, to: EpochMs): TrackedCurve | null =>
  sources.memo(`inside from ${day.span.start}`, () => curveUpTo(sources, day, to), String(to));

function curveUpTo(sources: Sources, day: Day, to: EpochMs): TrackedCurve | null {
  const until = epochMs(Math.min(to, day.span.end));
  const followed = followedDay(sources, day, until);
  if (followed === null) return null;
  const curve = toldCurve(sources, followed.model, day, until);
  for (const { from, to: left } of followed.left) curve.add(from, left, 1);
  for (const presence of followed.present) {
    const { from, seenAt } = presence;
    curve.add(from, seenAt, 1);
    curve.add(seenAt, until, untoldInside(presence, until, followed.model));
  }
  return curve.result();
}

/** Those whose visit is told. While the day goes on they have all left, and stay the same from event to event. */
function toldCurve(sources: Sources, model: SightModel, day: Day, until: EpochMs): MinuteSums {
  const told = toldOf(sources, day);
  if (until < told.lastExit) return summed(told, model, day, until);
  const key = `told inside from ${day.span.start}`;
  const whole = sources.memo(
    key,
    () => summed(told, model, day, day.span.end),
    `${model.longestGapMs}`,
  );
  return whole.copy(day, until);
}

function summed(
  { customers }: ToldVisits,
  { longestGapMs }: SightModel,
  day: Day,
  until: EpochMs,
): MinuteSums {
  const curve = new MinuteSums(day, until);
  for (const row of customers)
    for (const { from, to } of spansInside(row, longestGapMs)) curve.add(from, to, 1);
  return curve;
}

/** Visits of a day that tracks followed, as far as they are told; of staff none. */
interface ToldVisits {
  readonly customers: readonly VisitRow[];
  readonly lastExit: number;
}

const toldOf = (sources: Sources, day: Day): ToldVisits =>
  sources.memo(`told of ${day.span.start}`, () => {
    const customers = [...day.visits.rows()].filter(isCustomer);
    const lastExit = customers.reduce((last, { exitedAt }) => Math.max(last, exitedAt), 0);
    return { customers, lastExit };
  });

/** What of a trading day tracks tell; null when they cannot speak for everybody. */
interface FollowedDay {
  readonly customers: readonly VisitRow[];
  readonly present: readonly Presence[];
  readonly left: readonly LeftPresence[];
  readonly model: SightModel;
  /** People who came in uncounted for each who was counted. */
  readonly uncountedPer: number;
}

const followedDay = (sources: Sources, day: Day, at: EpochMs): FollowedDay | null =>
  sources.memo(`followed from ${day.span.start}`, () => followedUpTo(sources, day, at), String(at));

function followedUpTo(sources: Sources, day: Day, at: EpochMs): FollowedDay | null {
  const { start } = day.span;
  if (!sources.site.cameras.some((camera) => camera.followsVisits === true)) return null;
  const model = sightsBefore(sources, day) ?? sightsToday(sources, day);
  if (model === null) return null;
  const { customers } = toldOf(sources, day);
  const present = sources.presentTracks(at).filter(({ from }) => from >= start);
  const left = sources.leftTracks(at).filter(({ from }) => from >= start);
  const { inRatio } = sources.driftBefore(start).misses;
  const followed = { customers, present, left, model, uncountedPer: inRatio / (1 - inRatio) };
  return isLosing(followed, day, at) ? null : followed;
}

const isCustomer = (row: VisitRow): boolean => row.method === "track" && !row.isStaff;

function sightsBefore(sources: Sources, { span }: Day): SightModel | null {
  const from = epochMs(span.start - WEEK_MS);
  return sources.memo(`sights before ${span.start}`, () =>
    learnSights(
      sources.book
        .parts(from, span.start)
        .flatMap(({ day }) => [...day.visits.rows(from, span.start)].filter(isCustomer)),
    ),
  );
}

/** Of the first of the day, so that not all of them have to be looked at again with every visit. */
const sightsToday = (sources: Sources, day: Day): SightModel | null =>
  sources.memo(`sights of ${day.span.start}`, () =>
    learnSights(toldOf(sources, day).customers.slice(0, FIRST_VISITS)),
  );

/**
 * Whether tracks certainly lose more of the day's entries than they may. Where zones show who is inside, somebody lost
 * is soon seen again under another number; where they do not, they are missing until closing time.
 */
function isLosing(
  { customers, present, left, model }: FollowedDay,
  day: Day,
  at: EpochMs,
): boolean {
  const times = day.doorTimes.times("in");
  const entries = firstIndex(times.length, (i) => (times[i] ?? 0) >= at - day.span.start);
  if (entries < LEAST_ENTRIES) return false;
  const { trackCompleteRatio, trackPresentRatio, trackSeenShare } = VISIT_ESTIMATE_RULES;
  let followed = left.length;
  for (const presence of present) followed += untoldInside(presence, at, model);
  for (const row of customers)
    if (row.enteredAt < at && row.isExitSeen) followed += 1 + row.reentries;
  const ratio = Math.min(1, followed / entries);
  const least = model.seenShare >= trackSeenShare ? trackCompleteRatio : trackPresentRatio;
  return wilsonAt(ratio, entries, Z95)[1] < least;
}

/** Probability that somebody whose visit is told was inside then. */
function toldInside(row: VisitRow, at: EpochMs, model: SightModel): number {
  const { enteredAt, exitedAt, isEntrySeen } = row;
  if (at < enteredAt) return isEntrySeen ? 0 : model.cameBefore(enteredAt - at);
  if (at < exitedAt)
    return Number(
      spansInside(row, model.longestGapMs).some(({ from, to }) => from <= at && at < to),
    );
  return isExitMissed(row) ? model.leavesAfter(at - exitedAt) : 0;
}

const untoldInside = ({ isSure, seenAt }: Presence, at: EpochMs, model: SightModel): number =>
  isSure ? 1 : model.stillInside(at - seenAt);

/** Adds spells inside up, per minute of a day. */
class MinuteSums {
  readonly #start: EpochMs;
  readonly #until: EpochMs;
  #personMs: Float64Array;
  #variances: Float64Array;

  constructor(day: Day, until: EpochMs) {
    this.#start = day.span.start;
    this.#until = until;
    this.#personMs = new Float64Array(day.slots);
    this.#variances = new Float64Array(day.slots);
  }

  /** To add to without changing this one; spells after `until` are cut off. */
  copy(day: Day, until: EpochMs): MinuteSums {
    const same = new MinuteSums(day, until);
    same.#personMs = this.#personMs.slice();
    same.#variances = this.#variances.slice();
    return same;
  }

  add(from: EpochMs, to: EpochMs, probability: number): void {
    let at = Math.max(from, this.#start);
    const end = Math.min(to, this.#until);
    while (at < end) {
      const slot = Math.floor((at - this.#start) / SLOT_MS);
      const next = Math.min(end, this.#start + (slot + 1) * SLOT_MS);
      const share = (next - at) / SLOT_MS;
      this.#personMs[slot] = (this.#personMs[slot] ?? 0) + probability * (next - at);
      const doubt = probability * (1 - probability) * share;
      this.#variances[slot] = (this.#variances[slot] ?? 0) + doubt;
      at = next;
    }
  }

  result(): TrackedCurve {
    return { personMs: this.#personMs, deviations: this.#variances.map(Math.sqrt) };
  }
}
