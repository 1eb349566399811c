import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { epochMs, gatewayId, storeId } from "../core/brand.ts";
import type { JourneyEvent } from "../core/events.ts";
import { AUDIT_OUTCOMES } from "../core/vocabulary.ts";
import {
  type CloudEventContext,
  cloudEventType,
  fromCloudEvent,
  readCloudEvent,
  STREAM_OF,
  toCloudEvent,
} from "./cloud-event.ts";
import { EVENT_FIELDS } from "./event-fields.ts";

const context: CloudEventContext = {
  gatewayId: gatewayId("gw1"),
  storeId: storeId("shop1"),
  boot: "b1",
  recordedAt: epochMs(Date.UTC(2026, 4, 1, 10)),
  hash: (text) => createHash("sha256").update(text).digest("hex").slice(0, 32),
};

const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/);
const count = fc.nat({ max: 2 ** 31 - 1 });
const head = {
  source: fc.string({ minLength: 1, maxLength: 40, unit: "grapheme-ascii" }),
  seq: count,
  at: fc.integer({ min: 0, max: 4e12 }),
  atMono: fc.double({ min: 0, max: 1e10, noNaN: true }).map((ms) => Math.round(ms * 1000) / 1000),
  clock: fc.constantFrom("synced", "holdover", "unsynced"),
};
const share = fc.double({ min: 0, max: 1, noNaN: true }).map((x) => Math.abs(x));
const instant = fc.integer({ min: 0, max: 4e12 });
const outcome = fc.constantFrom("served", "abandoned", "balked", "unknown");
const queue = { kind: fc.constant("queue-joined"), zoneId: id };
const kinds = [
  fc.record({
    ...head,
    kind: fc.constant("group-crossed"),
    cameraId: id,
    lineId: id,
    role: fc.constantFrom("door", "passing", "internal"),
    direction: fc.constantFrom("in", "out"),
    trackIds: fc.array(count, { minLength: 2, maxLength: 16 }),
  }),
  fc.record({
    ...head,
    kind: fc.constant("zone-approached"),
    cameraId: id,
    zoneId: id,
    trackId: count,
    probability: share,
    leadMs: count,
    horizonMs: fc.integer({ min: 1, max: 60_000 }),
  }),
  fc.record({
    ...head,
    kind: fc.constant("sensor-condition"),
    sensorId: id,
    sensorKind: fc.constantFrom("camera", "radio"),
    condition: fc.constantFrom("moved", "low-light", "slow", "unstable"),
    isPresent: fc.boolean(),
    measured: fc.constantFrom({}, { fps: 2.5, targetFps: 8 }),
  }),
  fc.record({
    ...head,
    kind: fc.constantFrom("entered", "exited", "passed"),
    cameraId: id,
    lineId: id,
    role: fc.constantFrom("door", "passing", "internal"),
    trackId: count,
    direction: fc.constantFrom("in", "out"),
    confidence: share,
    path: fc.array(fc.tuple(fc.integer({ min: -2000, max: 500 }), share, share), { maxLength: 16 }),
  }),
  fc.record({
    ...head,
    kind: fc.constant("zone-entered"),
    cameraId: id,
    zoneId: id,
    trackId: count,
  }),
  fc.record({
    ...head,
    kind: fc.constant("zone-exited"),
    cameraId: id,
    zoneId: id,
    trackId: count,
    dwellMs: count,
    censored: fc.boolean(),
  }),
  fc.record({
    ...head,
    kind: fc.constant("tag-presence"),
    tagId: id,
    tagKind: fc.constantFrom("basket", "cart", "staff", "asset", "loyalty-card"),
    state: fc.constantFrom("outside", "passing", "inside"),
    previous: fc.constantFrom("outside", "passing", "inside"),
  }),
  fc.record({
    ...head,
    kind: fc.constant("transacted"),
    timeSource: fc.constantFrom("till", "arrival"),
    receiptId: fc.stringMatching(/^[!-~]{1,64}$/),
    transactionKind: fc.constantFrom("sale", "refund", "exchange"),
    netMinor: fc.integer(),
    units: count,
  }),
  fc.record({
    ...head,
    kind: fc.constant("track-renamed"),
    cameraId: id,
    from: count,
    to: count,
    isUndone: fc.boolean(),
  }),
  fc.oneof(
    fc.record({ ...head, ...queue, cameraId: id, trackId: count, tagId: fc.constant(null) }),
    fc.record({
      ...head,
      ...queue,
      cameraId: fc.constant(null),
      trackId: fc.constant(null),
      tagId: id,
    }),
  ),
  fc.record({
    ...head,
    kind: fc.constant("queue-left"),
    cameraId: id,
    trackId: count,
    tagId: fc.constant(null),
    zoneId: id,
    waitMs: count,
    outcome,
  }),
  fc.record({
    ...head,
    kind: fc.constant("basket-changed"),
    tagId: id,
    change: fc.constantFrom("add", "remove", "return-to-shelf"),
    sku: fc.option(fc.stringMatching(/^[!-~]{1,64}$/)),
    units: fc.integer({ min: 1, max: 99 }),
    zoneId: fc.option(id),
  }),
  fc.record({
    ...head,
    kind: fc.constant("completed"),
    visitId: id,
    revision: count,
    isWithdrawn: fc.boolean(),
    method: fc.constantFrom("track", "tag"),
    tagKind: fc.constantFrom(null, "basket", "cart", "loyalty-card"),
    tagId: fc.option(id),
    enteredAt: instant,
    exitedAt: instant,
    isEntrySeen: fc.boolean(),
    isExitSeen: fc.boolean(),
    entryLineId: fc.option(id),
    exitLineId: fc.option(id),
    endedBy: fc.constantFrom("exit", "silence", "lost", "closing", "day-end", "sensor"),
    reentries: count,
    isStaff: fc.boolean(),
    stays: fc.array(
      fc.record({ zoneId: id, enteredAt: instant, dwellMs: count, isCensored: fc.boolean() }),
      { maxLength: 4 },
    ),
    staysDropped: count,
    queues: fc.array(fc.record({ zoneId: id, waitMs: count, outcome }), { maxLength: 3 }),
    basket: fc.option(fc.record({ added: count, removed: count, returned: count })),
    receipts: fc.array(
      fc.record({
        receiptId: fc.stringMatching(/^[!-~]{1,64}$/),
        transactionKind: fc.constantFrom("sale", "refund", "exchange", "click-collect"),
        paidAt: instant,
        netMinor: fc.integer(),
        units: count,
      }),
      { maxLength: 3 },
    ),
    began: fc.record({ source: fc.stringMatching(/^[a-z]+:[a-z0-9#]{1,20}$/), seq: count }),
  }),
  fc.record({
    ...head,
    kind: fc.constant("audited"),
    action: fc.constantFrom("config", "command"),
    subjectId: id,
    name: id,
    version: fc.option(count),
    outcome: fc.constantFrom(...AUDIT_OUTCOMES),
    detail: fc.string({ maxLength: 512 }),
  }),
  fc.record({ ...head, kind: fc.constant("time-fix"), boot: id, offsetMs: fc.integer() }),
  fc.record({
    ...head,
    kind: fc.constant("sensor-changed"),
    sensorId: id,
    sensorKind: fc.constantFrom("camera", "radio"),
    state: fc.constantFrom("starting", "seeing", "blind", "stopped"),
    code: fc.constantFrom(null, "CAMERA_STALLED", "RADIO_SILENT"),
  }),
] as const;
// The generator makes plain values; the brands of ids and clocks exist only for the compiler.
const anyEvent = fc
  .oneof(...kinds)
  .map((event) => structuredClone(event)) as unknown as fc.Arbitrary<JourneyEvent>;

const crossing = {
  kind: "entered",
  source: "camera:door#1",
  seq: 7,
  at: Date.UTC(2026, 4, 1, 9, 59),
  atMono: 12.5,
  clock: "synced",
  cameraId: "door",
  lineId: "l1",
  role: "door",
  trackId: 3,
  direction: "in",
  confidence: 0.5,
  path: [],
} as unknown as JourneyEvent;

test("reading what was written gives the event back, for every kind", () => {
  fc.assert(
    fc.property(anyEvent, (event) => {
      const text = JSON.stringify(toCloudEvent(event, context));
      assert.deepEqual(fromCloudEvent(JSON.parse(text)), { ok: true, value: event });
    }),
    { numRuns: 500 },
  );
});

test("the id depends on gateway, source, sequence and type, and on nothing else", () => {
  const same = toCloudEvent({ ...crossing, at: epochMs(1) }, { ...context, boot: "b2" });
  assert.equal(same.id, toCloudEvent(crossing, context).id);
  const others = [
    toCloudEvent({ ...crossing, seq: 8 }, context),
    toCloudEvent({ ...crossing, source: "camera:door#2" }, context),
    toCloudEvent(crossing, { ...context, gatewayId: gatewayId("gw2") }),
  ];
  assert.equal(new Set([same, ...others].map((event) => event.id)).size, 4);
});

test("attributes follow CloudEvents 1.0", () => {
  assert.deepEqual(toCloudEvent(crossing, context), {
    specversion: "1.0",
    id: context.hash('["gw1","camera:door#1",7,"vitrine.entered"]'),
    source: "/stores/shop1/gateways/gw1/camera%3Adoor%231",
    type: "vitrine.entered",
    time: "2026-05-01T09:59:00.000Z",
    subject: "line/l1",
    datacontenttype: "application/json",
    recordedtime: "2026-05-01T10:00:00.000Z",
    clock: "synced",
    boot: "b1",
    monoMs: "12.5",
    sourceseq: 7,
    data: {
      cameraId: "door",
      lineId: "l1",
      role: "door",
      trackId: 3,
      direction: "in",
      confidence: 0.5,
      path: [],
    },
  });
});

test("a type of a later version is told apart from a malformed event", () => {
  const later = { ...toCloudEvent(crossing, context), type: "vitrine.shelf-emptied" };
  assert.equal(readCloudEvent(later).kind, "unknown");
  const outcome = fromCloudEvent(later);
  assert.deepEqual(outcome.ok === false && outcome.error[0]?.path, "type");
});

test("a fault code of a later version is read as no code", () => {
  const event = { ...crossing, kind: "sensor-changed", sensorId: "s", sensorKind: "camera" };
  const wire = toCloudEvent(event as unknown as JourneyEvent, context);
  const data = { sensorId: "s", sensorKind: "camera", state: "blind", code: "CAMERA_ON_FIRE" };
  const reading = readCloudEvent({ ...wire, data });
  assert.ok(reading.kind === "journey" && reading.event.kind === "sensor-changed");
  assert.equal(reading.kind === "journey" && "code" in reading.event && reading.event.code, null);
});

const good = toCloudEvent(crossing, context);
const refused: readonly { name: string; value: unknown; path: string }[] = [
  { name: "nothing", value: null, path: "" },
  { name: "no id", value: { ...good, id: undefined }, path: "id" },
  {
    name: "another version of CloudEvents",
    value: { ...good, specversion: "0.3" },
    path: "specversion",
  },
  { name: "a time without zone", value: { ...good, time: "2026-05-01T09:59:00" }, path: "time" },
  { name: "a foreign source", value: { ...good, source: "urn:x" }, path: "source" },
  {
    name: "a broken escape in the source",
    value: { ...good, source: "/stores/a/gateways/b/%" },
    path: "source",
  },
  {
    name: "an attribute with an illegal name",
    value: { ...good, extraThing: 1 },
    path: "extraThing",
  },
  {
    name: "a field too many in data",
    value: { ...good, data: { ...good.data, x: 1 } },
    path: "data.x",
  },
  {
    name: "a wrong type in data",
    value: { ...good, data: { ...good.data, trackId: "3" } },
    path: "data.trackId",
  },
];
for (const { name, value, path } of refused) {
  test(`an event with ${name} is refused at "${path}"`, () => {
    const outcome = fromCloudEvent(value);
    assert.ok(!outcome.ok);
    assert.equal(outcome.error[0]?.path, path);
  });
}

test("an extension attribute of another sender is let through", () => {
  assert.equal(fromCloudEvent({ ...good, traceparent: "00-abc-def-01" }).ok, true);
});

test("no value makes the reader throw", () => {
  fc.assert(
    fc.property(fc.anything(), fc.dictionary(fc.string(), fc.anything()), (any, data) => {
      fromCloudEvent(any);
      fromCloudEvent({ ...good, data });
      fromCloudEvent({ ...good, ...data });
    }),
  );
});

test("every kind has a stream and a type of its own", () => {
  const kinds = Object.keys(STREAM_OF);
  const types = kinds.map((kind) => cloudEventType(kind as JourneyEvent["kind"]));
  assert.equal(new Set(types).size, kinds.length);
  assert.deepEqual([...kinds].sort(), Object.keys(EVENT_FIELDS).sort());
});
