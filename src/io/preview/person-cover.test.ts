import assert from "node:assert/strict";
import { test } from "node:test";
import { createDetections, letterboxOf } from "../../vision/ports.ts";
import { PersonCover } from "./person-cover.ts";
import { cutPicture, fittedPicture } from "./planar-picture.ts";

const SOURCE = { widthPx: 640, heightPx: 480 };
const AT = fittedPicture(letterboxOf(SOURCE, { widthPx: 320, heightPx: 240 }));
const PIXELS = AT.widthPx * AT.heightPx;

/** A chequered picture: any part of it that is still there shows both colours side by side. */
function chequered(): Uint8Array {
  const picture = new Uint8Array(PIXELS * 3);
  for (let i = 0; i < PIXELS; i += 1) {
    const isLight = ((i % AT.widthPx) + Math.floor(i / AT.widthPx)) % 2 === 0;
    picture.fill(isLight ? 220 : 30, i * 3, i * 3 + 3);
  }
  return picture;
}

/** Whether the picture still has its grain at this point of the source. */
function isSharp(picture: Uint8Array, x: number, y: number): boolean {
  const at = (Math.floor(y / 2) * AT.widthPx + Math.floor(x / 2)) * 3;
  return picture[at] !== picture[at + 3];
}

function person(left: number, top: number, right: number, bottom: number, score = 0.9) {
  const found = createDetections(4);
  found.count = 1;
  found.xyxy.set([left, top, right, bottom]);
  found.score[0] = score;
  return found;
}
const NOBODY = createDetections(1);

/** A cover that has seen the empty scene. */
function ready(): PersonCover {
  const cover = new PersonCover(AT);
  cover.note(NOBODY, 0);
  cover.cover(chequered(), 0);
  return cover;
}

test("no picture is shown before the detector has looked at one, nor before a second one tells what moves", () => {
  const cover = new PersonCover(AT);
  assert.equal(cover.cover(chequered(), 0), false);
  assert.equal(cover.cover(chequered(), 100), false, "nobody has looked yet");
  cover.note(NOBODY, 200);
  assert.equal(cover.cover(chequered(), 200), true);
});

test("a person is covered with a margin, the rest of the scene stays sharp", () => {
  const cover = ready();
  const picture = chequered();
  cover.note(person(200, 100, 260, 300), 100);
  assert.equal(cover.cover(picture, 100), true);
  for (const [x, y] of [
    [201, 101],
    [230, 200],
    [258, 298],
    [190, 200],
    [230, 310],
  ] as const) {
    assert.equal(isSharp(picture, x, y), false, `${x},${y}`);
  }
  assert.equal(isSharp(picture, 60, 60), true);
  assert.equal(isSharp(picture, 500, 400), true);
});

test("a faint detection is covered like a certain one", () => {
  const cover = ready();
  const picture = chequered();
  cover.note(person(200, 100, 260, 300, 0.05), 100);
  cover.cover(picture, 100);
  assert.equal(isSharp(picture, 230, 150), false);
});

test("a person the detector misses for a second stays covered, as far as one can walk meanwhile", () => {
  const cover = ready();
  cover.note(person(200, 100, 260, 300), 100);
  cover.cover(chequered(), 100);
  cover.note(NOBODY, 900);
  const missed = chequered();
  cover.cover(missed, 900);
  assert.equal(isSharp(missed, 230, 200), false);
  assert.equal(isSharp(missed, 360, 200), false, "0.8 s of walking are 0.64 body heights");
  cover.note(NOBODY, 2200);
  const later = chequered();
  cover.cover(later, 2200);
  assert.equal(isSharp(later, 230, 200), true);
});

test("a person who is found again is covered where they are and not where they might have gone", () => {
  const cover = ready();
  for (let at = 100; at <= 1000; at += 100) {
    cover.note(person(200, 100, 260, 300), at);
    cover.cover(chequered(), at);
  }
  cover.note(person(205, 100, 265, 300), 1100);
  const picture = chequered();
  cover.cover(picture, 1100);
  assert.equal(isSharp(picture, 230, 200), false);
  assert.equal(isSharp(picture, 360, 200), true);
});

test("a found person does not uncover a missed one beside them", () => {
  const cover = ready();
  const two = createDetections(2);
  two.count = 2;
  two.xyxy.set([200, 100, 260, 300, 240, 100, 300, 300]);
  cover.note(two, 100);
  cover.note(person(201, 100, 261, 300), 300);
  const picture = chequered();
  cover.cover(picture, 300);
  assert.equal(isSharp(picture, 290, 200), false);
});

test("while nothing moves and nobody looks again, the people of the last look stay covered however long", () => {
  const cover = ready();
  cover.note(person(200, 100, 260, 300), 100);
  for (let at = 1000; at <= 60_000; at += 1000) {
    const picture = chequered();
    cover.cover(picture, at);
    assert.equal(isSharp(picture, 230, 200), false, String(at));
  }
});

test("whatever moves is covered, also a person the detector never finds", () => {
  const cover = ready();
  for (let step = 1; step <= 10; step += 1) {
    const picture = chequered();
    const left = 20 + step * 20;
    for (let y = 80; y < 160; y += 1) {
      for (let x = left; x < left + 24; x += 1) {
        const at = (y * AT.widthPx + x) * 3;
        picture.fill((x + y) % 2 === 0 ? 90 : 0, at, at + 3);
      }
    }
    cover.note(NOBODY, step * 200);
    cover.cover(picture, step * 200);
    assert.equal(isSharp(picture, (left + 12) * 2, 240), false, `at step ${step}`);
    assert.equal(isSharp(picture, 600, 40), true);
  }
});

test("a change of light during a pause is no movement", () => {
  const cover = ready();
  cover.note(NOBODY, 60_000);
  const dim = chequered().map((value) => value / 2);
  assert.equal(cover.cover(dim, 60_000), false, "the first picture after a pause is not shown");
  const next = chequered().map((value) => value / 2);
  assert.equal(cover.cover(next, 60_100), true);
  assert.equal(isSharp(next, 300, 300), true);
});

test("boxes land on the people also where the detector wants the picture stretched", () => {
  const source = { widthPx: 640, heightPx: 320 };
  const at = fittedPicture(letterboxOf(source, { widthPx: 320, heightPx: 320 }, "stretch"));
  assert.deepEqual([at.widthPx, at.heightPx], [640, 320], "cut out in the shape of the source");
  const frame = new Uint8Array(320 * 320 * 3);
  frame.fill(200, (160 * 320 + 80) * 3, (160 * 320 + 81) * 3);
  const cut = new Uint8Array(at.widthPx * at.heightPx * 3);
  cutPicture(frame, at, cut);
  assert.equal(cut[(160 * 640 + 160) * 3], 200, "column 80 of 320 is column 160 of 640");
  const cover = new PersonCover(at);
  cover.cover(cut.slice(), 0);
  cover.note(person(140, 100, 180, 220), 100);
  assert.equal(cover.cover(cut, 100), true);
  assert.ok((cut[(160 * 640 + 160) * 3] ?? 0) < 20);
});
