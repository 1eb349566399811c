import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import test from "node:test";
import { promisify } from "node:util";
import { isAlive } from "../../../test/fakes/fake-ffmpeg.ts";
import { findLeash, leashed } from "./ffmpeg-leash.ts";

const run = promisify(execFile);
const leash = await findLeash();
const options = { skip: leash === null ? "this system cannot tie children to parents" : false };

test("a leashed program gets its own arguments and says what it says", options, async () => {
  const { program, args } = leashed(leash, "printf", ["%s|%s", "a b", '"$@"']);
  assert.equal((await run(program, [...args])).stdout, 'a b|"$@"');
});

test("without a leash the program is started as it is", () => {
  assert.deepEqual(leashed(null, "ffmpeg", ["-i", "x"]), { program: "ffmpeg", args: ["-i", "x"] });
});

// The child sleeps for longer than any test: only the leash can end it.
test("a leashed child is gone as soon as its parent was killed", options, async () => {
  const module = new URL("./ffmpeg-leash.ts", import.meta.url).href;
  const script = `
    import { spawn } from "node:child_process";
    import { leashed } from ${JSON.stringify(module)};
    const { program, args } = leashed(${JSON.stringify(leash)}, "sleep", ["100000"]);
    console.log(spawn(program, args, { stdio: "ignore" }).pid);
    setInterval(() => undefined, 60_000);`;
  const parent = spawn(
    process.execPath,
    ["--import", "tsx", "--input-type=module", "--eval", script],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const [line] = await once(createInterface({ input: parent.stdout }), "line");
  const child = Number(line);
  assert.ok(isAlive(child));
  parent.kill("SIGKILL");
  while (isAlive(child)) await new Promise((resolve) => setTimeout(resolve, 5));
});

test("a child whose parent died before the leash was on does not start", options, async () => {
  const { program, args } = leashed(leash, "echo", ["started"]);
  // A shell between us and the child stands for the stranger who adopts an orphan.
  const { stdout } = await run("sh", ["-c", '"$@"; true', "sh", program, ...args]);
  assert.equal(stdout, "");
});
