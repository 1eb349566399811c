import type { VisionEvent } from "../../src/vision/camera-pipeline.ts";
import type { TrajectoryRun } from "./trajectory-run.ts";
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
 * Who entered and left at the door, and who passed by, all by events; null where the truth knows no door. Pure.
 * Nobody told of is nobody captured: a run without events must not look like a scene without a door.
 */
export function scoreDoor(
  { door, passersBy, captureRate }: TrajectoryTruth,
  run: TrajectoryRun,
): Readonly<Record<string, number | null>> {
  const truth = {
    trueCaptureRate: captureRate === null ? null : round(captureRate),
    trueEntered: door?.entered ?? null,
    trueLeft: door?.left ?? null,
    truePassersBy: passersBy,
  };
  if (door === null) {
    const unknown = { captureRate: null, entered: null, left: null, passersBy: null };
    return { captureRateError: null, ...unknown, ...truth };
  }
  const { entered, left, passers } = countDoor(run);
  const rate = passers === 0 ? 0 : entered / passers;
  return {
    captureRateError: captureRate === null ? null : round(Math.abs(rate - captureRate)),
    captureRate: round(rate),
    entered,
    left,
    passersBy: passers,
    ...truth,
  };
}

/**
 * The cameras of these scenes do not see through the door, so a crossing has no far side: somebody entered whose stay
 * in the door area ended unseen, and left whose stay there began when the live plan first showed them; who did both
 * only stood there. Passers-by are the people told of at a line, the door or the window, but for those whose way
 * began in the door.
 */
function countDoor({ firstShown, events }: TrajectoryRun): {
  readonly entered: number;
  readonly left: number;
  readonly passers: number;
} {
  const peopleOf = (isMeant: (event: Told) => boolean): Set<number> =>
    new Set(events.flatMap((e) => (isTold(e) && isMeant(e) ? [e.trackId] : [])));
  const told = peopleOf((e) => e.kind === "line-crossed" || isOfScene(e.zoneId));
  const born = peopleOf(
    (e) =>
      e.kind === "zone-entered" && e.zoneId === "door" && e.atMono === firstShown.get(e.trackId),
  );
  const vanished = peopleOf((e) => e.kind === "zone-exited" && e.zoneId === "door" && e.censored);
  return {
    entered: [...vanished].filter((id) => !born.has(id)).length,
    left: [...born].filter((id) => !vanished.has(id)).length,
    passers: told.size - born.size,
  };
}

type Told = Extract<
  VisionEvent,
  { readonly kind: "line-crossed" | "zone-entered" | "zone-exited" }
>;

const isTold = (event: VisionEvent): event is Told =>
  event.kind === "line-crossed" || event.kind === "zone-entered" || event.kind === "zone-exited";

/** The grid of zones is there for forecasts only. */
const isOfScene = (zoneId: string): boolean => zoneId === "door" || zoneId === "window";

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
