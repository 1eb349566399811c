import type { TimeAnchor } from "../../core/clock.ts";
import type { DeliveryStatus } from "../../core/delivery-status.ts";
import type { JourneyEvent } from "../../core/events.ts";
import type { Service } from "../../core/lifecycle.ts";
import type { SensorReading } from "../../fleet/health.ts";
import type { Link } from "../../io/mqtt/link.ts";

/** What the fleet part may see and do of a running gateway. */
export interface FleetPorts {
  /** null: no broker is configured. */
  readonly link: Link | null;
  readonly delivery: DeliveryPort;
  readonly sensors: () => readonly SensorReading[];
  /** Begins one sensor anew; `idle`: it is not open, and so is opened anew anyway. */
  readonly restartSensor: (sensorId: string) => "begun" | "idle" | "unknown" | "impossible";
  /** What the dashboard tells people. */
  readonly notices: () => readonly string[];
  /** Whether the wall clock was never set and may yet be. */
  readonly isClockAwaited: () => boolean;
  /** Both clocks at this instant. */
  readonly now: () => TimeAnchor;
}

/** The way to the centre, as far as it concerns the fleet. */
export interface DeliveryPort {
  status(): DeliveryStatus;
  announce(): void;
  record(event: JourneyEvent): boolean;
  /** Connections given up because nobody answered over them. */
  readonly dropped: number;
}

/** The fleet part of one gateway: started after what it looks at, stopped before it. */
export interface FleetUnit extends Service {
  readonly notices: () => readonly string[];
}
