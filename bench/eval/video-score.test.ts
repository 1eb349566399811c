import assert from "node:assert/strict";
import test from "node:test";
import { cameraId, lineId, monoMs, trackId, zoneId } from "../../src/core/brand.ts";
import type { CrossingDirection } from "../../src/core/events.ts";
import { countMatches, scoreVideo } from "./video-score.ts";
import type { VideoTruth } from "./video-truth.ts";

const HEAD = { source: "camera:eval#x", seq: 0, cameraId: cameraId("eval"), trackId: trackId(1) };

function crossing(atS: number, direction: CrossingDirection) {
  const event = {
    ...HEAD,
    kind: "line-crossed",
    atMono: monoMs(atS * 1000),
    lineId: lineId("A"),
    direction,
    confidence: 1,
    path: [],
  } as const;
  return { event, atS };
}

function stay(fromS: number, toS: number) {
  const event = {
    ...HEAD,
    kind: "zone-exited",
    atMono: monoMs(toS * 1000),
    zoneId: zoneId("Z"),
    dwellMs: (toS - fromS) * 1000,
    censored: false,
  } as const;
  return { event, atS: toS };
}

function truth(times: readonly number[] | null): VideoTruth {
  return {
    lineAnchor: "foot",
    picture: null,
    fps: 10,
    lines: [
      {
        name: "A",
        a: [0, 0],
        b: [0, 9],
        directions: [
          { direction: "in", label: "left_to_right", count: 2 },
          { direction: "out", label: "right_to_left", count: 0 },
        ],
        crossings: times === null ? null : times.map((atS) => ({ atS, direction: "in" as const })),
      },
    ],
    zones: [
      {
        name: "Z",
        polygon: [],
        stays: [
          { enterS: 1, leaveS: 5, dwellS: 4 },
          { enterS: 10, leaveS: 12, dwellS: 2 },
        ],
      },
    ],
  };
}

const findings = (crossings: ReturnType<typeof crossing>[], stays = [stay(1, 5)]) => ({
  fps: 10,
  crossings,
  stays,
});

test("crossings at the right time and direction are no errors", () => {
  const score = scoreVideo(truth([3, 6]), findings([crossing(3.9, "in"), crossing(5.1, "in")]));
  assert.equal(score.countError, 0);
  assert.equal(score.countTruth, 2);
  assert.equal(score.falseCrossings, 0);
  assert.deepEqual(score.lines["A"]?.["left_to_right"], { count: 2, truth: 2 });
});

test("a right number at wrong times hides nothing: each is a false crossing", () => {
  const score = scoreVideo(truth([3, 6]), findings([crossing(4.1, "in"), crossing(9, "in")]));
  assert.equal(score.countError, 0);
  assert.equal(score.falseCrossings, 2);
});

test("a crossing in the wrong direction is an error in both directions and false", () => {
  const score = scoreVideo(truth([3, 6]), findings([crossing(3, "in"), crossing(6, "out")]));
  assert.equal(score.countError, 2);
  assert.equal(score.falseCrossings, 1);
});

test("two counts of one true crossing are one false crossing", () => {
  const twice = [crossing(3, "in"), crossing(3.2, "in"), crossing(6, "in")];
  assert.equal(scoreVideo(truth([3, 6]), findings(twice)).falseCrossings, 1);
});

test("without true times, what is counted beyond the true number is false", () => {
  const three = [crossing(1, "in"), crossing(2, "in"), crossing(3, "in")];
  assert.equal(scoreVideo(truth(null), findings(three)).falseCrossings, 1);
});

test("at few frames per second three frames of lag are allowed", () => {
  const late = { ...findings([crossing(4.4, "in"), crossing(7.4, "in")]), fps: 2 };
  assert.equal(scoreVideo(truth([3, 6]), late).falseCrossings, 0);
});

test("dwell errors stand in the order of the truth, and a stay not found counts as none", () => {
  const score = scoreVideo(truth([]), findings([], [stay(1.5, 5)]));
  assert.deepEqual(score.dwellErrorsMs, [500, 2000]);
});

test("of two parts of a stay that was split, the longer one is compared", () => {
  const score = scoreVideo(truth([]), findings([], [stay(1, 2), stay(2.5, 5), stay(10, 12)]));
  assert.deepEqual(score.dwellErrorsMs, [1500, 0]);
});

test("pairing in time uses each instant once and finds the most pairs", () => {
  assert.equal(countMatches([1, 2, 3], [2, 3, 4], 1), 3);
  assert.equal(countMatches([1, 1.1], [1], 1), 1);
  assert.equal(countMatches([], [1], 1), 0);
});
