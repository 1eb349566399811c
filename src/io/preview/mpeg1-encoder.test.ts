import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { createFakeFfmpeg, isAlive } from "../../../test/fakes/fake-ffmpeg.ts";
import { createSystemClock } from "../../app/system-clock.ts";
import { Mpeg1Encoder } from "./mpeg1-encoder.ts";

const clock = createSystemClock();
const hasFfmpeg = spawnSync("ffmpeg", ["-version"]).status === 0;
const skip = hasFfmpeg ? false : "needs Debian package ffmpeg";

async function until(isTrue: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 1500; tries += 1) {
    if (isTrue()) return;
    await new Promise((done) => setTimeout(done, 20));
  }
  assert.fail(`never: ${what}`);
}

test("an ffmpeg that ignores the request to leave is killed", async () => {
  using fake = createFakeFfmpeg({ runs: [{ ignoresTerm: true, afterwards: "stall" }] });
  const encoder = new Mpeg1Encoder({
    ffmpegPath: fake.path,
    clock,
    onChunk: () => undefined,
  });
  await until(() => fake.runs().length === 1, "it runs");
  const pid = fake.runs()[0]?.pid ?? 0;
  await Promise.all([encoder.stop(), encoder.stop()]);
  assert.equal(isAlive(pid), false);
});

test("what the muxer is given comes first, and its options after: the order its author chose", async () => {
  using fake = createFakeFfmpeg({ runs: [{}] });
  const encoder = new Mpeg1Encoder({
    ffmpegPath: fake.path,
    clock,
    onChunk: () => undefined,
  });
  await encoder.closed;
  const args = fake.runs()[0]?.args ?? [];
  assert.deepEqual(args.slice(0, 6), ["-i", "pipe:0", "-f", "mpegts", "-codec:v", "mpeg1video"]);
  assert.equal(args.at(-1), "-");
  assert.equal(await encoder.write(new Uint8Array(10)), false, "it is gone");
});

test("an encoder does not outlive this process, also when the process is killed", {
  skip,
}, async () => {
  const here = (file: string): string =>
    JSON.stringify(pathToFileURL(`${import.meta.dirname}/${file}`).href);
  const script = `
    const { Mpeg1Encoder } = await import(${here("mpeg1-encoder.ts")});
    const { createSystemClock } = await import(${here("../../app/system-clock.ts")});
    const clock = createSystemClock();
    const encoder = new Mpeg1Encoder({ ffmpegPath: "ffmpeg", clock, onChunk: () => {} });
    console.log(encoder.pid);
    setInterval(() => {}, 1000);
  `;
  const args = ["--import", "tsx", "--input-type=module", "-e", script];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  after(() => child.kill("SIGKILL"));
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const pid = Number(line.toString().trim());
  assert.equal(isAlive(pid), true);
  child.kill("SIGKILL");
  await until(() => !isAlive(pid), "ffmpeg is gone");
});
