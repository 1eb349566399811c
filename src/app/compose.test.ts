import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { cameraId, epochMs, gatewayId, monoMs, trackId, zoneId } from "../core/brand.ts";
import type { SensorEvent } from "../core/events.ts";
import { SILENT_LOG } from "../core/lifecycle.ts";
import { createSteppedClock } from "../core/stepped-clock.ts";
import { openOutbox } from "../io/outbox/outbox.ts";
import { composeGateway, type Gateway, type SensorPorts } from "./compose.ts";
import { loadSiteFile } from "./config-files.ts";

const HOUR_MS = 3_600_000;
/** Two hours before the trading day of the demo site begins, at 04:00 UTC. */
const START = epochMs(Date.UTC(2026, 4, 4, 2));
const site = await loadSiteFile(join(import.meta.dirname, "../../config/demo/site.json"));

function startLife(path: string, boot: string, startMono: number, seeing: boolean) {
  const clock = createSteppedClock(START, monoMs(startMono));
  const common = { clock, log: SILENT_LOG, random: () => 0.5 };
  const outbox = openOutbox({ path, capBytes: 2 ** 24, commitMs: 250, ...common });
  const idle = {
    name: "camera",
    start: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
  let ports: SensorPorts | null = null;
  const gateway: Gateway = composeGateway({
    gatewayId: gatewayId("g"),
    site,
    outbox,
    broker: null,
    topicRoot: "vitrine",
    boot,
    version: "test",
    notices: [],
    sensors: (given) => {
      ports = given;
      return [
        { sensorId: "street", kind: "camera", name: "Street", service: idle, facts: () => [] },
      ];
    },
    anchor: () => ({ mono: clock.mono(), epoch: clock.now(), clock: "synced" }),
    ...common,
  });
  const emit = (event: SensorEvent): void => (ports as SensorPorts | null)?.onEvent(event);
  if (seeing) {
    emit({
      kind: "sensor-changed",
      source: `camera-state:street#${boot}`,
      seq: 0,
      atMono: clock.mono(),
      sensorId: "street",
      sensorKind: "camera",
      state: "seeing",
      code: null,
    });
  }
  return { clock, outbox, gateway, emit };
}

const coverage = (gateway: Gateway): number | undefined =>
  gateway.dashboard.today().tiles.find(({ metric }) => metric === "entrants")?.coverage;

test("a camera that has been seeing since yesterday counts as seeing today, before and after a restart", async () => {
  const folder = await mkdtemp(join(tmpdir(), "vitrine-compose-"));
  try {
    const path = join(folder, "outbox.db");
    const first = startLife(path, "one", 0, true);
    for (const service of first.gateway.sources) await service.start(new AbortController().signal);
    const since = first.gateway.dashboard.status().sensors[0]?.since;
    first.clock.advanceTo(monoMs(2 * HOUR_MS + 60_000));
    assert.equal(
      first.gateway.dashboard.status().sensors[0]?.since,
      since,
      "still the same stretch",
    );
    first.clock.advanceTo(monoMs(12 * HOUR_MS));
    assert.equal(coverage(first.gateway), 1);
    // Its last event is the latest time at which the next life can be sure that it was alive.
    first.emit({
      kind: "zone-entered",
      source: "camera:street#one",
      seq: 0,
      atMono: first.clock.mono(),
      cameraId: cameraId("street"),
      zoneId: zoneId("window"),
      trackId: trackId(1),
    });
    first.outbox.close();

    const second = startLife(path, "two", 12 * HOUR_MS, false);
    assert.ok((coverage(second.gateway) ?? 0) > 0.99, `${coverage(second.gateway)} of the day`);
    second.outbox.close();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("a condition of a camera is shown with its figures and goes out as an event of its own", async () => {
  const folder = await mkdtemp(join(tmpdir(), "vitrine-compose-"));
  try {
    const life = startLife(join(folder, "outbox.db"), "one", 0, true);
    const condition = {
      kind: "sensor-condition",
      sensorId: "street",
      sensorKind: "camera",
    } as const;
    const measured = { shiftXNorm: -0.06, shiftYNorm: 0 };
    const origin = { source: "camera-condition:street#one", seq: 0, atMono: life.clock.mono() };
    const moved = { ...condition, ...origin, condition: "moved", isPresent: true } as const;
    life.emit({ ...moved, measured });
    assert.deepEqual(life.gateway.dashboard.status().sensors[0]?.conditions, [
      { condition: "moved", since: START, measured },
    ]);
    life.outbox.flush();
    const sent = life.outbox.read("health", 0, 65_536).map((row) => JSON.stringify(row));
    assert.ok(
      sent.some((row) => row.includes("vitrine.sensor-condition")),
      sent.join(),
    );
    life.outbox.close();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
