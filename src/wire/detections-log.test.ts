import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { cameraId, epochMs, gatewayId, monoMs, storeId } from "../core/brand.ts";
import {
  anchorLine,
  cutLine,
  eventLine,
  frameLine,
  headerLine,
  LINE_MEANINGS,
  type LoggedSensorEvent,
  type LogHeader,
  markLine,
  parseLogHeader,
  parseLogLine,
} from "./detections-log.ts";

const HEADER: LogHeader = {
  v: 1,
  kind: "detections",
  storeId: storeId("shop"),
  gatewayId: gatewayId("gw"),
  boot: "b",
  version: "0.1.0",
  cameraId: cameraId("door"),
  run: "3fa91c04-1.2",
  picture: { widthPx: 768, heightPx: 576 },
  nextSeq: 7,
  nextTrackId: 3,
  exact: true,
  bands: { high: 0.3, low: 0.1, newTrack: 0.35 },
  plan: "0123456789abcdef",
  startedAt: epochMs(1_800_000_000_000),
  anchor: { mono: monoMs(12.5), epoch: epochMs(1_800_000_000_000), clock: "synced" },
  standing: { state: "seeing", code: null },
};

test("a header is read back as it was written", () => {
  assert.deepEqual(parseLogHeader(headerLine(HEADER)), { ok: true, value: HEADER });
});

test("every finite 32-bit float and every time comes back to the bit", () => {
  const float = fc.float({ noNaN: true, noDefaultInfinity: true });
  const mono = fc.double({ min: 0, max: 1e10, noNaN: true });
  fc.assert(
    fc.property(mono, fc.array(fc.tuple(float, float, float, float, float)), (t, rows) => {
      const boxes = new Float32Array(rows.flat());
      const line = parseLogLine(frameLine(monoMs(t), boxes));
      assert.ok(line.ok && "t" in line.value);
      assert.equal(line.value.t, t);
      const read = new Float32Array(line.value.d.flat().map((value) => value ?? Number.NaN));
      // A negative zero is written as zero: no comparison and no sum can tell them apart.
      assert.deepEqual(
        read.map((x) => x + 0),
        boxes.map((x) => x + 0),
      );
    }),
    { numRuns: 300 },
  );
});

test("floats are written short, and what is no number as null", () => {
  const boxes = new Float32Array([412.5, 0.1, 1 / 3, Number.NaN, Number.POSITIVE_INFINITY]);
  assert.equal(frameLine(monoMs(1.25), boxes), '{"t":1.25,"d":[[412.5,0.1,0.33333334,null,null]]}');
  assert.equal(frameLine(monoMs(2), new Float32Array()), '{"t":2,"d":[]}');
});

const event: LoggedSensorEvent = {
  kind: "sensor-changed",
  source: "camera-state:door#a",
  seq: 1,
  atMono: monoMs(9),
  sensorId: "door",
  sensorKind: "camera",
  state: "blind",
  code: "CAMERA_FROZEN",
};
const life = { run: "a.1", picture: HEADER.picture, bands: HEADER.bands };
const lines = [
  {
    key: "t",
    text: frameLine(monoMs(1), new Float32Array(5)),
    value: { t: 1, d: [[0, 0, 0, 0, 0]] },
  },
  { key: "blind", text: markLine("blind", monoMs(1)), value: { blind: 1 } },
  { key: "over", text: markLine("over", monoMs(1)), value: { over: 1 } },
  { key: "open", text: JSON.stringify({ open: life }), value: { open: life } },
  { key: "anchor", text: anchorLine(HEADER.anchor), value: { anchor: HEADER.anchor } },
  { key: "event", text: eventLine(event), value: { event } },
  { key: "end", text: markLine("end", monoMs(1)), value: { end: 1 } },
  {
    key: "cut",
    text: cutLine(monoMs(1), "slow-reader"),
    value: { cut: { t: 1, why: "slow-reader" } },
  },
];
for (const { key, text, value } of lines) {
  test(`a line of kind ${key} is read back as it was written`, () => {
    assert.deepEqual(parseLogLine(text), { ok: true, value });
  });
}

test("every kind of line has a meaning and was tried here", () => {
  assert.deepEqual(lines.map(({ key }) => key).sort(), Object.keys(LINE_MEANINGS).sort());
});

test("any text is a line or a list of faults, never an exception", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      for (const outcome of [parseLogLine(text), parseLogHeader(text)])
        assert.ok(outcome.ok || outcome.error.length > 0);
    }),
  );
});
