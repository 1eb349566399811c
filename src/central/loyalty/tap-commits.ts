import { type GatewayId, gatewayId } from "../../core/brand.ts";
import type { BatchRecord, CentralStore } from "../repository.ts";

/** An event of a batch that is about to be stored. */
export type TappedEvent = Extract<BatchRecord, { readonly kind: "event" }>;

/** Who hears of what comes in. */
export interface Tap {
  /** Events of one gateway, before they are stored and acknowledged; may be the same ones again. @throws a GatewayError: then nothing of the batch is stored, and it comes again */
  onEvents(gateway: GatewayId, storeId: string, events: readonly TappedEvent[]): Promise<void>;
  /** A gateway is registered for a store. */
  onHome(gateway: GatewayId, storeId: string): void;
}

/**
 * The same store, of which somebody hears what is committed before it is: so what a gateway was acknowledged has been
 * heard for sure, and what was heard twice was the same event. Everything else goes by.
 */
export function tapCommits(store: CentralStore, tap: Tap): CentralStore {
  const commit: CentralStore["commit"] = async (batches) => {
    for (const { gatewayId: id, storeId, records } of batches) {
      const events = records.filter((record) => record.kind === "event");
      const home = storeId ?? events[0]?.storeId;
      if (home !== undefined) tap.onHome(gatewayId(id), home);
      if (home !== undefined && events.length > 0) await tap.onEvents(gatewayId(id), home, events);
    }
    return store.commit(batches);
  };
  const claimHome: CentralStore["claimHome"] = async (id, storeId) => {
    const home = await store.claimHome(id, storeId);
    tap.onHome(gatewayId(id), home);
    return home;
  };
  const own = { commit, claimHome };
  return new Proxy(store, {
    get(target, name) {
      if (name === "commit" || name === "claimHome") return own[name];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
