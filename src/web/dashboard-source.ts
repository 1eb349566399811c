import type { EpochMs } from "../core/brand.ts";
import type { DeliveryStatus } from "../core/delivery-status.ts";
import type { FaultCode } from "../core/errors.ts";
import type { LivePeople, SensorCondition, SensorKind, SensorState } from "../core/events.ts";
import type { SitePlan } from "../core/site.ts";
import type { TodayView } from "../metrics/reports/today.ts";
import type { CalibrationPort } from "./calibration-view.ts";
import type { ReportsPort } from "./reports-view.ts";
import type { TagsPort } from "./tags-view.ts";
import type { TillPort } from "./till-view.ts";
import type { WalkPort } from "./walk-view.ts";

/** Something that is not right with a sensor that still sees. */
export interface ConditionStatus {
  readonly condition: SensorCondition;
  readonly since: EpochMs;
  /** The figures behind it, units in the names. */
  readonly measured: Readonly<Record<string, number>>;
}

/** State of one sensor as shown to people. */
export interface SensorStatus {
  readonly sensorId: string;
  readonly kind: SensorKind;
  readonly name: string;
  readonly state: SensorState;
  readonly since: EpochMs;
  readonly code: FaultCode | null;
  /** What is not right although it sees, in the order in which it began; at most one of a kind. */
  readonly conditions: readonly ConditionStatus[];
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

/** How a recording of what a camera's detector finds should be made. */
export interface RecordingWish {
  /** Begin with the next frame instead of waiting until the scene is empty. */
  readonly startsNow: boolean;
  /** Put the events that were told between the lines. */
  readonly withEvents: boolean;
  /** Takes each line of the recording, without a line break. Must not block; called at the camera's rate. */
  readonly onLine: (line: string) => void;
}

/** A recording under way. */
export interface RecordingHandle {
  /** Ends it in good order: a last line says so, then nothing more comes. Idempotent. */
  end(): void;
  /** Ends it with a last line saying that its reader was too slow. Idempotent. */
  cut(): void;
}

/** What the dashboard needs from the gateway; the app implements it. All reads are cheap and synchronous. */
export interface DashboardSource {
  /** Reports over past days; absent where nothing is remembered. */
  readonly reports?: ReportsPort | undefined;
  /** The registered tags; absent where they cannot be changed. */
  readonly tags?: TagsPort | undefined;
  /** Where receipts come in over HTTP; absent where there is no place to keep them. */
  readonly till?: TillPort | undefined;
  /** The walk mode; absent where no tag is located. */
  readonly walk?: WalkPort | undefined;
  /** What receivers know of each other; absent where there are none. */
  readonly calibration?: CalibrationPort | undefined;
  site(): SitePlan;
  today(): TodayView;
  status(): StatusView;
  /** Calls `listener` whenever `today` or `status` may have changed; returns the unsubscribe function. */
  onChange(listener: () => void): () => void;
  /** Calls `listener` with anonymous positions; returns the unsubscribe function. */
  onPeople(listener: (people: LivePeople) => void): () => void;
  /**
   * Records where people are in a camera's picture, and no image; null when there is no such camera. Absent where
   * nothing can be recorded.
   */
  record?(cameraId: string, wish: RecordingWish): RecordingHandle | null;
  /**
   * Records the packets of registered tags, one line of `vitrine replay --radio` each, without any address of a
   * device; null when the gateway has no adapter of its own. Absent where nothing can be recorded.
   */
  recordRadio?(onLine: (line: string) => void): RecordingHandle | null;
}
