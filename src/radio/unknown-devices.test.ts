import assert from "node:assert/strict";
import { test } from "node:test";
import { monoMs } from "../core/brand.ts";
import { UnknownDevices } from "./unknown-devices.ts";

/** A veil under which the stand-ins can be read, so that what is remembered can be told. */
function openVeil(): { standIn: (address: string) => string; generation: number } {
  return { standIn: (address) => `veiled ${address}`, generation: 1 };
}

function crowd(devices: UnknownDevices, count: number, atMs: number): void {
  for (let i = 0; i < count; i += 1) devices.heard(`device ${i}`, monoMs(atMs));
}

test("a small group is not told, a group is", () => {
  const devices = new UnknownDevices({ veil: openVeil(), minGroup: 5 });
  crowd(devices, 4, 0);
  assert.deepEqual(devices.view(monoMs(1)), { count: null, minGroup: 5, evicted: 0 });
  crowd(devices, 5, 2);
  assert.equal(devices.view(monoMs(3)).count, 5);
});

test("a device that falls silent is forgotten after two minutes, one that goes on is not", () => {
  const devices = new UnknownDevices({ veil: openVeil(), minGroup: 5 });
  crowd(devices, 12, 0);
  crowd(devices, 6, 60_000);
  devices.advance(monoMs(120_000));
  assert.equal(devices.size, 12);
  devices.advance(monoMs(120_001));
  assert.equal(devices.size, 6);
  devices.advance(monoMs(180_001));
  assert.equal(devices.size, 0);
});

test("hearing others is enough to forget who has been silent, whether or not anybody asks", () => {
  const devices = new UnknownDevices({ veil: openVeil(), minGroup: 5 });
  crowd(devices, 12, 0);
  devices.heard("somebody else", monoMs(120_001));
  assert.equal(devices.size, 1);
});

test("a new key makes everything known before forgotten", () => {
  const veil = openVeil();
  const devices = new UnknownDevices({ veil, minGroup: 5 });
  crowd(devices, 20, 0);
  veil.generation = 2;
  crowd(devices, 7, 10);
  assert.equal(devices.view(monoMs(11)).count, 7);
});

test("a flood of addresses is bounded and counted", () => {
  const devices = new UnknownDevices({ veil: openVeil(), minGroup: 5 });
  crowd(devices, 10_500, 0);
  assert.equal(devices.size, 10_000);
  assert.equal(devices.view(monoMs(1)).evicted, 500);
});

test("a smallest group below five is refused", () => {
  assert.throws(() => new UnknownDevices({ veil: openVeil(), minGroup: 4 }), RangeError);
});
