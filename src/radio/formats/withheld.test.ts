import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { adEnd } from "../ad-structures.ts";
import { createBeaconSpot, decodeBeacons, nextBeacon } from "../beacon.ts";
import { bytesOfHex } from "../bytes.ts";
import { readTelemetry } from "./telemetry.ts";
import { countWithheld, createWithheldCounts, type WithheldCounts } from "./withheld.ts";

const bytes = (hex: string): Uint8Array => bytesOfHex(hex) ?? assert.fail(`not hex: ${hex}`);

function counted(...payloads: readonly Uint8Array[]): WithheldCounts {
  const counts = createWithheldCounts();
  for (const payload of payloads) countWithheld(payload, counts);
  return counts;
}

const NEARBY = "0aff4c0010050a1c77f95b";
const FIND_MY = `1eff4c001219${"a5".repeat(25)}`;
const EXPOSURE = `17166ffd${"5a".repeat(16)}40f00000`;
const IBEACON = "1aff4c00021500112233445566778899aabbccddeeff0102fffec5";

const cases = [
  { name: "nearby", ad: NEARBY, kind: "apple-continuity" },
  { name: "Find My", ad: FIND_MY, kind: "find-my" },
  { name: "overflow area", ad: `14ff4c0001${"00".repeat(16)}`, kind: "apple-continuity" },
  { name: "an iBeacon that is cut", ad: "06ff4c00021500", kind: "apple-continuity" },
  { name: "Apple without data", ad: "03ff4c00", kind: "apple-continuity" },
  { name: "exposure notification", ad: EXPOSURE, kind: "exposure-notification" },
  {
    name: "exposure notification under the 128-bit form of its UUID",
    ad: `2521fb349b5f80000080001000006ffd0000${"5a".repeat(20)}`,
    kind: "exposure-notification",
  },
] as const;
for (const { name, ad, kind } of cases)
  test(`withheld: ${name}`, () => {
    const payload = bytes(ad);
    assert.equal(adEnd(payload, 0), payload.length, "the structure itself is whole");
    assert.deepEqual(counted(payload), { ...createWithheldCounts(), [kind]: 1 });
    assert.deepEqual(decodeBeacons(payload), []);
    assert.equal(nextBeacon(payload, 0, createBeaconSpot()), -1);
    assert.equal(readTelemetry(payload), null);
  });

test("an iBeacon, other makers and other services are not withheld", () => {
  const others = [IBEACON, "06ff4d00021500", "1116aafe20000bb81580000004d200000e10", "03ff4c"];
  assert.deepEqual(counted(...others.map(bytes)), createWithheldCounts());
});

test("several in one payload are all counted", () => {
  const counts = counted(bytes(NEARBY + FIND_MY + IBEACON + NEARBY + EXPOSURE));
  assert.deepEqual(counts, { "apple-continuity": 2, "find-my": 1, "exposure-notification": 1 });
});

test("whatever a phone says, nothing of it is decoded", () => {
  const said = fc.uint8Array({ maxLength: 40 });
  const head = fc.constantFrom([0xff, 0x4c, 0x00], [0x16, 0x6f, 0xfd]);
  fc.assert(
    fc.property(head, said, (start, rest) => {
      const isBeacon = start[0] === 0xff && rest[0] === 2 && rest[1] === 0x15;
      fc.pre(!isBeacon && !(rest[0] === 0xbe && rest[1] === 0xac));
      const payload = Uint8Array.from([start.length + rest.length, ...start, ...rest]);
      assert.deepEqual(decodeBeacons(payload), []);
    }),
  );
});
