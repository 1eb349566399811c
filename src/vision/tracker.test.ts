import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { monoMs } from "../core/brand.ts";
import { createDetections, type Detections } from "./ports.ts";
import { bandsForScore, DEFAULT_BANDS } from "./score-bands.ts";
import type { TrackView } from "./track.ts";
import { Tracker, type TrackerOptions } from "./tracker.ts";
import { TRACKER_PARAMETERS } from "./tracker-parameters.ts";

/** A person of 40 x 100 Px standing at a foot point. */
type Person = readonly [x: number, y: number, score?: number];

function frameOf(people: readonly Person[]): Detections {
  const detections = createDetections(Math.max(1, people.length));
  people.forEach(([x, y, score = 0.9], i) => {
    detections.xyxy.set([x - 20, y - 100, x + 20, y], 4 * i);
    detections.score[i] = score;
  });
  detections.count = people.length;
  return detections;
}

/** Pushes a frame every 125 ms (or at the given times) and returns the ids seen in each. */
function idsOver(
  frames: readonly (readonly Person[])[],
  options: TrackerOptions = {},
  stepMs = 125,
): number[][] {
  const tracker = new Tracker(options);
  return frames.map((people, i) =>
    tracker
      .update(frameOf(people), monoMs(i * stepMs))
      .filter((track) => track.isSeen)
      .map((track) => track.id)
      .sort((a, b) => a - b),
  );
}

const range = <T>(n: number, make: (i: number) => T): T[] =>
  Array.from({ length: n }, (_, i) => make(i));

test("a person counts from the second detection on, with ids from one", () => {
  assert.deepEqual(idsOver(range(4, (i): Person[] => [[100 + 5 * i, 200]])), [[], [1], [1], [1]]);
});

test("a single false detection never becomes a person", () => {
  assert.deepEqual(idsOver([[[100, 200]], [], [[100, 200]], []]), [[], [], [], []]);
});

test("two people keep their ids while they walk past each other", () => {
  const frames = range(40, (i): Person[] => [
    [100 + 10 * i, 200],
    [490 - 10 * i, 260],
  ]);
  const ids = idsOver(frames);
  for (const seen of ids.slice(1)) assert.deepEqual(seen, [1, 2]);
});

test("a walker keeps the id through one second without detection", () => {
  const frames = range(40, (i): Person[] => (i >= 20 && i < 28 ? [] : [[100 + 12 * i, 200]]));
  const ids = idsOver(frames);
  assert.deepEqual(ids[19], [1]);
  assert.deepEqual(ids[28], [1]);
  assert.deepEqual(ids[39], [1]);
});

test("after the lost time the same place is a new person", () => {
  const frames = range(60, (i): Person[] => (i >= 5 && i < 33 ? [] : [[100, 200]]));
  const ids = idsOver(frames);
  assert.deepEqual(ids[4], [1]);
  assert.deepEqual(ids[34], [2]);
});

test("dropping every other frame changes nothing but the frames missing", () => {
  const people = (i: number): Person[] => [
    [100 + 6 * i, 200],
    [700 - 4 * i, 300],
  ];
  const full = idsOver(range(60, people));
  const half = idsOver(
    range(30, (i) => people(2 * i)),
    {},
    250,
  );
  assert.deepEqual(half.at(-1), full.at(-1));
  assert.deepEqual(
    half.slice(1).every((ids) => ids.length === 2),
    true,
  );
});

test("a weak detection prolongs a track but does not begin one", () => {
  const weakFollows = range(8, (i): Person[] => [[100, 200, i < 4 ? 0.9 : 0.2]]);
  assert.deepEqual(idsOver(weakFollows).at(-1), [1]);
  const weakOnly = range(8, (): Person[] => [[100, 200, 0.3]]);
  assert.deepEqual(idsOver(weakOnly).flat(), []);
});

test("weak detections keep a beginning alive, a strong one makes it a person", () => {
  const scores = [0.9, 0.2, 0.2, 0.9, 0.9];
  const frames = scores.map((score): Person[] => [[100, 200, score]]);
  assert.deepEqual(idsOver(frames), [[], [], [], [1], [1]]);
});

test("somebody who comes in at the lower edge, growing fast, is one person", () => {
  const tops = [390, 340, 280, 220, 170, 140, 120, 110, 105, 100];
  const tracker = new Tracker({ picture: { widthPx: 800, heightPx: 432 } });
  const ids = new Set<number>();
  tops.forEach((top, i) => {
    const frame = createDetections(1);
    frame.xyxy.set([300, top, 420, 432]);
    frame.score[0] = 0.9;
    frame.count = 1;
    for (const track of tracker.update(frame, monoMs(100 * i))) ids.add(track.id);
  });
  assert.deepEqual([...ids], [1]);
});

test("the bands follow the detector: what is weak for one is strong for another", () => {
  const frames = range(4, (): Person[] => [[100, 200, 0.32]]);
  assert.deepEqual(idsOver(frames, { bands: DEFAULT_BANDS }).flat(), []);
  assert.deepEqual(idsOver(frames, { bands: bandsForScore(0.25) }).at(-1), [1]);
});

test("a second box on the same person does not become a second person", () => {
  const frames = range(10, (): Person[] => [
    [100, 200],
    [103, 203, 0.8],
  ]);
  // The twin of the first frame may live on; no further one may join.
  assert.ok(Math.max(...idsOver(frames).flat()) <= 2);
  const late = range(10, (i): Person[] =>
    i < 3
      ? [[100, 200]]
      : [
          [100, 200],
          [103, 203, 0.8],
        ],
  );
  assert.deepEqual(idsOver(late).at(-1), [1]);
});

test("a missed person is reported at the predicted place for a moment, and not beyond the picture", () => {
  const walk = (x0: number, picture: { widthPx: number; heightPx: number }): boolean[] => {
    const tracker = new Tracker({ picture });
    range(10, (i) => tracker.update(frameOf([[x0 + 10 * i, 200]]), monoMs(125 * i)));
    return range(4, (i) => {
      const [track] = tracker.update(frameOf([]), monoMs(125 * (10 + i)));
      if (track === undefined) return false;
      assert.equal(track.isSeen, false);
      const expectedX = x0 + 10 * (10 + i);
      assert.ok(Math.abs(track.leftPx + track.widthPx / 2 - expectedX) < 8);
      return true;
    });
  };
  assert.deepEqual(walk(100, { widthPx: 800, heightPx: 600 }), [true, true, false, false]);
  assert.deepEqual(walk(100, { widthPx: 215, heightPx: 600 }), [false, false, false, false]);
});

test("the end of a track is told once, for confirmed ones only", () => {
  const ended: number[] = [];
  const tracker = new Tracker({ onEnded: (track: TrackView) => ended.push(track.id) });
  for (let i = 0; i < 4; i += 1) tracker.update(frameOf([[100, 200]]), monoMs(125 * i));
  tracker.update(frameOf([[600, 300]]), monoMs(500));
  for (let i = 5; i < 60; i += 1) tracker.update(frameOf([]), monoMs(125 * i));
  assert.deepEqual(ended, [1]);
  assert.equal(tracker.liveTracks, 0);
});

test("after clearing nothing is continued, but ids go on", () => {
  const ended: number[] = [];
  const tracker = new Tracker({ onEnded: (track: TrackView) => ended.push(track.id) });
  for (let i = 0; i < 4; i += 1) tracker.update(frameOf([[100, 200]]), monoMs(125 * i));
  tracker.clear();
  assert.deepEqual(ended, [1]);
  tracker.update(frameOf([[100, 200]]), monoMs(500));
  const [again] = tracker.update(frameOf([[100, 200]]), monoMs(625));
  assert.equal(again?.id, 2);
});

test("tracks are bounded and the overflow is counted", () => {
  const tracker = new Tracker({ maxTracks: 3 });
  const crowd = range(5, (i): Person => [100 + 100 * i, 200]);
  tracker.update(frameOf(crowd), monoMs(0));
  assert.equal(tracker.liveTracks, 3);
  assert.equal(tracker.droppedDetections, 2);
});

test("scaling the picture changes no id", () => {
  const people = (i: number): Person[] => [
    [100 + 10 * i, 200],
    [490 - 10 * i, 240],
  ];
  const plain = new Tracker();
  const big = new Tracker();
  for (let i = 0; i < 40; i += 1) {
    const frame = frameOf(people(i));
    const scaled = createDetections(2);
    scaled.count = 2;
    frame.xyxy.forEach((value, k) => {
      scaled.xyxy[k] = value * 4;
    });
    scaled.score.set(frame.score);
    const ids = plain.update(frame, monoMs(125 * i)).map((t) => t.id);
    assert.deepEqual(
      big.update(scaled, monoMs(125 * i)).map((t) => t.id),
      ids,
    );
  }
});

const crowd = fc.array(
  fc.record({
    gapMs: fc.integer({ min: 1, max: 4000 }),
    people: fc.array(
      fc.tuple(
        fc.integer({ min: 0, max: 800 }),
        fc.integer({ min: 100, max: 600 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
      ),
      { maxLength: 12 },
    ),
  }),
  { maxLength: 30 },
);

test("on any input: ids are unique per frame, never reused after their end, and everything ends", () => {
  fc.assert(
    fc.property(crowd, (frames) => {
      const ended = new Set<number>();
      const seen = new Set<number>();
      const tracker = new Tracker({
        onEnded: (track) => {
          assert.ok(!ended.has(track.id), `track ${track.id} ended twice`);
          ended.add(track.id);
        },
      });
      let at = 0;
      for (const { gapMs, people } of frames) {
        at += gapMs;
        const ids = tracker.update(frameOf(people), monoMs(at)).map((track) => track.id);
        assert.equal(new Set(ids).size, ids.length);
        for (const id of ids) {
          assert.ok(!ended.has(id));
          seen.add(id);
        }
        const seenNow = [...tracker.confirmed()].every(
          (track) => at - track.seenMono <= TRACKER_PARAMETERS.lostMs,
        );
        assert.ok(seenNow, "a track outlived its time");
      }
      tracker.clear();
      assert.deepEqual([...ended].sort(), [...seen].sort());
      assert.equal(tracker.liveTracks, 0);
    }),
    { seed: 4, numRuns: 60 },
  );
});
