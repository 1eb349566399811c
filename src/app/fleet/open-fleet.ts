import { type Clock, epochAt, type TimeAnchor } from "../../core/clock.ts";
import type { SensorBoard, SensorUnit } from "../sensor-board.ts";
import type { SteadyAnchor } from "../steady-anchor.ts";
import type { FleetPorts, FleetUnit } from "./fleet-ports.ts";

/** Builds the fleet part of a gateway on its ports; called once. */
export type FleetPart = (ports: FleetPorts) => FleetUnit;

/** What the fleet part looks at. */
export interface Observed extends Pick<FleetPorts, "link" | "delivery" | "notices"> {
  /** Absent: nobody waits for the clock to be set. */
  readonly isClockAwaited?: () => boolean;
  readonly anchor: SteadyAnchor;
  readonly clock: Clock;
  readonly board: SensorBoard;
  readonly units: readonly SensorUnit[];
}

/** Builds the fleet part on what it looks at; nothing where there is none. */
export function openFleet(
  fleet: FleetPart | undefined,
  { anchor, clock, board, units, link, delivery, notices, isClockAwaited }: Observed,
): readonly FleetUnit[] {
  if (fleet === undefined) return [];
  return [
    fleet({
      ...{ link, delivery, notices },
      isClockAwaited: isClockAwaited ?? ((): boolean => false),
      now: () => nowBy(anchor.read(), clock),
      sensors: () => board.readings(),
      restartSensor: (sensorId) => restartSensor(units, sensorId),
    }),
  ];
}

/** A steady reading is from some time ago; this is the same one, carried on to this instant. */
function nowBy(reading: TimeAnchor, clock: Clock): TimeAnchor {
  const mono = clock.mono();
  return { mono, epoch: epochAt(reading, mono), clock: reading.clock };
}

function restartSensor(
  units: readonly SensorUnit[],
  sensorId: string,
): ReturnType<FleetPorts["restartSensor"]> {
  const unit = units.find((one) => one.sensorId === sensorId);
  if (unit === undefined) return "unknown";
  if (unit.restart === undefined) return "impossible";
  return unit.restart() ? "begun" : "idle";
}
