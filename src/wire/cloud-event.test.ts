import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  anyJourneyEvent as anyEvent,
  wireContext as context,
} from "../../test/fakes/any-journey-event.ts";
import { epochMs, gatewayId } from "../core/brand.ts";
import type { JourneyEvent } from "../core/events.ts";
import {
  cloudEventType,
  fromCloudEvent,
  readCloudEvent,
  STREAM_OF,
  toCloudEvent,
} from "./cloud-event.ts";
import { EVENT_FIELDS } from "./event-fields.ts";

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
