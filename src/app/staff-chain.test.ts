import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { shopSite } from "../../test/fakes/journey-events.ts";
import {
  cameraId,
  epochMs,
  gatewayId,
  lineId,
  monoMs,
  storeId,
  tagId,
  trackId,
} from "../core/brand.ts";
import type { SensorEvent } from "../core/events.ts";
import { SILENT_LOG } from "../core/lifecycle.ts";
import type { MetricValue } from "../core/metric-value.ts";
import type { SitePlan } from "../core/site.ts";
import { createSteppedClock } from "../core/stepped-clock.ts";
import { openOutbox } from "../io/outbox/outbox.ts";
import { createMetrics, type Metrics } from "../metrics/metrics.ts";
import { type CloudEvent, fromCloudEvent } from "../wire/cloud-event.ts";
import { composeGateway, type Gateway } from "./compose.ts";
import { CollectedEvents, tell } from "./replay/tell.ts";

const START = epochMs(Date.UTC(2026, 4, 4, 9));
const site: SitePlan = {
  ...shopSite(),
  tags: [{ id: tagId("ann"), kind: "staff", beacon: { format: "altbeacon", id: "00".repeat(20) } }],
};

const crossing = (second: number, seq: number): SensorEvent => ({
  source: "camera:entrance#1",
  seq,
  kind: "line-crossed",
  atMono: monoMs(second * 1000),
  cameraId: cameraId("entrance"),
  lineId: lineId("door"),
  trackId: trackId(seq),
  direction: "in",
  confidence: 0.8,
  path: [],
});

const atDoor = (second: number, seq: number): SensorEvent => ({
  source: "radio-door:fused#r",
  seq,
  kind: "tag-at-door",
  atMono: monoMs(second * 1000),
  tagId: tagId("ann"),
  tagKind: "staff",
  lineId: lineId("door"),
  fromMono: monoMs(second * 1000 - 2000),
  toMono: monoMs(second * 1000 + 2000),
  probability: 0.95,
  direction: "in",
});

const seeing: SensorEvent = {
  kind: "sensor-changed",
  source: "camera-state:entrance#1",
  seq: 0,
  atMono: monoMs(0),
  sensorId: "entrance",
  sensorKind: "camera",
  state: "seeing",
  code: null,
};

/** Three people, the second of whom wears a tag; and one more with a tag at the very end. */
const NEWS: readonly SensorEvent[] = [
  seeing,
  crossing(60, 0),
  crossing(90, 1),
  crossing(120, 2),
  atDoor(90, 0),
  crossing(290, 3),
  atDoor(290, 1),
];

const entrants = (gateway: Gateway): MetricValue | undefined =>
  gateway.dashboard.today().tiles.find(({ metric }) => metric === "entrants");

const facts = (value: MetricValue | undefined): unknown => [
  value?.value,
  value?.definition.parameters["staffExcluded"],
];

function startLife(path: string, startMono: number) {
  const clock = createSteppedClock(epochMs(START + startMono), monoMs(startMono));
  const common = { clock, log: SILENT_LOG, random: () => 0.5 };
  const outbox = openOutbox({ path, capBytes: 2 ** 24, commitMs: 250, ...common });
  let emit: (event: SensorEvent) => void = () => undefined;
  const gateway = composeGateway({
    gatewayId: gatewayId("g"),
    site,
    outbox,
    broker: null,
    topicRoot: "vitrine",
    boot: `b${startMono}`,
    version: "test",
    notices: [],
    sensors: (ports) => {
      emit = ports.onEvent;
      return [];
    },
    anchor: () => ({ mono: clock.mono(), epoch: clock.now(), clock: "synced" }),
    ...common,
  });
  return { clock, outbox, gateway, emit: (event: SensorEvent) => emit(event) };
}

/** The entrants as the centre computes them: from the stored events, by time and then by id. */
function atTheCentre(bodies: readonly string[], now: number): Metrics {
  const metrics = createMetrics({ site });
  const stored = bodies.map((body) => JSON.parse(body) as CloudEvent);
  stored.sort((a, b) => (a.time === b.time ? (a.id < b.id ? -1 : 1) : a.time < b.time ? -1 : 1));
  for (const body of stored) {
    const event = fromCloudEvent(body);
    if (event.ok && event.value.at <= now) metrics.ingest(event.value);
  }
  return metrics;
}

test("staff leave the figures two minutes later, at the end of a life, after a restart and at the centre", async () => {
  const folder = await mkdtemp(join(tmpdir(), "vitrine-staff-"));
  try {
    const path = join(folder, "outbox.db");
    const first = startLife(path, 0);
    for (const service of first.gateway.sources) await service.start(new AbortController().signal);
    for (const event of NEWS.slice(0, 5)) first.emit(event);
    first.clock.advanceTo(monoMs(200_000));
    assert.deepEqual(facts(entrants(first.gateway)), [3, 0]);
    first.clock.advanceTo(monoMs(216_000));
    assert.deepEqual(facts(entrants(first.gateway)), [2, 1]);
    for (const event of NEWS.slice(5)) first.emit(event);
    first.clock.advanceTo(monoMs(295_000));
    assert.deepEqual(facts(entrants(first.gateway)), [3, 1]);
    // What waits is decided when the sensors have stopped, before the outbox closes.
    for (const service of first.gateway.sources) await service[Symbol.asyncDispose]();
    assert.deepEqual(facts(entrants(first.gateway)), [2, 2]);
    await first.outbox.close();

    const second = startLife(path, 300_000);
    assert.deepEqual(facts(entrants(second.gateway)), [2, 2]);
    const bodies = [...second.outbox.since(epochMs(0))];
    await second.outbox.close();

    const now = epochMs(START + 300_000);
    const { tiles } = atTheCentre(bodies, now).today(now);
    assert.deepEqual(facts(tiles.find(({ metric }) => metric === "entrants")), [2, 2]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a replay marks the same crossings under the same ids, as events of the gateway that saw them", () => {
  const context = (id: string) => ({
    anchor: { mono: monoMs(0), epoch: START, clock: "synced" } as const,
    storeId: storeId("shop"),
    gatewayId: gatewayId(id),
    boot: id,
  });
  const told = () => {
    const collected = new CollectedEvents();
    for (const event of NEWS)
      collected.add(event, context(event.kind === "tag-at-door" ? "radio" : "log"));
    const to = epochMs(START + 400_000);
    return tell(site, collected, { from: START, to, gatewayId: null });
  };
  const { events, values } = told();
  assert.deepEqual(facts(values.find(({ metric }) => metric === "entrants")), [2, 2]);
  const marks = events.filter(({ type }) => type === "vitrine.staff-crossed");
  assert.deepEqual(
    marks.map(({ source, sourceseq, boot, data }) => [source, sourceseq, boot, data["crossing"]]),
    [
      [
        "/stores/shop/gateways/log/staff%3Afused%23r",
        0,
        "log",
        { source: "camera:entrance#1", seq: 1 },
      ],
      [
        "/stores/shop/gateways/log/staff%3Afused%23r",
        1,
        "log",
        { source: "camera:entrance#1", seq: 3 },
      ],
    ],
  );
  assert.deepEqual(told().events, events);
});
