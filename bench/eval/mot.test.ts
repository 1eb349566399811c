import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { GatewayError } from "../../src/core/errors.ts";
import { readCountingTruth } from "./counting.ts";
import { everyNth, parseBoxes, readBoxes, readSequenceInfo } from "./mot.ts";

const refused = (message: RegExp) => (error: unknown) =>
  error instanceof GatewayError && error.code === "INPUT_INVALID" && message.test(error.message);

test("rows become boxes by frame, with empty frames where there are none", () => {
  const frames = parseBoxes(
    "1,-1,10,20,30,40,0.5,-1,-1,-1\r\n\n3,-1,1,2,3,4,0.9\n",
    "detections",
    4,
    "f",
  );
  assert.deepEqual(
    frames.map((frame) => frame.ids.length),
    [1, 0, 1, 0],
  );
  assert.deepEqual(frames[0]?.xyxy, [10, 20, 40, 60]);
  assert.deepEqual(frames[2]?.scores, [0.9]);
});

test("truth rows marked as ignored or of another class are left out", () => {
  const text =
    "1,1,0,0,9,9,1,-1,-1,-1\n1,2,0,0,9,9,0,-1,-1,-1\n1,3,0,0,9,9,1,8,1\n1,4,0,0,9,9,1,1,1";
  assert.deepEqual(parseBoxes(text, "truth", 1, "f")[0]?.ids, [1, 4]);
});

for (const [name, row, message] of [
  ["too few columns", "1,1,2,3,4", /gt\.txt:2: expected at least 6 columns, found 5/],
  ["a word for a number", "1,1,x,3,4,5", /gt\.txt:2: expected a number in column 3/],
  ["an empty column", "1,1,,3,4,5", /gt\.txt:2: expected a number in column 3/],
  [
    "a frame beyond the sequence",
    "9,1,2,3,4,5",
    /gt\.txt:2: expected a frame from 1 to 3, found 9/,
  ],
  ["frame zero", "0,1,2,3,4,5", /gt\.txt:2: expected a frame from 1 to 3/],
  ["a box without width", "1,2,2,3,0,5", /gt\.txt:2: expected a positive width/],
  ["an id twice in a frame", "1,1,2,3,4,5", /gt\.txt:2: expected each id once per frame, found 1/],
] as const) {
  test(`${name} is refused with file and line`, () => {
    assert.throws(() => parseBoxes(`1,1,2,3,4,5\n${row}`, "truth", 3, "gt.txt"), refused(message));
  });
}

test("decimation takes the first frame and then every nth", () => {
  const frames = parseBoxes("1,1,0,0,1,1\n4,4,0,0,1,1\n6,6,0,0,1,1", "tracks", 7, "f");
  assert.deepEqual(
    everyNth(frames, 3).map((frame) => frame.ids),
    [[1], [4], []],
  );
});

test("missing files and unusable keys are refused by name", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "vitrine-mot-"));
  t.after(() => rm(folder, { recursive: true }));
  await assert.rejects(readSequenceInfo(folder), refused(/seqinfo\.ini: expected a readable file/));
  await writeFile(join(folder, "seqinfo.ini"), "[Sequence]\nframeRate=fast\nseqLength=3\n");
  await assert.rejects(readSequenceInfo(folder), refused(/frameRate, found fast/));
  await assert.rejects(
    readBoxes(join(folder, "gt.txt"), "truth", 3),
    refused(/gt\.txt: expected a readable file/),
  );
  const counting = join(folder, "counting.gt.json");
  await writeFile(counting, "{");
  await assert.rejects(readCountingTruth(counting), refused(/counting\.gt\.json: expected JSON/));
  await writeFile(counting, '{"lines":{"A":{"a":[1,2],"b":[3],"pos":1,"neg":0}}}');
  await assert.rejects(readCountingTruth(counting), refused(/expected \[x, y\] for lines\.A\.b/));
});
