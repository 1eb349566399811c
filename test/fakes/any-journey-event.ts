import { createHash } from "node:crypto";
import fc from "fast-check";
import { epochMs, gatewayId, storeId } from "../../src/core/brand.ts";
import type { JourneyEvent } from "../../src/core/events.ts";
import { AUDIT_OUTCOMES } from "../../src/core/vocabulary.ts";
import type { CloudEventContext } from "../../src/wire/cloud-event.ts";

/** A gateway that dresses events. */
export const wireContext: CloudEventContext = {
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
export const anyJourneyEvent = fc
  .oneof(...kinds)
  .map((event) => structuredClone(event)) as unknown as fc.Arbitrary<JourneyEvent>;
