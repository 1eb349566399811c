import assert from "node:assert/strict";
import { test } from "node:test";
import { at, OPEN, visitPlan } from "../../../test/fakes/visit-shop.ts";
import {
  cameraId,
  type EpochMs,
  epochMs,
  gatewayId,
  lineId,
  monoMs,
  storeId,
  tagId,
  trackId,
  zoneId,
} from "../../core/brand.ts";
import type { CrossingDirection, SensorEvent } from "../../core/events.ts";
import type { SitePlan } from "../../core/site.ts";
import { type CloudEvent, fromCloudEvent } from "../../wire/cloud-event.ts";
import type { EventOriginContext } from "./detections-log-file.ts";
import { CollectedEvents, tell } from "./tell.ts";

const PLAN: SitePlan = visitPlan({
  tags: [
    {
      id: tagId("b"),
      kind: "basket",
      beacon: { format: "altbeacon", id: "00".repeat(20) },
    },
  ],
});

const contextOf = (gateway: string, boot: string): EventOriginContext => ({
  anchor: { mono: monoMs(0), epoch: epochMs(OPEN), clock: "synced" },
  storeId: storeId("shop"),
  gatewayId: gatewayId(gateway),
  boot,
});

/** A small day of two gateways: who is followed from door to door, and a basket. */
function smallDay(): CollectedEvents {
  const collected = new CollectedEvents();
  const door = contextOf("door", "b1");
  const radio = contextOf("radio", "b2");
  const seqs = new Map<string, number>();
  const origin = (source: string, when: EpochMs) => {
    const seq = seqs.get(source) ?? 0;
    seqs.set(source, seq + 1);
    return { source, seq, atMono: monoMs(when - OPEN) };
  };
  const cross = (when: EpochMs, track: number, direction: CrossingDirection): SensorEvent => ({
    ...origin("camera:all#r1", when),
    kind: "line-crossed",
    cameraId: cameraId("all"),
    lineId: lineId("north"),
    trackId: trackId(track),
    direction,
    confidence: 0.9,
    path: [],
  });
  const stay = (from: EpochMs, to: EpochMs, zone: string, track: number): void => {
    const where = { cameraId: cameraId("all"), zoneId: zoneId(zone), trackId: trackId(track) };
    const dwell = { dwellMs: to - from, censored: false };
    collected.add({ ...origin("camera:all#r1", from), kind: "zone-entered", ...where }, door);
    collected.add(
      { ...origin("camera:all#r1", to), kind: "zone-exited", ...where, ...dwell },
      door,
    );
  };
  const tag = (when: EpochMs, state: "inside" | "passing"): SensorEvent => ({
    ...origin("radio:fused#r2", when),
    kind: "tag-changed",
    tagId: tagId("b"),
    tagKind: "basket",
    state,
    previous: state === "inside" ? "passing" : "inside",
  });
  for (const track of [1, 2, 3]) {
    collected.add(cross(at(track), track, "in"), door);
    stay(at(track + 3), at(track + 6), "shelf", track);
    stay(at(track + 7), at(track + 8), "queue", track);
    if (track !== 3) stay(at(track + 8), at(track + 9, -10), "till", track);
    if (track !== 2) collected.add(cross(at(track + 10), track, "out"), door);
  }
  collected.add(tag(at(2), "inside"), radio);
  collected.add(tag(at(14), "passing"), radio);
  collected.add(
    {
      ...origin("pos#p", at(10, -20)),
      kind: "transaction",
      receiptId: "r1",
      transactionKind: "sale",
      paidAt: at(10, -20),
      netMinor: 4_995,
      units: 3,
      tagId: tagId("b"),
    },
    radio,
  );
  return collected;
}

const told = (): readonly CloudEvent[] =>
  tell(PLAN, smallDay(), { from: at(0), to: at(60), gatewayId: null }).events;

test("the same small day gives identical events twice", () => {
  assert.deepEqual(told(), told());
});

test("visits, queues and receipts of a small day are told, each by the gateway that saw them", () => {
  const events = told();
  const visits = events.flatMap((event) => {
    const read = fromCloudEvent(event);
    assert.ok(read.ok, event.type);
    return read.value.kind === "completed" ? [{ event, visit: read.value }] : [];
  });
  assert.deepEqual(
    visits.map(({ event, visit }) => [
      event.source.split("/")[4],
      event.boot,
      visit.method,
      visit.endedBy,
      visit.queues.map(({ outcome }) => outcome).join(),
      visit.receipts.length,
    ]),
    [
      ["door", "b1", "track", "sensor", "served", 0],
      ["door", "b1", "track", "exit", "served", 1],
      ["door", "b1", "track", "exit", "abandoned", 0],
      ["radio", "b2", "tag", "exit", "", 1],
    ],
  );
  const queues = events.filter(({ type }) => type.startsWith("vitrine.queue"));
  assert.deepEqual(
    [queues.length, new Set(queues.map(({ boot }) => boot)).size, queues[0]?.boot],
    [6, 1, "b1"],
  );
});

test("ids are unique, and a visit has the id of what it began with", () => {
  const events = told();
  assert.equal(new Set(events.map(({ id }) => id)).size, events.length);
  const ids = events.flatMap(({ type, data }) =>
    type === "vitrine.completed" ? [String(data["visitId"])] : [],
  );
  for (const id of ids) assert.match(id, /^[0-9a-f]{32}$/);
});
