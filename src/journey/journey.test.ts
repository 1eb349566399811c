import assert from "node:assert/strict";
import { test } from "node:test";
import { shopSite } from "../../test/fakes/journey-events.ts";
import {
  cameraId,
  epochMs,
  lineId,
  type MonoMs,
  monoMs,
  tagId,
  trackId,
  zoneId,
} from "../core/brand.ts";
import type { ClockState, TimeAnchor } from "../core/clock.ts";
import type { CrossingDirection, JourneyEvent, SensorEvent } from "../core/events.ts";
import type { SitePlan, TagKind } from "../core/site.ts";
import { createJourney, type Journey } from "./journey.ts";

const BOOT = 1_800_000_000_000;

const siteWithTags = (): SitePlan => ({
  ...shopSite(),
  tags: (["basket", "staff"] as const).map((kind) => ({
    id: tagId(kind),
    kind,
    beacon: { format: "altbeacon", id: "00".repeat(20) },
  })),
});

function startJourney(clock: ClockState = "synced"): { journey: Journey; told: JourneyEvent[] } {
  const told: JourneyEvent[] = [];
  const anchor: TimeAnchor = { mono: monoMs(0), epoch: epochMs(BOOT), clock };
  const onEvent = (event: JourneyEvent): void => {
    told.push(event);
  };
  return { journey: createJourney({ site: siteWithTags(), anchor: () => anchor, onEvent }), told };
}

const ORIGIN = { source: "camera:entrance#1", seq: 7, atMono: monoMs(1500.4) };

const crossing = (line: string, direction: CrossingDirection): SensorEvent => ({
  ...ORIGIN,
  kind: "line-crossed",
  cameraId: cameraId("entrance"),
  lineId: lineId(line),
  trackId: trackId(3),
  direction,
  confidence: 0.8,
  path: [],
});

const payment = (paidAt: number, atMono: MonoMs = monoMs(0)): SensorEvent => ({
  source: "till#1",
  seq: 0,
  kind: "transaction",
  atMono,
  receiptId: "r1",
  transactionKind: "sale",
  paidAt: epochMs(paidAt),
  netMinor: 1999,
  units: 2,
});

const tag = (id: string, tagKind: TagKind): SensorEvent => ({
  ...ORIGIN,
  kind: "tag-changed",
  tagId: tagId(id),
  tagKind,
  state: "inside",
  previous: "outside",
});

const crossings = [
  { line: "door", direction: "in", kind: "entered", role: "door" },
  { line: "door", direction: "out", kind: "exited", role: "door" },
  { line: "pass-left", direction: "in", kind: "passed", role: "passing" },
  { line: "pass-right", direction: "out", kind: "passed", role: "passing" },
  { line: "aisle", direction: "in", kind: "passed", role: "internal" },
] as const;
for (const c of crossings) {
  test(`${c.direction} over a ${c.role} line is told as ${c.kind}`, () => {
    const { journey, told } = startJourney();
    journey.ingest(crossing(c.line, c.direction));
    assert.deepEqual(told, [
      {
        source: "camera:entrance#1",
        seq: 7,
        at: BOOT + 1500,
        atMono: 1500.4,
        clock: "synced",
        kind: c.kind,
        cameraId: "entrance",
        lineId: c.line,
        role: c.role,
        trackId: 3,
        direction: c.direction,
        confidence: 0.8,
        path: [],
      },
    ]);
  });
}

test("stays in zones keep their dwell and whether the end was seen", () => {
  const { journey, told } = startJourney();
  const where = { cameraId: cameraId("floor"), zoneId: zoneId("table"), trackId: trackId(1) };
  journey.ingest({ ...ORIGIN, ...where, kind: "zone-entered" });
  journey.ingest({ ...ORIGIN, ...where, kind: "zone-exited", dwellMs: 900, censored: true });
  assert.deepEqual(
    told.map(({ kind }) => kind),
    ["zone-entered", "zone-exited"],
  );
  const exited = told[1];
  assert.ok(exited?.kind === "zone-exited" && exited.dwellMs === 900 && exited.censored);
});

test("a line, zone or tag outside the plan is counted and told to nobody", () => {
  const { journey, told } = startJourney();
  journey.ingest(crossing("nowhere", "in"));
  const where = { cameraId: cameraId("floor"), zoneId: zoneId("nowhere"), trackId: trackId(1) };
  journey.ingest({ ...ORIGIN, ...where, kind: "zone-entered" });
  journey.ingest({ ...ORIGIN, ...where, kind: "zone-exited", dwellMs: 1, censored: false });
  journey.ingest(tag("stranger", "basket"));
  assert.deepEqual(told, []);
  const { unknownLines, unknownZones, unknownTags } = journey.counters;
  assert.deepEqual([unknownLines, unknownZones, unknownTags], [1, 2, 1]);
});

test("a transaction happens when the till says it was paid", () => {
  const { journey, told } = startJourney();
  journey.ingest(payment(BOOT - 60_000));
  assert.equal(told[0]?.at, BOOT - 60_000);
  assert.equal(told[0]?.clock, "synced");
  assert.equal(journey.counters.doubtfulPayments, 0);
});

test("a receipt that comes hours late keeps the till's time", () => {
  const { journey, told } = startJourney();
  journey.ingest(payment(BOOT - 7_200_000));
  const [event] = told;
  assert.ok(event?.kind === "transacted");
  assert.deepEqual([event.at, event.timeSource], [BOOT - 7_200_000, "till"]);
});

test("a payment more than five minutes in the future is booked when it arrived, and says so", () => {
  const { journey, told } = startJourney();
  journey.ingest(payment(BOOT + 300_001));
  const [event] = told;
  assert.ok(event?.kind === "transacted");
  assert.deepEqual([event.at, event.timeSource], [BOOT, "arrival"]);
  assert.equal(journey.counters.doubtfulPayments, 1);
});

test("exactly five minutes off is still believed", () => {
  const { journey, told } = startJourney("holdover");
  journey.ingest(payment(BOOT - 300_000));
  assert.equal(told[0]?.clock, "holdover");
});

test("staff presence is recorded as presence and as nothing else", () => {
  const { journey, told } = startJourney();
  journey.ingest(tag("staff", "staff"));
  journey.ingest(tag("basket", "basket"));
  assert.deepEqual(
    told.map(({ kind }) => kind),
    ["tag-presence", "tag-presence"],
  );
  assert.equal(journey.counters.staffPresences, 1);
});

test("a group, an approach and a condition keep what the sensor said of them", () => {
  const { journey, told } = startJourney();
  const group = { cameraId: cameraId("entrance"), direction: "in" } as const;
  const trackIds = [trackId(3), trackId(4)];
  journey.ingest({ ...ORIGIN, kind: "group-crossed", lineId: lineId("door"), ...group, trackIds });
  const approach = { cameraId: cameraId("floor"), trackId: trackId(1), probability: 0.8 };
  const when = { leadMs: 900, horizonMs: 3000 };
  const zone = zoneId("table");
  journey.ingest({ ...ORIGIN, kind: "zone-approached", zoneId: zone, ...approach, ...when });
  const condition = { sensorId: "entrance", sensorKind: "camera", condition: "slow" } as const;
  const measured = { fps: 3.1, targetFps: 8 };
  journey.ingest({ ...ORIGIN, kind: "sensor-condition", ...condition, isPresent: true, measured });
  const head = { source: ORIGIN.source, seq: 7, at: BOOT + 1500, atMono: 1500.4, clock: "synced" };
  assert.deepEqual(told, [
    { ...head, kind: "group-crossed", lineId: "door", role: "door", ...group, trackIds },
    { ...head, kind: "zone-approached", zoneId: "table", ...approach, ...when },
    { ...head, kind: "sensor-condition", ...condition, isPresent: true, measured },
  ]);
});

test("a group at an unknown line and an approach to an unknown zone are told to nobody", () => {
  const { journey, told } = startJourney();
  const where = { cameraId: cameraId("floor"), trackId: trackId(1) };
  const group = { ...where, direction: "in", trackIds: [trackId(1), trackId(2)] } as const;
  journey.ingest({ ...ORIGIN, ...group, kind: "group-crossed", lineId: lineId("nowhere") });
  const forecast = { probability: 1, leadMs: 1, horizonMs: 2 };
  const zone = { zoneId: zoneId("nowhere"), ...forecast };
  journey.ingest({ ...ORIGIN, ...where, ...zone, kind: "zone-approached" });
  assert.deepEqual(told, []);
  assert.deepEqual([journey.counters.unknownLines, journey.counters.unknownZones], [1, 1]);
});

test("news of a sensor passes with its reason", () => {
  const { journey, told } = startJourney();
  journey.ingest({
    ...ORIGIN,
    kind: "sensor-changed",
    sensorId: "entrance",
    sensorKind: "camera",
    state: "blind",
    code: "CAMERA_STALLED",
  });
  const news = told[0];
  assert.ok(news?.kind === "sensor-changed" && news.code === "CAMERA_STALLED");
  assert.equal(journey.counters.events, 1);
});

test("the anchor is asked for each event, so a corrected clock takes effect at once", () => {
  const told: JourneyEvent[] = [];
  let epoch = BOOT;
  const journey = createJourney({
    site: shopSite(),
    anchor: () => ({ mono: monoMs(0), epoch: epochMs(epoch), clock: "synced" }),
    onEvent: (event) => void told.push(event),
  });
  journey.ingest(crossing("door", "in"));
  epoch += 5000;
  journey.ingest(crossing("door", "in"));
  assert.equal((told[1]?.at ?? 0) - (told[0]?.at ?? 0), 5000);
});
