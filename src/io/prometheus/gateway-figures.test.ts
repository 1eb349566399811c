import assert from "node:assert/strict";
import { test } from "node:test";
import { register } from "prom-client";
import type { HealthMessage } from "../../wire/health-message.ts";
import { createGatewayFigures } from "./gateway-figures.ts";
import { createMetricsListener } from "./metrics-listener.ts";

const health: HealthMessage = {
  ...{ v: 1, at: "2026-05-01T10:00:00.000Z", boot: "b", storeId: "s", upMs: 61_000 },
  ...{ versions: {}, configHash: "c", clock: { state: "synced", offsetMs: 4 } },
  delivery: {
    ...{ state: "acked", code: null, reconnects: 1, linesGivenUp: 3 },
    ...{ lastAckAgeMs: 10, ackLagMs: 2500 },
  },
  outbox: {
    ...{ events: 7, bytes: 4096, capBytes: 8192, oldestAgeMs: null, commitMs: null },
    ...{ committed: { journey: 9 }, acked: { journey: 2 }, shed: { raw: { cap: 3 } } },
  },
  disk: { freeBytes: 5, writtenBytes: null, budgetBytes: 6 },
  process: { rssBytes: 9, cpuShare: 0.25, loopLagMs: 1 },
  board: { temperatureC: null, throttledBits: 0 },
  cameras: [
    ...[{ id: "door", state: "blind", code: "CAMERA_FROZEN", fps: null, lastFrameAgeMs: 1500 }].map(
      (one) => ({ ...one, state: "blind" as const, isFrozen: true }),
    ),
  ],
  receivers: [
    { id: "hall", state: "seeing", code: null, advertsPerSecond: 30, lastHeardAgeMs: 20 },
  ],
};

test("figures are those of the health, in base units, and what is not known is absent", async () => {
  const figures = createGatewayFigures();
  const text = await figures.text(health);
  for (const line of [
    ...["vitrine_outbox_depth 7", "vitrine_ack_lag_s 2.5", "vitrine_uptime_s 61"],
    'vitrine_dropped_total{class="raw",reason="cap"} 3',
    "vitrine_lines_given_up_total 3",
    'vitrine_acked_seq{stream="journey"} 2',
    'vitrine_clock_state{state="synced"} 1',
    'vitrine_clock_state{state="unsynced"} 0',
    'vitrine_camera_frozen{camera="door"} 1',
    'vitrine_receiver_adverts_per_second{receiver="hall"} 30',
  ])
    assert.ok(text.split("\n").includes(line), line);
  for (const name of [
    "outbox_oldest_age_s",
    "commit_latency_s",
    "temperature_celsius",
    "camera_fps",
  ])
    assert.doesNotMatch(text, new RegExp(`^vitrine_${name}[ {]`, "m"), name);
});

test("a sensor that is gone leaves no figure behind", async () => {
  const figures = createGatewayFigures();
  await figures.text(health);
  const text = await figures.text({
    ...health,
    cameras: [],
    outbox: { ...health.outbox, shed: {} },
  });
  assert.doesNotMatch(text, /door|reason="cap"/);
});

test("two gateways in one process share no registry, and the global one stays empty", async () => {
  const [one, other] = [createGatewayFigures(), createGatewayFigures()];
  await one.text(health);
  assert.match(await other.text({ ...health, upMs: 1000 }), /^vitrine_uptime_s 1$/m);
  assert.equal(await register.metrics(), "\n");
});

test("Prometheus is answered on /metrics under a loopback name, and nothing else is", async () => {
  const { contentType } = createGatewayFigures();
  const text = async (): Promise<string> => "vitrine_up 1\n";
  const listener = createMetricsListener({ host: "127.0.0.1", port: 0, contentType, text });
  await listener.start(new AbortController().signal);
  try {
    const answer = await fetch(listener.url);
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
    assert.equal(await answer.text(), "vitrine_up 1\n");
    assert.equal((await fetch(listener.url.replace("metrics", ""))).status, 404);
    assert.equal((await fetch(listener.url, { method: "POST" })).status, 404);
    assert.equal(await statusAs(listener.url, "rebound.example"), 403);
    const second = createMetricsListener({
      ...{ host: "127.0.0.1", port: Number(new URL(listener.url).port), contentType, text },
    });
    await assert.rejects(second.start(new AbortController().signal), { code: "PORT_IN_USE" });
  } finally {
    await listener[Symbol.asyncDispose]();
  }
});

/** fetch does not let a program set the host it asks for. */
async function statusAs(url: string, host: string): Promise<number | undefined> {
  const { get } = await import("node:http");
  return await new Promise((resolve, reject) => {
    get(url, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on("error", reject);
  });
}
