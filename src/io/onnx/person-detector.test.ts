import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { fakeCameraModel } from "../../../test/fakes/fake-person-model.ts";
import { type FaultCode, GatewayError } from "../../core/errors.ts";
import { createDetections, letterboxOf } from "../../vision/ports.ts";
import { isPersonModel, readManifest } from "../models/manifest.ts";
import { createPersonDetector } from "./person-detector.ts";

const dir = mkdtempSync(join(tmpdir(), "detector-"));
const { entry } = fakeCameraModel(dir);
after(() => rmSync(dir, { recursive: true, force: true }));

/** Black frame of the fake model's size with a white 28x60 rectangle at each place. */
function frameWith(...corners: readonly (readonly [left: number, top: number])[]): Uint8Array {
  const frame = new Uint8Array(256 * 192 * 3);
  for (const [left, top] of corners) {
    for (let y = top; y < top + 60; y += 1) {
      frame.fill(255, (y * 256 + left) * 3, (y * 256 + left + 28) * 3);
    }
  }
  return frame;
}

const hasCode =
  (code: FaultCode) =>
  (error: unknown): boolean =>
    error instanceof GatewayError && error.code === code;

test("a person in the frame is found in Px of the source picture", async () => {
  await using detector = await createPersonDetector(entry, dir, 1);
  const letterbox = letterboxOf({ widthPx: 512, heightPx: 384 }, detector.input);
  const out = createDetections(8);
  await detector.detect(frameWith([100, 40]), letterbox, out);
  assert.equal(out.count, 1);
  assert.ok((out.score[0] ?? 0) > 0.99);
  const expected = [200, 80, 256, 200];
  out.xyxy.subarray(0, 4).forEach((px, side) => {
    assert.ok(Math.abs(px - (expected[side] ?? 0)) <= 8, `${[...out.xyxy.subarray(0, 4)]}`);
  });
});

test("each frame is judged for itself, though the buffers are reused", async () => {
  await using detector = await createPersonDetector(entry, dir, 1);
  const letterbox = letterboxOf({ widthPx: 256, heightPx: 192 }, detector.input);
  const out = createDetections(8);
  const counts: number[] = [];
  for (const frame of [frameWith([20, 20], [150, 100]), frameWith(), frameWith([60, 60])]) {
    await detector.detect(frame, letterbox, out);
    counts.push(out.count);
  }
  assert.deepEqual(counts, [2, 0, 1]);
});

test("a missing model file is named by its code", async () => {
  const missing = createPersonDetector({ ...entry, file: "no.onnx" }, dir, 1);
  await assert.rejects(missing, hasCode("MODEL_MISSING"));
});

test("a model file of another content is never loaded", async () => {
  const changed = createPersonDetector({ ...entry, sha256: "ab".repeat(32) }, dir, 1);
  await assert.rejects(changed, hasCode("MODEL_HASH_MISMATCH"));
});

test("a file with the right hash that is no model is unsupported", async () => {
  writeFileSync(join(dir, "text.onnx"), "hello");
  // sha256 of "hello"
  const sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
  const wrong = createPersonDetector({ ...entry, file: "text.onnx", sha256 }, dir, 1);
  await assert.rejects(wrong, hasCode("MODEL_UNSUPPORTED"));
});

test("a model whose outputs do not fit its decoder is unsupported", async () => {
  const nanodet = createPersonDetector({ ...entry, decoder: "nanodet-gfl" }, dir, 1);
  await assert.rejects(nanodet, hasCode("MODEL_UNSUPPORTED"));
});

test("a model of another input size than its entry says is unsupported", async () => {
  const input = { ...entry.input, width: 320 };
  await assert.rejects(
    createPersonDetector({ ...entry, input }, dir, 1),
    hasCode("MODEL_UNSUPPORTED"),
  );
});

test("every installed person model loads, fits its decoder and finds nobody on a grey wall", async (t) => {
  const models = join(import.meta.dirname, "../../../models");
  const people = (await readManifest(models))?.models.filter(isPersonModel) ?? [];
  if (people.length === 0) return t.skip("no person model; run `vitrine models pull`");
  for (const person of people) {
    await using detector = await createPersonDetector(person, models, 1);
    const { widthPx, heightPx } = detector.input;
    const out = createDetections(32);
    const wall = new Uint8Array(widthPx * heightPx * 3).fill(114);
    await detector.detect(wall, letterboxOf(detector.input, detector.input), out);
    const best = Math.max(0, ...out.score.subarray(0, out.count));
    assert.ok(best < person.score, `${person.id} sees somebody with score ${best}`);
  }
});
