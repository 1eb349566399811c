import type { BatchRecord, CentralStore, CommitBatch } from "../../src/central/repository.ts";
import { type EpochMs, epochMs } from "../../src/core/brand.ts";

export const EPOCH = "7b0e8c1e-6d1c-4f6e-9a53-0d5bb1a3c0de";
export const OTHER_EPOCH = "11111111-6d1c-4f6e-9a53-0d5bb1a3c0de";
export const NOON = Date.UTC(2026, 4, 10, 12);
export const RECEIVED = epochMs(Date.UTC(2026, 4, 20));

/** The n-th event of a gateway: a second after the one before, the same whatever epoch it comes by. */
export function event(n: number, storeId = "shop1", at = NOON + 1000 * n): BatchRecord {
  const id = `${storeId}-${String(n).padStart(6, "0")}`;
  const body = JSON.stringify({ id, n, text: 'tab\there "and" back\\slash\nline' });
  return { kind: "event", storeId, at: epochMs(at), id, type: "vitrine.entered", body };
}

export const gap = (from: number, to: number): BatchRecord => ({
  kind: "gap",
  from,
  to,
  why: "cap",
});
export const aside = (reason = "bad"): BatchRecord => ({
  kind: "quarantined",
  reason,
  body: "{}",
});

export function batch(
  first: number,
  records: readonly BatchRecord[],
  extra: Partial<CommitBatch> = {},
): CommitBatch {
  return {
    gatewayId: "gw1",
    epoch: EPOCH,
    stream: "journey",
    first,
    records,
    receivedAt: RECEIVED,
    storeId: "shop1",
    ...extra,
  };
}

export const numbers = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => first + index);

/** Account of the first gateway's stream in the first epoch. */
export async function account(
  store: CentralStore,
  epoch = EPOCH,
): Promise<Record<string, number> | null> {
  const row = (await store.gateways()).find((each) => each.gatewayId === "gw1");
  const stream = row?.streams.find((each) => each.epoch === epoch);
  if (stream === undefined) return null;
  const { seq, stored, known, shed, quarantined } = stream;
  return { seq, stored, known, shed, quarantined };
}

/** Ids of all events of a store, in the order of the store. */
export async function ids(store: CentralStore, storeId = "shop1"): Promise<string[]> {
  const found: string[] = [];
  let after: { at: EpochMs; id: string } | null = null;
  for (;;) {
    const page: Awaited<ReturnType<CentralStore["events"]>> = await store.events({
      storeId,
      from: epochMs(0),
      to: epochMs(9e12),
      type: null,
      limit: 100,
      after,
    });
    found.push(...page.map(({ id }) => id));
    after = page.at(-1) ?? null;
    if (page.length < 100) return found;
  }
}
