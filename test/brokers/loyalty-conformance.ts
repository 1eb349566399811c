import assert from "node:assert/strict";
import { join } from "node:path";
import { after, afterEach, before, describe, type TestContext, test } from "node:test";
import { clock, QUICK_RETRY, startCentral, tempDir, until } from "../e2e/delivery-rig.ts";
import { apiConsent, loyaltySetting } from "../fakes/loyalty-centre.ts";
import { Leftovers } from "./leftovers.ts";
import { openLoyaltyShop } from "./loyalty-shop.ts";
import {
  type BrokerName,
  CLUSTERS,
  missingProgram,
  startBroker,
  type TestBroker,
} from "./test-broker.ts";

const RECOVERY_MS = 60_000;
/** A node of a cluster has caught up by then. */
const RESTART_MS = 4 * 60_000;

/** The statements about members every broker is held to: the same words, the same code, one broker after the other. */
export function holdToLoyalty(name: BrokerName): void {
  describe(`members over ${name}`, { skip: missingProgram(name) }, () => {
    const dir = tempDir();
    let broker: TestBroker;
    let central: Awaited<ReturnType<typeof startCentral>>;
    before(async () => {
      broker = await startBroker(name, join(dir.path, "broker"));
      // The centre on the last node and the gateway on the first: what only one node knows is found out.
      const urls = broker.urls.toReversed();
      central = await startCentral(join(dir.path, "central.db"), urls, {
        ...{ loyalty: loyaltySetting(dir.path), mqtt: { retry: QUICK_RETRY } },
      });
    });
    after(async () => {
      await central?.[Symbol.asyncDispose]();
      await broker?.stop();
      dir.remove();
    });
    const leftovers = new Leftovers();
    afterEach(() => leftovers.end());

    /** A gateway's part in it; ended with the test, or by the function beside it. */
    async function open(id: string) {
      const shop = await openLoyaltyShop(dir.path, id, broker.urls);
      return { ...shop, close: leftovers.add(id, () => shop.close()) };
    }

    const ask = async (path: string, customer: string, more: object = {}): Promise<Response> => {
      const answer = await fetch(`${central.url}/api/v1/loyalty/${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ tenantId: "acme", customer, ...more }),
      });
      assert.equal(answer.status, 200, path);
      return answer;
    };
    async function register(customer: string): Promise<Uint8Array> {
      const answer = await ask("members", customer, { withApp: true, consent: apiConsent() });
      const { appKey } = (await answer.json()) as { appKey: string };
      return Buffer.from(appKey, "base64url");
    }
    const told = (t: TestContext, what: string, from: number): void =>
      t.diagnostic(`${name}: ${what} ${(clock.mono() - from).toFixed(0)} ms`);

    test(`${name}: who agreed at the centre is known at the gateway, and who took it back is not, first by consent and then by the tables`, async (t) => {
      const shop = await open("gw-1");
      const granted = clock.mono();
      const [ada, bob] = [await register("ada"), await register("bob")];
      const areMatched = (): boolean => [ada, bob].every((key) => shop.matched(key) !== null);
      await until("both are matched", areMatched, RECOVERY_MS);
      told(t, "granted to matched", granted);
      assert.notEqual(shop.matched(ada), shop.matched(bob));
      const revoked = clock.mono();
      await ask("revocations", "ada");
      await until("ada is not matched", () => shop.matched(ada) === null, RECOVERY_MS);
      told(t, "revoked to not matched", revoked);
      await until("ada is in no table", () => shop.held() === 1, RECOVERY_MS);
      told(t, "revoked to out of the tables", revoked);
      assert.deepEqual([shop.matched(ada), shop.matched(bob) !== null], [null, true]);
    });

    test(`${name}: a gateway is handed the key of its templates, and the same one after a restart`, async () => {
      const first = await open("gw-2");
      await until("the key came", () => first.key.bytes !== null, RECOVERY_MS);
      await first.close();
      const second = await open("gw-2");
      await until("the key came again", () => second.key.bytes !== null, RECOVERY_MS);
      assert.deepEqual(second.key.bytes, first.key.bytes);
    });

    const testCluster = CLUSTERS.includes(name) ? test : () => undefined;
    testCluster(
      `${name}: what is revoked while the gateway's node dies is matched no more, and others still are`,
      async (t) => {
        const shop = await open("gw-3");
        const [cleo, dan] = [await register("cleo"), await register("dan")];
        const areMatched = (): boolean => [cleo, dan].every((key) => shop.matched(key) !== null);
        await until("both are matched", areMatched, RECOVERY_MS);
        const node = shop.node();
        assert.ok(node >= 0);
        const restart = leftovers.add(`node ${node}`, () => broker.restart(node), RESTART_MS);
        await broker.kill(node);
        const revoked = clock.mono();
        await ask("revocations", "cleo");
        await until("cleo is not matched", () => shop.matched(cleo) === null, RECOVERY_MS);
        told(t, "revoked with the node dead to not matched", revoked);
        await until("cleo is in no table", () => shop.held() <= 2, RECOVERY_MS);
        await until("dan still is matched", () => shop.matched(dan) !== null, RECOVERY_MS);
        assert.equal(shop.matched(cleo), null);
        await restart();
      },
    );
  });
}
