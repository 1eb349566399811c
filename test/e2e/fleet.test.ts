import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Central } from "../../src/central/central.ts";
import { type EpochMs, gatewayId } from "../../src/core/brand.ts";
import type { MqttLink } from "../../src/io/mqtt/mqtt-link.ts";
import { isoTime } from "../../src/wire/cloud-event.ts";
import type { DesiredDocument, Order, ReportedMessage } from "../../src/wire/fleet-messages.ts";
import { type HealthMessage, healthSchema } from "../../src/wire/health-message.ts";
import {
  clock,
  freePort,
  hasMosquitto,
  startCentral,
  startMosquitto,
  type TestBroker,
  tempDir,
  until,
} from "./delivery-rig.ts";
import {
  bundleProgram,
  DoorCounter,
  newClient,
  open,
  publish,
  SHOP,
  SupervisedGateway,
  startClient,
  writeGateway,
} from "./fleet-rig.ts";

const SKIP = hasMosquitto() ? false : "mosquitto is not installed";
const PROBATION_MS = 4000;
const GW = gatewayId("gw1");
const TERMS = { actor: "test", notAfter: null };
const DESIRED = "vitrine/v1/gw1/down/desired";

const { path: folder, remove } = tempDir();
let program: string;
let broker: TestBroker;
let central: Central;
let gateway: SupervisedGateway;
let client: MqttLink;
let door: DoorCounter;
let figuresPort = 0;

before(async () => {
  if (SKIP !== false) return;
  program = await bundleProgram(folder);
  broker = await startMosquitto(folder, await freePort());
  central = await startCentral(join(folder, "central.db"), broker.url);
  client = await startClient(broker.url, "helper");
  door = new DoorCounter(client);
  figuresPort = await freePort();
  const metrics = { listen: `127.0.0.1:${figuresPort}` };
  gateway = new SupervisedGateway(
    program,
    writeGateway(folder, broker.url, PROBATION_MS, { metrics }),
  ).start();
  await until("the gateway reports", async () => (await reported()) !== null, 60_000);
  // The first health of a connection may be told before the centre's answer to its birth.
  await until("the door sees, and the centre has answered", async () => {
    const told = await health();
    return told?.cameras[0]?.state === "seeing" && told.delivery.state === "acked";
  });
});

after(async () => {
  if (SKIP !== false) return;
  door.stop();
  await gateway.stop();
  await client[Symbol.asyncDispose]();
  await central[Symbol.asyncDispose]();
  await broker.stop();
  remove();
});

const desk = () => {
  assert.ok(central.fleet !== null);
  return central.fleet;
};
const reported = (): Promise<ReportedMessage | null> => desk().reported(GW);
const wish = (document: DesiredDocument) => desk().setDesired(GW, document, TERMS);

async function health(): Promise<HealthMessage | null> {
  const link = newClient(broker.url, `look-${Math.round(performance.now() * 1000)}`);
  let text: string | null = null;
  link.subscribe("vitrine/v1/gw1/up/health", (message) => {
    if (message.retained) text = message.text;
  });
  await open(link);
  await new Promise((resolve) => setTimeout(resolve, 100));
  await link[Symbol.asyncDispose]();
  return text === null ? null : healthSchema.parse(JSON.parse(text));
}

/** Waits until the gateway reports this of its last wish; says what it reported when it never comes. */
async function untilReported(
  what: string,
  isSo: (message: ReportedMessage) => boolean,
): Promise<ReportedMessage> {
  let last: ReportedMessage | null = null;
  await until(
    what,
    async () => {
      last = await reported();
      return last !== null && isSo(last);
    },
    40_000,
  ).catch((error: unknown) => {
    assert.fail(`${String(error)}\n${JSON.stringify(last)}\n${gateway.output}`);
  });
  assert.ok(last !== null);
  return last;
}

/** Events of the audit stream at the centre, as `outcome name`. */
async function audits(): Promise<readonly string[]> {
  const answer = await fetch(`${central.url}/api/v1/stores/shop1/events?type=vitrine.audited`);
  const { events } = (await answer.json()) as {
    events: { data: { name: string; outcome: string } }[];
  };
  return events.map(({ data }) => `${data.outcome} ${data.name}`);
}

async function command(order: Order, goodForMs = 60_000) {
  const id = await desk().command(GW, order, { actor: "test", goodForMs });
  const told = await untilReported(`${order.name} is answered`, ({ commands }) =>
    commands.some((one) => one.id === id),
  );
  return told.commands.find((one) => one.id === id);
}

test("the health is retained at the broker and kept at the centre", { skip: SKIP }, async () => {
  const retained = await health();
  assert.equal(retained?.delivery.state, "acked");
  assert.deepEqual(
    retained?.cameras.map(({ id, state }) => [id, state]),
    [["door", "seeing"]],
  );
  assert.ok((retained?.process.rssBytes ?? 0) > 1e7 && (retained?.disk.freeBytes ?? 0) > 0);
  await until("it is told again, with its time", async () => (await health())?.at !== retained?.at);
  const aheadMs = Date.parse((await health())?.at ?? "") - clock.now();
  assert.ok(Math.abs(aheadMs) < 10_000, `${aheadMs} ms`);
  const answer = await fetch(`${central.url}/metrics`);
  const text = await answer.text();
  assert.match(text, /^vitrine_central_gateway_online\{gateway="gw1",store="shop1"\} 1$/m);
  assert.match(text, /^vitrine_central_gateway_sensors_blind\{gateway="gw1",store="shop1"\} 0$/m);
});

test("Prometheus reads the gateway's own figures on loopback", { skip: SKIP }, async () => {
  const answer = await fetch(`http://127.0.0.1:${figuresPort}/metrics`);
  const text = await answer.text();
  assert.match(text, /^vitrine_camera_seeing\{camera="door"\} 1$/m);
  assert.match(text, /^vitrine_delivery_state\{state="acked"\} 1$/m);
});

test("a change that needs no restart is in force at once", { skip: SKIP }, async () => {
  const starts = gateway.starts;
  const { hash } = await wish({ gateway: { log: { level: "debug" } } });
  const told = await untilReported("it is applied", (one) => one.hash === hash);
  assert.equal(told.status, "applied");
  assert.equal(gateway.starts, starts);
});

test("a good configuration is put in force by one restart and kept after its probation", {
  skip: SKIP,
}, async () => {
  const starts = gateway.starts;
  const site = { ...SHOP, store: { ...SHOP.store, name: "Renamed" } };
  const { hash, version } = await wish({ gateway: { positioning: { lagMs: 4000 } }, site });
  const trying = await untilReported("it is pending", (one) => one.hash === hash);
  assert.equal(trying.status, "pending");
  const told = await untilReported(
    "it is applied",
    (one) => one.status === "applied" && one.hash === hash,
  );
  assert.deepEqual(told.inForce, { version, hash });
  assert.equal(gateway.starts, starts + 1);
  assert.deepEqual(gateway.exits.slice(-1), [75]);
  const own = JSON.parse(readFileSync(join(folder, "site.json"), "utf8"));
  assert.deepEqual(own, SHOP);
  const plans = readdirSync(join(folder, "state")).filter((name) => name.startsWith("site-"));
  assert.equal(plans.length, 1);
  const answer = await fetch(`${central.url}/metrics`);
  assert.equal(answer.status, 200);
});

test("the same configuration a thousand times restarts nothing", { skip: SKIP }, async () => {
  const before = { starts: gateway.starts, pid: gateway.pid };
  const same = await desk().desired(GW);
  assert.ok(same !== null);
  for (let n = 0; n < 1000; n += 1) {
    const version = same.version + (n % 2);
    await publish(client, DESIRED, JSON.stringify({ ...same, version }), true);
  }
  assert.equal((await command({ name: "announce", arguments: {} }))?.status, "done");
  await new Promise((resolve) => setTimeout(resolve, 1000));
  assert.deepEqual({ starts: gateway.starts, pid: gateway.pid }, before);
});

test("a bad configuration is rejected with all its faults and the gateway runs on", {
  skip: SKIP,
}, async () => {
  const before = { starts: gateway.starts, pid: gateway.pid };
  const { hash, version } = await wish({
    gateway: {
      mqtt: { url: "mqtt://elsewhere:1883" },
      cameras: [{ id: "spare", source: "rtsp://admin:hunter2@169.254.169.254/x", fps: 900 }],
      outbox: { commitMs: -1 },
    },
    site: { ...SHOP, store: { ...SHOP.store, id: "other", timeZone: "Mars/Olympus" } },
  });
  const told = await untilReported("it is rejected", (one) => one.hash === hash);
  assert.deepEqual([told.status, told.version], ["rejected", version]);
  assert.notEqual(told.inForce?.hash, hash);
  const paths = told.errors.map(({ path }) => path);
  for (const path of [
    ...["gateway.mqtt", "gateway.cameras[0].source", "gateway.cameras[0].fps"],
    ...["gateway.outbox.commitMs", "site.store.timeZone"],
  ])
    assert.ok(paths.includes(path), `${path} is not in ${paths.join(", ")}`);
  assert.ok(!JSON.stringify(told).includes("hunter2"));
  assert.ok(!gateway.output.includes("hunter2"));
  await publish(client, DESIRED, '{"v":1,"version":"latest"}', true);
  await untilReported("it is ignored", (one) => one.ignored?.why === "unreadable");
  assert.deepEqual({ starts: gateway.starts, pid: gateway.pid }, before);
});

test("a configuration that comes too late is not read, and that is said", {
  skip: SKIP,
}, async () => {
  const notAfter = (clock.now() - 60_000) as EpochMs;
  const document = { gateway: { positioning: { lagMs: 100 } } };
  const { hash } = await desk().setDesired(GW, document, { actor: "test", notAfter });
  const told = await untilReported("it is ignored", (one) => one.ignored?.why === "expired");
  assert.equal(told.ignored?.hash, hash);
});

test("commands are carried out once, refused when unknown, and not carried out when late", {
  skip: SKIP,
}, async () => {
  const summary = await command({ name: "support-summary", arguments: {} });
  assert.deepEqual(summary?.result?.["sensors"], [
    { id: "door", kind: "camera", state: "seeing", code: null },
  ]);
  const loud = { level: "debug", minutes: 1 } as const;
  assert.equal((await command({ name: "log-level", arguments: loud }))?.status, "done");
  const door = { sensorId: "door" };
  assert.equal((await command({ name: "restart-sensor", arguments: door }))?.status, "refused");
  const at = isoTime(clock.now());
  const raw = { v: 1, id: "raw-1", at, expiresAt: isoTime((clock.now() + 60_000) as EpochMs) };
  const text = JSON.stringify({ ...raw, command: "format-disk", arguments: {} });
  for (let n = 0; n < 3; n += 1) await publish(client, "vitrine/v1/gw1/down/cmd", text, false);
  const told = await untilReported("the unknown one is refused", ({ commands }) =>
    commands.some(({ id }) => id === "raw-1"),
  );
  const answers = told.commands.filter(({ id }) => id === "raw-1");
  assert.deepEqual(
    answers.map(({ status }) => status),
    ["refused"],
  );
  const late = await command({ name: "announce", arguments: {} }, -1000);
  assert.equal(late?.status, "expired");
  await until("the centre has the audit", async () => {
    const found = await audits();
    return [
      "done log-level",
      "refused format-disk",
      "expired announce",
      "rejected config",
      "applied config",
    ].every((one) => found.includes(one));
  });
  assert.equal((await audits()).filter((one) => one === "refused format-disk").length, 1);
});

test("a restart that the centre asks for happens once", { skip: SKIP }, async () => {
  const starts = gateway.starts;
  const before = (await reported())?.at;
  await desk().command(
    GW,
    { name: "restart", arguments: {} },
    { actor: "test", goodForMs: 60_000 },
  );
  await until("it starts anew", () => gateway.starts === starts + 1);
  await untilReported("it is back", (one) => one.at !== before && one.commands.length === 0);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  assert.equal(gateway.starts, starts + 1);
});

test("a configuration under which a camera stays away is taken back by itself, once", {
  skip: SKIP,
}, async () => {
  await until("the door sees", async () => (await health())?.cameras[0]?.state === "seeing");
  const inForce = (await reported())?.inForce;
  const starts = gateway.starts;
  const { hash } = await wish({ gateway: { positioning: { lagMs: 7000 } } });
  await until("it is tried", () => gateway.starts === starts + 1);
  door.isOn = false;
  const told = await untilReported("it is taken back", (one) => one.status === "reverted");
  assert.equal(told.hash, hash);
  assert.deepEqual(
    told.errors.map(({ path }) => path),
    ["sensors.door"],
  );
  await until("it starts with the one before", () => gateway.starts === starts + 2);
  await untilReported("the one before is in force", (one) => one.inForce?.hash === inForce?.hash);
  await until("the centre has the audit", async () => (await audits()).includes("reverted config"));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  assert.equal(gateway.starts, starts + 2);
  assert.ok(existsSync(join(folder, "state/fleet.json")));
});
