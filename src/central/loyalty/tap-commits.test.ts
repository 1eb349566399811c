import assert from "node:assert/strict";
import { test } from "node:test";
import { epochMs } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";
import { SqliteStore } from "../sqlite/sqlite-store.ts";
import { tapCommits } from "./tap-commits.ts";

const batch = (first: number) => ({
  ...{ gatewayId: "g", epoch: "e", stream: "audit", first, receivedAt: epochMs(1) },
  storeId: "shop",
  records: [
    {
      ...{ kind: "event" as const, storeId: "shop", at: epochMs(1), id: `id-${first}` },
      ...{ type: "vitrine.completed", body: "{}" },
    },
  ],
});

test("what could not be heard is not stored, so that it comes again; what is stored was heard before", async () => {
  const bare = new SqliteStore(":memory:");
  let fault: GatewayError | null = new GatewayError("CONSENT_LEDGER_UNAVAILABLE", "full");
  const heard: string[] = [];
  const homes: string[] = [];
  const store = tapCommits(bare, {
    onHome: (gateway, storeId) => void homes.push(`${gateway} ${storeId}`),
    onEvents: async (_gateway, _storeId, events) => {
      if (fault !== null) throw fault;
      heard.push(...events.map(({ id }) => id));
    },
    cleaned: async (_storeId, records) =>
      records.map((one) => (one.kind === "event" ? { ...one, body: '{"clean":true}' } : one)),
    cleanText: (_gateway, text) => text.replace("name", "gone"),
    follow: () => undefined,
  });
  await assert.rejects(store.commit([batch(1)]), { code: "CONSENT_LEDGER_UNAVAILABLE" });
  assert.deepEqual(await store.positions("g", "e"), {});
  fault = null;
  const [outcome] = await store.commit([batch(1)]);
  assert.deepEqual([outcome?.stored, heard], [1, ["id-1"]]);
  const [again] = await store.commit([batch(1)]);
  assert.deepEqual([again?.stored, heard.length], [0, 2]);
  const all = { from: epochMs(0), to: epochMs(9), type: null, limit: 9, after: null };
  const [stored] = await bare.events({ storeId: "shop", ...all });
  assert.equal(stored?.body, '{"clean":true}', "what is stored is what was let through");
  await store.quarantine("g", "odd name", "a name", epochMs(1));
  const [aside] = await bare.quarantined(null, 9);
  assert.deepEqual([aside?.reason, aside?.body], ["odd gone", "a gone"]);
  await store.claimHome("other", "shop2");
  assert.ok(homes.includes("g shop") && homes.includes("other shop2"));
  assert.equal(store.lanes, 1);
  await store.close();
});
