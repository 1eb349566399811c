import type { HealthMessage } from "../../src/wire/health-message.ts";

/** The health of a gateway of a store that has nothing to tell. */
export function gatewayHealth(storeId: string, extra: Partial<HealthMessage> = {}): HealthMessage {
  return {
    ...{ v: 1, at: "2026-05-01T10:00:00.000Z", boot: "b", storeId, upMs: 61_000 },
    ...{ versions: {}, configHash: "c", clock: { state: "synced", offsetMs: 4 } },
    delivery: { state: "acked", code: null, reconnects: 0, lastAckAgeMs: 10, ackLagMs: 0 },
    outbox: {
      ...{ events: 7, bytes: 4096, capBytes: 8192, oldestAgeMs: null, commitMs: null },
      ...{ committed: { journey: 9 }, acked: { journey: 2 }, shed: {} },
    },
    disk: { freeBytes: 5, writtenBytes: null, budgetBytes: 6 },
    process: { rssBytes: 9, cpuShare: 0.25, loopLagMs: 1 },
    board: { temperatureC: null, throttledBits: 0 },
    ...{ cameras: [], receivers: [] },
    ...extra,
  };
}
