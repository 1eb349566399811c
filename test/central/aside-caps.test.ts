import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { BatchRecord } from "../../src/central/repository.ts";
import { aside, batch, numbers, RECEIVED } from "./batches.ts";
import { ENGINES, open } from "./engines.ts";

/** What is kept of one gateway, and what may come before the next look at it. */
const OF_ONE = 500;
const BETWEEN = 500;
const SENT = 3000;

for (const engine of ENGINES)
  describe(`caps on what is set aside, in ${engine.name}`, { skip: !engine.isThere }, () => {
    before(() => engine.start());
    after(() => engine.stop());

    test("a gateway that has much set aside drives out its own only, and what is dropped is counted", async () => {
      const store = await open(await engine.create());
      await store.quarantine("gw-quiet", "before", "{}", RECEIVED);
      const noise: readonly BatchRecord[] = numbers(1, 100).map((n) => aside(`ahead ${n}`));
      for (let first = 1; first < SENT; first += noise.length) {
        await store.commit([batch(first, noise, { gatewayId: "gw-fast" })]);
        await store.quarantine("gw-loud", "junk", `{${first}`, RECEIVED);
      }
      await store.quarantine("gw-quiet", "after", "{}", RECEIVED);
      const kept = new Map<string, number>();
      let before: number | null = null;
      for (;;) {
        const rows: Awaited<ReturnType<typeof store.quarantined>> = await store.quarantined(
          before,
          500,
        );
        for (const { gatewayId } of rows) kept.set(gatewayId, (kept.get(gatewayId) ?? 0) + 1);
        before = rows.at(-1)?.n ?? null;
        if (rows.length < 500) break;
      }
      assert.deepEqual([kept.get("gw-quiet"), kept.get("gw-loud")], [2, SENT / noise.length]);
      const fast = kept.get("gw-fast") ?? 0;
      assert.ok(fast >= OF_ONE && fast < OF_ONE + BETWEEN + noise.length, `${fast} are kept`);
      assert.deepEqual(await store.asideLosses(), [{ gatewayId: "gw-fast", dropped: SENT - fast }]);
      const [row] = (await store.gateways()).filter(({ gatewayId }) => gatewayId === "gw-fast");
      assert.equal(row?.streams[0]?.quarantined, SENT, "its account has them all");
      await store.close();
    });
  });
