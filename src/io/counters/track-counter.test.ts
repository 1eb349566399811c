import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type CounterRig,
  counterConfig,
  RECORDING_START,
  startCounter,
  told,
} from "../../../test/fakes/recorded-counter.ts";
import type { Log } from "../../core/lifecycle.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";

type Place = readonly [id: string | number, xNorm: number, yNorm: number];

const now = (rig: CounterRig): number => RECORDING_START + rig.clock.mono();
const person = ([id, xNorm, yNorm]: Place) => ({ id, xNorm, yNorm, heightNorm: 0.28 });

/** Sends who is there now, and lets 200 ms pass. */
function tell(rig: CounterRig, places: readonly Place[], more: Record<string, unknown> = {}): void {
  const people = places.map(person);
  rig.counter.take(JSON.stringify({ v: 1, tMs: now(rig), people, ...more }));
  rig.clock.advance(200);
}

/** Walks from y to y in steps of 200 ms. */
function walk(rig: CounterRig, id: string, fromY: number, toY: number, steps = 15): void {
  for (let i = 0; i <= steps; i += 1) tell(rig, [[id, 0.5, fromY + ((toY - fromY) * i) / steps]]);
}

const crossings = (rig: CounterRig): readonly string[] =>
  rig.events.flatMap((event) =>
    event.kind === "line-crossed" ? [`${event.direction} #${event.trackId}`] : [],
  );
const states = (rig: CounterRig): readonly string[] =>
  rig.events.flatMap((event) =>
    event.kind === "sensor-changed" ? [`${event.state} ${event.code ?? "-"}`] : [],
  );

test("a counter starts, sees with its first message, is blind after its silence and sees again", async () => {
  const rig = await startCounter(counterConfig("generic", { silenceMs: 3000 }));
  rig.clock.advance(1000);
  tell(rig, []);
  rig.clock.advance(2000);
  assert.deepEqual(states(rig), ["starting -", "seeing -"]);
  rig.clock.advance(1500);
  tell(rig, []);
  await rig.stop();
  assert.deepEqual(states(rig), [
    "starting -",
    "seeing -",
    "blind COUNTER_SILENT",
    "seeing -",
    "stopped -",
  ]);
  assert.equal(rig.clock.pending, 0);
});

test("messages that say nothing of use do not make a counter see", async () => {
  const rig = await startCounter(counterConfig("generic", { silenceMs: 3000 }));
  for (let i = 0; i < 20; i += 1) {
    rig.counter.take('{"v":2,"people":[]}');
    rig.clock.advance(200);
  }
  assert.deepEqual(states(rig), ["starting -", "blind COUNTER_SILENT"]);
  assert.equal(rig.counter.facts().faults, 20);
  await rig.stop();
});

test("a stay ends as censored when the counter goes blind, and nothing counts across the gap", async () => {
  const rig = await startCounter(counterConfig("generic", { silenceMs: 3000 }));
  for (let i = 0; i < 20; i += 1) tell(rig, [["a", 0.2, 0.8]]);
  for (let i = 0; i < 5; i += 1) tell(rig, [["a", 0.5, 0.8]]);
  for (let i = 0; i < 5; i += 1) tell(rig, [["b", 0.2, 0.8]]);
  rig.clock.advance(4000);
  tell(rig, [["a", 0.5, 0.2]]);
  rig.clock.advance(2000);
  await rig.stop();
  assert.deepEqual(crossings(rig), []);
  const left = told(rig.events).filter((line) => line.startsWith("window left"));
  assert.equal(left.length, 2);
  assert.match(left.at(-1) ?? "", /censored$/);
});

test("somebody renamed in the middle of the door counts once, under one number", async () => {
  const rig = await startCounter(counterConfig("generic"));
  for (let i = 0; i <= 7; i += 1) tell(rig, [["a", 0.5, 0.95 - 0.05 * i]]);
  const renamed = [{ from: "a", to: "z" }];
  tell(rig, [["z", 0.5, 0.55]], { renamed });
  for (let i = 1; i <= 7; i += 1) tell(rig, [["z", 0.5, 0.55 - 0.05 * i]]);
  rig.clock.advance(5000);
  await rig.stop();
  assert.deepEqual(crossings(rig), ["in #1"]);
});

test("a rename told late, when the new id has crossed already, does not count again", async () => {
  const rig = await startCounter(counterConfig("generic"));
  for (let i = 0; i <= 10; i += 1) tell(rig, [["a", 0.5, 0.95]]);
  // The counter loses the one and finds another, some steps away, who goes in.
  for (let i = 0; i <= 14; i += 1) tell(rig, [["z", 0.7, 0.9 - 0.05 * i]]);
  tell(rig, [["z", 0.7, 0.2]], { renamed: [{ from: "a", to: "z" }] });
  for (let i = 0; i < 10; i += 1) tell(rig, [["z", 0.7, 0.2]]);
  rig.clock.advance(5000);
  await rig.stop();
  assert.deepEqual(crossings(rig), ["in #2"]);
});

test("a rename in the moment in which a crossing is not yet certain counts once", async () => {
  const rig = await startCounter(counterConfig("generic"));
  for (let i = 0; i <= 5; i += 1) tell(rig, [["a", 0.5, 0.75]]);
  // Just over the line: another 40 ms back and it would be taken for a box that jumped.
  for (const y of [0.65, 0.6, 0.48]) tell(rig, [["z", 0.7, y]]);
  tell(rig, [["z", 0.7, 0.47]], { renamed: [{ from: "a", to: "z" }] });
  for (let i = 0; i < 10; i += 1) tell(rig, [["z", 0.7, 0.46 - 0.02 * i]]);
  rig.clock.advance(8000);
  await rig.stop();
  assert.equal(crossings(rig).length, 1, crossings(rig).join());
});

test("a stay goes on when the counter gives a standing person a new id without a word", async () => {
  const rig = await startCounter(counterConfig("generic"));
  for (let i = 0; i < 30; i += 1) tell(rig, [[i < 12 ? "a" : i < 20 ? "b" : "c", 0.2, 0.8]]);
  for (let i = 0; i < 30; i += 1) tell(rig, [["c", 0.6, 0.8]]);
  await rig.stop();
  const stays = told(rig.events).filter((line) => line.startsWith("window"));
  assert.equal(stays.length, 2, stays.join("; "));
  assert.match(stays[0] ?? "", /^window entered #1 /);
  assert.match(stays[1] ?? "", /^window left #1 .* after 5\.\d s$/);
  assert.equal(rig.counter.facts().joined, 2);
});

test("two people close together are never taken for one", async () => {
  const rig = await startCounter(counterConfig("generic"));
  for (let i = 0; i < 10; i += 1)
    tell(rig, [
      ["a", 0.5, 0.8],
      ["b", 0.52, 0.8],
    ]);
  // Both vanish, one comes again: which of them, nobody knows.
  tell(rig, []);
  for (let i = 0; i < 5; i += 1) tell(rig, [["c", 0.51, 0.8]]);
  await rig.stop();
  assert.equal(rig.counter.facts().joined, 0);
});

test("a counter that only tells changes: somebody not mentioned is still there, up to the limit", async () => {
  const rig = await startCounter(counterConfig("axis", { carryMs: 20_000, silenceMs: 60_000 }));
  const frame = (top: number, left: number) => ({
    timestamp: new Date(now(rig)).toISOString(),
    detections: [
      {
        object_track_id: "t",
        class: { type: "Human", score: 0.8 },
        bounding_box: { left, right: left + 0.1, top, bottom: top + 0.28 },
      },
    ],
  });
  for (let i = 0; i < 5; i += 1) {
    rig.counter.take(JSON.stringify(frame(0.5, 0.15)));
    rig.clock.advance(200);
  }
  rig.clock.advance(10_000);
  assert.equal(rig.counter.facts().people, 1);
  assert.equal(rig.live.at(-1)?.people.length, 1);
  rig.clock.advance(30_000);
  assert.equal(rig.counter.facts().people, 0);
  assert.equal(rig.live.at(-1)?.people.length, 0);
  await rig.stop();
  const left = told(rig.events).find((line) => line.startsWith("window left"));
  assert.match(left ?? "", /after 2\d\.\d s censored$/);
});

test("messages of a wrong clock are refused and said, and come through when it is set", async () => {
  const rig = await startCounter(counterConfig("generic", { silenceMs: 3000 }));
  for (let i = 0; i < 30; i += 1) {
    const tMs = now(rig) - 90_000;
    rig.counter.take(JSON.stringify({ v: 1, tMs, people: [] }));
    rig.clock.advance(200);
  }
  assert.deepEqual(states(rig), ["starting -", "blind COUNTER_CLOCK"]);
  assert.equal(rig.counter.facts().refused, 30);
  assert.match(rig.counter.facts().lastFault?.found ?? "", /^90 s behind our clock$/);
  walk(rig, "a", 0.95, 0.2);
  rig.clock.advance(5000);
  await rig.stop();
  assert.deepEqual(crossings(rig), ["in #1"]);
});

test("a sender whose clock is set back by 20 s is followed again after some seconds", async () => {
  const rig = await startCounter(counterConfig("generic"));
  walk(rig, "a", 0.95, 0.2);
  const behind = (y: number): void => {
    const tMs = now(rig) - 20_000;
    rig.counter.take(JSON.stringify({ v: 1, tMs, people: [person(["b", 0.5, y])] }));
    rig.clock.advance(200);
  };
  for (let i = 0; i < 40; i += 1) behind(0.95);
  for (let i = 0; i <= 15; i += 1) behind(0.95 - 0.05 * i);
  rig.clock.advance(5000);
  await rig.stop();
  assert.deepEqual(crossings(rig), ["in #1", "in #2"]);
});

test("messages kept by a broker while we were away count nobody again", async () => {
  const rig = await startCounter(counterConfig("generic", { silenceMs: 3000 }));
  walk(rig, "a", 0.95, 0.2);
  const from = now(rig);
  rig.clock.advance(30_000);
  // First one fresh message, then the flood of the old ones.
  tell(rig, []);
  for (let i = 0; i < 20; i += 1) {
    const tMs = from + i * 200;
    const people = [person(["a", 0.5, i < 10 ? 0.2 : 0.9])];
    rig.counter.take(JSON.stringify({ v: 1, tMs, people }));
  }
  rig.clock.advance(5000);
  await rig.stop();
  assert.deepEqual(crossings(rig), ["in #1"]);
});

test("a fault is logged once a kind, then ever more rarely, and never with an id", async () => {
  const lines: Record<string, unknown>[] = [];
  const log: Log = { ...SILENT_LOG, warn: (fields) => lines.push({ ...fields }) };
  const rig = await startCounter(counterConfig("generic"), log);
  for (let i = 0; i < 150; i += 1)
    tell(rig, [], { people: [{ id: `secret-${i}`, xNorm: 2, yNorm: 0.5 }] });
  await rig.stop();
  const faults = lines.filter(({ event }) => event === "counter.fault");
  assert.deepEqual(
    faults.map(({ times }) => times),
    [1, 10, 100],
  );
  const [first] = faults;
  assert.deepEqual([first?.["field"], first?.["found"]], ["people[0].xNorm", "2"]);
  assert.ok(!JSON.stringify(lines).includes("secret"));
});

test("a sender that makes up a new key each time does not fill the log", async () => {
  const lines: Record<string, unknown>[] = [];
  const log: Log = { ...SILENT_LOG, warn: (fields) => lines.push({ ...fields }) };
  const rig = await startCounter(counterConfig("generic"), log);
  for (let i = 0; i < 1000; i += 1)
    tell(rig, [], { [`${i}${"k".repeat(100_000)}`]: `secret-${i}` });
  await rig.stop();
  const faults = lines.filter(({ event }) => event === "counter.fault");
  // 64 kinds, and the 1st, 10th and 100th of all others.
  assert.equal(faults.length, 64 + 3);
  const text = JSON.stringify(lines);
  assert.ok(!text.includes("secret") && text.length < 100_000);
});

test("no id of the counter gets into an event", async () => {
  const rig = await startCounter(counterConfig("generic"));
  walk(rig, "theirs-42", 0.95, 0.2);
  await rig.stop();
  assert.ok(crossings(rig).length > 0);
  assert.ok(!JSON.stringify([rig.events, rig.live]).includes("theirs"));
});

test("a crowd of ever new ids leaves nothing behind", async () => {
  const rig = await startCounter(counterConfig("generic"));
  for (let i = 0; i < 3000; i += 1) tell(rig, [[`p${i}`, 0.1 + 0.8 * ((i * 7) % 10) * 0.1, 0.8]]);
  assert.ok(rig.counter.facts().people <= 1);
  rig.clock.advance(30_000);
  assert.equal(rig.counter.facts().people, 0);
  await rig.stop();
});

test("a line the counter counts is not counted from tracks as well", async () => {
  const rig = await startCounter(
    counterConfig("xovis", { lines: { 2: { line: "door", forward: "out" } } }),
  );
  const frame = (yM: number, events: unknown[]) => ({
    live_data: {
      package_info: { version: "5.1", id: 1, agent_id: 2 },
      frames: [
        {
          framenumber: 1,
          time: now(rig),
          tracked_objects: [{ track_id: 9, type: "PERSON", position: [0, yM, 1.7] }],
          events,
        },
      ],
    },
  });
  const crossing = (geometry_id: number) => ({
    category: "SCENE",
    type: "LINE_CROSS_FORWARD",
    attributes: { track_id: 9, sequence_number: 0, geometry_id },
  });
  for (let i = 0; i <= 20; i += 1) {
    const events = i === 10 ? [crossing(2), crossing(5)] : [];
    rig.counter.take(JSON.stringify(frame(-2.8 + 0.28 * i, events)));
    rig.clock.advance(200);
  }
  rig.clock.advance(5000);
  await rig.stop();
  assert.deepEqual(crossings(rig), ["out #1"]);
  assert.deepEqual(rig.counter.countedLines, ["door"]);
  assert.equal(rig.counter.facts().ignored, 1);
});

test("Frigate that says offline is blind at once", async () => {
  const rig = await startCounter(counterConfig("frigate"));
  rig.counter.take(JSON.stringify({ cameras: { shop_front: { camera_fps: 5 } } }));
  rig.counter.take("offline");
  await rig.stop();
  assert.deepEqual(states(rig), ["starting -", "seeing -", "blind COUNTER_SILENT", "stopped -"]);
});
