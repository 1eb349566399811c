import assert from "node:assert/strict";
import test from "node:test";
import { GatewayError } from "../../src/core/errors.ts";
import { parseVideoTruth, planOfTruth } from "./video-truth.ts";

const ROOM = JSON.stringify({
  width: 200,
  height: 100,
  fps: 10,
  anchor_lines: "box centre",
  lines: {
    exit: { a: [150, 0], b: [150, 100], left_to_right: 2, right_to_left: 0 },
    entry: { a: [0, 80], b: [100, 80], bottom_to_top: 2, top_to_bottom: 1, trap: "none" },
  },
  zone_display: {
    polygon: [
      [10, 10],
      [90, 10],
      [90, 90],
    ],
    visits: 2,
  },
  persons: [
    { cross_exit_s: 4, cross_entry_s: 1, zone_enter_s: 1.5, zone_leave_s: 3.5, zone_dwell_s: 1.9 },
    { cross_exit_s: 9, zone_enter_s: 6, zone_leave_s: 8 },
  ],
});

test("picture directions become sides of the line as it is drawn", () => {
  const { lines } = parseVideoTruth(ROOM, "room");
  assert.deepEqual(lines[0]?.directions, [
    { direction: "in", label: "left_to_right", count: 2 },
    { direction: "out", label: "right_to_left", count: 0 },
  ]);
  assert.deepEqual(lines[1]?.directions, [
    { direction: "out", label: "top_to_bottom", count: 1 },
    { direction: "in", label: "bottom_to_top", count: 2 },
  ]);
});

test("drawing the line the other way round swaps in and out", () => {
  const turned = JSON.parse(ROOM);
  turned.lines.exit = { a: [150, 100], b: [150, 0], left_to_right: 2, right_to_left: 0 };
  const { lines } = parseVideoTruth(JSON.stringify(turned), "room");
  assert.equal(lines[0]?.directions[0]?.direction, "out");
});

test("times come from the persons, with a direction only where all went the same way", () => {
  const { lines } = parseVideoTruth(ROOM, "room");
  assert.deepEqual(lines[0]?.crossings, [
    { atS: 4, direction: "in" },
    { atS: 9, direction: "in" },
  ]);
  assert.deepEqual(lines[1]?.crossings, [{ atS: 1, direction: null }]);
});

test("stays of the persons belong to the one zone, and a missing dwell is the time between", () => {
  const { zones } = parseVideoTruth(ROOM, "room");
  assert.equal(zones[0]?.name, "display");
  assert.deepEqual(zones[0]?.stays, [
    { enterS: 1.5, leaveS: 3.5, dwellS: 1.9 },
    { enterS: 6, leaveS: 8, dwellS: 2 },
  ]);
});

test("the anchor, the picture and the rate are taken from the truth", () => {
  const truth = parseVideoTruth(ROOM, "room");
  assert.equal(truth.lineAnchor, "centre");
  assert.equal(truth.fps, 10);
  const plan = planOfTruth(truth, { widthPx: 1, heightPx: 1 });
  assert.deepEqual(plan.lines[1]?.a, { x: 0, y: 0.8 });
  assert.equal(plan.lines[1]?.anchor, "centre");
});

test("a single line with one time is read as a line named line", () => {
  const text = JSON.stringify({
    width: 10,
    height: 10,
    line: { a: [5, 0], b: [5, 10], right_to_left: 1, left_to_right: 0, at_s: 1.25 },
  });
  const [line] = parseVideoTruth(text, "clip").lines;
  assert.equal(line?.name, "line");
  assert.deepEqual(line?.crossings, [{ atS: 1.25, direction: "out" }]);
});

test("a counting truth gives events by frame number from 1 and zones with visits", () => {
  const text = JSON.stringify({
    fps: 5,
    lines: {
      A: { a: [0, 0], b: [0, 9], pos: 1, neg: 1, events: [{ frame: 11, id: 3, dir: "pos" }] },
    },
    zones: {
      centre: {
        polygon: [
          [0, 0],
          [1, 0],
          [1, 1],
        ],
        visits: [{ id: 3, enter_frame: 1, leave_frame: 11, dwell_s: 2.2 }],
      },
    },
  });
  const truth = parseVideoTruth(text, "counting");
  assert.equal(truth.lineAnchor, "foot");
  assert.deepEqual(truth.lines[0]?.directions, [
    { direction: "out", label: "pos", count: 1 },
    { direction: "in", label: "neg", count: 1 },
  ]);
  assert.deepEqual(truth.lines[0]?.crossings, [{ atS: 2, direction: "out" }]);
  assert.deepEqual(truth.zones[0]?.stays, [{ enterS: 0, leaveS: 2, dwellS: 2.2 }]);
});

for (const [name, text] of [
  ["no JSON", "{"],
  ["a list", "[]"],
  ["a line without corners", '{"lines":{"A":{"pos":1}}}'],
  ["a line without counts", '{"lines":{"A":{"a":[0,0],"b":[0,9]}}}'],
  ["a direction along the line", '{"lines":{"A":{"a":[0,0],"b":[0,9],"upward":1}}}'],
  ["a zone without a polygon", '{"lines":{},"zone_x":{"visits":1}}'],
] as const) {
  test(`${name} is refused by code and file`, () => {
    assert.throws(
      () => parseVideoTruth(text, "bad.json"),
      (error: unknown) =>
        error instanceof GatewayError &&
        error.code === "INPUT_INVALID" &&
        error.message.includes("bad.json"),
    );
  });
}
