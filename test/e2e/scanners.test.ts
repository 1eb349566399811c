import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { createScannerUnits } from "../../src/app/scanner-units.ts";
import { parseGatewayConfig } from "../../src/config/gateway.ts";
import { parseSitePlan } from "../../src/config/site.ts";
import type { SensorEvent } from "../../src/core/events.ts";
import { type Log, SILENT_LOG } from "../../src/core/lifecycle.ts";
import { MqttLink } from "../../src/io/mqtt/mqtt-link.ts";
import { ibeaconPayload, legacyReportPacket } from "../../src/io/radio/hci-packets.ts";
import type { NobleRadio } from "../../src/io/radio/noble-radio.ts";
import { identityBytes } from "../../src/radio/tag-registry.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { createFakeRadio } from "../fakes/fake-radio.ts";
import { plantedAddresses, recordedPosts } from "../fakes/recorded-scanner.ts";
import {
  freePort,
  hasMosquitto,
  QUICK_RETRY,
  startAedes,
  startMosquitto,
  clock as systemClock,
  type TestBroker,
  tempDir,
  until,
} from "./delivery-rig.ts";

const UUID = "fda50693-a4e2-4fb1-afcf-c6eb07647825";
const BASKET = {
  id: "basket-12",
  kind: "basket",
  beacon: { format: "ibeacon", uuid: UUID, major: 100, minor: 65_535 },
};
/** Two rooms of six metres, a receiver in the middle of each, and one between them. */
const SITE = {
  v: 1,
  store: { id: "s", name: "Shop", timeZone: "Europe/Berlin", currency: "EUR" },
  cameras: [],
  receivers: [
    { id: "shelf", name: "Shelf", xM: 3, yM: 3, zM: 2.5 },
    { id: "till", name: "Till", xM: 9, yM: 3, zM: 2.5 },
    { id: "aisle", name: "Aisle", xM: 6, yM: 0.5, zM: 2.5 },
  ],
  tags: [BASKET],
  floor: {
    outline: [
      [0, 0],
      [12, 0],
      [12, 6],
      [0, 6],
    ],
    zones: [
      {
        id: "left",
        name: "Left",
        kind: "area",
        polygon: [
          [0, 0],
          [6, 0],
          [6, 6],
          [0, 6],
        ],
      },
      {
        id: "right",
        name: "Right",
        kind: "till",
        polygon: [
          [6, 0],
          [12, 0],
          [12, 6],
          [6, 6],
        ],
      },
    ],
  },
};

/** The same without a floor: tags are present or not, and in no zone. */
const { floor: _floor, ...NO_FLOOR } = SITE;

/** A link on the real broker and the machine's clock, whatever clock the gateway under test has. */
function linkTo(url: string, clientId: string): MqttLink {
  const common = { clock: systemClock, log: SILENT_LOG, random: () => 0.5, retry: QUICK_RETRY };
  return new MqttLink({ url, clientId, clean: true, boot: clientId, will: null, ...common });
}

interface TestGateway {
  readonly clock: FakeClock;
  readonly events: SensorEvent[];
  readonly lines: string[];
  readonly link: MqttLink;
  facts(receiver: string): ReadonlyMap<string, string>;
  told(): string[];
  stop(): Promise<void>;
}

/** Radio, scanners and share of a gateway, on a clock of its own and a real broker. */
async function startGateway(
  url: string,
  id: string,
  parts: Record<string, unknown>,
  sources: (clock: FakeClock) => readonly NobleRadio[] = () => [],
  epochAheadMs = 0,
  plan: unknown = SITE,
): Promise<TestGateway> {
  const config = parseGatewayConfig({
    gateway: { id },
    site: "site.json",
    mqtt: { url },
    ...parts,
  });
  const site = parseSitePlan(plan);
  assert.ok(config.ok && site.ok, JSON.stringify([config, site]));
  const clock = new FakeClock({ epoch: 1_777_629_600_000 + epochAheadMs });
  const lines: string[] = [];
  const note = (fields: Readonly<Record<string, unknown>>, message: string): void => {
    lines.push(JSON.stringify(fields) + message);
  };
  const log: Log = { error: note, warn: note, info: note, debug: note };
  const events: SensorEvent[] = [];
  const units = createScannerUnits({ config: config.value, run: `run-${id}`, clock, log });
  const part = units.radio(
    {
      sources: sources(clock),
      driver: null,
      site: site.value,
      lagMs: 5000,
      run: `run-${id}`,
      clock,
    },
    { onEvent: (event) => events.push(event), onPeople: () => undefined, onSeen: () => undefined },
  );
  const link = linkTo(url, id);
  units.attach(link);
  const { signal } = new AbortController();
  for (const { service } of part.units) await service.start(signal);
  await link.start(signal);
  await until(`${id} is connected`, () => link.state.kind === "connected");
  return {
    clock,
    events,
    lines,
    link,
    facts: (receiver) =>
      new Map(part.units.find(({ sensorId }) => sensorId === receiver)?.facts() ?? []),
    told: () =>
      events.flatMap((event) => {
        if (event.kind === "sensor-changed") return [`${event.sensorId} ${event.state}`];
        if (event.kind === "tag-changed") return [`${event.tagId} ${event.state}`];
        return event.kind === "tag-zone-entered" ? [`${event.tagId} in ${event.zoneId}`] : [];
      }),
    stop: async () => {
      for (const { service } of part.units) await service[Symbol.asyncDispose]();
      await link[Symbol.asyncDispose]();
    },
  };
}

async function publisher(url: string): Promise<MqttLink> {
  const link = linkTo(url, "scanner-under-test");
  await link.start(new AbortController().signal);
  await until("the publisher is connected", () => link.state.kind === "connected");
  return link;
}

const QOS1 = { qos: 1, retain: false } as const;
const messagesOf = (gateway: TestGateway, receiver: string): number =>
  Number(gateway.facts(receiver).get("messages") ?? 0);

const NODES = {
  scanners: [
    { id: "shelf", via: "espresense", room: "stock-room" },
    { id: "till", via: "espresense", room: "till" },
  ],
};

/** Two ESPresense nodes hear the basket once a second, the one much better than the other. */
async function carry(
  gateway: TestGateway,
  link: MqttLink,
  near: "stock-room" | "till",
  seconds: number,
  rooms: readonly string[] = ["stock-room", "till"],
): Promise<void> {
  const id = `iBeacon:${UUID}-100-65535`;
  const nodes = rooms.length === 3 ? ["shelf", "till", "aisle"] : ["shelf", "till"];
  const heard = (): number => nodes.reduce((sum, node) => sum + messagesOf(gateway, node), 0);
  for (let second = 0; second < seconds; second += 1) {
    const wanted = heard() + rooms.length;
    for (const room of rooms) {
      const away = room === "aisle" ? -71 : -80;
      const rssi = room === near ? -58 : away;
      const payload = { mac: "df51fd4a4caf", id, "rssi@1m": -59, rssi, distance: 1, int: 400 };
      link.publish(`espresense/devices/${id}/${room}`, JSON.stringify(payload), QOS1);
    }
    await until("the nodes are heard", () => heard() === wanted);
    gateway.clock.advance(1000);
  }
}

/** A basket comes near two nodes; one of them says that it goes, the other falls silent. */
async function hearsABasket(broker: TestBroker): Promise<void> {
  const gateway = await startGateway(broker.url, "gw1", NODES, undefined, 0, NO_FLOOR);
  const link = await publisher(broker.url);
  try {
    await carry(gateway, link, "till", 20);
    assert.deepEqual(
      gateway.told().filter((line) => line.startsWith("basket")),
      ["basket-12 passing", "basket-12 inside"],
    );
    link.publish("espresense/rooms/till/status", "offline", { qos: 1, retain: true });
    await until("the node is gone", () => gateway.told().includes("till blind"));
    assert.ok(!gateway.told().includes("shelf blind"));
    gateway.clock.advance(61_000);
    assert.ok(gateway.told().includes("shelf blind"), "silence is noticed as well");
  } finally {
    await gateway.stop();
    await link[Symbol.asyncDispose]();
  }
}

test("a basket carried from room to room is located by what three ESPresense nodes tell", async () => {
  const broker = await startAedes();
  const aisle = { id: "aisle", via: "espresense", room: "aisle" };
  const scanners = [...NODES.scanners, aisle];
  const gateway = await startGateway(broker.url, "gw1", { ...NODES, scanners });
  const link = await publisher(broker.url);
  const rooms = ["stock-room", "till", "aisle"];
  try {
    await carry(gateway, link, "stock-room", 40, rooms);
    await carry(gateway, link, "till", 40, rooms);
    assert.deepEqual(
      gateway.told().filter((line) => line.includes(" in ")),
      ["basket-12 in left", "basket-12 in right"],
    );
  } finally {
    await gateway.stop();
    await link[Symbol.asyncDispose]();
    await broker.stop();
  }
});

test("ESPresense nodes on the gateway's broker (aedes) make a basket present, and are missed when they go", async () => {
  const broker = await startAedes();
  try {
    await hearsABasket(broker);
  } finally {
    await broker.stop();
  }
});

test("and on mosquitto the same", { skip: !hasMosquitto() }, async () => {
  const dir = tempDir();
  const broker = await startMosquitto(dir.path, await freePort());
  try {
    await hearsABasket(broker);
  } finally {
    await broker.stop();
    dir.remove();
  }
});

test("recorded samples of every kind come through one broker, and no address with them", async () => {
  const broker = await startAedes();
  const link = await publisher(broker.url);
  const scanners = [
    { id: "shelf", via: "theengs" },
    { id: "till", via: "openmqttgateway", gateway: "OMG_till" },
  ];
  const gateway = await startGateway(broker.url, "gw1", { scanners });
  try {
    for (const kind of ["theengs", "openmqttgateway", "espresense", "generic"] as const)
      for (const { topic, text, retained = false } of recordedPosts(kind))
        link.publish(topic, text, { qos: 1, retain: retained });
    await until(
      "both went",
      () => gateway.told().filter((line) => line.endsWith("blind")).length === 2,
    );
    assert.ok(gateway.told().includes("basket-12 passing"), gateway.told().join());
    const facts = JSON.stringify(["shelf", "till"].map((id) => [...gateway.facts(id)]));
    for (const address of plantedAddresses())
      for (const line of [...gateway.lines, facts, JSON.stringify(gateway.events)])
        assert.ok(!line.includes(address), line);
  } finally {
    await gateway.stop();
    await link[Symbol.asyncDispose]();
    await broker.stop();
  }
});

test("what a broker delivers again or has kept counts once", async () => {
  const broker = await startAedes();
  const link = await publisher(broker.url);
  const topic = "vitrine/v1/gw1/in/radio/shelf";
  const text = JSON.stringify({
    v: 1,
    time: 1_777_629_600_000,
    seq: 1,
    session: "a",
    sightings: [{ tag: "basket-12", rssi: -60 }],
  });
  link.publish(topic, text, { qos: 1, retain: true });
  const gateway = await startGateway(broker.url, "gw1", {
    scanners: [{ id: "shelf", via: "generic" }],
  });
  try {
    const fact = (label: string) => gateway.facts("shelf").get(label);
    await until("the kept one came", () => fact("dropped: kept by the broker") === "1");
    for (let i = 0; i < 3; i += 1) link.publish(topic, text, QOS1);
    await until("three came", () => messagesOf(gateway, "shelf") === 3);
    assert.equal(fact("dropped: delivered twice"), "2");
    assert.equal(gateway.told().filter((line) => line === "basket-12 passing").length, 1);
  } finally {
    await gateway.stop();
    await link[Symbol.asyncDispose]();
    await broker.stop();
  }
});

/** A way to the broker that can be cut: the gateway behind it loses the broker, the others do not. */
async function openWay(
  url: string,
): Promise<{ readonly url: string; cut(): void; mend(): void; close(): void }> {
  const target = new URL(url);
  const open = new Set<Socket>();
  let isCut = false;
  const way = createServer((client) => {
    if (isCut) {
      client.destroy();
      return;
    }
    const server = connect(Number(target.port), target.hostname);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      open.add(one);
      one.on("error", () => other.destroy()).on("close", () => open.delete(one));
      one.pipe(other);
    }
  });
  way.listen(0, "127.0.0.1");
  await once(way, "listening");
  const address = way.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const destroy = (): void => {
    for (const socket of open) socket.destroy();
  };
  return {
    url: `mqtt://127.0.0.1:${port}`,
    cut: () => {
      isCut = true;
      destroy();
    },
    mend: () => {
      isCut = false;
    },
    close: () => {
      destroy();
      way.close();
    },
  };
}

/** What the adapter of a receiver hands over when the basket is near. */
const BASKET_PACKET = legacyReportPacket([
  {
    eventType: 3,
    addressType: 1,
    address: Uint8Array.of(0xdf, 0x51, 0xfd, 0x4a, 0x4c, 0xaf),
    payload: ibeaconPayload(
      identityBytes({ format: "ibeacon", uuid: UUID, major: 100, minor: 65_535 }),
      -59,
    ),
    rssiDbm: -61,
  },
]);

test("two gateways share what their receivers hear, and one of them loses the broker for twenty seconds", async () => {
  const broker = await startAedes();
  const way = await openWay(broker.url);
  const backParts = { radios: [{ id: "shelf" }], share: { to: ["front"] } };
  const radios: ReturnType<typeof createFakeRadio>[] = [];
  const back = await startGateway(way.url, "back", backParts, (clock) => {
    radios.push(createFakeRadio({ id: "shelf", clock }));
    return radios.map(({ radio }) => radio);
  });
  // The front gateway's wall clock is two seconds ahead of the one at the back.
  const frontParts = { scanners: [{ id: "shelf", via: "gateway", gateway: "back" }] };
  const front = await startGateway(broker.url, "front", frontParts, undefined, 2000, NO_FLOOR);
  const shared: string[] = [];
  const ear = linkTo(broker.url, "ear");
  ear.subscribe("vitrine/v1/front/in/radio/+", ({ text }) => void shared.push(text));
  await ear.start(new AbortController().signal);
  await until("the ear is connected", () => ear.state.kind === "connected");
  const second = (): void => {
    for (let i = 0; i < 5; i += 1) {
      radios[0]?.socket.deliver(BASKET_PACKET);
      for (const { clock } of [back, front]) clock.advance(200);
    }
  };
  const fact = (label: string): string | undefined => front.facts("shelf").get(label);
  try {
    for (let i = 0; i < 20; i += 1) {
      const before = messagesOf(front, "shelf");
      second();
      await until("the next second comes", () => messagesOf(front, "shelf") > before);
    }
    assert.ok(front.told().includes("basket-12 inside"), front.told().join());
    assert.equal(fact("clock"), "2.0 s behind, corrected");
    way.cut();
    await until("the back is offline", () => back.link.state.kind === "offline");
    for (let i = 0; i < 20; i += 1) second();
    const heard = messagesOf(front, "shelf");
    way.mend();
    await until("what waited comes", () => messagesOf(front, "shelf") >= heard + 14);
    assert.match(back.facts("shelf").get("summaries too late to share") ?? "", /^[56]$/);
    assert.equal(fact("dropped: too late"), undefined);
    assert.equal(fact("clock"), "2.0 s behind, corrected");
    assert.ok(shared.length >= 35);
    for (const text of shared) assert.doesNotMatch(text, /df51fd4a4caf|df:51:fd:4a:4c:af/i);
  } finally {
    for (const one of [back, front]) await one.stop();
    await ear[Symbol.asyncDispose]();
    way.close();
    await broker.stop();
  }
});
