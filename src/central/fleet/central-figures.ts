import type { FastifyInstance } from "fastify";
import { Gauge, Registry } from "prom-client";
import type { EpochMs } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import { parseMessage } from "../../wire/envelopes.ts";
import { type HealthMessage, healthSchema } from "../../wire/health-message.ts";
import type { IngestCounts } from "../ingest.ts";
import type { CentralStore, GatewayRow } from "../repository.ts";
import type { FleetCounts } from "./fleet-desk.ts";
import { freshnessOf, type GatewayFreshness } from "./freshness.ts";

export interface CentralFiguresOptions {
  readonly repository: Pick<CentralStore, "gateways" | "documents" | "sums">;
  readonly ingest: () => IngestCounts;
  readonly fleet: () => FleetCounts;
  readonly isConnected: () => boolean;
  readonly clock: Clock;
}

/** The figures of the centre in Prometheus' text format, read from the store at each call. */
export interface CentralFigures {
  readonly contentType: string;
  /** @throws STORE_FAILED */
  text(): Promise<string>;
}

/** Gateways that get figures of their own; how many more there are is a figure itself. */
const GATEWAY_CAP = 5000;
const DAY_MS = 86_400_000;

interface GatewayFigures {
  readonly row: GatewayRow;
  readonly fresh: GatewayFreshness;
  readonly health: HealthMessage | null;
}

type PerGateway = readonly [
  name: string,
  help: string,
  read: (one: GatewayFigures) => number | null,
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
  ["gateway_sensors_blind", "Sensors that do not see", ({ health }) => blind(health)],
];

/** Makes the registry; nothing is read before `text` is called. */
export function createCentralFigures(options: CentralFiguresOptions): CentralFigures {
  const registry = new Registry();
  const make = (name: string, help: string, labelNames: string[]): Gauge =>
    new Gauge({ name: `vitrine_central_${name}`, help, labelNames, registers: [registry] });
  const perGateway = PER_GATEWAY.map(([name, help]) => make(name, help, ["gateway", "store"]));
  const completeness = make("store_completeness", "Share of yesterday that arrived", ["store"]);
  const total = make("ingest_total", "Since the start", ["what"]);
  const fleet = make("fleet_messages_total", "Since the start", ["what"]);
  const connected = make("broker_connected", "1 while it is", []);
  const left = make("gateways_left_out", "Gateways beyond the cap of figures", []);
  return {
    contentType: registry.contentType,
    async text() {
      const { clock, repository } = options;
      const all = await readGateways(options);
      const shown = all.slice(0, GATEWAY_CAP);
      for (const [index, figure] of PER_GATEWAY.entries()) fill(perGateway[index], figure, shown);
      completeness.reset();
      for (const one of await yesterday(repository, clock.now()))
        completeness.set({ store: one.storeId }, one.completeness);
      for (const [what, count] of Object.entries(options.ingest())) total.set({ what }, count);
      for (const [what, count] of Object.entries(options.fleet())) fleet.set({ what }, count);
      connected.set(options.isConnected() ? 1 : 0);
      left.set(all.length - shown.length);
      return await registry.metrics();
    },
  };
}

function fill(
  gauge: Gauge | undefined,
  [, , read]: PerGateway,
  shown: readonly GatewayFigures[],
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

async function readGateways({
  repository,
  clock,
}: CentralFiguresOptions): Promise<readonly GatewayFigures[]> {
  const documents = await repository.documents("health", null);
  const health = new Map<string, HealthMessage>();
  const healthAt = new Map<string, EpochMs>();
  for (const { key, text, at } of documents) {
    healthAt.set(key.owner, at);
    const parsed = parseMessage(healthSchema, text);
    if (parsed.ok) health.set(key.owner, parsed.value);
  }
  const rows = await repository.gateways();
  const fresh = freshnessOf(rows, healthAt, clock.now());
  return rows.flatMap((row, index) => {
    const own = fresh[index];
    return own === undefined
      ? []
      : [{ row, fresh: own, health: health.get(row.gatewayId) ?? null }];
  });
}

/** One figure that every shop with a door has: how much of its last whole day (UTC) has arrived. */
function yesterday(
  repository: CentralFiguresOptions["repository"],
  now: EpochMs,
): ReturnType<CentralStore["sums"]> {
  const to = (Math.floor(now / DAY_MS) * DAY_MS) as EpochMs;
  const from = (to - DAY_MS) as EpochMs;
  return repository.sums({
    ...{ storeIds: null, grain: "day", scope: "store", metrics: ["entrants"], from, to },
  });
}

const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000);

const sum = (row: GatewayRow, key: "stored" | "known" | "shed" | "quarantined"): number =>
  row.streams.reduce((total, account) => total + account[key], 0);

function blind(health: HealthMessage | null): number | null {
  if (health === null) return null;
  const sensors = [...health.cameras, ...health.receivers];
  return sensors.filter(({ state }) => state !== "seeing").length;
}
