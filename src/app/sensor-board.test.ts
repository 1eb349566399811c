import assert from "node:assert/strict";
import { test } from "node:test";
import { epochMs, monoMs } from "../core/brand.ts";
import type {
  SensorCondition,
  SensorConditionRecorded,
  SensorRecorded,
  SensorState,
} from "../core/events.ts";
import { recapSensors } from "./day-recap.ts";
import { SensorBoard } from "./sensor-board.ts";

const START = epochMs(1_000);
const service = {
  name: "camera",
  start: async () => undefined,
  [Symbol.asyncDispose]: async () => undefined,
};
const board = (): SensorBoard => {
  const unit = { kind: "camera" as const, name: "Door", service, facts: () => [] };
  return new SensorBoard(
    [
      { ...unit, sensorId: "door" },
      { ...unit, sensorId: "floor" },
    ],
    START,
  );
};
const head = (at: number) => ({
  source: "camera-state:door#a",
  seq: at,
  at: epochMs(at),
  atMono: monoMs(at),
  clock: "synced" as const,
  sensorId: "door",
  sensorKind: "camera" as const,
});
const state = (at: number, to: SensorState): SensorRecorded => ({
  ...head(at),
  kind: "sensor-changed",
  state: to,
  code: to === "blind" ? "CAMERA_FROZEN" : null,
});
const condition = (
  at: number,
  what: SensorCondition,
  isPresent = true,
  measured: Record<string, number> = {},
): SensorConditionRecorded => ({
  ...head(at),
  kind: "sensor-condition",
  condition: what,
  isPresent,
  measured,
});

test("a condition stands with its beginning and its newest figures until it ends", () => {
  const sensors = board();
  sensors.take(state(2000, "seeing"));
  sensors.takeCondition(condition(3000, "slow", true, { fps: 3 }));
  sensors.takeCondition(condition(4000, "moved", true, { shiftXNorm: 0.1 }));
  sensors.takeCondition(condition(5000, "slow", true, { fps: 2 }));
  assert.deepEqual(sensors.statuses()[0]?.conditions, [
    { condition: "slow", since: 3000, measured: { fps: 2 } },
    { condition: "moved", since: 4000, measured: { shiftXNorm: 0.1 } },
  ]);
  assert.deepEqual(sensors.statuses()[1]?.conditions, []);
  sensors.takeCondition(condition(6000, "slow", false));
  assert.deepEqual(
    sensors.statuses()[0]?.conditions.map((one) => one.condition),
    ["moved"],
  );
});

test("a camera that goes blind keeps its conditions, one that stops or starts anew has none", () => {
  for (const [to, kept] of [
    ["blind", 1],
    ["stopped", 0],
    ["starting", 0],
  ] as const) {
    const sensors = board();
    sensors.take(state(2000, "seeing"));
    sensors.takeCondition(condition(3000, "moved"));
    sensors.take(state(4000, to));
    assert.equal(sensors.statuses()[0]?.conditions.length, kept, to);
  }
});

test("conditions of sensors that are not ours are left out", () => {
  const sensors = board();
  sensors.takeCondition({ ...condition(1, "moved"), sensorId: "roof" });
  assert.ok(sensors.statuses().every(({ conditions }) => conditions.length === 0));
});

test("a new day is told the states and the conditions, each under a number of its own", () => {
  const sensors = board();
  sensors.take(state(2000, "seeing"));
  sensors.takeCondition(condition(3000, "slow", true, { fps: 3 }));
  const now = { mono: monoMs(9), epoch: epochMs(90_000), clock: "synced" } as const;
  const told = recapSensors(sensors.statuses(), { start: epochMs(80_000), boot: "b" }, now);
  assert.deepEqual(
    told.map(({ kind, seq, sensorId, at }) => [kind, seq, sensorId, at]),
    [
      ["sensor-changed", 0, "door", 90_000],
      ["sensor-changed", 1, "floor", 90_000],
      ["sensor-condition", 2, "door", 90_000],
    ],
  );
  for (const event of told) {
    if (event.kind === "sensor-condition") sensors.takeCondition(event);
    else assert.equal(sensors.take(event), false, "no news");
  }
  assert.equal(sensors.statuses()[0]?.conditions[0]?.since, 3000, "still the same stretch");
});
