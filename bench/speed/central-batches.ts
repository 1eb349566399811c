import type { BatchRecord, CommitBatch } from "../../src/central/repository.ts";
import { epochMs, gatewayId, storeId } from "../../src/core/brand.ts";
import type { JourneyEvent } from "../../src/core/events.ts";
import { eventHash } from "../../src/io/mqtt/event-hash.ts";
import { toCloudEvent } from "../../src/wire/cloud-event.ts";

export const GATEWAYS = 1000;
export const BATCH_EVENTS = 50;
/** Records of one commit, as the ingest gathers them. */
export const COMMIT_EVENTS = 5000;
const DAY_START = Date.UTC(2026, 4, 10, 8);
const EPOCHS = ["7b0e8c1e-6d1c-4f6e-9a53-0d5bb1a3c0de", "11111111-6d1c-4f6e-9a53-0d5bb1a3c0de"];

function record(gateway: number, seq: number): BatchRecord {
  // Ten thousand events a day and gateway: one about every five seconds of a trading day.
  const at = epochMs(DAY_START + seq * 5000 + gateway);
  const journey = {
    ...{ kind: seq % 2 === 0 ? "entered" : "exited", source: "camera:door#1", seq, at },
    ...{ atMono: seq * 5000, clock: "synced", cameraId: "door", lineId: "door-line", role: "door" },
    ...{ trackId: seq, direction: seq % 2 === 0 ? "in" : "out", confidence: 0.87, path: [] },
  } as unknown as JourneyEvent;
  const shop = `shop-${gateway}`;
  const event = toCloudEvent(journey, {
    ...{ gatewayId: gatewayId(`gw-${gateway}`), storeId: storeId(shop), boot: "b1" },
    ...{ recordedAt: at, hash: eventHash },
  });
  const { id, type } = event;
  return { kind: "event", storeId: shop, at, id, type, body: JSON.stringify(event) };
}

/** The n-th batch of a gateway; `life` 1 is the same gateway restored under another epoch. */
export function batchOf(gateway: number, n: number, life = 0): CommitBatch {
  const first = n * BATCH_EVENTS + 1;
  return {
    gatewayId: `gw-${gateway}`,
    storeId: `shop-${gateway}`,
    epoch: EPOCHS[life] ?? "",
    stream: "journey",
    first,
    records: Array.from({ length: BATCH_EVENTS }, (_, index) => record(gateway, first + index)),
    receivedAt: epochMs(DAY_START + n * 250_000),
  };
}

/** Commits of one round: `events` new ones, every gateway in turn, and one batch in ten again. */
export function commitsOf(round: number, events: number, life = 0): CommitBatch[][] {
  const batches: CommitBatch[] = [];
  const count = Math.ceil(events / BATCH_EVENTS);
  for (let index = 0; index < count; index += 1) {
    const serial = round * count + index;
    const made = batchOf(serial % GATEWAYS, Math.floor(serial / GATEWAYS), life);
    batches.push(made);
    if (index % 10 === 9) batches.push(made);
  }
  const size = COMMIT_EVENTS / BATCH_EVENTS;
  return Array.from({ length: Math.ceil(batches.length / size) }, (_, index) =>
    batches.slice(index * size, (index + 1) * size),
  );
}
