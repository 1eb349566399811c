import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BoxCandidates } from "./nms.ts";
import { createDetections, letterboxOf, type PictureFit } from "./ports.ts";

const FITS: readonly PictureFit[] = ["letterbox", "stretch", "topleft"];
const size = fc.record({
  widthPx: fc.integer({ min: 32, max: 4000 }),
  heightPx: fc.integer({ min: 32, max: 4000 }),
});

test("a wide picture in a square input: centred, in the corner, or stretched", () => {
  const [source, input] = [
    { widthPx: 1280, heightPx: 720 },
    { widthPx: 416, heightPx: 416 },
  ];
  const at = (fit: PictureFit): readonly number[] => {
    const { scaleX, scaleY, padLeftPx, padTopPx } = letterboxOf(source, input, fit);
    return [scaleX, scaleY, padLeftPx, padTopPx];
  };
  assert.deepEqual(at("letterbox"), [0.325, 0.325, 0, 91]);
  assert.deepEqual(at("topleft"), [0.325, 0.325, 0, 0]);
  assert.deepEqual(at("stretch"), [0.325, 416 / 720, 0, 0]);
});

for (const fit of FITS) {
  test(`${fit}: a box put into the input comes back as it was, and the picture lies inside the input`, () => {
    fc.assert(
      fc.property(
        size,
        size,
        fc.tuple(
          fc.double({ min: 0, max: 0.6, noNaN: true }),
          fc.double({ min: 0, max: 0.6, noNaN: true }),
        ),
        (source, input, [x, y]) => {
          const letterbox = letterboxOf(source, input, fit);
          const { scaleX, scaleY, padLeftPx, padTopPx } = letterbox;
          assert.ok(padLeftPx >= 0 && padTopPx >= 0);
          assert.ok(padLeftPx + source.widthPx * scaleX <= input.widthPx + 1e-6);
          assert.ok(padTopPx + source.heightPx * scaleY <= input.heightPx + 1e-6);
          const box = [x, y, x + 0.4, y + 0.4].map((share, side) =>
            side % 2 === 0 ? share * source.widthPx : share * source.heightPx,
          );
          const [left = 0, top = 0, right = 0, bottom = 0] = box.map((px, side) =>
            side % 2 === 0 ? px * scaleX + padLeftPx : px * scaleY + padTopPx,
          );
          const candidates = new BoxCandidates(1, input);
          candidates.add(left, top, right, bottom, 0.5);
          const out = createDetections(1);
          candidates.suppress(1, letterbox, out);
          assert.equal(out.count, 1);
          out.xyxy.forEach((px, side) => {
            // Float32 keeps seven digits of a coordinate in the input; the scale magnifies what is left out.
            const slackPx = 1e-6 * (4000 / Math.min(scaleX, scaleY) + 4000);
            const wanted = box[side] ?? Number.NaN;
            assert.ok(Math.abs(px - wanted) <= slackPx, `${px} instead of ${wanted}`);
          });
        },
      ),
      { seed: 11, numRuns: 500 },
    );
  });
}
