import type { FastifyInstance } from "fastify";
import type { MonoMs } from "../../core/brand.ts";
import { DEFINITIONS, definitionOf, isDefined } from "../../metrics/definitions.ts";
import { doorsOf, zonesOf } from "../../metrics/reports/period-report.ts";
import { isoTime } from "../../wire/cloud-event.ts";
import { type ApiContext, type Asked, addOperation } from "./api-context.ts";
import { type ChainNow, type GatewayNow, readChain } from "./chain-view.ts";
import { compareStores } from "./compare-stores.ts";
import { csvRow } from "./csv-row.ts";
import { refuseMetric, refuseStore } from "./known-names.ts";

/** Many pages may look at once: they share one reading that is at most so old. */
const FRESH_MS = 5_000;

/** All stores: how they stand, and how they compare. */
export function addChainRoutes(app: FastifyInstance, context: ApiContext): void {
  const chain = sharedChain(context);
  addOperation(app, "stores", async () => {
    const { now, tiles } = await chain();
    return { now, stores: tiles };
  });
  addOperation(app, "store", async ({ id, reply }) => {
    const { now, tiles, gateways, plans } = await chain();
    const store = tiles.find(({ storeId }) => storeId === id);
    if (store === undefined) return refuseStore(reply, id);
    const site = plans.get(id);
    return {
      ...{ now, store, gateways: (gateways.get(id) ?? []).map(gatewayAnswer) },
      zones: site === undefined ? [] : zonesOf(site).map(named),
      doors: site === undefined ? [] : doorsOf(site).map(named),
    };
  });
  addOperation(app, "definitions", () => ({ definitions: DEFINITIONS }));
  addOperation(app, "compare", async (asked) => {
    const { metric, from, to } = asked.query;
    if (!isDefined(metric)) return refuseMetric(asked.reply, metric);
    const { how, stores } = await compareStores(
      ...([context.repository, await context.plans.all(), metric] as const),
      { from, to, now: context.clock.now() },
    );
    return { metric, unit: definitionOf(metric).unit, from, to, how, stores };
  });
  addOperation(app, "compareCsv", async (asked) => await compareCsv(context, asked));
}

async function compareCsv(context: ApiContext, asked: Asked<"compareCsv">): Promise<unknown> {
  const { metric, from, to } = asked.query;
  if (!isDefined(metric)) return refuseMetric(asked.reply, metric);
  const { repository, plans, clock } = context;
  const span = `${isoTime(from)} to ${isoTime(to)}`;
  await repository.audit({
    ...{ at: clock.now(), actor: asked.access.name, action: "export", target: "all stores" },
    detail: `csv, ${metric}, ${span}`,
  });
  const { how, stores } = await compareStores(repository, await plans.all(), metric, {
    ...{ from, to, now: clock.now() },
  });
  const head = [
    "store",
    "name",
    "metric",
    "value",
    "unit",
    "how",
    "days",
    "of-days",
    "completeness",
  ];
  const { unit } = definitionOf(metric);
  const rows = stores.map(({ storeId, name, value, slots, days, completeness }) =>
    csvRow([storeId, name, metric, value, unit, how, slots, days, completeness]),
  );
  asked.reply.header("content-disposition", `attachment; filename="${metric}.csv"`);
  return asked.reply.type("text/csv; charset=utf-8").send([csvRow(head), ...rows].join(""));
}

/** Reads the chain at most every few seconds, once for all who ask meanwhile; a reading that failed is not kept. */
function sharedChain({ repository, plans, clock, loyalty }: ApiContext): () => Promise<ChainNow> {
  let latest: { readonly at: MonoMs; readonly chain: Promise<ChainNow> } | null = null;
  return () => {
    const at = clock.mono();
    if (latest !== null && at - latest.at < FRESH_MS) return latest.chain;
    const overdue = loyalty?.overdue();
    const reading = { at, chain: readChain(repository, plans, clock.now(), overdue) };
    latest = reading;
    reading.chain.catch(() => {
      if (latest === reading) latest = null;
    });
    return reading.chain;
  };
}

const named = ({ id, name }: { id: string; name: string }): { id: string; name: string } => ({
  id,
  name,
});

function gatewayAnswer({ row, fresh, health }: GatewayNow): Readonly<Record<string, unknown>> {
  const { gatewayId, isOnline, freshness, healthAgeMs, lastSeenAgeMs } = fresh;
  const sensors = [...(health?.cameras ?? []), ...(health?.receivers ?? [])];
  return {
    ...{ gatewayId, isOnline, freshness, healthAgeMs, lastSeenAgeMs, gaps: row.gaps },
    sensors: sensors.map(({ id, state, code }) => ({ id, state, code })),
  };
}
