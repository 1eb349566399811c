import type { EpochMs } from "../../core/brand.ts";
import type { HealthMessage } from "../../wire/health-message.ts";
import type { GatewayRow } from "../repository.ts";

/**
 * `fresh`: told its health as it should. `late`: some minutes behind. `silent`: nothing for longer. `never`: it never
 * told any.
 */
export type Freshness = "fresh" | "late" | "silent" | "never";

/** How recent what is known of a gateway is. */
export interface GatewayFreshness {
  readonly gatewayId: string;
  readonly storeId: string | null;
  readonly isOnline: boolean;
  readonly freshness: Freshness;
  /** null: it never told any. */
  readonly healthAgeMs: number | null;
  readonly lastSeenAgeMs: number;
}

/** Two messages that are due once a minute were missed, or ten. */
const LATE_MS = 150_000;
const SILENT_MS = 600_000;

/** Judges every gateway by when its health came; `healthAt` is by gateway, on the centre's clock. Pure. */
export function freshnessOf(
  gateways: readonly Pick<GatewayRow, "gatewayId" | "storeId" | "online" | "lastSeenAt">[],
  healthAt: ReadonlyMap<string, EpochMs>,
  now: EpochMs,
): readonly GatewayFreshness[] {
  return gateways.map(({ gatewayId, storeId, online, lastSeenAt }) => {
    const at = healthAt.get(gatewayId);
    const healthAgeMs = at === undefined ? null : Math.max(0, now - at);
    return {
      ...{ gatewayId, storeId, isOnline: online, healthAgeMs },
      freshness: judge(healthAgeMs),
      lastSeenAgeMs: Math.max(0, now - lastSeenAt),
    };
  });
}

/** Sensors of a gateway that should see and do not; one that starts or was stopped is not blind. Pure. */
export const blindSensors = ({ cameras, receivers }: HealthMessage): number =>
  [...cameras, ...receivers].filter(({ state }) => state === "blind").length;

function judge(healthAgeMs: number | null): Freshness {
  if (healthAgeMs === null) return "never";
  if (healthAgeMs <= LATE_MS) return "fresh";
  return healthAgeMs <= SILENT_MS ? "late" : "silent";
}
