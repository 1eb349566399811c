import type { EpochMs } from "../../core/brand.ts";
import type { FloorPlan, ReceiverPlan, TagPlan } from "../../core/site.ts";
import { adviceOf } from "../../radio/walk/walk-advice.ts";
import { type ConfusionRow, secondsOf } from "../../radio/walk/walk-confusion.ts";
import type { WalkReport } from "../../radio/walk/walk-report.ts";
import { WALK_RULES, type WalkProgress } from "../../radio/walk/walk-session.ts";
import type { NamedView, WalkResultView, WalkView } from "../../web/walk-view.ts";

/** The parts of a plan that a walk speaks of. */
export interface WalkPlan {
  readonly floor: FloorPlan | null;
  readonly receivers: readonly ReceiverPlan[];
  readonly tags: readonly TagPlan[];
}

/** The page asks once a second: it is not sent all tags of a chain store each time. */
const LISTED_TAGS = 500;

/** What stands in the way of a walk, most fundamental first; null when nothing does. Pure. */
export function obstacleOf({ floor, receivers, tags }: WalkPlan): string | null {
  if (receivers.length === 0) return "The site plan has no receiver: nothing could hear the tag.";
  if (floor === null) return "The site plan has no floor: draw its outline and zones in metres.";
  if (floor.zones.length < 2)
    return "The floor has fewer than two zones: nothing could be confused.";
  if (tags.length === 0) return "No tag is registered: register the one that will be carried.";
  return null;
}

/** The walk mode at rest. Pure. */
export function idleView(plan: WalkPlan): WalkView {
  return {
    state: "idle",
    obstacle: obstacleOf(plan),
    tags: plan.tags.slice(0, LISTED_TAGS).map(tagView),
    tagCount: plan.tags.length,
    zones: (plan.floor?.zones ?? []).map(({ id, name, kind }) => ({ id, name, kind, stayedMs: 0 })),
    receivers: plan.receivers.map(({ id, name }) => ({ id, name, levelDbm: null, readings: 0 })),
    tag: null,
    here: null,
    canUndo: false,
    wantedMs: WALK_RULES.wantedMs,
    startedAt: null,
    endsAt: null,
    notes: [],
    result: null,
  };
}

/** A walk under way. Pure. */
export function walkingView(
  plan: WalkPlan,
  progress: WalkProgress,
  walk: { readonly tag: TagPlan; readonly startedAt: EpochMs; readonly endsAt: EpochMs },
): WalkView {
  const idle = idleView(plan);
  const level = (i: number): number | null => {
    const dbm = progress.levelsDbm[i] ?? Number.NaN;
    return Number.isNaN(dbm) ? null : Math.round(dbm);
  };
  return {
    ...idle,
    state: progress.isPaused ? "paused" : "walking",
    tags: [],
    zones: idle.zones.map((zone, i) => ({ ...zone, stayedMs: progress.stayedMs[i] ?? 0 })),
    receivers: idle.receivers.map((receiver, i) => ({
      ...receiver,
      levelDbm: level(i),
      readings: progress.readings[i] ?? 0,
    })),
    tag: tagView(walk.tag),
    here: progress.here === null ? null : (idle.zones[progress.here]?.id ?? null),
    canUndo: progress.undoable > 0,
    startedAt: walk.startedAt,
    endsAt: walk.endsAt,
    notes: notesOf(progress),
  };
}

function notesOf({ isOver, counts }: WalkProgress): readonly string[] {
  return [
    ...(isOver ? ["The walk ended by itself after an hour."] : []),
    ...(counts.beyondCap > 0
      ? [`${counts.beyondCap} readings were dropped because the walk holds as many as it can.`]
      : []),
  ];
}

/** A walk that is over, with what it is worth. Pure. */
export function withResult(
  last: WalkView,
  report: WalkReport,
  plan: WalkPlan,
  isSaved: boolean,
): WalkView {
  const result = plan.floor === null ? null : resultView(report, plan.floor, plan.receivers);
  return {
    ...last,
    state: "done",
    here: null,
    canUndo: false,
    endsAt: null,
    result: result === null ? null : { ...result, isSaved },
  };
}

/** A report as it is shown, not saved. Pure. */
export function resultView(
  report: WalkReport,
  floor: FloorPlan,
  receivers: readonly ReceiverPlan[],
): WalkResultView {
  return {
    verdict: report.verdict,
    accuracyBefore: report.before.accuracy,
    accuracyAfter: report.after.accuracy,
    seconds: report.after.seconds,
    points: report.points.length,
    zones: floor.zones.map(({ id, name }, i) => {
      const [before, after] = [report.before.rows[i], report.after.rows[i]];
      return {
        id,
        name,
        seconds: after === undefined ? 0 : secondsOf(after),
        rightBefore: before?.recall ?? null,
        rightAfter: after?.recall ?? null,
        placedBeforeS: placed(before),
        placedAfterS: placed(after),
      };
    }),
    advice: adviceOf(report, { floor, receivers }),
    isSaved: false,
  };
}

function placed(row: ConfusionRow | undefined): readonly number[] {
  return row === undefined ? [] : [...row.placedS, row.betweenS, row.unknownS];
}

function tagView({ id, name }: TagPlan): NamedView {
  return { id, name: name ?? id };
}
