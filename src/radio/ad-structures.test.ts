import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { readShared } from "../../test/fakes/shared-vectors.ts";
import { adEnd, adIntegrity } from "./ad-structures.ts";
import { bytesOfHex, hexText, signedByteAt } from "./bytes.ts";

interface Structure {
  readonly type: number;
  readonly value: string;
}

function structuresOf(payload: Uint8Array): Structure[] {
  const found: Structure[] = [];
  for (let at = 0, end = adEnd(payload, 0); end > 0; at = end, end = adEnd(payload, at))
    found.push({ type: payload[at + 1] ?? 0, value: hexText(payload, at + 2, end) });
  return found;
}

const bytes = (hex: string): Uint8Array => bytesOfHex(hex) ?? assert.fail(`not hex: ${hex}`);

test("every structure is found in order, repeated types included", () => {
  assert.deepEqual(structuresOf(bytes("02010603ff0a0b04ff0c0d0e")), [
    { type: 1, value: "06" },
    { type: 255, value: "0a0b" },
    { type: 255, value: "0c0d0e" },
  ]);
});

test("a structure of length one has an empty value", () => {
  assert.deepEqual(structuresOf(bytes("0109020106")), [
    { type: 9, value: "" },
    { type: 1, value: "06" },
  ]);
});

test("what stands before a length that points past the end is kept", () => {
  const payload = bytes("02010620ffaabb");
  assert.deepEqual(structuresOf(payload), [{ type: 1, value: "06" }]);
  assert.equal(adIntegrity(payload), "cut");
});

test("a zero length ends the data and padding behind it is whole", () => {
  const payload = bytes("0201060000ff");
  assert.deepEqual(structuresOf(payload), [{ type: 1, value: "06" }]);
  assert.equal(adIntegrity(payload), "whole");
});

test("an empty payload is whole and holds nothing", () => {
  assert.deepEqual(structuresOf(new Uint8Array(0)), []);
  assert.equal(adIntegrity(new Uint8Array(0)), "whole");
});

test("any bytes are walked without a throw, forwards, and within the payload", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 260 }), (payload) => {
      let at = 0;
      for (let end = adEnd(payload, 0); end > 0; end = adEnd(payload, at)) {
        assert.ok(end > at && end <= payload.length);
        at = end;
      }
      adIntegrity(payload);
    }),
    { numRuns: 10_000 },
  );
});

test("structures written one after another are read back", () => {
  const structure = fc.record({
    type: fc.integer({ min: 0, max: 255 }),
    value: fc.uint8Array({ maxLength: 20 }),
  });
  fc.assert(
    fc.property(fc.array(structure, { maxLength: 8 }), (list) => {
      const payload = Uint8Array.from(
        list.flatMap((s) => [s.value.length + 1, s.type, ...s.value]),
      );
      const wanted = list.map((s) => ({ type: s.type, value: hexText(s.value) }));
      assert.deepEqual(structuresOf(payload), wanted);
    }),
  );
});

interface GapVectors {
  readonly vectors: readonly {
    readonly segments: readonly string[];
    readonly expected: {
      readonly local_name: string | null;
      readonly service_uuids: readonly string[];
      readonly service_data: Readonly<Record<string, string>>;
      readonly manufacturer_data: Readonly<Record<string, string>>;
      readonly tx_power: number | null;
    };
  }[];
}

const BASE = "-0000-1000-8000-00805f9b34fb";
const UUID_BYTES: Readonly<Record<number, number>> = { 2: 2, 3: 2, 4: 4, 5: 4, 6: 16, 7: 16 };
const DATA_BYTES: Readonly<Record<number, number>> = { 22: 2, 32: 4, 33: 16 };

/** UUID as text from its bytes as sent, least significant first. */
function uuidOf(sent: string): string {
  const hex = Buffer.from(sent, "hex").reverse().toString("hex");
  if (hex.length < 32) return `${hex.padStart(8, "0")}${BASE}`;
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function uuidsOf({ type, value }: Structure): string[] {
  const size = UUID_BYTES[type] ?? 0;
  const count = size === 0 ? 0 : Math.floor(value.length / 2 / size);
  return Array.from({ length: count }, (_, i) =>
    uuidOf(value.slice(2 * size * i, 2 * size * (i + 1))),
  );
}

function serviceDataOf({ type, value }: Structure): [string, string][] {
  const size = DATA_BYTES[type] ?? 0;
  if (size === 0 || value.length / 2 <= size) return [];
  return [[uuidOf(value.slice(0, 2 * size)), value.slice(2 * size)]];
}

function nameOf(structures: readonly Structure[], type: number): string | null {
  const found = structures.find((s) => s.type === type && s.value !== "");
  return found === undefined ? null : Buffer.from(found.value, "hex").toString("utf8");
}

/** Reference summary over the walker, in the words of the recorded expectations. */
function summary(segments: readonly string[]): GapVectors["vectors"][number]["expected"] {
  const all = segments.flatMap((s) => structuresOf(bytes(s)));
  const makers = all.filter((s) => s.type === 255 && s.value.length >= 4);
  const power = all.findLast((s) => s.type === 10 && s.value.length === 2);
  return {
    local_name: nameOf(all, 9) ?? nameOf(all, 8),
    service_uuids: all.flatMap(uuidsOf),
    service_data: Object.fromEntries(all.flatMap(serviceDataOf)),
    manufacturer_data: Object.fromEntries(
      makers.map((s) => [String(Buffer.from(s.value, "hex").readUInt16LE(0)), s.value.slice(4)]),
    ),
    tx_power: power === undefined ? null : signedByteAt(bytes(power.value), 0),
  };
}

const gap = readShared<GapVectors>("ble/vectors/gap_parse.json");
test("recorded payloads: shared data", {
  skip: gap === null ? "no shared data" : false,
}, async (t) => {
  for (const vector of gap?.vectors ?? [])
    await t.test(`payload ${vector.segments.join(" + ")}`, () => {
      assert.deepEqual(summary(vector.segments), vector.expected);
    });
});
