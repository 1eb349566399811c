import type { EpochMs, MonoMs } from "./brand.ts";
import type { ClockState } from "./clock.ts";
import type { EventOrigin } from "./sensor-events.ts";

/** Common head of a store-level event: when it happened and how well we know it. */
export interface JourneyHead extends EventOrigin {
  readonly at: EpochMs;
  readonly atMono: MonoMs;
  readonly clock: ClockState;
}
