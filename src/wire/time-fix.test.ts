import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { epochMs, gatewayId, storeId } from "../core/brand.ts";
import { type CloudEvent, isoTime, readCloudEvent } from "./cloud-event.ts";
import { retimed, timeFixOf } from "./time-fix.ts";

const TRUE_AT = epochMs(Date.UTC(2026, 10, 20, 9));
const WRONG_AT = epochMs(Date.UTC(2024, 0, 1));
const SOURCE = `/stores/${storeId("shop1")}/gateways/${gatewayId("gw1")}/door`;

function event(over: Partial<CloudEvent>): CloudEvent {
  return {
    specversion: "1.0",
    id: "id-1",
    source: SOURCE,
    type: "vitrine.sensor-changed",
    time: isoTime(WRONG_AT),
    datacontenttype: "application/json",
    recordedtime: isoTime(WRONG_AT),
    clock: "unsynced",
    boot: "b1",
    monoMs: "1000",
    sourceseq: 0,
    data: { sensorId: "door", sensorKind: "camera", state: "seeing", code: null },
    ...over,
  };
}

const fixEvent = event({
  type: "vitrine.time-fix",
  time: isoTime(TRUE_AT),
  clock: "synced",
  monoMs: "61000.4",
  data: { boot: "b1", offsetMs: 5 },
});
const fix = timeFixOf(fixEvent) ?? assert.fail("no fix");

test("an event of the life before its clock was set gets the time it really had, under its own id", () => {
  const mended = retimed(event({}), fix) ?? assert.fail("not mended");
  assert.equal(mended.time, isoTime(epochMs(TRUE_AT - 60_000)));
  assert.deepEqual(
    [mended.id, mended.clock, mended.recordedtime],
    ["id-1", "holdover", isoTime(WRONG_AT)],
  );
  assert.equal(readCloudEvent(mended).kind, "journey");
  assert.equal(retimed(mended, fix), null, "once only");
});

test("whatever the wall clock did meanwhile, distances become those of the monotonic clock", () => {
  const at = fc.integer({ min: 0, max: 4_000_000_000_000 });
  const mono = fc.integer({ min: 0, max: 60_000 });
  fc.assert(
    fc.property(at, at, mono, mono, (wallA, wallB, monoA, monoB) => {
      const [a, b] = [
        [wallA, monoA],
        [wallB, monoB],
      ].map(([wall = 0, ms = 0]) =>
        retimed(event({ time: isoTime(epochMs(wall)), monoMs: String(ms) }), fix),
      );
      const span = Date.parse(b?.time ?? "") - Date.parse(a?.time ?? "");
      assert.equal(span, monoB - monoA);
    }),
    { numRuns: 50, seed: 3 },
  );
});

test("the instants inside a visit move with it, those of a till do not", () => {
  const stays = [{ zoneId: "z", enteredAt: WRONG_AT - 500, dwellMs: 400, isCensored: false }];
  const receipts = [{ receiptId: "R", paidAt: WRONG_AT }];
  const data = { visitId: "v", enteredAt: WRONG_AT - 900, exitedAt: WRONG_AT, stays, receipts };
  const mended = retimed(event({ type: "vitrine.completed", data }), fix) ?? assert.fail();
  const at = TRUE_AT - 60_000;
  assert.deepEqual(mended.data, {
    ...{ visitId: "v", enteredAt: at - 900, exitedAt: at, receipts },
    stays: [{ ...stays[0], enteredAt: at - 500 }],
  });
});

test("another life, a clock that was known and a till's time are left alone", () => {
  assert.equal(retimed(event({ boot: "b2" }), fix), null);
  assert.equal(retimed(event({ clock: "holdover" }), fix), null);
  const paid = { type: "vitrine.transacted", data: { timeSource: "till" } };
  assert.equal(retimed(event(paid), fix), null);
  assert.notEqual(retimed(event({ ...paid, data: { timeSource: "arrival" } }), fix), null);
  assert.equal(timeFixOf(event({})), null);
});
