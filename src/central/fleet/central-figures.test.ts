import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { gatewayHealth } from "../../../test/fakes/gateway-health.ts";
import { epochMs } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";
import type { HealthMessage } from "../../wire/health-message.ts";
import { NO_INGEST } from "../ingest.ts";
import type { CommitBatch, StorePart } from "../repository.ts";
import { NO_FIGURES } from "../rollups/figures-thread.ts";
import { SqliteStore } from "../sqlite/sqlite-store.ts";
import { type CentralFigures, createCentralFigures } from "./central-figures.ts";

const camera = (state: HealthMessage["cameras"][number]["state"]) => ({
  ...{ id: state, state, code: null, fps: null, lastFrameAgeMs: null, isFrozen: false },
});

function figuresOf(parts: readonly StorePart[], clock: FakeClock): CentralFigures {
  const lane = { waitingRecords: 3, isFailing: true, commits: 4, records: 90, commitMs: 250 };
  return createCentralFigures({
    repository: { parts: () => parts },
    ingest: () => ({ ...NO_INGEST, stored: 90, unkept: 2 }),
    fleet: () => ({ health: 1, reported: 0, quarantined: 0, repeated: 0 }),
    rollups: () => NO_FIGURES,
    loopLag: () => ({ p99Ms: 1, maxMs: 2 }),
    lanes: () => [{ ...lane, failures: 5, refused: 6 }],
    flooders: () => [{ gatewayId: "noisy", messages: 7 }],
    memory: () => ({ rss: 1000, heapUsed: 100 }),
    isConnected: () => true,
    clock,
  });
}

async function filledStore(gateway: string): Promise<SqliteStore> {
  const store = new SqliteStore(":memory:");
  const at = epochMs(1e12);
  const records: CommitBatch["records"] = Array.from({ length: 1200 }, () => ({
    ...{ kind: "quarantined", reason: "bad", body: "{}" },
  }));
  const place = { gatewayId: gateway, epoch: "e", stream: "journey", first: 1, storeId: "shop" };
  await store.commit([{ ...place, records, receivedAt: at }]);
  const cameras = (["blind", "seeing", "starting", "stopped"] as const).map(camera);
  const health = JSON.stringify(gatewayHealth("shop", { cameras }));
  await store.saveDocument({ kind: "health", owner: gateway, part: "" }, health, at);
  return store;
}

test("figures of a database that is away or hangs are missing, all others are there", async () => {
  const clock = new FakeClock();
  const store = await filledStore("gw1");
  const gone = {
    ...partOf(store),
    gateways: () => Promise.reject(new GatewayError("STORE_UNREACHABLE", "")),
  };
  const hanging = { ...partOf(store), sums: () => new Promise<never>(() => undefined) };
  const figures = figuresOf([gone, store, hanging], clock);
  const asked = figures.text();
  await new Promise((resolve) => setImmediate(resolve));
  clock.advance(3000);
  const lines = (await asked).split("\n");
  for (const line of [
    ...['shard_answers{shard="0"} 0', 'shard_answers{shard="1"} 1', 'shard_answers{shard="2"} 0'],
    'gateway_quarantined_events{gateway="gw1",store="shop"} 1200',
    'gateway_sensors_blind{gateway="gw1",store="shop"} 1',
    'quarantine_dropped{gateway="gw1"} 700',
    'gateway_flooded_messages{gateway="noisy"} 7',
    ...['ingest_total{what="stored"} 90', 'ingest_total{what="unkept"} 2'],
    ...['lane_waiting_records{lane="0"} 3', 'lane_failing{lane="0"} 1', 'lane_commits{lane="0"} 4'],
    ...['lane_records{lane="0"} 90', 'lane_commit_s{lane="0"} 0.25', 'lane_failures{lane="0"} 5'],
    ...['lane_refused_records{lane="0"} 6', "rss_bytes 1000", "heap_used_bytes 100"],
  ])
    assert.ok(lines.includes(`vitrine_central_${line}`), line);
  // A database that has not answered yet is not asked again.
  assert.match(await figures.text(), /shard_answers\{shard="2"\} 0/);
  assert.equal(clock.pending, 0);
  await store.close();
});

test("with no database at all the figures of the process are told", async () => {
  const figures = figuresOf([], new FakeClock());
  const text = await figures.text();
  assert.match(text, /^vitrine_central_broker_connected 1$/m);
  assert.doesNotMatch(text, /^vitrine_central_gateway_online/m);
});

const partOf = (store: SqliteStore): StorePart => ({
  gateways: () => store.gateways(),
  documents: (kind, owner) => store.documents(kind, owner),
  sums: (query) => store.sums(query),
  dirtyState: () => store.dirtyState(),
  asideLosses: () => store.asideLosses(),
});
