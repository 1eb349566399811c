import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  changesInMs,
  epochOf,
  longAdvertisement,
  loyaltyId,
  SERVICE_UUID,
  serviceUuidOf,
  shortAdvertisement,
  shortServiceData,
} from "../docs/app-developers/loyalty-id.ts";
import { epochMs } from "../src/core/brand.ts";
import { LOYALTY_EPOCH_MS, loyaltyEpoch } from "../src/privacy/beacon-crypto.ts";
import { LOYALTY_UUID } from "../src/radio/formats/loyalty.ts";

interface Vector {
  readonly memberKey: string;
  readonly storeGroup: string;
  readonly epoch: number;
  readonly id: string;
  readonly shortAdvertisement: string;
  readonly longAdvertisement: string;
  readonly iphoneServiceUuid: string;
}

const folder = join(import.meta.dirname, "../docs/app-developers");
const { about, identifiers } = JSON.parse(
  readFileSync(join(folder, "test-vectors.json"), "utf8"),
) as { about: { uuid16: number; txPower1mDbm: number }; identifiers: readonly Vector[] };

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const keyOf = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, "hex"));

test("the library for apps makes what the gateway and the centre expect", async () => {
  assert.ok(identifiers.length >= 5);
  for (const one of identifiers) {
    const id = await loyaltyId(keyOf(one.memberKey), one.storeGroup, one.epoch);
    assert.equal(hex(id), one.id);
    const { uuid16, txPower1mDbm } = about;
    assert.equal(hex(shortAdvertisement(id, txPower1mDbm)), one.shortAdvertisement);
    assert.equal(hex(longAdvertisement(id, uuid16, txPower1mDbm)), one.longAdvertisement);
    assert.equal(serviceUuidOf(id), one.iphoneServiceUuid);
    assert.ok(one.shortAdvertisement.endsWith(hex(shortServiceData(id, txPower1mDbm))));
    assert.ok(shortAdvertisement(id, txPower1mDbm).length <= 31, "a legacy advertisement");
  }
});

test("an identifier changes with the epoch, on the same instant for everybody", () => {
  for (const at of [0, 899_999, 900_000, 1_777_600_800_123]) {
    assert.equal(epochOf(at), loyaltyEpoch(epochMs(at)));
    assert.equal(epochOf(at + changesInMs(at)), epochOf(at) + 1);
    assert.equal(epochOf(at + changesInMs(at) - 1), epochOf(at));
  }
  assert.equal(changesInMs(0), LOYALTY_EPOCH_MS);
  assert.equal(SERVICE_UUID, LOYALTY_UUID);
});

test("a wrong key, group or epoch is refused instead of sent", async () => {
  const key = new Uint8Array(16);
  await assert.rejects(loyaltyId(new Uint8Array(15), "g", 1), RangeError);
  await assert.rejects(loyaltyId(key, "", 1), RangeError);
  await assert.rejects(loyaltyId(key, "ø".repeat(33), 1), RangeError);
  for (const epoch of [-1, 1.5, 2 ** 32])
    await assert.rejects(loyaltyId(key, "g", epoch), RangeError);
});

test("the library is one file that needs nothing else, and the page names what it exports", () => {
  const text = readFileSync(join(folder, "loyalty-id.ts"), "utf8");
  assert.doesNotMatch(text, /\bimport\b|\brequire\b|\bBuffer\b|\bprocess\b/);
  const page = readFileSync(join(folder, "../app-developers.md"), "utf8");
  for (const [, name] of text.matchAll(/^export (?:async )?(?:function|const) (\w+)/gm))
    assert.ok(page.includes(`\`${name}`), name);
  for (const linked of ["loyalty-id.ts", "test-vectors.json"]) assert.ok(page.includes(linked));
});
