import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import fc from "fast-check";
import { hexText } from "../bytes.ts";
import { LOYALTY_UUIDS } from "../formats/loyalty.ts";
import { MemberIds } from "./member-ids.ts";

const bytes = (hex: string): Uint8Array =>
  Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));

function found(payload: Uint8Array, uuid16: number | null = 0xfd0d): string[] {
  const ids = new MemberIds({ ...LOYALTY_UUIDS, uuid16 });
  const all: string[] = [];
  for (let at = ids.next(payload, 0); at > 0; at = ids.next(payload, at)) {
    const { spot } = ids;
    const id = hexText(spot.bytes, spot.from, spot.from + spot.size);
    all.push(`${spot.kind} ${id} ${spot.txPower1mDbm}`);
  }
  return all;
}

interface Vectors {
  readonly identifiers: readonly Readonly<Record<string, string>>[];
}
const FILE = new URL("../../../docs/app-developers/test-vectors.json", import.meta.url);
const vectors = JSON.parse(readFileSync(FILE, "utf8")) as Vectors;

test("every advertisement of the test vectors for apps is read as it was meant", () => {
  for (const one of vectors.identifiers) {
    const id = one["id"] ?? "";
    assert.deepEqual(found(bytes(one["shortAdvertisement"] ?? "")), [`rid ${id.slice(0, 16)} -59`]);
    assert.deepEqual(found(bytes(one["longAdvertisement"] ?? "")), [`rid ${id} -59`]);
    assert.deepEqual(found(bytes(one["iphoneAdvertisement"] ?? "")), [`rid ${id} -59`]);
  }
});

test("a tag's or card's Eddystone-EID frame is found, other Eddystone frames are not", () => {
  assert.deepEqual(found(bytes("0303aafe 0d16aafe30f1df8e76bbfec4efc5")), [
    "eid df8e76bbfec4efc5 -56",
  ]);
  assert.deepEqual(found(bytes("0303aafe 1116aafe20000bb81580000004d200000e10")), []);
  assert.deepEqual(found(bytes("0303aafe 1016aafe10e70367657470617265746f07")), []);
  assert.deepEqual(found(bytes("0303aafe 0c16aafe30f1df8e76bbfec4ef")), [], "a byte too short");
});

test("several identifiers in one payload are all found, and UUIDs of others are passed over", () => {
  const iphone = vectors.identifiers[0]?.["iphoneAdvertisement"]?.slice(10) ?? "";
  const others = "00112233445566778899aabbccddeeff";
  assert.equal(found(bytes(`2106${others}${iphone}`)).length, 1);
  const both = `0d16aafe30f1df8e76bbfec4efc5 1107${iphone}`;
  assert.equal(found(bytes(both)).length, 2);
  assert.deepEqual(found(bytes(`1107${others}`)), []);
});

test("without an assigned UUID the long form is nobody's", () => {
  assert.deepEqual(found(bytes(vectors.identifiers[0]?.["longAdvertisement"] ?? ""), null), []);
});

test("any bytes are searched without an error, and what is found lies inside", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (payload) => {
      const ids = new MemberIds({ ...LOYALTY_UUIDS, uuid16: 0xfd0d });
      for (let at = ids.next(payload, 0); at > 0; at = ids.next(payload, at))
        assert.ok(ids.spot.from + ids.spot.size <= ids.spot.bytes.length);
    }),
  );
});
