import { type EpochMs, epochMs } from "../../core/brand.ts";
import { parsePeerMessage } from "../../wire/envelopes.ts";
import { healthSchema } from "../../wire/health-message.ts";
import type { CentralStore, GatewayRow } from "../repository.ts";
import { type Arrival, arrivalOf, type OutboxNews } from "./arrival.ts";

/** Reads how far each shop's events have come; the returned function looks it up by shop. @throws STORE_FAILED */
export async function readArrivals(
  repository: Pick<CentralStore, "gateways" | "stores" | "documents">,
  now: EpochMs,
): Promise<(storeId: string) => Arrival> {
  const [gateways, stores, health] = await Promise.all([
    repository.gateways(),
    repository.stores(),
    repository.documents("health", null),
  ]);
  const news = new Map<string, OutboxNews>();
  for (const { key, text, at } of health) {
    const parsed = parsePeerMessage(healthSchema, text);
    if (parsed.ok) news.set(key.owner, { at, committed: parsed.value.outbox.committed });
  }
  const byStore = new Map<string, GatewayRow[]>();
  for (const row of gateways)
    if (row.storeId !== null) byStore.set(row.storeId, [...(byStore.get(row.storeId) ?? []), row]);
  const lastAt = new Map(stores.map((row) => [row.storeId, row.lastAt]));
  return (storeId) =>
    arrivalOf(byStore.get(storeId) ?? [], news, lastAt.get(storeId) ?? epochMs(0), now);
}
