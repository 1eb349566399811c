import { type GatewayId, gatewayId } from "../../core/brand.ts";
import type { BatchRecord, CentralStore, CommitBatch } from "../repository.ts";

/** An event of a batch that is about to be stored. */
export type TappedEvent = Extract<BatchRecord, { readonly kind: "event" }>;

/** Who hears of what comes in. */
export interface Tap {
  /** Events of one gateway, before they are stored and acknowledged; may be the same ones again. @throws a GatewayError: then nothing of the batch is stored, and it comes again */
  onEvents(gateway: GatewayId, storeId: string, events: readonly TappedEvent[]): Promise<void>;
  /** A gateway is registered for a store. */
  onHome(gateway: GatewayId, storeId: string): void;
  /** Records of a store as they may be stored; called after `onEvents`. @throws as `onEvents` */
  cleaned(storeId: string, records: readonly BatchRecord[]): Promise<readonly BatchRecord[]>;
  /** A text of a gateway as it may be set aside. */
  cleanText(gateway: GatewayId, text: string): string;
  /** Something is on its way into the store until this is settled. */
  follow(work: Promise<unknown>): void;
}

/**
 * The same store, of which somebody hears what is committed before it is: so what a gateway was acknowledged has been
 * heard for sure, and what was heard twice was the same event. What is stored is what may be stored. Everything else goes by.
 */
export function tapCommits(store: CentralStore, tap: Tap): CentralStore {
  const heard = async (batch: CommitBatch): Promise<CommitBatch> => {
    const { gatewayId: id, storeId, records } = batch;
    const events = records.filter((record) => record.kind === "event");
    const home = storeId ?? events[0]?.storeId;
    if (home === undefined) return batch;
    tap.onHome(gatewayId(id), home);
    if (events.length > 0) await tap.onEvents(gatewayId(id), home, events);
    return { ...batch, records: await tap.cleaned(home, records) };
  };
  const take: CentralStore["commit"] = async (batches) => {
    const ready: CommitBatch[] = [];
    for (const batch of batches) ready.push(await heard(batch));
    return store.commit(ready);
  };
  const commit: CentralStore["commit"] = (batches) => {
    const work = take(batches);
    tap.follow(work);
    return work;
  };
  const quarantine: CentralStore["quarantine"] = (id, reason, body, at, likeness) => {
    const [why, text] = [reason, body].map((one) => tap.cleanText(gatewayId(id), one));
    const work = store.quarantine(id, why ?? "", text ?? "", at, likeness);
    tap.follow(work);
    return work;
  };
  const claimHome: CentralStore["claimHome"] = async (id, storeId) => {
    const home = await store.claimHome(id, storeId);
    tap.onHome(gatewayId(id), home);
    return home;
  };
  const own = { commit, claimHome, quarantine };
  return new Proxy(store, {
    get(target, name) {
      if (typeof name === "string" && Object.hasOwn(own, name))
        return own[name as keyof typeof own];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
