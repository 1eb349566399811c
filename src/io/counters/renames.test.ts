import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type CounterRig,
  counterConfig,
  RECORDING_START,
  startCounter,
} from "../../../test/fakes/recorded-counter.ts";
import { type MonoMs, monoMs, type TrackId, trackId } from "../../core/brand.ts";
import { FollowedPeople } from "./followed-people.ts";

type Place = readonly [id: string, xNorm: number, yNorm: number];

/** One frame of an Axis camera, and 200 ms. */
function frame(
  rig: CounterRig,
  places: readonly Place[],
  renames: readonly [string, string][] = [],
): void {
  const timestamp = new Date(RECORDING_START + rig.clock.mono()).toISOString();
  const detections = places.map(([id, x, y]) => ({
    object_track_id: id,
    bounding_box: { left: x - 0.04, right: x + 0.04, top: y - 0.28, bottom: y },
    class: { type: "Human", score: 0.9 },
  }));
  const track_events = renames.map(([from_id, to_id]) => ({ type: "Rename", from_id, to_id }));
  rig.counter.take(JSON.stringify({ channel_id: 1, timestamp, detections, track_events }));
  rig.clock.advance(200);
}

const renamesOf = ({ events }: CounterRig): readonly unknown[] =>
  events.flatMap((event) =>
    event.kind === "track-renamed" ? [[event.from, event.to, event.isUndone, event.source]] : [],
  );

/** `a` stands in the window zone; then `z` is found elsewhere, and goes in through the door. */
async function twoNumbers(renames: readonly [string, string][]): Promise<CounterRig> {
  const rig = await startCounter(counterConfig("axis"));
  for (let i = 0; i <= 12; i += 1) frame(rig, [["a", 0.2, 0.9]]);
  for (let i = 0; i <= 14; i += 1) frame(rig, [["z", 0.7, 0.9 - 0.05 * i]]);
  frame(rig, [["z", 0.7, 0.2]], renames);
  for (let i = 0; i < 30; i += 1) frame(rig, [["z", 0.7, 0.2]]);
  rig.clock.advance(20_000);
  await rig.stop();
  return rig;
}

test("an Axis camera that joins two numbers told of already has the rename told on", async () => {
  const rig = await twoNumbers([["a", "z"]]);
  assert.deepEqual(renamesOf(rig), [[1, 2, false, "counter:shop_front#80000000"]]);
  const told = rig.events.findIndex(({ kind }) => kind === "track-renamed");
  const known = rig.events
    .slice(0, told)
    .flatMap((event) => ("trackId" in event ? [event.trackId] : []));
  assert.deepEqual([known.includes(trackId(1)), known.includes(trackId(2))], [true, true]);
});

test("two people that the camera does not join are not joined", async () => {
  assert.deepEqual(renamesOf(await twoNumbers([])), []);
});

test("a rename of which only one number was in events is ours to settle, and not told", async () => {
  const rig = await startCounter(counterConfig("axis"));
  for (let i = 0; i <= 7; i += 1) frame(rig, [["a", 0.5, 0.95 - 0.05 * i]]);
  frame(rig, [["z", 0.5, 0.55]], [["a", "z"]]);
  for (let i = 1; i <= 7; i += 1) frame(rig, [["z", 0.5, 0.55 - 0.05 * i]]);
  rig.clock.advance(5000);
  await rig.stop();
  assert.deepEqual(renamesOf(rig), []);
});

/** Two people of a counter; which is our number of each. */
function pair(): {
  people: FollowedPeople;
  told: unknown[];
  see: (id: string, x: number, at: number) => TrackId;
} {
  let last = 0;
  const told: unknown[] = [];
  const people = new FollowedPeople(
    () => {
      last += 1;
      return trackId(last);
    },
    (from: TrackId, to: TrackId, atMono: MonoMs) => told.push([from, to, atMono]),
  );
  const see = (id: string, xNorm: number, at: number): TrackId =>
    people.see({ id, xNorm, yNorm: 0.5, heightNorm: 0.3, score: 0.9 }, monoMs(at)).trackId;
  return { people, told, see };
}

test("a number first told of after the rename is joined when it is told of", () => {
  const { people, told, see } = pair();
  see("a", 0.1, 0);
  see("b", 0.9, 100);
  people.noteEvent(trackId(2), monoMs(200));
  see("a", 0.1, 300);
  people.rename("b", "a", monoMs(300));
  assert.deepEqual(told, []);
  people.noteEvent(trackId(1), monoMs(5000));
  people.noteEvent(trackId(1), monoMs(6000));
  assert.deepEqual(told, [[2, 1, 5000]]);
});

test("nothing is said across blindness", () => {
  const { people, told, see } = pair();
  see("a", 0.1, 0);
  see("b", 0.9, 100);
  people.noteEvent(trackId(2), monoMs(200));
  see("a", 0.1, 300);
  people.rename("b", "a", monoMs(300));
  people.clear();
  people.noteEvent(trackId(1), monoMs(5000));
  assert.deepEqual(told, []);
});
