import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { type Log, SILENT_LOG } from "../../core/lifecycle.ts";
import { bytesOfHex } from "../../radio/bytes.ts";
import { NO_TELEMETRY } from "../../radio/formats/telemetry.ts";
import type { TagTelemetry } from "../../radio/telemetry.ts";
import { VENDOR_PROCESSORS, type VendorLibraries } from "./vendor-guard.ts";
import { createVendorTelemetry } from "./vendor-telemetry.ts";

const bytes = (hex: string): Uint8Array => bytesOfHex(hex) ?? assert.fail(`not hex: ${hex}`);
const structure = (type: string, code: string, data: string): string =>
  ((code + data).length / 2 + 1).toString(16).padStart(2, "0") + type + code + data;
const maker = (code: string, data: string): string => structure("ff", code, data);
const service = (code: string, data: string): string => structure("16", code, data);
const read = (ad: string): TagTelemetry | null => createVendorTelemetry(SILENT_LOG).read(bytes(ad));

const ADDRESS = "aabbccddeeff";
const IBEACON = "1aff4c00021500112233445566778899aabbccddeeff0102fffec5";

/** Frames written after the vendors' layouts, with what a person reads in them. */
const frames: readonly {
  readonly name: string;
  readonly ad: string;
  readonly said: Partial<TagTelemetry>;
}[] = [
  {
    name: "Minew temperature and humidity, 99 %, 25.5 degrees",
    ad: service("e1ff", `a1016319804000${ADDRESS}`),
    said: { batteryRatio: 0.99, temperatureC: 25.5 },
  },
  {
    name: "Minew vibration, shaken",
    ad: service("e1ff", `a1186400000000 01${ADDRESS}`.replace(" ", "")),
    said: { batteryRatio: 1, isMoving: true },
  },
  {
    name: "Minew infra-red sensor: somebody else moves, not the tag",
    ad: service("e1ff", `a111640001${ADDRESS}`),
    said: { batteryRatio: 1 },
  },
  {
    name: "Minew switch, button pressed, still",
    ad: maker("3906", "5101056320ff0f"),
    said: { batteryRatio: 0.99, isPressed: true, isMoving: false },
  },
  {
    name: "MOKO proximity beacon, moving, 3.0 V",
    ad: maker("620a", `02100100${ADDRESS}0000000000000bb8`),
    said: { batteryMv: 3000, isMoving: true },
  },
  {
    name: "ELA movement: six changes, moving now",
    ad: maker("5707", "420d00"),
    said: { isMoving: true, motionCount: 6 },
  },
  {
    name: "ELA touch, pressed",
    ad: maker("5707", "b20300"),
    said: { isPressed: true },
  },
  { name: "ELA battery in percent", ad: maker("5707", "f132"), said: { batteryRatio: 0.5 } },
  { name: "ELA battery in volts", ad: maker("5707", "f2ac0b"), said: { batteryMv: 2988 } },
  { name: "ELA below freezing", ad: maker("5707", "12d7fd"), said: { temperatureC: -5.53 } },
  {
    name: "Laird contact tracer, moving, 206 times 16 mV",
    ad: maker("7700", "81ff00000000665544332211100000000000000100ce0000".slice(0, 48)),
    said: { isMoving: true, batteryMv: 3296 },
  },
  {
    name: "EnOcean switch, first rocker pressed",
    ad: maker("da03", "01000000030bfd5f17"),
    said: { isPressed: true },
  },
  {
    name: "the assigned battery service, 69 %",
    ad: service("192a", "45"),
    said: { batteryRatio: 0.69 },
  },
  {
    name: "the assigned battery service under the 128-bit form of its UUID",
    ad: structure("21", "fb349b5f8000008000100000192a0000", "45"),
    said: { batteryRatio: 0.69 },
  },
  {
    name: "two makers and an iBeacon in one payload",
    ad: maker("5707", "f132") + IBEACON + maker("5707", "420d00"),
    said: { batteryRatio: 0.5, isMoving: true, motionCount: 6 },
  },
];
for (const { name, ad, said } of frames)
  test(`vendor telemetry: ${name}`, () => {
    assert.deepEqual(read(ad), { ...NO_TELEMETRY, ...said });
  });

const silent = [
  { name: "an iBeacon", ad: IBEACON },
  { name: "an infra-red sensor that tells nothing else", ad: maker("5707", "920d00") },
  { name: "a maker without a decoder (Kontakt)", ad: service("6afe", "0306020550e43c0e0a") },
  { name: "an address alone", ad: maker("5707", `06${ADDRESS}`) },
  {
    name: "Eddystone, which is decoded elsewhere",
    ad: service("aafe", "20000bb81580000004d200000e10"),
  },
  {
    name: "a RuuviTag, which is decoded elsewhere",
    ad: maker("9904", "0512fc5394c37c0004fffc040cac364200cdcbb8334c884f"),
  },
  { name: "more than a hundred percent", ad: maker("5707", "f1c8") },
  { name: "no volts", ad: maker("5707", "f20000") },
  { name: "a frame that is cut", ad: maker("620a", "0201") },
];
for (const { name, ad } of silent)
  test(`no vendor telemetry: ${name}`, () => {
    assert.equal(read(ad), null);
  });

test("what a device writes into free JSON counts only as far as it is a value that can be", () => {
  const json = (value: unknown): string =>
    maker("9005", Buffer.from(JSON.stringify(value)).toString("hex"));
  assert.deepEqual(read(json({ temperature: 21.5, batteryPercentage: "100" })), {
    ...NO_TELEMETRY,
    temperatureC: 21.5,
  });
  for (const value of [
    [1, 2],
    { isButtonPressed: [1] },
    { isButtonPressed: [] },
    { temperature: 1e9 },
  ])
    assert.equal(read(json(value)), null);
  assert.equal(read(json(JSON.parse('{"__proto__":{"temperature":20}}'))), null);
});

test("no identifier of a device is in what is handed on", () => {
  for (const { ad } of frames)
    assert.doesNotMatch(JSON.stringify(read(ad)), /aabb|ccdd|eeff|ffee|1122|3344/i);
});

/** Libraries that do as told, and a log that remembers. */
function rig(behave: () => unknown) {
  const lines: { fields: Readonly<Record<string, unknown>>; message: string }[] = [];
  const given: Buffer[] = [];
  const called = (data: Buffer): unknown => {
    given.push(data);
    return behave();
  };
  const libraries: VendorLibraries = {
    manufacturer: (_, data) => called(data),
    service: (_, data) => called(data),
  };
  const warn: Log["warn"] = (fields, message) => void lines.push({ fields, message });
  return { telemetry: createVendorTelemetry({ ...SILENT_LOG, warn }, libraries), lines, given };
}

const ELA = bytes(maker("5707", "f132"));
const MOKO = bytes(maker("620a", "0201"));

test("a decoder that throws fifty times in a row is switched off, with one line and no bytes in it", () => {
  const { telemetry, lines, given } = rig(() => {
    throw new Error("planted f132");
  });
  for (let i = 0; i < 200; i += 1) assert.equal(telemetry.read(ELA), null);
  assert.equal(given.length, 50);
  assert.equal(lines.length, 1);
  assert.doesNotMatch(JSON.stringify(lines), /f132|planted/);
  const { throws, switchedOff } = telemetry.counts();
  assert.deepEqual(throws, { "manufacturer 0757 ela-innovation": 50 });
  assert.deepEqual(switchedOff, ["manufacturer 0757 ela-innovation"]);
  telemetry.read(MOKO);
  assert.equal(given.length, 51, "the others go on");
});

test("one success in between and a decoder stays on", () => {
  let calls = 0;
  const { telemetry, lines } = rig(() => {
    calls += 1;
    if (calls % 50 === 0) return { batteryPercentage: 50 };
    throw new Error("cut");
  });
  for (let i = 0; i < 1_000; i += 1) telemetry.read(ELA);
  assert.equal(calls, 1_000);
  assert.deepEqual([lines, telemetry.counts().switchedOff], [[], []]);
});

test("results that are not plain bounded data are refused and counted", () => {
  const loop: Record<string, unknown> = { temperature: 20 };
  loop["self"] = loop;
  const results = ["text", 7, [1], loop, { temperature: 20, text: "x".repeat(5_000) }];
  let at = 0;
  const { telemetry } = rig(() => results[at++]);
  for (const _ of results) assert.equal(telemetry.read(ELA), null);
  assert.equal(telemetry.counts().refused, results.length);
});

test("what phones say is handed to no library, whatever else stands beside it", () => {
  const { telemetry, given } = rig(() => null);
  telemetry.read(bytes("0aff4c0010050a1c77f95b"));
  telemetry.read(bytes(`17166ffd${"5a".repeat(16)}40f00000`));
  telemetry.read(bytes(IBEACON));
  assert.equal(given.length, 0);
  assert.ok(!VENDOR_PROCESSORS.some(({ code }) => code === 0x4c || code === 0xfd6f));
});

test("a library gets a copy: what it keeps does not change with the next packet, nor the packet with it", () => {
  const { telemetry, given } = rig(() => null);
  const payload = Uint8Array.from(ELA);
  telemetry.read(payload);
  payload.fill(0);
  assert.equal(given[0]?.toString("hex"), "f132");
});

test("of a payload at most sixteen structures are handed on, of one that cannot be none", () => {
  const { telemetry, given } = rig(() => null);
  telemetry.read(Uint8Array.from(Array.from({ length: 40 }, () => [...ELA]).flat()));
  assert.equal(given.length, 16);
  telemetry.read(Uint8Array.from(Array.from({ length: 400 }, () => [...ELA]).flat()));
  assert.equal(given.length, 16);
});

test("any data under the code of any decoder is read without a throw", () => {
  const telemetry = createVendorTelemetry(SILENT_LOG);
  const processor = fc.constantFrom(...VENDOR_PROCESSORS);
  fc.assert(
    fc.property(processor, fc.uint8Array({ maxLength: 30 }), ({ kind, code }, data) => {
      const type = kind === "manufacturer" ? 0xff : 0x16;
      telemetry.read(Uint8Array.from([data.length + 3, type, code & 255, code >> 8, ...data]));
    }),
    { numRuns: 10_000 },
  );
});
