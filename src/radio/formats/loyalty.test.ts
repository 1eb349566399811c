import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { decodeBeacons } from "../beacon.ts";
import { bytesOfHex, hexText } from "../bytes.ts";
import {
  createLoyaltySpot,
  LOYALTY_UUID,
  LOYALTY_UUIDS,
  type LoyaltyUuids,
  nextLoyalty,
} from "./loyalty.ts";

const bytes = (hex: string): Uint8Array => bytesOfHex(hex) ?? assert.fail(`not hex: ${hex}`);

/** As if the SIG had assigned this one. */
const ASSIGNED: LoyaltyUuids = { ...LOYALTY_UUIDS, uuid16: 0xfd0d };
const OURS = hexText(Uint8Array.from(bytes(LOYALTY_UUID.replaceAll("-", ""))).reverse());
const LONG = "11160dfd1a0102030405060708090ac5aabb";
const SHORT = `1b21${OURS}181112131415161718c4`;

test("the form under an assigned 16-bit UUID has ten bytes, power and a tag", () => {
  assert.deepEqual(decodeBeacons(bytes(`020106${LONG}`), ASSIGNED), [
    { format: "loyalty", version: 1, rid: "0102030405060708090a", txPower1mDbm: -59, tag: "aabb" },
  ]);
});

test("the form under our 128-bit UUID has eight bytes and power, and fills a legacy advert", () => {
  const payload = bytes(`020106${SHORT}`);
  assert.equal(payload.length, 31);
  assert.deepEqual(decodeBeacons(payload), [
    { format: "loyalty", version: 1, rid: "1112131415161718", txPower1mDbm: -60, tag: null },
  ]);
});

test("both forms are read from one payload, one after the other", () => {
  const payload = bytes(LONG + SHORT);
  const spot = createLoyaltySpot();
  const first = nextLoyalty(payload, 0, spot, ASSIGNED);
  assert.deepEqual(spot, { ridFrom: 5, ridBytes: 10, txPower1mDbm: -59 });
  const second = nextLoyalty(payload, first, spot, ASSIGNED);
  assert.deepEqual(spot, { ridFrom: LONG.length / 2 + 19, ridBytes: 8, txPower1mDbm: -60 });
  assert.equal(nextLoyalty(payload, second, spot, ASSIGNED), -1);
});

const refused = [
  { name: "the long form while no UUID is assigned", ad: LONG, uuids: LOYALTY_UUIDS },
  {
    name: "eight bytes under the 16-bit UUID",
    ad: `0d160dfd18${"01".repeat(8)}c5`,
    uuids: ASSIGNED,
  },
  { name: "no tag", ad: `0f160dfd1a${"01".repeat(10)}c5`, uuids: ASSIGNED },
  { name: "half a tag", ad: `10160dfd1a${"01".repeat(10)}c5aa`, uuids: ASSIGNED },
  { name: "a byte behind the tag", ad: `12160dfd1a${"01".repeat(10)}c5aabbcc`, uuids: ASSIGNED },
  { name: "another version", ad: LONG.replace("fd1a", "fd2a"), uuids: ASSIGNED },
  { name: "another length", ad: LONG.replace("fd1a", "fd19"), uuids: ASSIGNED },
  { name: "another service", ad: LONG.replace("0dfd", "0efd"), uuids: ASSIGNED },
  { name: "another 128-bit UUID", ad: SHORT.replace(OURS, `00${OURS.slice(2)}`), uuids: ASSIGNED },
  { name: "nothing behind the UUID", ad: `1121${OURS}`, uuids: ASSIGNED },
];
for (const { name, ad, uuids } of refused)
  test(`no loyalty identifier: ${name}`, () => {
    const payload = bytes(ad);
    assert.equal(payload.length, 1 + (payload[0] ?? 0), "the structure itself is whole");
    assert.equal(nextLoyalty(payload, 0, createLoyaltySpot(), uuids), -1);
  });

test("an identifier is found between any other structures, and lies inside the payload", () => {
  const other = fc.uint8Array({ minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(fc.array(other), fc.array(other), (before, after) => {
      // Type 0x2a belongs to none of the formats.
      const around = (list: Uint8Array[]): number[] =>
        list.flatMap((value) => [value.length + 1, 0x2a, ...value]);
      const payload = Uint8Array.from([...around(before), ...bytes(SHORT), ...around(after)]);
      const spot = createLoyaltySpot();
      assert.ok(nextLoyalty(payload, 0, spot, LOYALTY_UUIDS) > 0);
      assert.equal(hexText(payload, spot.ridFrom, spot.ridFrom + 8), "1112131415161718");
    }),
  );
});
