import assert from "node:assert/strict";
import test from "node:test";
import { tagId } from "../core/brand.ts";
import type { BeaconIdentity, TagPlan } from "../core/site.ts";
import { createBeaconSpot, nextBeacon } from "./beacon.ts";
import { createTagRegistry, identityBytes } from "./tag-registry.ts";

const UUID = "00112233-4455-6677-8899-aabbccddeeff";
const tag = (id: string, beacon: BeaconIdentity): TagPlan => ({
  id: tagId(id),
  kind: "basket",
  beacon,
});
const ibeacon = (major: number, minor: number): BeaconIdentity => ({
  format: "ibeacon",
  uuid: UUID,
  major,
  minor,
});

function payloadOf(beacon: BeaconIdentity): Uint8Array {
  const head = {
    ibeacon: [0x1a, 0xff, 0x4c, 0, 2, 0x15],
    altbeacon: [0x1b, 0xff, 0x18, 1, 0xbe, 0xac],
    "eddystone-uid": [0x15, 0x16, 0xaa, 0xfe, 0, 0xe7],
  }[beacon.format];
  return Uint8Array.from([2, 1, 6, ...head, ...identityBytes(beacon), 0xc5, 0]);
}

function find(registry: ReturnType<typeof createTagRegistry>, payload: Uint8Array): number {
  const spot = createBeaconSpot();
  return nextBeacon(payload, 0, spot) > 0 ? registry.indexOf(payload, spot) : -1;
}

test("each of the three formats is found by its identity", () => {
  const tags = [
    tag("a", ibeacon(1, 65_535)),
    tag("b", {
      format: "eddystone-uid",
      namespace: "00010203040506070809",
      instance: "a1a2a3a4a5a6",
    }),
    tag("c", { format: "altbeacon", id: "00112233445566778899aabbccddeeff00010002" }),
  ];
  const registry = createTagRegistry(tags);
  for (const [index, { beacon }] of tags.entries())
    assert.equal(find(registry, payloadOf(beacon)), index);
});

test("a device that is not registered is not found", () => {
  const registry = createTagRegistry([tag("a", ibeacon(1, 1))]);
  assert.equal(find(registry, payloadOf(ibeacon(1, 2))), -1);
  assert.equal(find(registry, Uint8Array.from([2, 1, 6])), -1);
  assert.equal(find(createTagRegistry([]), payloadOf(ibeacon(1, 1))), -1);
});

test("the same bytes in another format are another device", () => {
  const id = "00112233445566778899aabbccddeeff00010001";
  const registry = createTagRegistry([tag("a", ibeacon(1, 1))]);
  assert.equal(find(registry, payloadOf({ format: "altbeacon", id })), -1);
});

test("of two tags with one identity the first is kept", () => {
  const registry = createTagRegistry([tag("a", ibeacon(1, 1)), tag("b", ibeacon(1, 1))]);
  assert.equal(find(registry, payloadOf(ibeacon(1, 1))), 0);
});

test("twenty thousand tags are all found", () => {
  const tags = Array.from({ length: 20_000 }, (_, i) => tag(`t${i}`, ibeacon(i >> 8, i & 255)));
  const registry = createTagRegistry(tags);
  for (const [index, { beacon }] of tags.entries())
    assert.equal(find(registry, payloadOf(beacon)), index);
});
