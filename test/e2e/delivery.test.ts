import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { connectAsync } from "mqtt";
import { cameraId, epochMs, gatewayId, monoMs, trackId, zoneId } from "../../src/core/brand.ts";
import { GatewayError } from "../../src/core/errors.ts";
import type { TransactionReceived } from "../../src/core/events.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { createEmbeddedBroker } from "../../src/io/mqtt/embedded-broker.ts";
import { ReceiptDesk } from "../../src/io/till/receipt-desk.ts";
import { fromCloudEvent } from "../../src/wire/cloud-event.ts";
import {
  clock,
  crossing,
  freePort,
  hasMosquitto,
  startAedes,
  startCentral,
  startGateway,
  startMosquitto,
  type TestBroker,
  tempDir,
  until,
} from "./delivery-rig.ts";

interface BrokerCase {
  readonly name: string;
  readonly protocolVersion: 4 | 5;
  readonly skip: string | false;
  start(dir: string, port: number): Promise<TestBroker>;
}

const noMosquitto = hasMosquitto() ? false : "install the Debian package mosquitto";
const brokers: readonly BrokerCase[] = [
  { name: "aedes", protocolVersion: 4, skip: false, start: (_dir, port) => startAedes(port) },
  { name: "mosquitto", protocolVersion: 5, skip: noMosquitto, start: startMosquitto },
];

async function getJson(url: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(url);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

for (const broker of brokers) {
  test(`${broker.name}: events reach the central store once, in order, and leave the outbox`, {
    skip: broker.skip,
  }, async () => {
    const dir = tempDir();
    const server = await broker.start(dir.path, await freePort());
    const central = await startCentral(join(dir.path, "central.db"), server.url);
    const gateway = await startGateway({
      path: join(dir.path, "outbox.db"),
      url: server.url,
      boot: "b1",
    });
    try {
      const events = Array.from({ length: 1000 }, (_, n) => crossing(n, "run1"));
      for (const event of events) gateway.delivery.record(event);
      await until("all are acknowledged", () => gateway.delivery.status().outboxEvents === 0);
      assert.equal(gateway.delivery.status().state, "acked");
      assert.equal(
        gateway.link.state.kind === "connected" && gateway.link.state.protocolVersion,
        broker.protocolVersion,
      );
      assert.equal(central.counts.stored, 1000);
      const first = await getJson(`${central.url}/api/v1/stores/shop1/events?limit=600`);
      const second = await getJson(
        `${central.url}/api/v1/stores/shop1/events?limit=600&after=${first.body["next"]}`,
      );
      const got = [...(first.body["events"] as unknown[]), ...(second.body["events"] as unknown[])]
        .map((body) => fromCloudEvent(body))
        .map((outcome) => (outcome.ok ? outcome.value : assert.fail("an event cannot be read")));
      assert.equal(second.body["next"], null);
      const bySeq = [...got].sort((a, b) => a.seq - b.seq);
      assert.deepEqual(bySeq, events);
      const { body } = await getJson(`${central.url}/api/v1/gateways`);
      const [row] = body["gateways"] as { online: boolean; totals: object }[];
      assert.equal(row?.online, true);
      assert.deepEqual(row?.totals, { stored: 1000, known: 0, shed: 0, quarantined: 0 });
    } finally {
      await gateway.stop();
      await until("the farewell is noted", async () => {
        const { body } = await getJson(`${central.url}/api/v1/gateways`);
        return (body["gateways"] as { online: boolean }[])[0]?.online === false;
      });
      await central[Symbol.asyncDispose]();
      await server.stop();
      dir.remove();
    }
  });

  test(`${broker.name}: events recorded while broker and centre are away arrive after they return`, {
    skip: broker.skip,
  }, async () => {
    const dir = tempDir();
    const port = await freePort();
    const gateway = await startGateway({
      path: join(dir.path, "outbox.db"),
      url: `mqtt://127.0.0.1:${port}`,
      boot: "b1",
    });
    for (let n = 0; n < 500; n += 1) gateway.delivery.record(crossing(n, "away"));
    await until(
      "the broker is known to be away",
      () => gateway.delivery.status().code === "BROKER_UNREACHABLE",
    );
    assert.equal(gateway.delivery.status().state, "offline");
    let server = await broker.start(dir.path, port);
    await until("the broker is back", () => gateway.link.state.kind === "connected");
    assert.equal(gateway.delivery.status().state, "connected");
    let central = await startCentral(join(dir.path, "central.db"), server.url);
    try {
      await until(
        "the backlog is acknowledged",
        () => gateway.delivery.status().outboxEvents === 0,
      );
      assert.equal(central.counts.stored, 500);
      await central[Symbol.asyncDispose]();
      await server.stop();
      for (let n = 500; n < 600; n += 1) gateway.delivery.record(crossing(n, "away"));
      server = await broker.start(dir.path, port);
      central = await startCentral(join(dir.path, "central.db"), server.url);
      await until("the rest is acknowledged", () => gateway.delivery.status().outboxEvents === 0);
      assert.equal(central.counts.stored, 100);
    } finally {
      await gateway.stop();
      await central[Symbol.asyncDispose]();
      await server.stop();
      dir.remove();
    }
  });
}

test("a till's receipt counts once, over repeats and a restart; malformed messages are only counted", async () => {
  const dir = tempDir();
  const server = await startAedes();
  const receipts: TransactionReceived[] = [];
  const start = async (
    boot: string,
  ): Promise<[Awaited<ReturnType<typeof startGateway>>, ReceiptDesk]> => {
    let intake: ReceiptDesk | null = null;
    const gateway = await startGateway({
      path: join(dir.path, "outbox.db"),
      url: server.url,
      boot,
      attach: (link, outbox) => {
        intake = new ReceiptDesk({
          currency: "EUR",
          anchor: () => ({ mono: monoMs(0), epoch: epochMs(Date.now()), clock: "synced" }),
          gatewayId: gatewayId("gw1"),
          boot,
          outbox,
          clock,
          log: SILENT_LOG,
          onTransaction: (receipt) => {
            receipts.push(receipt);
            const { transactionKind, receiptId, netMinor, units, source, seq, paidAt } = receipt;
            gateway.delivery.record({
              kind: "transacted",
              timeSource: "till",
              at: paidAt,
              atMono: monoMs(1),
              clock: "synced",
              source,
              seq,
              receiptId,
              transactionKind,
              netMinor,
              units,
            });
          },
        });
        intake.attach(link, "vitrine");
      },
    });
    await until("connected", () => gateway.link.state.kind === "connected");
    return [gateway, intake ?? assert.fail("not attached")];
  };
  const till = await connectAsync(server.url, { protocolVersion: 4 });
  const send = (body: unknown): Promise<unknown> =>
    till.publishAsync(
      "vitrine/v1/gw1/in/pos",
      typeof body === "string" ? body : JSON.stringify(body),
      { qos: 1 },
    );
  const receipt = {
    receiptId: "R-1",
    kind: "sale",
    paidAt: "2026-05-01T10:00:00Z",
    netMinor: 1999,
    units: 2,
  };
  let [gateway, intake] = await start("b1");
  try {
    for (const bad of [
      "",
      "{",
      "[]",
      "null",
      { ...receipt, netMinor: 1.5 },
      { ...receipt, paidAt: "yesterday" },
      { ...receipt, extra: 1 },
    ])
      await send(bad);
    await send(receipt);
    await send(receipt);
    await until("both were seen", () => intake.counts.received + intake.counts.repeated === 2);
    const { lastFault, ...counts } = intake.counts;
    assert.deepEqual(counts, { received: 1, repeated: 1, conflicting: 0, invalid: 7 });
    assert.match(lastFault ?? "", /^extra: expected no such key/);
    await gateway.stop();
    [gateway, intake] = await start("b2");
    await send(receipt);
    await send({ ...receipt, receiptId: "R-2", kind: "refund", netMinor: -1999 });
    await until(
      "both were seen again",
      () => intake.counts.received + intake.counts.repeated === 2,
    );
    assert.deepEqual(
      receipts.map((r) => r.receiptId),
      ["R-1", "R-2"],
    );
    assert.equal(receipts[0]?.paidAt, Date.UTC(2026, 4, 1, 10));
  } finally {
    await gateway.stop();
    await till.endAsync();
    await server.stop();
    dir.remove();
  }
});

test("accepted events are mirrored and live values are retained for whoever comes later", async () => {
  const dir = tempDir();
  const server = await startAedes();
  const gateway = await startGateway({ path: join(dir.path, "o.db"), url: server.url, boot: "b1" });
  const early = await connectAsync(server.url, { protocolVersion: 4 });
  const topics: string[] = [];
  early.on("message", (topic) => topics.push(topic));
  await early.subscribeAsync("vitrine/v1/gw1/event/#");
  await until("connected", () => gateway.link.state.kind === "connected");
  gateway.delivery.record({
    kind: "zone-entered",
    source: "camera:door#r",
    seq: 0,
    at: clock.now(),
    atMono: monoMs(5),
    clock: "synced",
    cameraId: cameraId("door"),
    zoneId: zoneId("z1"),
    trackId: trackId(1),
  });
  gateway.delivery.publishLive({ kind: "zone", id: "z1" }, []);
  await until("the mirror came", () => topics.includes("vitrine/v1/gw1/event/zone-entered"));
  const late = await connectAsync(server.url, { protocolVersion: 4 });
  const seen = new Map<string, boolean>();
  late.on("message", (topic, _payload, packet) => seen.set(topic, packet.retain));
  await late.subscribeAsync("vitrine/v1/gw1/#");
  await until("retained ones came", () => seen.size >= 2);
  assert.deepEqual([...seen].sort(), [
    ["vitrine/v1/gw1/live/zone-z1", true],
    ["vitrine/v1/gw1/up/birth", true],
  ]);
  await gateway.stop();
  await early.endAsync();
  await late.endAsync();
  await server.stop();
  dir.remove();
});

test("a gateway that vanishes is reported offline by its last will", async () => {
  const dir = tempDir();
  const server = await startAedes();
  const central = await startCentral(join(dir.path, "central.db"), server.url);
  const ghost = await connectAsync(server.url, {
    protocolVersion: 4,
    clientId: "gw9",
    will: {
      topic: "vitrine/v1/gw9/up/birth",
      qos: 1,
      retain: true,
      payload: Buffer.from(JSON.stringify(ghostBirth(false))),
    },
  });
  await ghost.publishAsync("vitrine/v1/gw9/up/birth", JSON.stringify(ghostBirth(true)), {
    qos: 1,
    retain: true,
  });
  const isOnline = async (): Promise<boolean | undefined> => {
    const { body } = await getJson(`${central.url}/api/v1/gateways`);
    return (body["gateways"] as { online: boolean }[])[0]?.online;
  };
  await until("it is online", async () => (await isOnline()) === true);
  ghost.stream.destroy();
  await until("it is offline", async () => (await isOnline()) === false);
  await ghost.endAsync(true);
  await central[Symbol.asyncDispose]();
  await server.stop();
  dir.remove();
});

function ghostBirth(online: boolean): object {
  const epoch = "7b0e8c1e-6d1c-4f6e-9a53-0d5bb1a3c0de";
  return {
    v: 1,
    online,
    session: "s-1",
    boot: "s",
    storeId: "shop9",
    epoch,
    versions: {},
    schemaHash: "abc",
    sensors: [],
  };
}

test("the embedded broker says which port is taken", async () => {
  const server = await startAedes();
  const port = Number(new URL(server.url).port);
  const second = createEmbeddedBroker({ port, log: SILENT_LOG });
  await assert.rejects(
    second.start(new AbortController().signal),
    (error) => error instanceof GatewayError && error.code === "PORT_IN_USE",
  );
  await second[Symbol.asyncDispose]();
  await server.stop();
});
