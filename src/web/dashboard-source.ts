import type { EpochMs } from "../core/brand.ts";
import type { DeliveryStatus } from "../core/delivery-status.ts";
import type { FaultCode } from "../core/errors.ts";
import type { LivePeople, SensorKind, SensorState } from "../core/events.ts";
import type { SitePlan } from "../core/site.ts";
import type { TodayView } from "../metrics/today.ts";

/** State of one sensor as shown to people. */
export interface SensorStatus {
  readonly sensorId: string;
  readonly kind: SensorKind;
  readonly name: string;
  readonly state: SensorState;
  readonly since: EpochMs;
  readonly code: FaultCode | null;
  /** Short figures with their unit, e.g. ["frames per second", "7.9"]. */
  readonly facts: readonly (readonly [label: string, text: string])[];
}

export interface StatusView {
  readonly gatewayId: string;
  readonly version: string;
  readonly startedAt: EpochMs;
  readonly sensors: readonly SensorStatus[];
  readonly delivery: DeliveryStatus;
  /** Notes a person should see, e.g. "running on generated tracks". */
  readonly notices: readonly string[];
}

/** What the dashboard needs from the gateway; the app implements it. All reads are cheap and synchronous. */
export interface DashboardSource {
  site(): SitePlan;
  today(): TodayView;
  status(): StatusView;
  /** Calls `listener` whenever `today` or `status` may have changed; returns the unsubscribe function. */
  onChange(listener: () => void): () => void;
  /** Calls `listener` with anonymous positions; returns the unsubscribe function. */
  onPeople(listener: (people: LivePeople) => void): () => void;
}
