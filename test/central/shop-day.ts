import type { CentralStore, RollupRow } from "../../src/central/repository.ts";
import { epochMs, gatewayId, storeId } from "../../src/core/brand.ts";
import type { JourneyEvent } from "../../src/core/events.ts";
import type { SitePlan } from "../../src/core/site.ts";
import { eventHash } from "../../src/io/mqtt/event-hash.ts";
import { toCloudEvent } from "../../src/wire/cloud-event.ts";
import { EventMaker, shopSite } from "../fakes/journey-events.ts";

const HOUR_MS = 3_600_000;

/** The plan of a shop of this name. */
export function siteOf(shop: string): SitePlan {
  const site = shopSite();
  return { ...site, store: { ...site.store, id: storeId(shop) } };
}

/** Commits a day of a shop: all sensors see, and people come in one a minute. */
export async function commitDay(
  store: CentralStore,
  shop: string,
  start: number,
  people: number,
): Promise<void> {
  const maker = new EventMaker();
  const events: readonly JourneyEvent[] = [
    ...maker.allSeeing(epochMs(start)),
    ...Array.from({ length: people }, (_, i) =>
      maker.crossing(epochMs(start + 5 * HOUR_MS + i * 60_000), "door", "in"),
    ),
  ];
  const gateway = gatewayId(`gw-${shop}`);
  const context = { gatewayId: gateway, storeId: storeId(shop), boot: `b${start}` };
  const records = events.map((event) => {
    const cloud = toCloudEvent(event, { ...context, recordedAt: event.at, hash: eventHash });
    const [id, type, body] = [`${start} ${cloud.id}`, cloud.type, JSON.stringify(cloud)];
    return { kind: "event" as const, storeId: shop, at: event.at, id, type, body };
  });
  const at = { gatewayId: gateway, epoch: `e${start}`, stream: "journey", first: 1 };
  const receivedAt = epochMs(start + 24 * HOUR_MS);
  await store.commit([{ ...at, records, receivedAt, storeId: shop }]);
}

/** All figures of the stores, in a fixed order, without when they were made. */
export async function figuresOf(store: CentralStore): Promise<readonly RollupRow[]> {
  const metrics = ["entrants", "visitors", "occupancy-peak", "sales-conversion", "passers-by"];
  const span = { storeIds: null, scope: null, from: epochMs(0), to: epochMs(9e12) };
  const grains = await Promise.all(
    (["day", "quarter"] as const).map((grain) => store.rollups({ ...span, grain, metrics })),
  );
  return grains.flat();
}
