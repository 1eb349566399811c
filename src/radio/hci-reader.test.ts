import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { type HciCase, type HciExpectation, inVectorWords } from "../../test/fakes/hci-vectors.ts";
import { readFixture, readShared } from "../../test/fakes/shared-vectors.ts";
import { monoMs } from "../core/brand.ts";
import { bytesOfHex } from "./bytes.ts";
import { HciReader } from "./hci-reader.ts";
import { addressNumberAt, addressText } from "./hci-report.ts";

const bytes = (hex: string): Uint8Array => bytesOfHex(hex) ?? assert.fail(`not hex: ${hex}`);

function read(packets: readonly Uint8Array[], gapMs = 1): HciExpectation[] {
  const reports: HciExpectation[] = [];
  const reader = new HciReader((report) => reports.push(inVectorWords(report)));
  packets.forEach((packet, i) => {
    reader.push(packet, monoMs(i * gapMs));
  });
  return reports;
}

for (const { name, events, expect } of readFixture<{ cases: readonly HciCase[] }>(
  "radio/hci-cases.json",
).cases)
  test(`HCI: ${name}`, () => {
    assert.deepEqual(read(events.map(bytes)), expect);
  });

const shared = readShared<{ cases: readonly HciCase[] }>("ble/vectors/hci_events.json");
test("HCI cases: shared data", { skip: shared === null ? "no shared data" : false }, async (t) => {
  for (const { name, events, expect } of shared?.cases ?? [])
    await t.test(name, () => {
      assert.deepEqual(read(events.map(bytes)), expect);
    });
});

test("an address is the same as text and as a number", () => {
  const found: string[] = [];
  const reader = new HciReader((report) => {
    found.push(
      addressNumberAt(report.packet, report.addressAt).toString(16),
      addressText(report).replaceAll(":", ""),
    );
  });
  reader.push(bytes("043e0f02010301fe00800102ff0302011ac4"), monoMs(0));
  assert.deepEqual(found, ["ff02018000fe", "ff02018000fe"]);
});

const FRAGMENT = "043e1b0d01200001554433221144010203" + "00ce000000000000000000" + "01" + "02";

test("fragments whose end does not come are forgotten and counted", () => {
  const reader = new HciReader(() => undefined);
  reader.push(bytes(FRAGMENT), monoMs(0));
  assert.equal(reader.unfinished, 1);
  reader.push(bytes("043e020200"), monoMs(1_000));
  assert.equal(reader.unfinished, 0);
  assert.equal(reader.malformed, 1);
});

test("a flood of beginnings keeps at most sixteen", () => {
  const reader = new HciReader(() => undefined);
  for (let i = 0; i < 5_000; i += 1) {
    const packet = bytes(FRAGMENT);
    packet[9] = i & 255;
    packet[10] = i >> 8;
    reader.push(packet, monoMs(i / 1000));
  }
  assert.equal(reader.unfinished, 16);
  assert.equal(reader.malformed, 5_000 - 16);
});

test("fragments that never end grow to the largest payload and no further", () => {
  let reports = 0;
  const reader = new HciReader(() => {
    reports += 1;
  });
  for (let i = 0; i < 2_000; i += 1) reader.push(bytes(FRAGMENT), monoMs(0));
  assert.equal(reports, 0);
  assert.equal(reader.malformed, 1);
});

test("any bytes are read without a throw", () => {
  const head = fc.constantFrom("", "043e", "043eff02", "043eff0d", "043e2a0203", "043e380d02");
  fc.assert(
    fc.property(head, fc.uint8Array({ maxLength: 255 }), (start, tail) => {
      for (const report of read([Uint8Array.from([...bytes(start), ...tail])]))
        assert.equal(report.address.length, 17);
    }),
    { numRuns: 10_000 },
  );
});

test("every truncation of every case is read without a throw and gives no report that was not there", () => {
  for (const { events, expect } of readFixture<{ cases: readonly HciCase[] }>(
    "radio/hci-cases.json",
  ).cases) {
    const packets = events.map(bytes);
    for (let cut = 0; cut < 40; cut += 1) {
      const reports = read(packets.map((p) => p.subarray(0, Math.max(0, p.length - cut))));
      assert.ok(reports.length <= Math.max(expect.length, events.length));
    }
  }
});
