import { insidePolygon } from "../../src/core/geometry.ts";
import type { VisionEvent } from "../../src/vision/camera-pipeline.ts";
import type { PlannedScene } from "./trajectory-plan.ts";
import type { ShownPerson, TrajectoryRun } from "./trajectory-run.ts";
import type { TrajectoryLine, TrajectoryTruth, WindowVisit } from "./trajectory-truth.ts";

/** Least length of a stop at the windows. */
const STOP_MS = 3000;

/** Counts of one line, with the groups found at it. */
export interface LineResult {
  readonly line: string;
  readonly pos: number;
  readonly neg: number;
  readonly truePos: number;
  readonly trueNeg: number;
  readonly groups: number;
  readonly people: number;
  /** Singles and groups, both directions. */
  readonly buyingUnits: number;
}

/** Compares crossings with the truth: `pos` is where cross(b-a, p-a) > 0, which the product calls `out`. Pure. */
export function countLines(
  lines: readonly TrajectoryLine[],
  events: readonly VisionEvent[],
): {
  readonly midLineError: number | null;
  readonly lineTruth: number;
  readonly lines: readonly LineResult[];
  readonly groups: number;
  readonly groupSizes: Readonly<Record<string, number>>;
} {
  const results = lines.map(({ name, pos: truePos, neg: trueNeg }) => {
    const crossings = events.filter((e) => e.kind === "line-crossed" && e.lineId === name);
    const groups = events.flatMap((e) =>
      e.kind === "group-crossed" && e.lineId === name ? [e.trackIds.length] : [],
    );
    const pos = crossings.filter((e) => e.kind === "line-crossed" && e.direction === "out").length;
    const people = groups.reduce((sum, size) => sum + size, 0);
    return {
      line: name,
      pos,
      neg: crossings.length - pos,
      truePos,
      trueNeg,
      groups: groups.length,
      people,
      buyingUnits: crossings.length - people + groups.length,
    };
  });
  const error = results.reduce(
    (sum, l) => sum + Math.abs(l.pos - l.truePos) + Math.abs(l.neg - l.trueNeg),
    0,
  );
  const groupSizes: Record<string, number> = {};
  for (const event of events)
    if (event.kind === "group-crossed")
      groupSizes[event.trackIds.length] = (groupSizes[event.trackIds.length] ?? 0) + 1;
  return {
    midLineError: lines.length === 0 ? null : error,
    lineTruth: lines.reduce((sum, { pos, neg }) => sum + pos + neg, 0),
    lines: results,
    groups: results.reduce((sum, { groups }) => sum + groups, 0),
    groupSizes,
  };
}

/**
 * Who entered and left at the door. The cameras of these scenes do not see through it, so a crossing has no far side:
 * somebody entered whom the live plan showed last inside the door area, and left whom it showed first there; who did
 * both only stood there. `enteredByStays` is what the events alone tell: people whose stay in that area ended unseen.
 * Pure.
 */
export function scoreDoor(
  { door, passersBy, captureRate }: TrajectoryTruth,
  { plan, picture }: PlannedScene,
  { shown, events, truth }: TrajectoryRun,
): Readonly<Record<string, number | null>> {
  const polygon = truth.zones.get("door");
  const isAtDoor = ({ xNorm, yNorm }: ShownPerson["first"]): boolean =>
    polygon !== undefined &&
    insidePolygon(polygon, xNorm * picture.widthPx, yNorm * picture.heightPx);
  const people = [...shown];
  const born = new Set(people.filter(([, p]) => isAtDoor(p.first)).map(([id]) => id));
  const ended = people.filter(([, p]) => isAtDoor(p.last)).map(([id]) => id);
  const entered = ended.filter((id) => !born.has(id)).length;
  const left = born.size - ended.filter((id) => born.has(id)).length;
  const passers = people.length - born.size;
  const hasDoor = door !== null && plan.zones.some(({ name }) => name === "door");
  const vanished = new Set(
    events.flatMap((e) =>
      e.kind === "zone-exited" && e.zoneId === "door" && e.censored && !born.has(e.trackId)
        ? [e.trackId]
        : [],
    ),
  );
  const rate = passers === 0 ? null : entered / passers;
  const isComparable = hasDoor && rate !== null && captureRate !== null;
  return {
    captureRateError: isComparable ? round(Math.abs(rate - captureRate)) : null,
    captureRate: hasDoor && rate !== null ? round(rate) : null,
    trueCaptureRate: captureRate === null ? null : round(captureRate),
    entered: hasDoor ? entered : null,
    trueEntered: door?.entered ?? null,
    enteredByStays: hasDoor ? vanished.size : null,
    left: hasDoor ? left : null,
    trueLeft: door?.left ?? null,
    passersBy: hasDoor ? passers : null,
    truePassersBy: passersBy,
  };
}

/** Compares stays of three seconds and more along the windows with the true ones, one to one. Pure. */
export function scoreWindow(
  { window }: TrajectoryTruth,
  events: readonly VisionEvent[],
): {
  readonly windowStopRecall: number | null;
  readonly windowStopPrecision: number | null;
  readonly windowStops: number | null;
  readonly trueWindowStops: number | null;
} {
  if (window === null)
    return {
      windowStopRecall: null,
      windowStopPrecision: null,
      windowStops: null,
      trueWindowStops: null,
    };
  const found = events.flatMap((e): WindowVisit[] => {
    if (e.kind !== "zone-exited" || e.zoneId !== "window" || e.dwellMs < STOP_MS) return [];
    const leaveS = e.atMono / 1000;
    return [{ id: e.trackId, enterS: leaveS - e.dwellMs / 1000, leaveS }];
  });
  const free = new Set(found);
  const matched = window.visits.filter((visit) => {
    const match = [...free].find((stay) => stay.id === visit.id && overlap(stay, visit) >= 0.5);
    return match !== undefined && free.delete(match);
  }).length;
  const { length: truth } = window.visits;
  return {
    windowStopRecall: truth === 0 ? null : round(matched / truth),
    windowStopPrecision: found.length === 0 ? null : round(matched / found.length),
    windowStops: found.length,
    trueWindowStops: truth,
  };
}

/** Common time of two stays as a share of the time either lasted. */
function overlap(a: WindowVisit, b: WindowVisit): number {
  const common = Math.min(a.leaveS, b.leaveS) - Math.max(a.enterS, b.enterS);
  return common / (Math.max(a.leaveS, b.leaveS) - Math.min(a.enterS, b.enterS));
}

const round = (value: number): number => Math.round(value * 1e4) / 1e4;
