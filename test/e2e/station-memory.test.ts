import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { platform, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { findFfmpeg } from "../../src/io/camera/ffmpeg-binary.ts";
import { openFaceChain } from "../../src/io/face/face-chain.ts";
import { oneFaceGrant } from "../fakes/face-permit.ts";
import { faceOf } from "../fakes/fake-face-chain.ts";
import { sumOf } from "../fakes/number-sum.ts";
import { countInMemory } from "../fakes/process-memory.ts";
import { drawnFaces } from "../fixtures/models/drawn-face.ts";

const folder = mkdtempSync(join(tmpdir(), "station-memory-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const skip = platform() === "linux" ? false : "reads /proc";
const models = process.env["VITRINE_MODELS_DIR"] ?? resolve(import.meta.dirname, "../../models");
const hasModels = existsSync(join(models, "face-dlib-150.onnx"));
const absent = `face-dlib-150 is not in ${models}: vitrine models pull --profile face`;

/** What every line of the film is made of: 48 bytes that are found nowhere else. */
const PATTERN = Buffer.from(Array.from({ length: 48 }, (_, i) => (i * 89 + 41) % 251));
/** The words of the page are in the memory of a station: what is searched for would be found. */
const CONTROL = Buffer.from("privacy@acme.example");
const OUTCOMES = [{ kind: "enrolled" }, { kind: "recognised", method: "face" }];

/** A film without loss that is one picture again and again. */
async function film(picture: Uint8Array, widthPx: number, heightPx: number): Promise<string> {
  const raw = join(folder, "raw.rgb");
  writeFileSync(raw, picture);
  const path = join(folder, `${widthPx}.nut`);
  const { path: program } = await findFfmpeg();
  const size = `${widthPx}x${heightPx}`;
  const input = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-r", "10"];
  const again = ["-stream_loop", "299"];
  const args = ["-y", "-loglevel", "error", ...again, ...input, "-i", raw, "-c:v", "ffv1", path];
  await promisify(execFile)(program, args);
  rmSync(raw);
  return path;
}

/** What the station says after its looks. */
interface Said {
  readonly outcomes: readonly unknown[];
  readonly pictures: number;
  readonly sums: readonly number[];
  readonly folder: string;
}

/** Runs a station before a film, and counts what is wanted in its memory when somebody enrolled and was known again. */
async function countAfterLooks(
  args: readonly string[],
  wanted: (said: Said) => readonly Buffer[],
): Promise<{ readonly said: Said; readonly counts: readonly number[] }> {
  const entry = join(import.meta.dirname, "../fakes/station-memory-child.ts");
  const child = spawn(process.execPath, ["--expose-gc", "--import", "tsx", entry, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [line] = await once(createInterface({ input: child.stdout }), "line");
    const said = JSON.parse(String(line)) as Said;
    return { said, counts: countInMemory(child.pid ?? 0, wanted(said)) };
  } finally {
    child.kill("SIGTERM");
    await once(child, "exit");
  }
}

function isNowhere([control = 0, ...secrets]: readonly number[]): void {
  assert.ok(control > 0, "the search finds what is there");
  assert.deepEqual(
    secrets,
    secrets.map(() => 0),
  );
}

test("after a look nothing of pictures, faces, templates or keys is in the memory of the process", {
  skip,
  timeout: 300_000,
}, async () => {
  const [width, height] = [320, 240];
  const picture = Buffer.alloc(width * height * 3);
  for (let at = 0; at < picture.length; at += PATTERN.length) PATTERN.copy(picture, at);
  const faces = [1, 2, 3, 4, 5, 6, 7].map((noise) =>
    Buffer.from(faceOf(1, noise).buffer).subarray(40, 64),
  );
  const { said, counts } = await countAfterLooks(
    [await film(picture, width, height)],
    ({ folder: state }) => [CONTROL, PATTERN, ...faces, readFileSync(join(state, "template-key"))],
  );
  assert.deepEqual(said.outcomes, OUTCOMES);
  assert.ok(said.pictures >= 6);
  isNowhere(counts);
});

test("nor of a face that the networks looked at in a thread of their own", {
  skip: skip || (hasModels ? false : absent),
  timeout: 300_000,
}, async () => {
  const picture = drawnFaces(640, 480, [{ x: 320, y: 240, radiusPx: 150 }]);
  const { gate, permit } = oneFaceGrant();
  const chain = await openFaceChain({ dir: models, profile: "clean", gate });
  const probe = await chain.probe(picture, permit, "enrol");
  await chain.close();
  assert.ok(probe.ok, probe.ok ? "" : probe.error);
  const { values } = probe.value;
  const numbers = [3, 40, 90].map((at) => Buffer.from(values.slice(at, at + 8).buffer));
  // A line through the eyes: 48 bytes as ffmpeg gives them.
  const eyes = Buffer.from(picture.rgb.slice((229 * 640 + 286) * 3, (229 * 640 + 302) * 3));
  assert.ok(new Set(eyes).size > 16);
  const { said, counts } = await countAfterLooks(
    [await film(picture.rgb, 640, 480), models],
    ({ folder: state }) => [CONTROL, eyes, ...numbers, readFileSync(join(state, "template-key"))],
  );
  assert.deepEqual(said.outcomes, OUTCOMES);
  assert.deepEqual(said.sums, [sumOf(values)], "these very numbers were in that memory");
  isNowhere(counts);
});
