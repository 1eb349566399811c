import assert from "node:assert/strict";
import { test } from "node:test";
import { FAKE_SITE } from "../../../test/fakes/fake-dashboard.ts";
import { sceneViews } from "../../../test/fakes/fake-dashboard-scenes.ts";
import { gapsOf } from "./set-up-gaps.ts";

const [door, floor] = FAKE_SITE.cameras;
if (door === undefined || floor === undefined) throw new Error("the fake site has two cameras");
const sensor =
  sceneViews("busy").status.sensors.find(({ sensorId }) => sensorId === "door") ?? null;
const facts = { id: "door", hasPicture: true, groundPoints: 4 };
const titles = (...args: Parameters<typeof gapsOf>): readonly string[] =>
  gapsOf(...args).map(({ title }) => title);

test("a camera with lines, zones and ground points lacks nothing", () => {
  assert.deepEqual(titles(door, sensor, facts), []);
});

test("each thing that is missing is named with what it costs", () => {
  const bare = { ...door, lines: [], zones: [] };
  assert.deepEqual(titles(bare, null, { ...facts, groundPoints: 0 }), [
    "Not connected",
    "No line",
    "No zone",
    "No ground points",
  ]);
  for (const { next } of gapsOf(bare, null, facts)) assert.ok(next.length > 20);
});

test("a camera whose lines are all internal is told what that means", () => {
  assert.deepEqual(titles(floor, sensor, facts), ["No door or passing line"]);
});

test("nothing is claimed about ground points while they are not known", () => {
  assert.deepEqual(titles(door, sensor, null), []);
});
