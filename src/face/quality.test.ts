import assert from "node:assert/strict";
import { test } from "node:test";
import { drawnFaces } from "../../test/fixtures/models/drawn-face.ts";
import { sampleChip } from "./chip-sampling.ts";
import { CHIP_TEMPLATES, fitChip } from "./chip-template.ts";
import { createFaceBoxes, type FaceBoxes } from "./face-boxes.ts";
import type { FacePicture } from "./ports.ts";
import {
  lightRefusal,
  measureLight,
  measureShape,
  QUALITY_LIMITS,
  shapeRefusal,
} from "./quality.ts";
import { createSimilarity } from "./similarity.ts";
import { eyeShade } from "./upright.ts";

const SIZE = { widthPx: 400, heightPx: 300 };
const { enrol, match } = QUALITY_LIMITS;

/** A face about (200, 150) whose eyes are `eyesPx` apart, tilted, its nose aside by a share of that. */
function face(eyesPx: number, tiltDeg = 0, aside = 0): FaceBoxes {
  const [cos, sin] = [Math.cos((tiltDeg * Math.PI) / 180), Math.sin((tiltDeg * Math.PI) / 180)];
  const shares = [
    [-0.5, 0],
    [0.5, 0],
    [aside, 0.5],
    [0, 1],
    [-1, 0.3],
    [1, 0.3],
  ];
  const faces = createFaceBoxes(1);
  faces.points.set(
    shares.flatMap(([x = 0, y = 0]) => [
      200 + eyesPx * (x * cos - y * sin),
      150 + eyesPx * (x * sin + y * cos),
    ]),
  );
  faces.xyxy.set([200 - eyesPx, 150 - eyesPx / 2, 200 + eyesPx, 150 + 1.5 * eyesPx]);
  faces.count = 1;
  return faces;
}

test("size, tilt and turn follow from the points", () => {
  const straight = measureShape(face(40), 0, SIZE);
  assert.ok(Math.abs(straight.eyeDistancePx - 40) < 1e-3);
  assert.ok(Math.abs(straight.heightPx - 1.3 * 80) < 1e-3);
  assert.ok(straight.turn < 1e-6 && Math.abs(straight.rollDeg) < 1e-6);
  const tilted = measureShape(face(40, -25, 0.2), 0, SIZE);
  assert.ok(Math.abs(tilted.rollDeg + 25) < 1e-3);
  // A tilt is no turn, and a nose aside by a fifth of the eyes' distance is one of 0.4.
  assert.ok(Math.abs(tilted.turn - 0.4) < 1e-3);
  assert.equal(measureShape(face(40, 0, 3), 0, SIZE).turn, 1);
});

test("a face cut off by the picture's edge, or without points, counts as turned away", () => {
  const cut = face(40);
  cut.points[0] = -1;
  assert.equal(measureShape(cut, 0, SIZE).turn, 1);
  const none = createFaceBoxes(1);
  assert.equal(measureShape(none, 0, SIZE).turn, 1);
});

test("a small face is refused for enrolment before it is for matching", () => {
  const refusalOf = (eyesPx: number, limits = enrol) =>
    shapeRefusal(measureShape(face(eyesPx), 0, SIZE), limits);
  assert.equal(refusalOf(41), null);
  assert.equal(refusalOf(38), "face-small");
  assert.equal(refusalOf(30, match), null);
  assert.equal(refusalOf(24, match), "face-small");
  const unknown = { heightPx: Number.NaN, eyeDistancePx: 90, turn: 0, rollDeg: 0 };
  assert.equal(shapeRefusal(unknown, match), "face-small");
});

test("a turned or tilted head is refused, more strictly for enrolment", () => {
  const refusalOf = (tilt: number, aside: number, limits = enrol) =>
    shapeRefusal(measureShape(face(60, tilt, aside), 0, SIZE), limits);
  assert.equal(refusalOf(15, 0.15), null);
  assert.equal(refusalOf(25, 0), "face-turned");
  assert.equal(refusalOf(25, 0, match), null);
  assert.equal(refusalOf(0, 0.3), "face-turned");
  assert.equal(refusalOf(0, 0.3, match), null);
  assert.equal(refusalOf(90, 0, match), "face-turned");
});

/** The aligned chip of a drawn face whose points are where it was drawn, upright or upside down. */
function chipOf(picture: FacePicture, name: "dlib150" | "arc112", isTurned = false): Uint8Array {
  const template = CHIP_TEMPLATES[name];
  const places = [-0.28, -0.03, 0.28, -0.03, 0, 0.34, 0, 0.58];
  const faces = createFaceBoxes(1);
  faces.points.set(places.map((share, k) => (k % 2 === 0 ? 320 : 240) + share * 150));
  if (isTurned) faces.points.set(places.map((share, k) => (k % 2 === 0 ? 320 : 240) - share * 150));
  const toChip = createSimilarity();
  assert.ok(fitChip(faces.points, 0, template, toChip));
  const chip = new Uint8Array(template.sidePx ** 2 * 3);
  sampleChip(picture, toChip, chip, template.sidePx);
  return chip;
}

const drawn = drawnFaces(640, 480, [{ x: 320, y: 240, radiusPx: 150 }]);

/** The same picture through a lens that is out of focus by `reach` Px. */
function blurred(reach: number): FacePicture {
  const { widthPx, heightPx } = drawn;
  let rgb = drawn.rgb;
  for (const step of [3, widthPx * 3]) {
    const from = rgb;
    rgb = from.map((_, at) => {
      let sum = 0;
      for (let k = -reach; k <= reach; k += 1) sum += from[at + k * step] ?? 128;
      return sum / (2 * reach + 1);
    });
  }
  return { widthPx, heightPx, rgb };
}

for (const name of ["dlib150", "arc112"] as const) {
  const template = CHIP_TEMPLATES[name];

  test(`${name}: sharpness falls with the blur and does not care for the light`, () => {
    const sharp = measureLight(chipOf(drawn, name), template);
    assert.equal(lightRefusal(sharp, enrol), null);
    const soft = [2, 5, 14].map((reach) => measureLight(chipOf(blurred(reach), name), template));
    const values = [sharp, ...soft].map(({ sharpness }) => sharpness);
    assert.deepEqual(
      values,
      values.toSorted((a, b) => b - a),
    );
    assert.equal(lightRefusal(soft[2] ?? sharp, match), "face-blurred");
    const dim = { ...drawn, rgb: drawn.rgb.map((value) => value * 0.6) };
    const { sharpness } = measureLight(chipOf(dim, name), template);
    assert.ok(Math.abs(sharpness - sharp.sharpness) < 0.02, `${sharpness}, ${sharp.sharpness}`);
  });

  test(`${name}: a face in the dark, in glare or without any contrast is refused`, () => {
    const dark = { ...drawn, rgb: drawn.rgb.map((value) => value / 10) };
    const glare = { ...drawn, rgb: drawn.rgb.map((value) => 243 + value / 24) };
    const refusalOf = (picture: FacePicture) =>
      lightRefusal(measureLight(chipOf(picture, name), template), match);
    assert.equal(refusalOf(dark), "face-poor-light");
    assert.equal(refusalOf(glare), "face-poor-light");
    assert.equal(refusalOf({ ...drawn, rgb: drawn.rgb.map(() => 120) }), "face-blurred");
  });

  test(`${name}: eyes are darker the right way up, in any light`, () => {
    const dim = { ...drawn, rgb: drawn.rgb.map((value) => 20 + value / 4) };
    for (const picture of [drawn, dim]) {
      const up = eyeShade(chipOf(picture, name), template);
      assert.ok(up > eyeShade(chipOf(picture, name, true), template));
    }
    assert.equal(eyeShade(new Uint8Array(template.sidePx ** 2 * 3).fill(90), template), 0);
  });
}
