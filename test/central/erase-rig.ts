import { GoneBook } from "../../src/central/loyalty/gone-book.ts";
import { ShopDays } from "../../src/central/loyalty/shop-days.ts";
import { StoreEraser } from "../../src/central/loyalty/store-eraser.ts";
import type { BatchRecord, CentralStore } from "../../src/central/repository.ts";
import { epochMs, tenantId } from "../../src/core/brand.ts";
import { LoyaltyKeys } from "../../src/privacy/loyalty/loyalty-keys.ts";
import { NOON } from "./batches.ts";

export const ACME = tenantId("acme");
/** What north's stores call the member, and another one. */
export const NAME = "Ab_-0123456789Zz";
export const OTHER = "Bb_-0123456789Zz";
export const STORES = ["shop1", "shop2", "shop3"] as const;

/** An event of a tag: the n-th of a store, 10 s after the one before. */
export function tagEvent(
  n: number,
  name: string,
  storeId = "shop1",
  at = NOON + 10_000 * n,
): BatchRecord {
  const id = `${storeId}-tag-${String(n).padStart(6, "0")}`;
  const type = n % 2 === 0 ? "vitrine.tag-zone-entered" : "vitrine.completed";
  const data = { tagId: name, tagKind: "loyalty-card", zoneId: "shoes" };
  const body = JSON.stringify({ specversion: "1.0", id, type, subject: `tag/${name}`, data });
  return { kind: "event", storeId, at: epochMs(at), id, type, body };
}

/** An event of a station. */
export function stationEvent(n: number, pseudonym: string, storeId = "shop1"): BatchRecord {
  const [id, type] = [`${storeId}-station-${n}`, "vitrine.shopper-recognised"];
  const data = { pseudonym, method: "code", stationId: "s" };
  const body = JSON.stringify({ id, type, subject: "station/s", data });
  return { kind: "event", storeId, at: epochMs(NOON + 5 + n), id, type, body };
}

/** What a centre erases with, as after a start. */
export async function eraserOn(
  store: CentralStore,
  now = (): ReturnType<typeof epochMs> => epochMs(NOON),
  keptSince: () => ReturnType<typeof epochMs> | null = () => null,
): Promise<{ readonly gone: GoneBook; readonly eraser: StoreEraser }> {
  const keys = new LoyaltyKeys(new Uint8Array(32).fill(7));
  const keptMs = 90 * 86_400_000;
  const gone = await GoneBook.open({ store, keys, now, keptMs, cap: 1000 }, [ACME]);
  const days = new ShopDays(async () => null);
  const commitsDone = async (): Promise<void> => undefined;
  return { gone, eraser: new StoreEraser({ store, gone, days, now, keptSince, commitsDone }) };
}

/** Everything that a store says about its events, as one text. */
export async function everyBody(store: CentralStore): Promise<string[]> {
  const bodies: string[] = [];
  for (const storeId of STORES) {
    const span = { from: epochMs(0), to: epochMs(9e12), type: null, limit: 20_000, after: null };
    for (const { body } of await store.events({ storeId, ...span })) bodies.push(body);
  }
  return bodies;
}
