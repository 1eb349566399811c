import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import test from "node:test";
import fc from "fast-check";
import { readShared } from "../../test/fakes/shared-vectors.ts";
import { epochMs } from "../core/brand.ts";
import {
  ah,
  eddystoneEid,
  exposureIdentifier,
  exposureKey,
  loyaltyEpoch,
  loyaltyId,
  resolves,
} from "./beacon-crypto.ts";

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, "hex"));
const hex = (data: Uint8Array): string => Buffer.from(data).toString("hex");

const IRK = bytes("ec0234a357c8ad05341010a60a397d9b");
const TEK = bytes("75c734c6dd1a782de7a965da5eb93125");
const key = fc.uint8Array({ minLength: 16, maxLength: 16 });

test("the hash of the specification's sample comes out", () => {
  assert.equal(hex(ah(IRK, bytes("708194"))), "0dfbaa");
});

test("an address made with a key resolves with it, and not with one bit of either changed", () => {
  const prand = fc.uint8Array({ minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(key, prand, fc.nat({ max: 47 }), (irk, random, bit) => {
      random[0] = ((random[0] ?? 0) & 0x3f) | 0x40;
      const address = Uint8Array.from([...random, ...ah(irk, random)]);
      assert.equal(resolves(irk, address), true);
      // Only the bits of the hash: a changed random part gives another hash, which may by chance be the same.
      address[3 + (bit >> 4)] = (address[3 + (bit >> 4)] ?? 0) ^ (1 << (bit & 7));
      assert.equal(resolves(irk, address), false);
    }),
  );
});

test("an address that is not resolvable does not resolve, even with the right hash", () => {
  for (const top of ["008194", "808194", "c08194"]) {
    const address = Uint8Array.from([...bytes(top), ...ah(IRK, bytes(top))]);
    assert.equal(resolves(IRK, address), false);
  }
});

test("an ephemeral identifier stays for its period and then changes", () => {
  fc.assert(
    fc.property(key, fc.nat(0xffff_0000), fc.nat(15), (identity, at, rotation) => {
      const period = 2 ** rotation;
      const begin = at - (at % period);
      const eid = hex(eddystoneEid(identity, begin, rotation));
      assert.equal(hex(eddystoneEid(identity, begin + period - 1, rotation)), eid);
      assert.notEqual(hex(eddystoneEid(identity, begin + period, rotation)), eid);
    }),
  );
});

test("the published sample of exposure notifications comes out", () => {
  const rpik = exposureKey(TEK);
  assert.equal(hex(rpik), "185ad91db69ec7dd048960f1f3ba6175");
  assert.equal(hex(exposureIdentifier(rpik, 2_642_976)), "8be6cd371c5c891604bfbe49df845096");
});

const terms = { version: 1, storeGroup: "group-a", epoch: 1_888_888, size: 10 } as const;

test("a loyalty identifier is the beginning of the MAC over the terms as they are written down", () => {
  const text = Buffer.concat([
    Buffer.from("ISTG-RID"),
    Buffer.from([1]),
    Buffer.from("group-a"),
    Buffer.from([0x00, 0x1c, 0xd2, 0x78]),
  ]);
  const mac = createHmac("sha256", TEK).update(text).digest("hex");
  assert.equal(hex(loyaltyId(TEK, terms)), mac.slice(0, 20));
});

test("the short loyalty identifier is the beginning of the long one", () => {
  const long = hex(loyaltyId(TEK, terms));
  assert.equal(hex(loyaltyId(TEK, { ...terms, size: 8 })), long.slice(0, 16));
});

test("another member, group, epoch or version has another loyalty identifier", () => {
  const ids = [
    loyaltyId(TEK, terms),
    loyaltyId(IRK, terms),
    loyaltyId(TEK, { ...terms, storeGroup: "group-b" }),
    loyaltyId(TEK, { ...terms, epoch: terms.epoch + 1 }),
    loyaltyId(TEK, { ...terms, version: 2 }),
  ].map(hex);
  assert.equal(new Set(ids).size, ids.length);
});

test("an epoch is a quarter of an hour", () => {
  assert.equal(loyaltyEpoch(epochMs(0)), 0);
  assert.equal(loyaltyEpoch(epochMs(899_999)), 0);
  assert.equal(loyaltyEpoch(epochMs(1_700_000_000_000)), 1_888_888);
});

test("keys and counters of a wrong size are refused and not named", () => {
  const short = bytes("0badc0de");
  const calls: readonly (() => unknown)[] = [
    () => ah(short, bytes("708194")),
    () => ah(IRK, short),
    () => resolves(IRK, short),
    () => eddystoneEid(short, 0, 0),
    () => eddystoneEid(IRK, 2 ** 32, 0),
    () => eddystoneEid(IRK, 0, 16),
    () => exposureKey(short),
    () => exposureIdentifier(IRK, -1),
    () => loyaltyId(short, terms),
    () => loyaltyId(TEK, { ...terms, storeGroup: "" }),
    () => loyaltyId(TEK, { ...terms, epoch: 1.5 }),
  ];
  for (const call of calls)
    assert.throws(call, (error) => error instanceof RangeError && !/0badc0de/.test(error.message));
});

interface CryptoVectors {
  readonly ah: readonly { irk: string; prand: string; hash: string }[];
  readonly rpa: readonly { irk: string; address: string; resolves: boolean }[];
  readonly eid: readonly { identity_key: string; time_counter: number; K: number; eid: string }[];
  readonly gaen: readonly { tek: string; enin: number; rpik: string; rpi: string }[];
}

const shared = readShared<CryptoVectors>("ble/vectors/crypto.json");
test("recorded values: shared data", { skip: shared === null ? "no shared data" : false }, () => {
  for (const v of shared?.ah ?? []) assert.equal(hex(ah(bytes(v.irk), bytes(v.prand))), v.hash);
  for (const v of shared?.rpa ?? [])
    assert.equal(resolves(bytes(v.irk), bytes(v.address.replaceAll(":", ""))), v.resolves);
  for (const v of shared?.eid ?? [])
    assert.equal(hex(eddystoneEid(bytes(v.identity_key), v.time_counter, v.K)), v.eid);
  for (const v of shared?.gaen ?? []) {
    assert.equal(hex(exposureKey(bytes(v.tek))), v.rpik);
    assert.equal(hex(exposureIdentifier(bytes(v.rpik), v.enin)), v.rpi);
  }
});
