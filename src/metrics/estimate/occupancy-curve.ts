import type { EpochMs } from "../../core/brand.ts";
import { SLOT_MS } from "../calendar/slots.ts";
import type { Day } from "../days/day-book.ts";
import { doorFlow, type Sources } from "../sources.ts";
import {
  closingScale,
  type DoorFlow,
  type FlowScale,
  type LearnedDrift,
  type OccupancyCurve,
  occupancyCurve,
} from "./occupancy.ts";
import { filteredOccupancy, type StayModel } from "./occupancy-filter.ts";
import { VISIT_ESTIMATE_RULES } from "./rules.ts";

/** People inside over a day, and how the counts behind it were corrected. */
export interface DayCurve extends OccupancyCurve {
  /** Factor on counted exits: so many people left for each that was counted. */
  readonly exitFactor: number;
  readonly learned: LearnedDrift;
}

/**
 * People inside over a day up to `to`. Once enough closed days have taught what the doors miss, the balance is weighed
 * against the stream of leavers; a day that is over is closed at zero. Before that a closed day is scaled by its own
 * counts, and an open one by the learned factor.
 */
export function curveOf(sources: Sources, day: Day, to: EpochMs): OccupancyCurve {
  return dayCurve(sources, day, to);
}

/** People inside at an instant of a day, by the doors. */
export interface PeopleAt {
  readonly people: number;
  /** Standard deviation; null for bare counts. */
  readonly deviation: number | null;
  readonly curve: DayCurve;
}

/** Of a day that is over by all that it told, else by what was known then. */
export function peopleAt(sources: Sources, day: Day, at: EpochMs): PeopleAt {
  const { start, end } = day.span;
  if (at >= end || !sources.isOver(day)) {
    const curve = dayCurve(sources, day, at);
    return { people: curve.people, deviation: curve.deviations?.at(-1) ?? null, curve };
  }
  const curve = dayCurve(sources, day, end);
  const slot = Math.floor((at - start) / SLOT_MS);
  const people = (curve.personMs[slot] ?? 0) / SLOT_MS;
  return { people, deviation: curve.deviations?.[slot] ?? null, curve };
}

/** As `curveOf`, with how it came about. Shared: not to be changed. */
export const dayCurve = (sources: Sources, day: Day, to: EpochMs): DayCurve =>
  day.memo("people inside", () => curveUpTo(sources, day, to), String(to));

function curveUpTo(sources: Sources, day: Day, to: EpochMs): DayCurve {
  const flow = doorFlow(sources.site, day);
  const { start, end } = day.span;
  const elapsedMs = Math.min(to, end) - start;
  const isClosed = to >= end;
  const learned = sources.driftBefore(start);
  const model = stayModelOf(learned);
  const curve =
    model !== null && hasBothWays(flow)
      ? {
          ...filteredOccupancy(flow, elapsedMs, model, isClosed),
          exitFactor: 1 / (1 - model.misses.outRatio),
        }
      : scaledCurve(flow, elapsedMs, isClosed ? closingScaleOf(flow) : learned.scale);
  return { ...afterClosing(sources, day, to, curve), exitFactor: curve.exitFactor, learned };
}

/** What weighs the balance; null while too little has been learned. */
function stayModelOf({ misses, meanStayMs }: LearnedDrift): StayModel | null {
  return misses.origin === "learned" && meanStayMs !== null ? { misses, meanStayMs } : null;
}

function scaledCurve(
  flow: DoorFlow,
  elapsedMs: number,
  scale: FlowScale,
): OccupancyCurve & { exitFactor: number } {
  return { ...occupancyCurve(flow, elapsedMs, scale), exitFactor: scale.outs };
}

function closingScaleOf(flow: DoorFlow): FlowScale {
  const sum = (values: Float64Array): number => values.reduce((all, value) => all + value, 0);
  return closingScale(sum(flow.ins), sum(flow.outs));
}

const hasBothWays = (flow: DoorFlow): boolean =>
  flow.ins.some((count) => count > 0) && flow.outs.some((count) => count > 0);

/** After closing time people leave whether they are counted or not. */
function afterClosing(
  { hours }: Sources,
  day: Day,
  to: EpochMs,
  curve: OccupancyCurve,
): OccupancyCurve {
  const closedAt = hours.areKnown ? hours.openSpans(day.span).at(-1)?.to : undefined;
  if (closedAt === undefined || to <= closedAt) return curve;
  const left = Math.max(0, 1 - (to - closedAt) / VISIT_ESTIMATE_RULES.emptyAfterMs);
  return { ...curve, people: curve.people * left };
}
