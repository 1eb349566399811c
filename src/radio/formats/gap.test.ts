import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { inGapWords } from "../../../bench/eval/advert-gap.ts";
import { readShared } from "../../../test/fakes/shared-vectors.ts";
import { bytesOfHex, hexText } from "../bytes.ts";
import { type GapFields, readGap } from "./gap.ts";

const bytes = (hex: string): Uint8Array => bytesOfHex(hex) ?? assert.fail(`not hex: ${hex}`);
const read = (...segments: readonly string[]): GapFields => readGap(segments.map(bytes));
const text = (value: string): string => Buffer.from(value, "utf8").toString("hex");
const ad = (type: string, value: string): string =>
  (value.length / 2 + 1).toString(16).padStart(2, "0") + type + value;

const names = [
  { name: "the complete one", payload: ad("09", text("Tag")), expected: "Tag" },
  { name: "the short one if there is no other", payload: ad("08", text("T")), expected: "T" },
  {
    name: "the complete one, also behind the short one",
    payload: ad("08", text("T")) + ad("09", text("Tag")),
    expected: "Tag",
  },
  {
    name: "the complete one, also before the short one",
    payload: ad("09", text("Tag")) + ad("08", text("T")),
    expected: "Tag",
  },
  { name: "accents", payload: ad("09", text("Körbe")), expected: "Körbe" },
  { name: "what is not UTF-8", payload: ad("09", "41ff42"), expected: "A\ufffdB" },
  { name: "none from an empty structure", payload: "0109", expected: null },
];
for (const { name, payload, expected } of names)
  test(`GAP name: ${name}`, () => {
    assert.equal(read(payload).localName, expected);
  });

test("UUID lists of all lengths come as 128-bit text, in the order in which they are sent", () => {
  const payload = `${ad("03", "aafee1ff")}${ad("05", "78563412")}${ad("07", "99e1c44ba02a5385e542ee31367965c0")}`;
  assert.deepEqual(read(payload).serviceUuids, [
    "0000feaa-0000-1000-8000-00805f9b34fb",
    "0000ffe1-0000-1000-8000-00805f9b34fb",
    "12345678-0000-1000-8000-00805f9b34fb",
    "c0657936-31ee-42e5-8553-2aa04bc4e199",
  ]);
});

test("what is left over at the end of a UUID list is not a UUID", () => {
  assert.deepEqual(read(ad("02", "aafee1")).serviceUuids, ["0000feaa-0000-1000-8000-00805f9b34fb"]);
});

test("every structure of a company and of a service is there, repeated ones as well", () => {
  const fields = read(
    ad("ff", "4c0010") + ad("ff", "4c0012") + ad("16", "0f1845") + ad("20", "0f18000046"),
  );
  assert.deepEqual(
    fields.manufacturerData.map(({ companyId, data }) => [companyId, hexText(data)]),
    [
      [76, "10"],
      [76, "12"],
    ],
  );
  assert.deepEqual(
    fields.serviceData.map(({ uuid, data }) => [uuid, hexText(data)]),
    [
      ["0000180f-0000-1000-8000-00805f9b34fb", "45"],
      ["0000180f-0000-1000-8000-00805f9b34fb", "46"],
    ],
  );
});

test("a company and a service without data are there with nothing", () => {
  const fields = read(ad("ff", "0101") + ad("16", "0f18"));
  assert.deepEqual(fields.manufacturerData, [{ companyId: 257, data: new Uint8Array(0) }]);
  assert.equal(fields.serviceData[0]?.data.length, 0);
});

test("power, flags, appearance and address of a page are read", () => {
  const { txPowerDbm, flags, appearance, uri } = read(
    ad("01", "06") + ad("0a", "f4") + ad("19", "4002") + ad("24", `17${text("//example.org")}`),
  );
  assert.deepEqual([txPowerDbm, flags, appearance, uri], [-12, 6, 576, "https://example.org"]);
});

test("a field of the wrong length and a scheme that is not known are passed over", () => {
  const { txPowerDbm, appearance, uri } = read(
    ad("0a", "0080") + ad("19", "40") + ad("24", "0361"),
  );
  assert.deepEqual([txPowerDbm, appearance, uri], [null, null, null]);
});

test("what stands before a cut structure is kept, and so is the response behind it", () => {
  const fields = read(`${ad("09", text("Tag"))}20ffaabb`, ad("0a", "04"));
  assert.deepEqual([fields.localName, fields.txPowerDbm, fields.manufacturerData], ["Tag", 4, []]);
});

test("padding between an advert and its response is skipped", () => {
  assert.equal(read(`020106000000${ad("09", text("Tag"))}`).localName, "Tag");
});

test("any bytes in any number of segments are read without a throw", () => {
  const payload = fc.uint8Array({ maxLength: 260 });
  fc.assert(
    fc.property(fc.array(payload, { maxLength: 3 }), (segments) => {
      const { serviceUuids } = readGap(segments);
      assert.ok(
        serviceUuids.every((uuid) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(uuid)),
      );
    }),
    { numRuns: 5_000 },
  );
});

interface GapVectors {
  readonly vectors: readonly { readonly segments: readonly string[]; readonly expected: object }[];
}

const shared = readShared<GapVectors>("ble/vectors/gap_parse.json");
test("recorded payloads: shared data", {
  skip: shared === null ? "no shared data" : false,
}, async (t) => {
  for (const { segments, expected } of shared?.vectors ?? [])
    await t.test(segments.join(" + "), () => {
      assert.deepEqual(inGapWords(read(...segments)), expected);
    });
});
