import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { readFixture, readShared } from "../../test/fakes/shared-vectors.ts";
import {
  type BeaconFrame,
  createBeaconSpot,
  decodeBeacons,
  IDENTITY_BYTES,
  nextBeacon,
} from "./beacon.ts";
import { bytesOfHex } from "./bytes.ts";

const bytes = (hex: string): Uint8Array => bytesOfHex(hex) ?? assert.fail(`not hex: ${hex}`);

interface BeaconCases {
  readonly cases: readonly {
    readonly name: string;
    readonly ad: string;
    readonly frames: readonly BeaconFrame[];
  }[];
}

for (const { name, ad, frames } of readFixture<BeaconCases>("radio/beacon-cases.json").cases)
  test(`beacon: ${name}`, () => {
    assert.deepEqual(decodeBeacons(bytes(ad)), frames);
  });

test("any bytes decode to frames or to nothing, without a throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 260 }), (payload) => {
      assert.ok(Array.isArray(decodeBeacons(payload)));
    }),
    { numRuns: 10_000 },
  );
});

test("every truncation and every changed byte of a beacon is read without a throw", () => {
  for (const { ad } of readFixture<BeaconCases>("radio/beacon-cases.json").cases) {
    const whole = bytes(ad);
    for (let length = 0; length < whole.length; length += 1) {
      decodeBeacons(whole.subarray(0, length));
      const changed = Uint8Array.from(whole);
      changed[length] = (changed[length] ?? 0) ^ 0xff;
      decodeBeacons(changed);
    }
  }
});

test("the spot of a beacon always lies inside the payload", () => {
  const head = fc.constantFrom(
    "1aff4c000215",
    "1bff1801beac",
    "1516aafe00e7",
    "1116aafe2000",
    "1520aafe000000",
    "",
  );
  fc.assert(
    fc.property(head, fc.uint8Array({ maxLength: 40 }), (start, tail) => {
      const payload = Uint8Array.from([...bytes(start), ...tail]);
      const spot = createBeaconSpot();
      for (let at = nextBeacon(payload, 0, spot); at > 0; at = nextBeacon(payload, at, spot)) {
        const size = { ibeacon: 20, altbeacon: 20, "eddystone-uid": 16, "eddystone-tlm": 12 };
        assert.ok(spot.idFrom + size[spot.format] <= spot.to && spot.to <= payload.length);
      }
    }),
    { numRuns: 10_000 },
  );
});

test("the walk over a payload finds what decoding it finds, among any other structures", () => {
  const known = readFixture<BeaconCases>("radio/beacon-cases.json").cases.map(({ ad }) =>
    bytes(ad),
  );
  const other = fc
    .uint8Array({ minLength: 1, maxLength: 30 })
    .map((value) => Uint8Array.from([value.length, ...value]));
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constantFrom(...known), other)), (parts) => {
      const payload = Uint8Array.from(parts.flatMap((part) => [...part]));
      const walked: string[] = [];
      const spot = createBeaconSpot();
      for (let at = nextBeacon(payload, 0, spot); at > 0; at = nextBeacon(payload, at, spot))
        walked.push(`${spot.format} ${spot.txPower1mDbm}`);
      const decoded = decodeBeacons(payload).flatMap((frame) => {
        if (frame.format === "eddystone-tlm") return [`${frame.format} 0`];
        return frame.format in IDENTITY_BYTES && "txPower1mDbm" in frame
          ? [`${frame.format} ${frame.txPower1mDbm}`]
          : [];
      });
      assert.deepEqual(walked, decoded);
    }),
    { numRuns: 2_000 },
  );
});

test("frames that one device sends in turns are decoded apart: a reused spot keeps nothing", () => {
  const turns = ["iBeacon after flags", "Eddystone-TLM", "Eddystone-UID of 18 bytes", "AltBeacon"];
  const { cases } = readFixture<BeaconCases>("radio/beacon-cases.json");
  const payloads = turns.map((name) => bytes(cases.find((c) => c.name === name)?.ad ?? "-"));
  const alone = payloads.map((payload) => {
    const spot = createBeaconSpot();
    nextBeacon(payload, 0, spot);
    return spot;
  });
  const reused = createBeaconSpot();
  for (let round = 0; round < 3; round += 1)
    for (const [i, payload] of payloads.entries()) {
      assert.ok(nextBeacon(payload, 0, reused) > 0);
      assert.deepEqual(reused, alone[i]);
    }
});

test("the address inside of a RuuviTag frame is in nothing that is decoded", () => {
  const payload = bytes("1bff99040512fc5394c37c0004fffc040cac364200cdcbb8334c884f");
  assert.doesNotMatch(JSON.stringify(decodeBeacons(payload)), /cbb8|334c|884f/i);
});

interface AltBeaconVectors {
  readonly vectors: readonly {
    readonly name: string;
    readonly ad: string;
    readonly expected: Readonly<Record<string, string | number>>;
  }[];
}

/** Our frame in the words of the recorded expectations: AltBeacon ids as uuid, major, minor. */
function inTheirWords(frame: BeaconFrame): Record<string, string | number> {
  if (frame.format === "altbeacon") {
    const { id, companyId, txPower1mDbm, makerByte } = frame;
    return {
      format: "altbeacon",
      company: companyId,
      id1: id.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"),
      id2: Number.parseInt(id.slice(32, 36), 16),
      id3: Number.parseInt(id.slice(36), 16),
      txPower: txPower1mDbm,
      mfgReserved: makerByte ?? -1,
    };
  }
  if (frame.format !== "eddystone-uid") return { format: frame.format };
  const { format, namespace, instance, txPower0mDbm, txPower1mDbm } = frame;
  return { format, namespace, instance, txPowerAt0m: txPower0mDbm, txPowerAt1m: txPower1mDbm };
}

const alt = readShared<AltBeaconVectors>("ble/vectors/altbeacon.json");
test("recorded beacons: shared data", {
  skip: alt === null ? "no shared data" : false,
}, async (t) => {
  for (const vector of alt?.vectors ?? [])
    await t.test(vector.name, () => {
      const frames = decodeBeacons(bytes(vector.ad)).map(inTheirWords);
      // The overflow area of a phone is nobody's tag and is not decoded.
      if (vector.expected["format"] === "apple-overflow") return assert.deepEqual(frames, []);
      for (const [key, value] of Object.entries(vector.expected))
        assert.equal(frames[0]?.[key], value, key);
    });
});
