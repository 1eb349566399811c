import assert from "node:assert/strict";
import { test } from "node:test";
import { cameraId, epochMs, gatewayId, lineId, monoMs, storeId, trackId } from "../core/brand.ts";
import type { JourneyEvent, SensorState } from "../core/events.ts";
import { toCloudEvent } from "../wire/cloud-event.ts";
import { rebuildDay } from "./rebuild-day.ts";

const head = (seq: number, source: string) => ({
  source,
  seq,
  at: epochMs(1_000_000 + seq * 1000),
  atMono: monoMs(seq * 1000),
  clock: "synced" as const,
});

const entered = (seq: number): JourneyEvent => ({
  ...head(seq, "camera:door#a"),
  kind: "entered",
  cameraId: cameraId("door"),
  lineId: lineId("front"),
  role: "door",
  trackId: trackId(seq),
  direction: "in",
  confidence: 0.9,
  path: [],
});

const sensor = (seq: number, sensorId: string, state: SensorState): JourneyEvent => ({
  ...head(seq, `camera-state:${sensorId}#a`),
  kind: "sensor-changed",
  sensorId,
  sensorKind: "camera",
  state,
  code: state === "blind" ? "CAMERA_STALLED" : null,
});

const body = (event: JourneyEvent): string =>
  JSON.stringify(
    toCloudEvent(event, {
      gatewayId: gatewayId("g"),
      storeId: storeId("s"),
      boot: "old",
      recordedAt: event.at,
      hash: (text) => `h${text.length}`,
    }),
  );

test("every event of the day is handed on as it was", () => {
  const events = [sensor(0, "door", "seeing"), entered(1), entered(2)];
  const seen: JourneyEvent[] = [];
  const day = rebuildDay(events.map(body), "new", (event) => seen.push(event));
  assert.deepEqual(seen, events);
  assert.equal(day.events, 3);
});

test("a sensor that was seeing when the gateway died counts as stopped from the last event on", () => {
  const events = [
    sensor(0, "door", "seeing"),
    sensor(1, "floor", "seeing"),
    sensor(2, "floor", "blind"),
    entered(3),
  ];
  const day = rebuildDay(events.map(body), "new", () => undefined);
  assert.deepEqual(
    day.interruptions.map((event) => ({
      sensorId: "sensorId" in event ? event.sensorId : null,
      state: event.kind === "sensor-changed" ? event.state : null,
      at: event.at,
      source: event.source,
    })),
    [{ sensorId: "door", state: "stopped", at: 1_003_000, source: "interruption:door#new" }],
  );
});

const condition = (seq: number, isPresent: boolean): JourneyEvent => ({
  ...head(seq, "camera-condition:door#a"),
  kind: "sensor-condition",
  sensorId: "door",
  sensorKind: "camera",
  condition: "slow",
  isPresent,
  measured: { fps: 3.1, targetFps: 8 },
});

test("a condition that was present when the gateway died ends with that life", () => {
  const day = rebuildDay([condition(0, true), entered(3)].map(body), "new", () => undefined);
  const [end] = day.interruptions;
  assert.ok(day.interruptions.length === 1 && end?.kind === "sensor-condition");
  assert.deepEqual(
    [end.isPresent, end.at, end.source],
    [false, 1_003_000, "interruption:door#new"],
  );
});

test("a condition that ended, or whose camera stopped, is not ended again", () => {
  for (const last of [condition(1, false), sensor(1, "door", "stopped")]) {
    const day = rebuildDay([condition(0, true), last].map(body), "new", () => undefined);
    assert.deepEqual(day.interruptions, []);
  }
});

test("a record that cannot be read is counted and does not stop the rest", () => {
  const seen: JourneyEvent[] = [];
  const day = rebuildDay(
    [body(entered(1)), '{"type":"vitrine.later"}', body(entered(2))],
    "b",
    (e) => seen.push(e),
  );
  assert.equal(day.unreadable, 1);
  assert.equal(seen.length, 2);
});

test("an alarm for missing staff does not outlive the gateway that raised it", () => {
  const alarm = (seq: number, isPresent: boolean): JourneyEvent => ({
    ...head(seq, "staff-alarm#a"),
    kind: "staff-unseen",
    isPresent,
    unseenMs: isPresent ? 900_000 : 0,
  });
  const [end, ...others] = rebuildDay(
    [alarm(0, true), entered(1)].map(body),
    "new",
    () => undefined,
  ).interruptions;
  assert.deepEqual(others, []);
  assert.deepEqual(end, {
    ...alarm(0, false),
    source: "interruption:staff#new",
    at: epochMs(1_001_000),
    atMono: monoMs(0),
  });
  const over = [alarm(0, true), alarm(1, false)].map(body);
  assert.deepEqual(rebuildDay(over, "new", () => undefined).interruptions, []);
});
