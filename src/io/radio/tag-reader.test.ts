import assert from "node:assert/strict";
import { test } from "node:test";
import { BASKET } from "../../../test/fakes/floor-shop.ts";
import { monoMs, receiverId } from "../../core/brand.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import type { HciReport } from "../../radio/hci-report.ts";
import type { AdvertisingReport } from "../../radio/source.ts";
import { createTagBook, identityBytes } from "../../radio/tag-registry.ts";
import { ibeaconPayload } from "./hci-packets.ts";
import { TagReader } from "./tag-reader.ts";
import { createVendorTelemetry } from "./vendor-telemetry.ts";

const NAME = ibeaconPayload(identityBytes(BASKET.beacon), -59);
const VENDOR = Uint8Array.from([5, 0xff, 0x39, 0x06, 1, 2]);
const book = createTagBook([BASKET]);

function report(payload: Uint8Array, sender: number, isByController = false): AdvertisingReport {
  const bytes = [sender & 255, (sender >> 8) & 255, 0, 0, 0, 0xc0];
  const packet = Uint8Array.from(bytes);
  const hci = { packet, addressAt: 0 } as Partial<HciReport> as HciReport;
  return {
    receiverId: receiverId("till"),
    atMono: monoMs(0),
    get address(): string {
      assert.ok(!isByController, "no text is made of an address on the way of a packet");
      return `device ${sender}`;
    },
    addressKind: "random-static",
    payload,
    rssiDbm: -70,
    ...(isByController ? { hci } : {}),
  };
}

for (const isByController of [true, false])
  test(`frames without a name are of the tag last named from that address (by a controller: ${isByController})`, () => {
    const reader = new TagReader(book, SILENT_LOG);
    assert.equal(reader.tagOf(0, report(VENDOR, 1, isByController)), -1);
    assert.equal(reader.tagOf(0, report(NAME, 1, isByController)), 0);
    assert.equal(reader.tagOf(0, report(VENDOR, 1, isByController)), 0);
    assert.equal(reader.tagOf(0, report(VENDOR, 256, isByController)), -1);
    assert.equal(reader.tagOf(1, report(VENDOR, 1, isByController)), -1);
  });

test("what had to be left out is told, and nothing while nothing was", () => {
  const refusing = {
    manufacturer: () => assert.fail("no such frame"),
    service: () => null,
  };
  const reader = new TagReader(book, SILENT_LOG, createVendorTelemetry(SILENT_LOG, refusing));
  assert.deepEqual(reader.texts(), []);
  for (let sender = 0; sender < 8_193; sender += 1) reader.tagOf(0, report(NAME, sender));
  for (let i = 0; i < 60; i += 1) reader.telemetryIn(0, VENDOR, monoMs(2_000 * i));
  assert.deepEqual(reader.texts(), [
    ["addresses of tags forgotten early", "2048"],
    ["vendor frames not readable", "50"],
    ["vendor decoders switched off", "manufacturer 0639 minew"],
  ]);
});
