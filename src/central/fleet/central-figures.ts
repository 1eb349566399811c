import type { FastifyInstance } from "fastify";
import { Gauge, Registry } from "prom-client";
import type { Clock } from "../../core/clock.ts";
import type { LaneState } from "../commit-lane.ts";
import type { Gate } from "../gate.ts";
import type { IngestCounts } from "../ingest.ts";
import type { CentralStore, GatewayRow } from "../repository.ts";
import type { FiguresCounts } from "../rollups/figures-thread.ts";
import type { FleetCounts } from "./fleet-desk.ts";
import { blindSensors } from "./freshness.ts";
import type { LoopLag } from "./loop-lag.ts";
import { type GatewayReading, PartReader, type PartReading } from "./part-reader.ts";

export interface CentralFiguresOptions {
  readonly repository: Pick<CentralStore, "parts">;
  readonly ingest: () => IngestCounts;
  readonly fleet: () => FleetCounts;
  readonly rollups: () => FiguresCounts;
  readonly loopLag: () => LoopLag;
  readonly lanes: () => readonly LaneState[];
  readonly flooders: () => ReturnType<Gate["flooders"]>;
  /** Memory of the process, bytes. */
  readonly memory: () => { readonly rss: number; readonly heapUsed: number };
  readonly isConnected: () => boolean;
  /** Requests to erase that are open; absent: the centre runs without loyalty. */
  readonly erasures?: () => readonly { readonly ageMs: number; readonly isOverdue: boolean }[];
  /** Names of erased members that are taken out of late events, and those forgotten too early; absent as above. */
  readonly goneNames?: () => { readonly size: number; readonly forgotten: number };
  readonly clock: Clock;
}

/** The figures of the centre in Prometheus' text format, read from the store at each call. */
export interface CentralFigures {
  readonly contentType: string;
  /** Those of a database that is away are missing. */
  text(): Promise<string>;
}

/** Gateways that get figures of their own; how many more there are is a figure itself. */
const GATEWAY_CAP = 5000;

type PerGateway = readonly [
  name: string,
  help: string,
  read: (one: GatewayReading) => number | null,
];

/** Labels are ids of gateways and stores and nothing else: as many as the chain has, and about no person. */
const PER_GATEWAY: readonly PerGateway[] = [
  ["gateway_online", "1 while it is connected", ({ row }) => (row.online ? 1 : 0)],
  ["gateway_last_seen_age_s", "Since anything came", ({ fresh }) => fresh.lastSeenAgeMs / 1000],
  ["gateway_health_age_s", "Since its health came", ({ fresh }) => seconds(fresh.healthAgeMs)],
  ["gateway_stored_events", "Events stored", ({ row }) => sum(row, "stored")],
  ["gateway_duplicate_events", "Stored already", ({ row }) => sum(row, "known")],
  ["gateway_shed_events", "Gaps: events that never come", ({ row }) => sum(row, "shed")],
  ["gateway_quarantined_events", "Set aside", ({ row }) => sum(row, "quarantined")],
  ["gateway_outbox_depth", "Events it waits with", ({ health }) => health?.outbox.events ?? null],
  [
    "gateway_ack_lag_s",
    "Without acknowledgement",
    ({ health }) => seconds(health?.delivery.ackLagMs ?? null),
  ],
  [
    "gateway_sensors_blind",
    "Sensors that do not see",
    ({ health }) => (health === null ? null : blindSensors(health)),
  ],
];

type Make = (name: string, help: string, labelNames?: string[]) => Gauge;

/** Makes the registry; nothing is read before `text` is called. */
export function createCentralFigures(options: CentralFiguresOptions): CentralFigures {
  const registry = new Registry();
  const make: Make = (name, help, labelNames = []) =>
    new Gauge({ name: `vitrine_central_${name}`, help, labelNames, registers: [registry] });
  const reader = new PartReader(options.repository.parts(), options.clock);
  const answers = make("shard_answers", "1 for a database that answers", ["shard"]);
  const fillStore = storeFigures(make, options.clock);
  const fillProcess = processFigures(make, options);
  return {
    contentType: registry.contentType,
    async text() {
      const readings = await reader.read();
      for (const [shard, reading] of readings.entries())
        answers.set({ shard }, reading === null ? 0 : 1);
      fillStore(readings.filter((reading) => reading !== null));
      fillProcess();
      return await registry.metrics();
    },
  };
}

/** Figures of what the databases say that answer. */
function storeFigures(make: Make, clock: Clock): (readings: readonly PartReading[]) => void {
  const perGateway = PER_GATEWAY.map(([name, help]) => make(name, help, ["gateway", "store"]));
  const completeness = make("store_completeness", "Share of yesterday that arrived", ["store"]);
  const lost = make("quarantine_dropped", "Set aside and no longer kept", ["gateway"]);
  const waiting = make("rollup_waiting_hours", "Hours of shops that wait for their figures");
  const oldest = make("rollup_oldest_wait_s", "Since when the first of them waits");
  const left = make("gateways_left_out", "Gateways beyond the cap of figures");
  return (readings) => {
    const all = readings.flatMap(({ gateways }) => gateways);
    const shown = all.slice(0, GATEWAY_CAP);
    for (const [index, figure] of PER_GATEWAY.entries()) fill(perGateway[index], figure, shown);
    left.set(all.length - shown.length);
    completeness.reset();
    for (const one of readings.flatMap(({ yesterday }) => yesterday))
      completeness.set({ store: one.storeId }, one.completeness);
    lost.reset();
    for (const { gatewayId: gateway, dropped } of readings.flatMap(({ losses }) => losses))
      lost.inc({ gateway }, dropped);
    waiting.set(readings.reduce((sum, { dirty }) => sum + dirty.hours, 0));
    const since = readings.flatMap(({ dirty }) => dirty.since ?? []);
    oldest.set(since.length === 0 ? 0 : Math.max(0, clock.now() - Math.min(...since)) / 1000);
  };
}

const LANES: readonly (readonly [string, string, (lane: LaneState) => number])[] = [
  ["lane_waiting_records", "Records that wait for a transaction", (lane) => lane.waitingRecords],
  ["lane_failing", "1 while its batches are put off", (lane) => (lane.isFailing ? 1 : 0)],
  ["lane_commits", "Transactions since the start", (lane) => lane.commits],
  ["lane_records", "Records in them", (lane) => lane.records],
  ["lane_commit_s", "Time they took together", (lane) => lane.commitMs / 1000],
  ["lane_failures", "Transactions that failed or hung", (lane) => lane.failures],
  ["lane_refused_records", "Refused for what is in them", (lane) => lane.refused],
];

/** Figures of this process, whatever the databases do. */
function processFigures(make: Make, options: CentralFiguresOptions): () => void {
  const total = make("ingest_total", "Since the start", ["what"]);
  const fleet = make("fleet_messages_total", "Since the start", ["what"]);
  const connected = make("broker_connected", "1 while it is");
  const fillErasures = erasureFigures(make, options);
  const rollups = make("rollups_total", "Days made and what else, since the start", ["what"]);
  const lag = make("event_loop_lag_s", "How late the loop was since the last look", ["quantile"]);
  const lanes = LANES.map(([name, help]) => make(name, help, ["lane"]));
  const flooded = make("gateway_flooded_messages", "Dropped unread", ["gateway"]);
  const rss = make("rss_bytes", "Memory of the process");
  const heap = make("heap_used_bytes", "Of it, used by the program's objects");
  return () => {
    for (const [what, count] of Object.entries(options.ingest())) total.set({ what }, count);
    for (const [what, count] of Object.entries(options.fleet())) fleet.set({ what }, count);
    for (const [what, count] of Object.entries(options.rollups())) rollups.set({ what }, count);
    for (const [lane, state] of options.lanes().entries())
      for (const [index, [, , read]] of LANES.entries()) lanes[index]?.set({ lane }, read(state));
    flooded.reset();
    for (const { gatewayId: gateway, messages } of options.flooders())
      flooded.set({ gateway }, messages);
    const memory = options.memory();
    rss.set(memory.rss);
    heap.set(memory.heapUsed);
    const { p99Ms, maxMs } = options.loopLag();
    lag.set({ quantile: "0.99" }, p99Ms / 1000);
    lag.set({ quantile: "1" }, maxMs / 1000);
    connected.set(options.isConnected() ? 1 : 0);
    fillErasures();
  };
}

function erasureFigures(make: Make, options: CentralFiguresOptions): () => void {
  const { erasures, goneNames } = options;
  if (erasures === undefined || goneNames === undefined) return () => undefined;
  const remembered = make("gone_names", "Names of erased members taken out of late events");
  const forgotten = make("gone_names_forgotten", "Of them, forgotten too early since the start");
  const open = make("erasures_open", "Requests to erase that not everyone has answered");
  const overdue = make("erasures_overdue", "Of them, open for more than 24 hours");
  const oldest = make("erasures_oldest_s", "Since when the first of them is open");
  return () => {
    const all = erasures();
    const gone = goneNames();
    remembered.set(gone.size);
    forgotten.set(gone.forgotten);
    open.set(all.length);
    overdue.set(all.filter(({ isOverdue }) => isOverdue).length);
    oldest.set(all.reduce((most, { ageMs }) => Math.max(most, ageMs), 0) / 1000);
  };
}

function fill(
  gauge: Gauge | undefined,
  [, , read]: PerGateway,
  shown: readonly GatewayReading[],
): void {
  gauge?.reset();
  for (const one of shown) {
    const value = read(one);
    const { gatewayId: gateway, storeId } = one.row;
    if (value !== null) gauge?.set({ gateway, store: storeId ?? "" }, value);
  }
}

/** Adds `GET /metrics`; the hooks of the app decide who may read it, as for everything else. */
export function addMetricsRoute(app: FastifyInstance, figures: CentralFigures): void {
  app.get("/metrics", async (_request, reply) => {
    return reply.type(figures.contentType).send(await figures.text());
  });
}

const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000);

const sum = (row: GatewayRow, key: "stored" | "known" | "shed" | "quarantined"): number =>
  row.streams.reduce((total, account) => total + account[key], 0);
