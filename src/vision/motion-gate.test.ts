import assert from "node:assert/strict";
import test from "node:test";
import { PaintedRoom, ROOM_LETTERBOX, type RoomView } from "../../test/fakes/painted-room.ts";
import { monoMs } from "../core/brand.ts";
import { LumaGrid } from "./luma-grid.ts";
import { GATE_TIMING, MotionGate } from "./motion-gate.ts";
import { SceneBackground } from "./scene-background.ts";

/** A room watched through background and gate at 10 fps; `true` in the answer: the frame was let through. */
class Watched {
  readonly room: PaintedRoom;
  readonly #grid = new LumaGrid(ROOM_LETTERBOX);
  readonly #background = new SceneBackground();
  readonly #gate = new MotionGate();

  constructor(seed = 1) {
    this.room = new PaintedRoom(seed);
  }

  see(view: RoomView = {}, arePeopleFollowed = false): boolean {
    this.#grid.measure(this.room.shoot(100, view));
    const { atMono } = this.room;
    const change = this.#background.look(this.#grid.cells, atMono, arePeopleFollowed);
    return this.#gate.mayPass(change, atMono, arePeopleFollowed ? "people" : "nothing");
  }

  /** Frames let through in so many seconds. */
  passed(seconds: number, view: RoomView | ((second: number) => RoomView) = {}): number {
    let passed = 0;
    for (let i = 0; i < seconds * 10; i += 1)
      if (this.see(typeof view === "function" ? view(i / 10) : view)) passed += 1;
    return passed;
  }
}

const FAR_PERSON = { leftPx: 130, topPx: 70, widthPx: 4, heightPx: 11 };

for (const noise of [0, 2, 6, 12]) {
  test(`an empty room with noise of ${noise} levels closes the gate but for a glance every two seconds`, () => {
    const watched = new Watched();
    watched.passed(20, { noise });
    assert.equal(watched.passed(20, { noise }), 10);
  });
}

for (const seed of [1, 2, 3, 4, 5]) {
  test(`somebody small and far away opens the gate with the first frame (room ${seed})`, () => {
    const watched = new Watched(seed);
    watched.passed(20);
    while (watched.see());
    assert.equal(watched.see({ people: [FAR_PERSON] }), true);
    assert.equal(watched.see({ people: [{ ...FAR_PERSON, leftPx: 131 }] }), true);
  });
}

test("after the last motion the gate stays open for the hold time", () => {
  const watched = new Watched();
  watched.passed(20);
  watched.see({ people: [{ leftPx: 60, topPx: 40, widthPx: 20, heightPx: 60 }] });
  let open = 0;
  while (watched.see()) open += 1;
  assert.equal(open, GATE_TIMING.holdMs / 100 - 1);
});

test("the gate never closes while people are followed, however still they stand", () => {
  const watched = new Watched();
  watched.passed(20);
  for (let i = 0; i < 300; i += 1) assert.equal(watched.see({}, true), true);
  let open = 0;
  while (watched.see()) open += 1;
  assert.equal(open, GATE_TIMING.holdMs / 100 - 1);
});

test("a light that dims everything alike is no motion", () => {
  const watched = new Watched();
  watched.passed(20);
  assert.ok(watched.passed(20, { light: 0.4 }) <= 11);
});

test("a lamp that is switched on opens the gate, and its light is the background at once", () => {
  const watched = new Watched();
  watched.passed(20);
  while (watched.see());
  assert.equal(watched.see({ lamp: 1.2 }), true);
  assert.equal(watched.passed(4, { lamp: 1.2 }), GATE_TIMING.holdMs / 100 - 1);
  assert.ok(watched.passed(20, { lamp: 1.2 }) <= 11);
});

test("a sunset is no motion", () => {
  const watched = new Watched();
  watched.passed(20);
  assert.ok(watched.passed(120, (second) => ({ light: 1 - 0.7 * (second / 120) })) <= 62);
});

test("a cloud that takes a third of the light in three seconds is no motion", () => {
  const watched = new Watched();
  watched.passed(20);
  const cloud = (second: number): RoomView => ({ light: 1 - 0.33 * Math.min(1, second / 3) });
  assert.ok(watched.passed(10, cloud) <= 6);
});

test("somebody who walks in while the light changes still opens the gate", () => {
  const watched = new Watched();
  watched.passed(20);
  for (let i = 0; i < 9; i += 1) watched.see({ light: 1 - i / 50 });
  while (watched.see({ light: 0.82 }));
  const people = [{ ...FAR_PERSON, heightPx: 16, widthPx: 6 }];
  assert.equal(watched.see({ light: 0.8, people }), true);
});

test("a gate begins open, and again after a gap", () => {
  const gate = new MotionGate();
  const still = { movingCells: 0, isMotion: false, isSceneChange: false };
  assert.equal(gate.mayPass(still, monoMs(0), "nothing"), true);
  assert.equal(gate.mayPass(still, monoMs(3900), "nothing"), true);
  assert.equal(gate.mayPass(still, monoMs(4000), "nothing"), false);
  gate.reset();
  assert.equal(gate.mayPass(still, monoMs(4100), "nothing"), true);
});

test("who may be somebody standing is looked at again before a tracker forgets them; a thing keeps no gate open", () => {
  const gate = new MotionGate();
  const still = { movingCells: 0, isMotion: false, isSceneChange: false };
  const looks: number[] = [];
  for (let at = 0; at < 10_000; at += 100)
    if (gate.mayPass(still, monoMs(at), "things") && at >= 4000) looks.push(at);
  assert.deepEqual(looks, [4800, 5700, 6600, 7500, 8400, 9300]);
});

test("at one frame in three seconds every frame is looked at: there is nothing to save", () => {
  const watched = new Watched();
  const gate = new MotionGate();
  const still = { movingCells: 0, isMotion: false, isSceneChange: false };
  for (let at = 0; at < 60_000; at += 3000)
    assert.equal(gate.mayPass(still, monoMs(at), "nothing"), true);
  assert.ok(watched.see());
});
