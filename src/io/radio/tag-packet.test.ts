import assert from "node:assert/strict";
import { test } from "node:test";
import { monoMs, receiverId } from "../../core/brand.ts";
import { decodeBeacons } from "../../radio/beacon.ts";
import { hexText } from "../../radio/bytes.ts";
import { HciReader } from "../../radio/hci-reader.ts";
import { addressText } from "../../radio/hci-report.ts";
import type { AdvertisingReport } from "../../radio/source.ts";
import { ibeaconPayload } from "./hci-packets.ts";
import { tagPacket } from "./tag-packet.ts";

const ADDRESS = "e1:a2:b3:c4:d5:f6";
const FORWARD = "e1a2b3c4d5f6";
const BACKWARD = "f6d5c4b3a2e1";
const IDENTITY = Uint8Array.from({ length: 20 }, (_, i) => i);

function report(payload: Uint8Array, rssiDbm: number | null = -71): AdvertisingReport {
  return {
    receiverId: receiverId("till"),
    atMono: monoMs(1000),
    address: ADDRESS,
    addressKind: "random-static",
    payload,
    rssiDbm,
  };
}

/** What a receiver makes of the packet. */
function heard(
  packet: Uint8Array,
): { payload: Uint8Array; rssiDbm: number | null; address: string }[] {
  const all: { payload: Uint8Array; rssiDbm: number | null; address: string }[] = [];
  const reader = new HciReader((read) =>
    all.push({ payload: read.payload.slice(), rssiDbm: read.rssiDbm, address: addressText(read) }),
  );
  reader.push(packet, monoMs(0));
  return all;
}

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));

test("a recorded packet holds the same beacon and level, and another address", () => {
  const payload = ibeaconPayload(IDENTITY, -59);
  const packet = tagPacket(258, report(payload));
  assert.ok(packet !== null);
  const [read] = heard(packet);
  assert.deepEqual(decodeBeacons(read?.payload ?? bytes("")), decodeBeacons(payload));
  assert.equal(read?.rssiDbm, -71);
  assert.equal(read?.address, "c0:ff:ff:00:01:02");
  assert.ok(!hexText(packet).includes(FORWARD) && !hexText(packet).includes(BACKWARD));
});

test("an address repeated in the payload is replaced in both orders, and its structures are left out", () => {
  const vendor = `0bff3906${FORWARD}0102`;
  const service = `0a16e1ff${BACKWARD}07`;
  const name = `0709${Buffer.from("Tag D5", "latin1").toString("hex")}`;
  const packet = tagPacket(1, report(bytes(`020106${vendor}${service}${name}`)));
  assert.ok(packet !== null);
  const text = hexText(packet);
  assert.ok(!text.includes(FORWARD) && !text.includes(BACKWARD));
  const kept = hexText(heard(packet)[0]?.payload ?? bytes(""));
  assert.equal(kept, "0201060bff3906c0ffff00000101020a16e1ff010000ffffc007");
  const told = tagPacket(1, report(bytes(`020106091b00${BACKWARD}`)));
  assert.equal(hexText(heard(told ?? bytes(""))[0]?.payload ?? bytes("")), "020106");
});

test("a long payload becomes an extended report, one too long for a packet none", () => {
  const long = Uint8Array.from([99, 0xff, ...new Array(98).fill(7)]);
  const [read] = heard(tagPacket(1, report(long, null)) ?? bytes(""));
  assert.deepEqual(read?.payload, long);
  assert.equal(read?.rssiDbm, null);
  const longest = Uint8Array.from([239, 0xff, ...new Array(238).fill(7)]);
  assert.equal(tagPacket(1, report(longest)), null);
});
