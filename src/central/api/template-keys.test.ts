import assert from "node:assert/strict";
import { randomFillSync } from "node:crypto";
import { afterEach, beforeEach, test } from "node:test";
import { LoyaltyDeskRig } from "../../../test/fakes/loyalty-desk-rig.ts";
import { gatewayId } from "../../core/brand.ts";
import { askForKey } from "../../privacy/vault/key-handover.ts";
import { isoTime } from "../../wire/cloud-event.ts";

const WISH = { tenantId: "acme", gatewayId: "gw-shop1" };
let rig: LoyaltyDeskRig;

beforeEach(async () => {
  rig = await LoyaltyDeskRig.open();
});
afterEach(() => rig.close());

/** A gateway of a shop asks for its key. */
async function asks(shop: string): Promise<void> {
  const gateway = gatewayId(`gw-${shop}`);
  rig.desk.onHome(gateway, shop);
  const { ask } = askForKey(gateway, (bytes) => void randomFillSync(bytes));
  const message = JSON.stringify({ v: 1, at: isoTime(rig.clock.now()), ...ask });
  await rig.desk.templateKeys.answer(`vitrine/v1/${gateway}/up/key-request`, message);
}

test("a key of templates is destroyed by who may act for the tenant and write, once, and it is noted", async () => {
  assert.equal((await rig.ask("/destroyed-keys", WISH)).status, 404);
  await asks("shop1");
  for (const key of ["rival", "reader"])
    assert.equal((await rig.ask("/destroyed-keys", WISH, key)).status, 403, key);
  assert.equal((await rig.ask("/destroyed-keys", { ...WISH, gatewayId: "gw-2" })).status, 404);
  const destroyed = await rig.ask("/destroyed-keys", WISH);
  assert.deepEqual([destroyed.status, destroyed.json["isDestroyed"]], [200, true]);
  assert.equal((await rig.ask("/destroyed-keys", WISH)).json["isDestroyed"], false);
  await asks("shop1");
  const { json } = await rig.ask("", null);
  const { handed, destroyed: refused } = json["templateKeys"] as Record<string, number>;
  assert.deepEqual([handed, refused], [1, 1]);
  const [entry] = (await rig.store.audits(null, 50)).filter(({ actor }) => actor === "crm");
  const { action, target, detail } = entry ?? assert.fail("not noted");
  assert.deepEqual(
    [action, target, detail],
    ["loyalty:template-key-destroyed", "gw-shop1", "acme"],
  );
});

test("a gateway of a tenant whose jurisdiction is off is given no key", async () => {
  await asks("shop9");
  assert.deepEqual(await rig.store.documents("loyalty-template-key", null), []);
  assert.equal(rig.desk.templateKeys.countsOf(null).foreign, 1);
});
