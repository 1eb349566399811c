import assert from "node:assert/strict";
import { test } from "node:test";
import { sceneViews } from "../../../test/fakes/fake-dashboard-scenes.ts";
import { epochMs } from "../../core/brand.ts";
import type { SensorCondition } from "../../core/events.ts";
import type { ConditionStatus, StatusView } from "../dashboard-source.ts";
import { attentionOf } from "./attention.ts";
import { conditionWords } from "./conditions.ts";

const SINCE = epochMs(Date.UTC(2026, 10, 20, 13, 2));
const of = (
  condition: SensorCondition,
  measured: Record<string, number> = {},
): ConditionStatus => ({
  condition,
  since: SINCE,
  measured,
});

const said = [
  {
    name: "left",
    measured: { shiftXNorm: -0.06, shiftYNorm: 0.002 },
    text: /by 6 % to the left since/,
  },
  {
    name: "right and down",
    measured: { shiftXNorm: 0.031, shiftYNorm: 0.1 },
    text: /by 3 % to the right and 10 % down since/,
  },
  { name: "up", measured: { shiftXNorm: 0, shiftYNorm: -0.02 }, text: /by 2 % up since/ },
  { name: "by an unknown way", measured: {}, text: /has shifted since/ },
];
for (const { name, measured, text } of said) {
  test(`a camera that moved ${name} says how far and which way`, () => {
    assert.match(conditionWords(of("moved", measured)).what, text);
  });
}

test("a slow camera says how many frames of how many", () => {
  const words = conditionWords(of("slow", { fps: 3.14, targetFps: 8 }));
  assert.match(words.what, /^3\.1 of 8 frames a second/);
  assert.match(conditionWords(of("slow")).what, /^Too few frames a second/);
});

test("every condition has words and advice, also one of a later version", () => {
  for (const condition of ["moved", "low-light", "slow", "unstable", "dizzy"]) {
    const { does, what, next } = conditionWords(of(condition as SensorCondition));
    for (const text of [does, what, next]) assert.ok(text.length > 5, condition);
  }
});

function withConditions(state: "seeing" | "blind", ...conditions: ConditionStatus[]): StatusView {
  const { status } = sceneViews("busy");
  const sensors = status.sensors.map((sensor) =>
    sensor.sensorId === "door"
      ? {
          ...sensor,
          state,
          code: state === "blind" ? ("CAMERA_FROZEN" as const) : null,
          conditions,
        }
      : sensor,
  );
  return { ...status, sensors };
}

test("each condition of a camera that sees is a warning with its own since", () => {
  const slow = of("slow", { fps: 2, targetFps: 8 });
  const items = attentionOf(withConditions("seeing", of("moved", { shiftXNorm: -0.06 }), slow));
  assert.deepEqual(
    items.map(({ id, severity, title, since }) => ({ id, severity, title, since })),
    [
      {
        id: "sensor:door:moved",
        severity: "warning",
        title: "Camera \u201cFront door\u201d has moved",
        since: SINCE,
      },
      {
        id: "sensor:door:slow",
        severity: "warning",
        title: "Camera \u201cFront door\u201d delivers too few frames",
        since: SINCE,
      },
    ],
  );
});

test("a blind camera is a fault in words, and its conditions wait until it sees again", () => {
  const items = attentionOf(withConditions("blind", of("low-light")));
  assert.deepEqual(
    items.map(({ severity }) => severity),
    ["fault"],
  );
  assert.match(items[0]?.what ?? "", /same picture over and over.*unknown, not zero/);
  assert.match(items[0]?.next ?? "", /restart the camera/);
});
