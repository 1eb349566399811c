import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { destroyKey, KeyShelf, keptKeys } from "../../src/central/loyalty/key-shelf.ts";
import type { CentralStore } from "../../src/central/repository.ts";
import { epochMs, gatewayId, tenantId } from "../../src/core/brand.ts";
import { LoyaltyKeys } from "../../src/privacy/loyalty/loyalty-keys.ts";
import { tempDir } from "../e2e/delivery-rig.ts";
import { ENGINES, open } from "./engines.ts";

const ROOT = join(import.meta.dirname, "../..");
const run = promisify(execFile);
const ACME = tenantId("acme");
const [ONE, TWO] = [gatewayId("gw-1"), gatewayId("gw-2")];

const shelfOf = (store: CentralStore): KeyShelf =>
  new KeyShelf({
    ...{ store, now: () => epochMs(1_780_000_000_000) },
    keys: new LoyaltyKeys(new Uint8Array(32).fill(7)),
    fill: (bytes) => void randomFillSync(bytes),
  });

for (const engine of ENGINES)
  describe(`keys of templates in ${engine.name}`, { skip: !engine.isThere }, () => {
    before(() => engine.start());
    after(() => engine.stop());

    test("who asks at once gets one key, it outlives the centre, and what is destroyed stays so", async () => {
      const url = await engine.create();
      const store = await open(url);
      const shelf = shelfOf(store);
      const [key, same, other] = await Promise.all([
        shelf.take(ACME, ONE),
        shelf.take(ACME, ONE),
        shelf.take(ACME, TWO),
      ]);
      assert.deepEqual(same, key);
      assert.notDeepEqual(other, key);
      await store.close();
      const again = await open(url);
      assert.deepEqual(await shelfOf(again).take(ACME, ONE), key);
      const whose = { tenantId: ACME, gatewayId: ONE };
      const by = { actor: "crm", at: epochMs(1_780_000_000_001) };
      assert.equal(await destroyKey(again, whose, by), true);
      assert.equal(await shelfOf(again).take(ACME, ONE), null);
      assert.deepEqual(await shelfOf(again).take(ACME, TWO), other);
      assert.deepEqual(
        (await keptKeys(again, null)).map(({ gatewayId: id, isDestroyed }) => [id, isDestroyed]),
        [
          ["gw-1", true],
          ["gw-2", false],
        ],
      );
      await again.close();
    });
  });

test("a key is destroyed on the command line while the centre holds its file", async () => {
  const dir = tempDir();
  const url = `sqlite:${join(dir.path, "central.db")}`;
  const store = await open(url);
  const keys = async (...words: string[]): Promise<string> => {
    const main = [join(ROOT, "src/app/main.ts"), "central", "template-keys", ...words];
    const args = ["--import", "tsx", ...main, "--store", url];
    return (await run(process.execPath, args, { cwd: ROOT })).stdout.trim();
  };
  try {
    const key = await shelfOf(store).take(ACME, ONE);
    assert.ok(key !== null);
    const listed = await keys("list");
    assert.match(listed, /^gw-1 {2}acme {2}made 2026-/);
    await assert.rejects(keys("destroy", "gw-9"), /there is no key of a gateway named gw-9/);
    await keys("destroy", "gw-1");
    assert.equal(await shelfOf(store).take(ACME, ONE), null);
    assert.match(await keys("list"), /^gw-1 {2}acme {2}destroyed /);
    const [entry] = await store.audits(null, 9);
    assert.deepEqual(
      [entry?.actor, entry?.action],
      ["command line", "loyalty:template-key-destroyed"],
    );
  } finally {
    await store.close();
    dir.remove();
  }
});
