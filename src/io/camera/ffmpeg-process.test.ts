import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import test from "node:test";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { createFakeFfmpeg, type FakeRun, isAlive } from "../../../test/fakes/fake-ffmpeg.ts";
import { FfmpegProcess } from "./ffmpeg-process.ts";

const ARGS = ["-vf", "scale=4:2"];
const FRAME_BYTES = 24;

function launch(path: string, clock = new FakeClock()) {
  const seen = { bytes: 0, lines: [] as string[] };
  let onNews: () => void = () => undefined;
  const child = new FfmpegProcess({
    path,
    args: ARGS,
    clock,
    onChunk: (chunk) => {
      seen.bytes += chunk.length;
      onNews();
    },
    onLine: (line) => {
      seen.lines.push(line);
      onNews();
    },
  });
  /** Resolves as soon as the condition holds; looked at whenever something arrives. */
  const until = (condition: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      onNews = () => {
        if (condition()) resolve();
      };
      onNews();
    });
  return { child, clock, seen, until };
}

function fakeOf(run: FakeRun) {
  return createFakeFfmpeg({ runs: [run] });
}

for (const exitCode of [0, 1]) {
  test(`all output of a child that leaves with ${exitCode} is read before it counts as closed`, async () => {
    using fake = fakeOf({ picture: "64x48", frames: 500, exitCode, lastWords: ["good bye"] });
    const { child, seen } = launch(fake.path);
    child.resume();
    const exit = await child.closed;
    assert.equal(exit.exitCode, exitCode);
    assert.equal(seen.bytes, 500 * FRAME_BYTES);
    assert.equal(exit.lines.at(-1), "good bye");
  });
}

test("a paused child hands out nothing, even after it left, and everything after resume", async () => {
  using fake = fakeOf({ picture: "64x48", frames: 50, lastWords: ["done"] });
  const { child, seen, until } = launch(fake.path);
  child.resume();
  child.pause();
  await until(() => seen.lines.includes("done"));
  assert.equal(seen.bytes, 0);
  child.resume();
  await child.closed;
  assert.equal(seen.bytes, 50 * FRAME_BYTES);
});

test("a child that was never resumed closes all the same", async () => {
  using fake = fakeOf({ report: ["x: 401 Unauthorized"], exitCode: 1, frames: 3 });
  const { child, seen } = launch(fake.path);
  await child.closed;
  assert.equal(seen.bytes, 0);
});

test("stopping asks first: a child that obeys leaves by SIGTERM", async () => {
  using fake = fakeOf({ picture: "64x48", afterwards: "stall" });
  const { child, seen, until, clock } = launch(fake.path);
  await until(() => seen.lines.length > 0);
  const exit = await child.stop();
  assert.equal(exit.signal, "SIGTERM");
  assert.equal(clock.pending, 0);
});

test("a child that ignores SIGTERM is killed after the grace", async () => {
  using fake = fakeOf({ picture: "64x48", afterwards: "stall", ignoresTerm: true });
  const { child, seen, until, clock } = launch(fake.path);
  await until(() => seen.lines.length > 0);
  const stopped = child.stop();
  clock.advance(1999);
  assert.ok(isAlive(child.pid ?? 0));
  clock.advance(1);
  assert.equal((await stopped).signal, "SIGKILL");
  assert.ok(!isAlive(child.pid ?? 0));
});

test("a program that does not exist closes with the reason in its report", async () => {
  const { child } = launch("/nowhere/ffmpeg");
  const exit = await child.closed;
  assert.match(exit.lines.join(), /ENOENT/);
});

test("a process that ends leaves no child behind, not even a stubborn one", async () => {
  using fake = fakeOf({ picture: "64x48", afterwards: "stall", ignoresTerm: true });
  const entry = JSON.stringify(new URL("./ffmpeg-process.ts", import.meta.url).href);
  const script = `
    const { FfmpegProcess } = await import(${entry});
    const child = new FfmpegProcess({
      path: ${JSON.stringify(fake.path)},
      args: [],
      clock: { after: () => ({ cancel() {} }) },
      onChunk: () => undefined,
      onLine: () => console.log(child.pid),
    });
    process.stdin.once("data", () => process.exit(3));`;
  const parent = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const [pidLine] = await once(createInterface(parent.stdout), "line");
  const pid = Number(pidLine);
  assert.ok(isAlive(pid));
  parent.stdin.write("now\n");
  const [exitCode] = await once(parent, "exit");
  assert.equal(exitCode, 3);
  while (isAlive(pid)) await new Promise((resolve) => setImmediate(resolve));
});
