import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { bytesOfHex } from "../bytes.ts";
import { mergeTelemetry, NO_TELEMETRY, readTelemetry, saidAnything } from "./telemetry.ts";

const bytes = (hex: string): Uint8Array => bytesOfHex(hex) ?? assert.fail(`not hex: ${hex}`);

const TLM = "1116aafe20000bb81580000004d200000e10";
const RUUVI_5 = "1bff99040512fc5394c37c0004fffc040cac364200cdcbb8334c884f";
const RUUVI_3 = "11ff990403291a1ece1efc18f94202ca0b53";
const IBEACON = "1aff4c00021500112233445566778899aabbccddeeff0102fffec5";

const cases = [
  { name: "plain Eddystone", ad: TLM, expected: { batteryMv: 3000, temperatureC: 21.5 } },
  {
    name: "RuuviTag 5",
    ad: `020106${RUUVI_5}`,
    expected: { batteryMv: 2977, temperatureC: 24.3, motionCount: 66 },
  },
  { name: "RuuviTag 3", ad: RUUVI_3, expected: { batteryMv: 2899, temperatureC: 26.3 } },
  {
    name: "two frames in one payload, the first counts where both speak",
    ad: TLM + RUUVI_5,
    expected: { batteryMv: 3000, temperatureC: 21.5, motionCount: 66 },
  },
  {
    name: "an identity beside it",
    ad: IBEACON + TLM,
    expected: { batteryMv: 3000, temperatureC: 21.5 },
  },
  {
    name: "Eddystone under the 32-bit form of its UUID",
    ad: "1320aafe000020000bb81580000004d200000e10",
    expected: { batteryMv: 3000, temperatureC: 21.5 },
  },
];
for (const { name, ad, expected } of cases)
  test(`telemetry: ${name}`, () => {
    assert.deepEqual(readTelemetry(bytes(ad)), { ...NO_TELEMETRY, ...expected });
  });

const silent = [
  { name: "an identity alone", ad: IBEACON },
  { name: "nothing", ad: "" },
  { name: "Eddystone that measures nothing", ad: "1116aafe200000008000000004d200000e10" },
  { name: "encrypted Eddystone", ad: "1516aafe2001000102030405060708090a0b1234abcd" },
  {
    name: "a RuuviTag without values",
    ad: "1bff9904058000ffffffff800080008000ffffffffffffffffffffff",
  },
  { name: "plain Eddystone with a byte too many", ad: "1216aafe20000bb81580000004d200000e1000" },
];
for (const { name, ad } of silent)
  test(`no telemetry: ${name}`, () => {
    assert.equal(readTelemetry(bytes(ad)), null);
  });

test("false and zero are said, null is not", () => {
  assert.notEqual(saidAnything({ ...NO_TELEMETRY, isPressed: false }), null);
  assert.notEqual(saidAnything({ ...NO_TELEMETRY, temperatureC: 0 }), null);
  assert.equal(saidAnything(NO_TELEMETRY), null);
});

test("joined with nothing, telemetry stays what it is", () => {
  const said = { ...NO_TELEMETRY, batteryMv: 3000 };
  assert.equal(mergeTelemetry(said, null), said);
  assert.equal(mergeTelemetry(null, said), said);
  assert.equal(mergeTelemetry(null, null), null);
});

test("frames that come in turns are each read as if they came alone", () => {
  const alone = new Map(
    [TLM, RUUVI_5, RUUVI_3, IBEACON].map((ad) => [ad, readTelemetry(bytes(ad))]),
  );
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...alone.keys())), (turns) => {
      for (const ad of turns) assert.deepEqual(readTelemetry(bytes(ad)), alone.get(ad));
    }),
  );
});

test("the address at the end of a RuuviTag frame changes nothing", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 6, maxLength: 6 }), (address) => {
      const payload = bytes(RUUVI_5);
      const before = readTelemetry(payload);
      payload.set(address, payload.length - 6);
      assert.deepEqual(readTelemetry(payload), before);
    }),
  );
});
