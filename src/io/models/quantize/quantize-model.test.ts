import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { frameOf, installRectangleNet } from "../../../../test/fakes/rectangle-net.ts";
import { choosePersonModel, isPersonModel, readManifest } from "../manifest.ts";
import { verifyModels } from "../verify.ts";
import { type QuantizeOptions, quantizeModel } from "./quantize-model.ts";

let root = "";
before(async () => {
  root = await mkdtemp(join(tmpdir(), "vitrine-quantize-"));
});
after(() => rm(root, { recursive: true, force: true }));

/** Two people in each frame, at changing places. */
const CROWD = Array.from({ length: 40 }, (_, i) =>
  frameOf([4 + ((i * 8) % 36), 8 + ((i * 4) % 40)], [76 + ((i * 4) % 28), 40 - ((i * 8) % 36)]),
);

async function orderFor(name: string, frames: readonly Uint8Array[]): Promise<QuantizeOptions> {
  const dir = join(root, name);
  await installRectangleNet(dir);
  return {
    dir,
    id: "rectangles",
    framesFor: async () => frames,
    calibration: "rectangles",
    threads: 1,
    signal: new AbortController().signal,
    onProgress: () => {},
  };
}

test("the int8 form is compared, installed beside the float one and then preferred", async () => {
  const shares: number[] = [];
  const order = await orderFor("good", CROWD);
  const result = await quantizeModel({ ...order, onProgress: (share) => shares.push(share) });
  assert.equal(result.id, "rectangles-int8");
  const { frames, floatBoxes, int8Boxes, matchedRatio, countRatio, outputs } = result.agreement;
  assert.deepEqual([frames, floatBoxes, int8Boxes, matchedRatio, countRatio], [20, 40, 40, 1, 1]);
  assert.deepEqual(Object.keys(outputs), ["heat", "wh"]);
  assert.ok((outputs["heat"]?.maxError ?? 1) < 0.02);
  assert.equal(shares.at(-1), 1);
  assert.deepEqual(await verifyModels(order.dir), [
    { id: "rectangles", state: "ok" },
    { id: "rectangles-int8", state: "ok" },
  ]);
  const manifest = await readManifest(order.dir);
  assert.ok(manifest);
  assert.deepEqual(manifest.models.filter(isPersonModel)[1]?.quantized, {
    from: "rectangles",
    calibration: "rectangles",
    matchedRatio: 1,
    countRatio: 1,
  });
  const chosen = choosePersonModel(manifest, { widthPx: 640, heightPx: 480 }, "permissive");
  assert.equal(chosen?.id, "rectangles-int8");
  const again = await quantizeModel(order);
  assert.equal(again.sha256, result.sha256, "the same frames gave another file");
  assert.equal((await readManifest(order.dir))?.models.length, 2);
});

test("an int8 form that loses people is not installed, and the fault says what was wanted and found", async () => {
  // Calibrated on the dark: everything bright is cut off.
  const dark = CROWD.map((frame, i) => (i % 2 === 0 ? frameOf() : frame));
  const order = await orderFor("bad", dark);
  await assert.rejects(quantizeModel(order), {
    code: "MODEL_UNSUPPORTED",
    message: /rectangles is not installed: .*matchedRatio of at least 0\.97, found 0/,
  });
  assert.equal((await readManifest(order.dir))?.models.length, 1);
  assert.ok(!existsSync(join(order.dir, "rectangles-int8.onnx")));
});

test("frames that show hardly anybody prove nothing", async () => {
  const order = await orderFor(
    "empty",
    CROWD.map(() => frameOf()),
  );
  await assert.rejects(quantizeModel(order), {
    code: "MODEL_UNSUPPORTED",
    message: /floatBoxes of at least 20, found 0/,
  });
  await assert.rejects(quantizeModel({ ...order, framesFor: async () => CROWD.slice(0, 7) }), {
    code: "INPUT_INVALID",
  });
});

test("an unknown, damaged or already quantised model is refused by name", async () => {
  const order = await orderFor("refused", CROWD);
  await assert.rejects(quantizeModel({ ...order, id: "other" }), {
    code: "MODEL_MISSING",
    message: /No person model other .* installed: rectangles/,
  });
  await quantizeModel(order);
  await assert.rejects(quantizeModel({ ...order, id: "rectangles-int8" }), {
    code: "MODEL_UNSUPPORTED",
    message: /int8 already/,
  });
  const file = join(order.dir, "rectangles.onnx");
  writeFileSync(file, readFileSync(file).subarray(1));
  await assert.rejects(quantizeModel(order), { code: "MODEL_HASH_MISMATCH" });
  await assert.rejects(quantizeModel({ ...order, dir: join(root, "nowhere") }), {
    code: "MODEL_MISSING",
    message: /installed: none/,
  });
});

test("an aborted quantisation ends with the reason and installs nothing", async () => {
  const abort = new AbortController();
  const order = { ...(await orderFor("aborted", CROWD)), signal: abort.signal };
  const stop = (): void => abort.abort(new Error("enough"));
  await assert.rejects(quantizeModel({ ...order, onProgress: stop }), /enough/);
  assert.equal((await readManifest(order.dir))?.models.length, 1);
});
