import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { connectAsync, type MqttClient } from "mqtt";
import type { Central } from "../../src/central/central.ts";
import { shardOf } from "../../src/central/postgres/shard-map.ts";
import { epochMs, gatewayId, storeId } from "../../src/core/brand.ts";
import { eventHash } from "../../src/io/mqtt/event-hash.ts";
import { toCloudEvent } from "../../src/wire/cloud-event.ts";
import type { AckMessage } from "../../src/wire/envelopes.ts";
import {
  clock,
  crossing,
  startAedes,
  startCentral,
  type TestBroker,
  until,
} from "../e2e/delivery-rig.ts";
import { gatewayHealth } from "../fakes/gateway-health.ts";
import { EPOCH, numbers } from "./batches.ts";
import { hasPostgres } from "./postgres-programs.ts";
import { PostgresServer } from "./postgres-server.ts";

const SHOPS = numbers(1, 40).map((n) => `shop${n}`);
const NEAR = SHOPS.find((id) => shardOf(id, 2) === 0) ?? "";
const FAR = SHOPS.find((id) => shardOf(id, 2) === 1) ?? "";
const BATCHES = 60;
const up = (gateway: string, channel: string): string => `vitrine/v1/${gateway}/up/${channel}`;

describe("the first of two nodes is away", { skip: !hasPostgres() }, () => {
  let servers: readonly PostgresServer[];
  let broker: TestBroker;
  let central: Central;
  let client: MqttClient;
  let acked = 0;
  let sent = 0;
  const first = (): PostgresServer => servers[0] ?? assert.fail("no first node");

  before(async () => {
    servers = await Promise.all([PostgresServer.create(), PostgresServer.create()]);
    broker = await startAedes();
    const store = servers.map((server) => server.url()).join(",");
    central = await startCentral("", broker.url, { store });
    client = await connectAsync(broker.url);
    client.on("message", (_topic, payload) => {
      const { seq } = JSON.parse(payload.toString("utf8")) as AckMessage;
      acked = Math.max(acked, seq["journey"] ?? 0);
    });
    await client.subscribeAsync("vitrine/v1/gw-far/down/ack", { qos: 1 });
    await until("the centre is connected", () => central.linkState.kind === "connected");
  });
  after(async () => {
    first().thaw();
    await client.endAsync(true);
    await central[Symbol.asyncDispose]();
    await broker.stop();
    await Promise.all(servers.map((server) => server.remove()));
  });
  beforeEach(async () => {
    const healths = central.fleet?.counts.health ?? 0;
    await client.publishAsync(up("gw-near", "health"), text(gatewayHealth(NEAR)), { qos: 1 });
    await serveFar(1);
    await until("both are known", () => (central.fleet?.counts.health ?? 0) >= healths + 2);
  });

  const text = (message: object): string => JSON.stringify(message);

  /** Batches of the shop on the second node, each with what else comes in meanwhile, also of a shop of the first. */
  async function serveFar(batches: number): Promise<void> {
    for (let n = 0; n < batches; n += 1) {
      sent += 1;
      const event = toCloudEvent(crossing(sent, "run"), {
        ...{ gatewayId: gatewayId("gw-far"), storeId: storeId(FAR), boot: "b" },
        ...{ recordedAt: epochMs(clock.now()), hash: eventHash },
      });
      const batch = { v: 1, epoch: EPOCH, stream: "journey", first: sent, hist: false };
      await Promise.all([
        client.publishAsync(up("gw-near", "health"), text(gatewayHealth(NEAR)), { qos: 1 }),
        client.publishAsync(up("gw-near", "health"), "junk", { qos: 1 }),
        client.publishAsync(up("gw-near", "reported"), "junk", { qos: 1 }),
        client.publishAsync(up("gw-far", "health"), text(gatewayHealth(FAR)), { qos: 1 }),
        client.publishAsync(up("gw-far", "ev"), text({ ...batch, ev: [event] }), { qos: 1 }),
      ]);
      await until(`batch ${sent} is acknowledged`, () => acked === sent);
    }
  }

  const session = (): unknown =>
    central.linkState.kind === "connected" ? central.linkState.session : null;

  async function goesOn(): Promise<void> {
    const [connection, healths] = [session(), central.fleet?.counts.health ?? 0];
    await serveFar(BATCHES);
    assert.equal(session(), connection, "the connection to the broker was kept");
    assert.ok((central.fleet?.counts.health ?? 0) >= healths + BATCHES, "its health is taken");
  }

  test("killed: the shops of the other are served, with their health, and its own again when it is back", async () => {
    await first().kill();
    await goesOn();
    await first().start();
    const taken = central.fleet?.counts.health ?? 0;
    await until("the health of its shop is taken", async () => {
      await client.publishAsync(up("gw-near", "health"), text(gatewayHealth(NEAR)), { qos: 1 });
      return (central.fleet?.counts.health ?? 0) > taken;
    });
  });

  test("frozen: likewise, and no slot is held for long by what waits for it", async () => {
    first().freeze();
    await goesOn();
    first().thaw();
    await serveFar(1);
  });
});
