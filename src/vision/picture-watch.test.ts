import assert from "node:assert/strict";
import test from "node:test";
import { PaintedRoom, ROOM_LETTERBOX, type RoomView } from "../../test/fakes/painted-room.ts";
import { COVERED_RULE } from "./covered-lens.ts";
import { FROZEN_RULE } from "./frozen-picture.ts";
import { LOW_LIGHT_RULE } from "./low-light.ts";
import { type PictureReport, PictureWatch } from "./picture-watch.ts";

const STEP_MS = 200;

/** A room watched at 5 fps, and everything that was reported, as words. */
function setUp({ isLive = true, seed = 1 } = {}) {
  const room = new PaintedRoom(seed);
  const reports: PictureReport[] = [];
  const watch = new PictureWatch({
    letterbox: ROOM_LETTERBOX,
    hasMotionGate: true,
    isLive,
    onReport: (report) => reports.push(report),
  });
  const examine = () => watch.examine(room.frame, room.atMono, "nothing");
  const shoot = (seconds: number, view: RoomView | ((second: number) => RoomView) = {}): void => {
    for (let ms = 0; ms < seconds * 1000; ms += STEP_MS) {
      room.shoot(STEP_MS, typeof view === "function" ? view(ms / 1000) : view);
      examine();
    }
  };
  const repeat = (seconds: number): void => {
    for (let ms = 0; ms < seconds * 1000; ms += STEP_MS) {
      room.repeat(STEP_MS);
      examine();
    }
  };
  const words = (): string[] => reports.map(wordOf);
  return { room, reports, watch, examine, shoot, repeat, words };
}

function wordOf(report: PictureReport): string {
  if (report.kind === "fault") return report.code ?? "good";
  return `${report.condition} ${report.isPresent ? "on" : "off"}`;
}

test("a room with noise, people and changing light is in good health", () => {
  const { shoot, words } = setUp();
  shoot(60, (second) => ({
    light: 1 - 0.4 * Math.abs(Math.sin(second / 9)),
    people: [{ leftPx: 20 + 3 * second, topPx: 30, widthPx: 26, heightPx: 80 }],
  }));
  assert.deepEqual(words(), []);
});

test("two first frames with one time stamp do not spoil what is known of the picture", () => {
  const { shoot, repeat, words, examine, room } = setUp();
  room.shoot(STEP_MS, {});
  examine();
  room.shoot(0, {});
  examine();
  shoot(30);
  repeat(FROZEN_RULE.lively.ms / 1000 + 0.4);
  assert.deepEqual(words(), ["CAMERA_FROZEN"]);
});

test("a picture that stops changing is frozen after the stated time and good with the first new frame", () => {
  const { shoot, repeat, reports, words, room, examine } = setUp();
  shoot(30);
  const stood = room.atMono;
  repeat(FROZEN_RULE.lively.ms / 1000 - 0.2);
  assert.deepEqual(words(), []);
  repeat(0.4);
  assert.deepEqual(words(), ["CAMERA_FROZEN"]);
  assert.equal((reports[0]?.atMono ?? 0) - stood, FROZEN_RULE.lively.ms);
  repeat(100);
  room.shoot(STEP_MS);
  assert.notEqual(examine(), "rest");
  assert.deepEqual(words(), ["CAMERA_FROZEN", "good"]);
});

test("a little change anywhere is a change: nobody moves, a light blinks", () => {
  const { shoot, repeat, words, room, examine } = setUp();
  shoot(30);
  for (let i = 0; i < 4; i += 1) {
    repeat(10);
    room.repeat(STEP_MS);
    const from = (50 * 256 + 100 + 8 * i) * 3;
    for (let at = from; at < from + 12; at += 1) room.frame[at] = 255 - (room.frame[at] ?? 0);
    examine();
  }
  assert.deepEqual(words(), []);
});

test("a sensor that stands still behind a working encoder, which repeats the frames of its group, is frozen", () => {
  const { shoot, words, room, examine } = setUp();
  shoot(30);
  const group = Array.from({ length: 20 }, () => room.shoot(STEP_MS, { noise: 1 }).slice());
  const play = (seconds: number): void => {
    for (let i = 0; i < (seconds * 1000) / STEP_MS; i += 1) {
      room.repeat(STEP_MS).set(group[i % group.length] ?? []);
      examine();
    }
  };
  play(4 + FROZEN_RULE.lively.ms / 1000 - 1);
  assert.deepEqual(words(), []);
  play(4);
  assert.deepEqual(words(), ["CAMERA_FROZEN"]);
});

test("a short film of somebody walking, played in a loop over the network, is not frozen", () => {
  const { words, room, examine } = setUp();
  const film = Array.from({ length: 50 }, (_, i) =>
    room
      .shoot(STEP_MS, { people: [{ leftPx: 5 * i, topPx: 30, widthPx: 26, heightPx: 80 }] })
      .slice(),
  );
  for (let i = 0; i < 1000; i += 1) {
    room.repeat(STEP_MS).set(film[i % film.length] ?? []);
    examine();
  }
  assert.deepEqual(words(), []);
});

test("a live source that never changed is frozen after a minute, a generated file never", () => {
  for (const isLive of [true, false]) {
    const { room, repeat, words } = setUp({ isLive });
    room.shoot(STEP_MS);
    repeat(FROZEN_RULE.quiet.ms / 1000 - 0.4);
    assert.deepEqual(words(), []);
    repeat(120);
    assert.deepEqual(words(), isLive ? ["CAMERA_FROZEN"] : []);
  }
});

test("a recording of a real scene that stops changing is frozen as well", () => {
  const { shoot, repeat, words } = setUp({ isLive: false });
  shoot(30);
  repeat(20);
  assert.deepEqual(words(), ["CAMERA_FROZEN"]);
});

test("an encoder that sends copies between its whole pictures is not frozen", () => {
  const { shoot, repeat, words } = setUp();
  for (let i = 0; i < 15; i += 1) {
    shoot(0.2);
    repeat(12);
  }
  assert.deepEqual(words(), []);
});

const COVERS: readonly { readonly name: string; readonly view: RoomView }[] = [
  { name: "a black picture", view: { light: 0, noise: 1 } },
  { name: "a black picture with the noise of a high gain", view: { light: 0, noise: 12 } },
  { name: "a finger, reddish and uneven", view: { cover: [150, 50, 40], noise: 5 } },
  { name: "a grey cloth", view: { cover: [120, 120, 120], noise: 4 } },
  { name: "white paint", view: { cover: [250, 250, 250], noise: 2 } },
];
for (const { name, view } of COVERS) {
  test(`covered: ${name}, seconds after it began, and good again at once`, () => {
    const { shoot, words, reports, room } = setUp();
    shoot(70);
    const from = room.atMono;
    shoot(COVERED_RULE.holdMs / 1000 - 0.4, view);
    assert.deepEqual(words(), []);
    shoot(1.2, view);
    assert.deepEqual(words(), ["CAMERA_COVERED"]);
    assert.ok((reports[0]?.atMono ?? 0) - from <= COVERED_RULE.holdMs + 2 * STEP_MS);
    shoot(60, view);
    shoot(STEP_MS / 1000);
    assert.deepEqual(words(), ["CAMERA_COVERED", "good"]);
  });
}

test("a cover does not hide behind the clock the camera burns into the picture", () => {
  const { shoot, words } = setUp();
  shoot(70, { hasClock: true });
  shoot(12, { cover: [90, 80, 70], hasClock: true });
  assert.deepEqual(words(), ["CAMERA_COVERED"]);
});

test("a hand that wipes the lens is no cover", () => {
  const { shoot, words } = setUp();
  shoot(70);
  shoot(4, { cover: [150, 90, 70] });
  shoot(10);
  assert.deepEqual(words(), []);
});

test("somebody close before the camera hides half of it and is no cover", () => {
  const { shoot, words } = setUp();
  shoot(70);
  shoot(30, { people: [{ leftPx: 70, topPx: 20, widthPx: 130, heightPx: 124 }] });
  assert.deepEqual(words(), []);
});

test("while the picture is covered every frame rests, and nothing else is told", () => {
  const { room, shoot, words, examine } = setUp();
  shoot(20);
  shoot(40, { light: 0.01 });
  for (let i = 0; i < 50; i += 1) {
    room.shoot(STEP_MS, { light: 0.01 });
    assert.equal(examine(), "rest");
  }
  assert.deepEqual(words(), ["CAMERA_COVERED"]);
});

test("low light is told after half a minute with its brightness, and ends when it is light for a while", () => {
  const { shoot, reports, words } = setUp();
  shoot(30);
  const dark = { light: 0.2, noise: 3 };
  shoot(LOW_LIGHT_RULE.beginMs / 1000 - 0.4, dark);
  assert.deepEqual(words(), []);
  shoot(1, dark);
  assert.deepEqual(words(), ["low-light on"]);
  const [report] = reports;
  assert.ok(report?.kind === "condition");
  assert.ok((report.measured["luma"] ?? 99) < LOW_LIGHT_RULE.dark);
  shoot(5);
  shoot(5, dark);
  assert.deepEqual(words(), ["low-light on"]);
  shoot(LOW_LIGHT_RULE.endMs / 1000 + 0.4);
  assert.deepEqual(words(), ["low-light on", "low-light off"]);
});

const SHIFTS = [
  { x: 12, y: 0 },
  { x: -6, y: 7 },
  { x: 40, y: -20 },
  { x: -70, y: 30 },
];
for (const { x, y } of SHIFTS) {
  for (const seed of [1, 2]) {
    test(`a camera turned by ${x},${y} Px of room ${seed} is told with the shift measured, and again when it is back`, () => {
      const { shoot, reports, words } = setUp({ seed });
      shoot(30);
      shoot(40, { shiftXPx: x, shiftYPx: y });
      assert.deepEqual(words(), ["moved on"]);
      const [report] = reports;
      assert.ok(report?.kind === "condition");
      const { shiftXNorm = 9, shiftYNorm = 9 } = report.measured;
      assert.ok(Math.abs(shiftXNorm - x / 256) < 0.012, `x ${shiftXNorm} of ${x / 256}`);
      assert.ok(Math.abs(shiftYNorm - y / 144) < 0.016, `y ${shiftYNorm} of ${y / 144}`);
      shoot(40);
      assert.deepEqual(words(), ["moved on", "moved off"]);
    });
  }
}

test("neither people nor light make a camera look moved", () => {
  const { shoot, words } = setUp();
  shoot(30);
  const crowd = (second: number) =>
    [0, 1, 2, 3].map((i) => ({
      leftPx: ((50 * i + 17 * second) % 300) - 40,
      topPx: 20 + 8 * i,
      widthPx: 28,
      heightPx: 90,
    }));
  shoot(60, (second) => ({ people: crowd(second) }));
  shoot(30, { light: 0.5 });
  shoot(30, { light: 1.4, lamp: 0.8 });
  shoot(30, { light: 0.6, lamp: -1 });
  shoot(60, { people: [{ leftPx: 90, topPx: 30, widthPx: 60, heightPx: 110 }] });
  assert.deepEqual(words(), []);
});

test("a camera that trembles is not moved", () => {
  const { shoot, words } = setUp();
  shoot(30);
  shoot(60, (second) => ({ shiftXPx: Math.round(Math.sin(second * 9)) }));
  assert.deepEqual(words(), []);
});

test("after a gap in the stream a fault is over, and the reference of the scene is kept", () => {
  const { shoot, words, watch, room } = setUp();
  shoot(30);
  shoot(10, { light: 0 });
  watch.interrupt(room.atMono);
  assert.equal(watch.fault, null);
  shoot(40, { shiftXPx: 20 });
  assert.deepEqual(words(), ["CAMERA_COVERED", "good", "moved on"]);
});

test("without a motion gate every good frame is looked at", () => {
  const room = new PaintedRoom();
  const watch = new PictureWatch({
    letterbox: ROOM_LETTERBOX,
    hasMotionGate: false,
    isLive: true,
    onReport: () => undefined,
  });
  for (let i = 0; i < 100; i += 1) {
    room.shoot(STEP_MS);
    assert.equal(watch.examine(room.frame, room.atMono, "nothing"), "look");
  }
});

test("when a view is given up, what was present ends and is told to", () => {
  const { shoot, words, watch, room } = setUp();
  shoot(20);
  shoot(40, { light: 0.09 });
  assert.deepEqual(words(), ["low-light on"]);
  watch.close(room.atMono);
  watch.close(room.atMono);
  assert.deepEqual(words().slice(0, 2), ["low-light on", "low-light off"]);
});

test("a lens covered for minutes stays covered and does not become a frozen picture", () => {
  const { shoot, repeat, words } = setUp();
  shoot(30);
  shoot(10, { light: 0 });
  repeat(120);
  assert.deepEqual(words(), ["CAMERA_COVERED"]);
});
