import type { EpochMs } from "./brand.ts";
import type { FaultCode } from "./errors.ts";

/** State of the way to the central store. */
export interface DeliveryStatus {
  /** `acked`: the centre acknowledges. `connected`: broker only. `offline`: neither. `off`: no broker configured. */
  readonly state: "acked" | "connected" | "offline" | "off";
  readonly since: EpochMs;
  readonly code: FaultCode | null;
  /** Events not yet acknowledged by the centre. */
  readonly outboxEvents: number;
  readonly outboxBytes: number;
  readonly outboxCapBytes: number;
  /** Age of the oldest waiting event; null when none waits. */
  readonly oldestAgeMs: number | null;
  readonly lastAckAt: EpochMs | null;
  /** Events shed at the cap since the store was created. */
  readonly shedEvents: number;
}
