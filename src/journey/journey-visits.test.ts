import assert from "node:assert/strict";
import { test } from "node:test";
import { at, OPEN, visitPlan } from "../../test/fakes/visit-shop.ts";
import { cameraId, type EpochMs, epochMs, lineId, monoMs, trackId } from "../core/brand.ts";
import type { CrossingDirection, JourneyEvent, SensorEvent } from "../core/events.ts";
import { createJourney, type Journey } from "./journey.ts";

function open(): { journey: Journey; told: JourneyEvent[] } {
  const told: JourneyEvent[] = [];
  const anchor = { mono: monoMs(0), epoch: epochMs(OPEN), clock: "synced" } as const;
  const onEvent = (event: JourneyEvent): void => {
    told.push(event);
  };
  return { journey: createJourney({ site: visitPlan(), anchor: () => anchor, onEvent }), told };
}

const cross = (when: EpochMs, seq: number, direction: CrossingDirection): SensorEvent => ({
  kind: "line-crossed",
  source: "camera:all#a",
  seq,
  atMono: monoMs(when - OPEN),
  cameraId: cameraId("all"),
  lineId: lineId("north"),
  trackId: trackId(1),
  direction,
  confidence: 0.9,
  path: [],
});

const kinds = (told: readonly JourneyEvent[]): readonly string[] => told.map(({ kind }) => kind);

test("crossings become a visit when its time has come, and are told at once themselves", () => {
  const { journey, told } = open();
  journey.ingest(cross(at(0), 0, "in"));
  journey.ingest(cross(at(5), 1, "out"));
  journey.advance(at(22));
  assert.deepEqual(kinds(told), ["entered", "exited"]);
  journey.advance(at(24));
  assert.deepEqual(kinds(told), ["entered", "exited", "completed"]);
  const { events, visitDocuments, followed } = journey.counters;
  assert.deepEqual([events, visitDocuments, followed], [3, 1, 1]);
});

test("at the end of a run the visits going on are told", () => {
  const { journey, told } = open();
  journey.ingest(cross(at(0), 0, "in"));
  journey.finish();
  assert.deepEqual(kinds(told), ["entered", "completed"]);
});

test("a visit that began in an earlier life is told once, whole", () => {
  const before = open();
  before.journey.ingest(cross(at(0), 0, "in"));
  const { journey, told } = open();
  for (const event of before.told) journey.restore(event);
  assert.equal(told.length, 0);
  journey.ingest(cross(at(5), 1, "out"));
  journey.advance(at(60));
  const again = open();
  for (const event of [...before.told, ...told]) again.journey.restore(event);
  again.journey.advance(at(61));
  assert.equal(again.told.length, 0);
  const visit = told.at(-1);
  assert.ok(visit?.kind === "completed");
  assert.deepEqual([visit.enteredAt, visit.exitedAt], [at(0), at(5)]);
});
