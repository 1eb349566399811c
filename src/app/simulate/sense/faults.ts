import type { FaultCode } from "../../../core/errors.ts";
import type { SensorKind, SensorState } from "../../../core/events.ts";
import { between, type Random, streamOf } from "../draws.ts";
import type { Fault } from "../model.ts";
import type { Notice, SenseContext } from "./notices.ts";

/** Half-open span of true time. */
export interface FaultSpan {
  readonly from: number;
  readonly to: number;
}

/** What goes wrong in a day besides the usual. */
export interface DayFaults {
  /** The counter sees nothing. */
  readonly blind: readonly FaultSpan[];
  /** The gateway's wall clock is wrong by so much. */
  readonly clockSteps: readonly (FaultSpan & { readonly aheadMs: number })[];
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Every fourth day has an outage, every tenth is blind from end to end, every fifth has a wrong clock for a while. */
const OUTAGE_EVERY = 4;
const BLIND_EVERY = 10;
const STEP_EVERY = 5;

/** Draws the faults of a day. Pure for a seed. */
export function faultsOfDay(
  day: { readonly number: number; readonly opensAt: number; readonly closesAt: number },
  faults: readonly Fault[],
  seed: number,
): DayFaults {
  const random: Random = streamOf(seed, "faults", day.number);
  const { opensAt, closesAt } = day;
  const outageAt = between(random, opensAt, closesAt - HOUR_MS);
  const outageMs = between(random, 20 * MINUTE_MS, 4 * HOUR_MS);
  const stepAt = between(random, opensAt, closesAt - HOUR_MS);
  const aheadMs = random() < 0.5 ? 3_600_000 : -45_000;
  const isDue = (fault: Fault, every: number, offset: number): boolean =>
    faults.includes(fault) && day.number % every === offset;
  const blind: FaultSpan[] = [];
  if (isDue("outage", OUTAGE_EVERY, 2)) blind.push({ from: outageAt, to: outageAt + outageMs });
  if (isDue("blind-day", BLIND_EVERY, 9))
    blind.push({ from: opensAt - 6 * HOUR_MS + 1, to: opensAt + 18 * HOUR_MS - 1 });
  const clockSteps = isDue("clock-step", STEP_EVERY, 3)
    ? [{ from: stepAt, to: stepAt + HOUR_MS, aheadMs }]
    : [];
  return { blind, clockSteps };
}

/** Takes out what a blind counter could not tell; what it does not tell itself stays. Pure. */
export function withoutBlind(
  notices: readonly Notice[],
  source: string,
  blind: readonly FaultSpan[],
): readonly Notice[] {
  if (blind.length === 0) return notices;
  return notices.filter(
    ({ event, toldAt }) =>
      event.source !== source || !blind.some(({ from, to }) => toldAt >= from && toldAt < to),
  );
}

/** A change of a sensor's state. */
export function tellState(
  sensor: { readonly id: string; readonly kind: SensorKind },
  state: SensorState,
  at: number,
  { mono, run }: SenseContext,
): Notice {
  const code: FaultCode | null = state === "blind" ? "CAMERA_STALLED" : null;
  return {
    toldAt: at,
    event: {
      kind: "sensor-changed",
      source: `${sensor.kind}-state:${sensor.id}#${run}`,
      seq: 0,
      atMono: mono(at),
      sensorId: sensor.id,
      sensorKind: sensor.kind,
      state,
      code,
    },
  };
}
