import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { connectAsync } from "mqtt";
import { gatewayId } from "../../src/core/brand.ts";
import { HomeAssistant } from "../../src/io/mqtt/home-assistant.ts";
import { startTcpProxy } from "../rig/tcp-proxy.ts";
import {
  crossing,
  freePort,
  hasMosquitto,
  startCentral,
  startGateway,
  startMosquitto,
  tempDir,
  until,
} from "./delivery-rig.ts";

const skip = hasMosquitto() ? false : "install the Debian package mosquitto";

test("while a backlog is brought in, what happens now overtakes it, and everything arrives once", {
  skip,
}, async () => {
  const dir = tempDir();
  const broker = await startMosquitto(dir.path, await freePort());
  const proxy = await startTcpProxy(await freePort(), [broker.url]);
  proxy.cut(600_000);
  const path = join(dir.path, "outbox.db");
  const gateway = await startGateway({ path, url: proxy.url, boot: "b1" });
  for (let n = 0; n < 12_000; n += 1) gateway.delivery.record(crossing(n, "backlog"));
  const central = await startCentral(join(dir.path, "central.db"), broker.url);
  try {
    proxy.heal();
    // Slow enough that the backlog is still under way when the first acknowledgement comes.
    proxy.slow(50, 600_000);
    await until("the centre acknowledges", () => gateway.outbox.acked("journey") > 0);
    for (let n = 0; n < 10; n += 1) gateway.delivery.record(crossing(n, "now"));
    gateway.outbox.flush();
    await until("the fresh ones are there", () => gateway.outbox.acked("fresh") === 10);
    assert.ok(gateway.outbox.acked("journey") < 12_000, "before the end of the backlog");
    await until("all are there", () => gateway.delivery.status().outboxEvents === 0, 60_000);
    assert.equal(central.counts.stored, 12_010);
    gateway.delivery.record(crossing(10, "now"));
    await until("it is there", () => central.counts.stored === 12_011);
    assert.equal(gateway.outbox.committed("fresh"), 10, "without a backlog nothing overtakes");
  } finally {
    await gateway.stop();
    await central[Symbol.asyncDispose]();
    await proxy.close();
    await broker.stop();
    dir.remove();
  }
});

test("a line that died without a word is given up and begun anew, and nothing is lost", {
  skip,
}, async () => {
  const dir = tempDir();
  const broker = await startMosquitto(dir.path, await freePort());
  const proxy = await startTcpProxy(await freePort(), [broker.url]);
  const central = await startCentral(join(dir.path, "central.db"), broker.url);
  const path = join(dir.path, "outbox.db");
  const gateway = await startGateway({ path, url: proxy.url, boot: "b1" });
  try {
    gateway.delivery.record(crossing(0, "run"));
    await until("it is there", () => central.counts.stored === 1);
    // Longer than the test may take: the socket stays open and says nothing.
    proxy.freeze(600_000);
    gateway.delivery.record(crossing(1, "run"));
    await until("the gateway gives the line up", () => gateway.delivery.dropped === 1, 30_000);
    proxy.heal();
    await until("the rest is there", () => central.counts.stored === 2, 30_000);
    assert.equal(gateway.delivery.dropped, 1);
  } finally {
    await gateway.stop();
    await central[Symbol.asyncDispose]();
    await proxy.close();
    await broker.stop();
    dir.remove();
  }
});

test("Home Assistant is told of values and sensors; a sensor that is gone, and all of it, is taken back", {
  skip,
}, async () => {
  const dir = tempDir();
  const broker = await startMosquitto(dir.path, await freePort());
  const path = join(dir.path, "outbox.db");
  /** One life of the gateway with what a new subscriber finds afterwards. */
  const retainedAfter = async (
    enabled: boolean,
    sensorIds: readonly string[],
  ): Promise<Map<string, Record<string, unknown>>> => {
    const shown = { root: "vitrine", storeName: "Shop 1", version: "0.1.0", sensorIds };
    const gateway = await startGateway({
      ...{ path, url: broker.url, boot: "b1" },
      attach: (link, outbox) => {
        const told = { ...shown, gatewayId: gatewayId("gw1") };
        new HomeAssistant({ enabled, prefix: "homeassistant", gateway: told, outbox }).attach(link);
      },
    });
    const wanted = enabled ? 3 + sensorIds.length : 0;
    await until("it is noted", () => {
      const noted = JSON.parse(gateway.outbox.note("home-assistant") ?? "[]") as string[];
      return gateway.link.state.kind === "connected" && noted.length === wanted;
    });
    await gateway.stop();
    const reader = await connectAsync(broker.url, { protocolVersion: 4 });
    const found = new Map<string, Record<string, unknown>>();
    reader.on("message", (topic, payload) => found.set(topic, JSON.parse(String(payload))));
    await reader.subscribeAsync("homeassistant/#", { qos: 1 });
    // Retained messages come before the answer to what is sent after the subscription.
    await reader.subscribeAsync("nothing/here", { qos: 1 });
    await until("the retained are there", () => found.size >= wanted);
    await reader.endAsync();
    return found;
  };
  try {
    assert.equal((await retainedAfter(false, ["door"])).size, 0);
    const first = await retainedAfter(true, ["door", "counter"]);
    assert.deepEqual(
      [...first.keys()].map((topic) => topic.split("/").slice(2, 4).join(" ")).sort(),
      [
        "gw1 entrants",
        "gw1 occupancy",
        "gw1 sales-conversion",
        "gw1 sensor-counter",
        "gw1 sensor-door",
      ],
    );
    const inside = first.get("homeassistant/sensor/gw1/occupancy/config");
    assert.equal(inside?.["state_topic"], "vitrine/v1/gw1/live/store");
    assert.equal(inside?.["availability_topic"], "vitrine/v1/gw1/up/birth");
    assert.equal(inside?.["unique_id"], "vitrine_gw1_occupancy");
    assert.equal((await retainedAfter(true, ["door"])).size, 4);
    assert.equal((await retainedAfter(false, ["door"])).size, 0);
  } finally {
    await broker.stop();
    dir.remove();
  }
});
