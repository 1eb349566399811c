import assert from "node:assert/strict";
import { test } from "node:test";
import { letterboxOf } from "../../vision/ports.ts";
import { cutPicture, fittedPicture, planarBytes, toPlanar, y4mHead } from "./planar-picture.ts";

test("the padding of a letterboxed frame is cut away, to even sides", () => {
  const at = fittedPicture(
    letterboxOf({ widthPx: 101, heightPx: 50 }, { widthPx: 101, heightPx: 80 }),
  );
  assert.deepEqual([at.widthPx, at.heightPx], [100, 50]);
  const frame = new Uint8Array(101 * 80 * 3).fill(114);
  for (let row = 15; row < 65; row += 1) frame.fill(row, row * 303, (row + 1) * 303);
  const cut = new Uint8Array(100 * 50 * 3);
  cutPicture(frame, at, cut);
  assert.equal(cut[0], 15);
  assert.equal(cut.at(-1), 64);
});

test("colours have the levels of BT.601: black, white, and the primaries", () => {
  const colours = [
    [
      [0, 0, 0],
      [16, 128, 128],
    ],
    [
      [255, 255, 255],
      [235, 128, 128],
    ],
    [
      [255, 0, 0],
      [82, 90, 240],
    ],
    [
      [0, 255, 0],
      [144, 54, 34],
    ],
    [
      [0, 0, 255],
      [41, 240, 110],
    ],
  ] as const;
  const size = { widthPx: 2, heightPx: 2 };
  for (const [rgb, expected] of colours) {
    const out = new Uint8Array(planarBytes(size));
    toPlanar(Uint8Array.from([...rgb, ...rgb, ...rgb, ...rgb]), size, out);
    const found = [out[0] ?? 0, out[4] ?? 0, out[5] ?? 0];
    found.forEach((value, i) => {
      assert.ok(Math.abs(value - (expected[i] ?? 0)) <= 1, `${rgb}: ${found} for ${expected}`);
    });
  }
});

test("the head of a stream says its size and rate", () => {
  const head = new TextDecoder().decode(y4mHead({ widthPx: 512, heightPx: 288 }, 25));
  assert.match(head, /^YUV4MPEG2 W512 H288 F25:1 .*C420jpeg\n$/);
});
