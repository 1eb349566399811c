import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { platform, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { findFfmpeg } from "../../src/io/camera/ffmpeg-binary.ts";
import { faceOf } from "../fakes/fake-face-chain.ts";

const folder = mkdtempSync(join(tmpdir(), "station-memory-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** What every line of the film is made of: 48 bytes that are found nowhere else. */
const PATTERN = Buffer.from(Array.from({ length: 48 }, (_, i) => (i * 89 + 41) % 251));
const WIDTH = 320;
const HEIGHT = 240;

/** A film without loss whose pictures are the pattern again and again. */
async function film(): Promise<string> {
  const picture = Buffer.alloc(WIDTH * HEIGHT * 3);
  for (let at = 0; at < picture.length; at += PATTERN.length) PATTERN.copy(picture, at);
  const raw = join(folder, "raw.rgb");
  writeFileSync(raw, Buffer.concat(Array(80).fill(picture)));
  const path = join(folder, "film.nut");
  const { path: program } = await findFfmpeg();
  const input = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", `${WIDTH}x${HEIGHT}`, "-r", "10"];
  const args = ["-y", "-loglevel", "error", ...input, "-i", raw, "-c:v", "ffv1", path];
  await promisify(execFile)(program, args);
  rmSync(raw);
  return path;
}

function read(memory: number, into: Buffer, at: number): number {
  try {
    return readSync(memory, into, 0, into.length, at);
  } catch {
    // Reserved and never used: there is nothing to read.
    return 0;
  }
}

/** How often each text of bytes stands in the writable memory of a process. */
function countIn(pid: number, wanted: readonly Buffer[]): readonly number[] {
  const counts = wanted.map(() => 0);
  const memory = openSync(`/proc/${pid}/mem`, "r");
  const chunk = Buffer.alloc(4 * 2 ** 20);
  const overlap = 64;
  for (const line of readFileSync(`/proc/${pid}/maps`, "utf8").split("\n")) {
    const range = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line);
    if (range === null) continue;
    const end = Number.parseInt(range[2] ?? "", 16);
    for (let at = Number.parseInt(range[1] ?? "", 16); at < end; at += chunk.length - overlap) {
      const size = read(memory, chunk.subarray(0, Math.min(chunk.length, end - at)), at);
      for (const [i, bytes] of wanted.entries())
        if (chunk.subarray(0, size).includes(bytes)) counts[i] = (counts[i] ?? 0) + 1;
    }
  }
  closeSync(memory);
  return counts;
}

test("after a look nothing of pictures, faces, templates or keys is in the memory of the process", {
  skip: platform() === "linux" ? false : "reads /proc",
  timeout: 120_000,
}, async () => {
  const entry = join(import.meta.dirname, "../fakes/station-memory-child.ts");
  const child = spawn(process.execPath, ["--expose-gc", "--import", "tsx", entry, await film()], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [line] = await once(createInterface({ input: child.stdout }), "line");
    const {
      outcomes,
      pictures,
      folder: state,
    } = JSON.parse(String(line)) as {
      readonly outcomes: readonly unknown[];
      readonly pictures: number;
      readonly folder: string;
    };
    assert.deepEqual(outcomes, [{ kind: "enrolled" }, { kind: "recognised", method: "face" }]);
    assert.ok(pictures >= 6);
    const pid = child.pid ?? 0;
    // The words of the page are in its memory: what is searched for would be found.
    const control = Buffer.from("privacy@acme.example");
    const faces = [1, 2, 3, 4, 5, 6, 7].map((noise) =>
      Buffer.from(faceOf(1, noise).buffer).subarray(40, 64),
    );
    const key = readFileSync(join(state, "template-key"));
    const [found = 0, ...secrets] = countIn(pid, [control, PATTERN, ...faces, key]);
    assert.ok(found > 0, "the search finds what is there");
    assert.deepEqual(
      secrets,
      secrets.map(() => 0),
    );
  } finally {
    child.kill("SIGTERM");
    await once(child, "exit");
  }
});
