import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { BOARD_PATHS, createProcessProbe, readBoard } from "./board-probe.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-board-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

test("a Raspberry Pi tells its temperature, what throttles it, and what was written", async () => {
  const paths = {
    processIo: file("io", "rchar: 5\nwrite_bytes: 40960\ncancelled_write_bytes: 0\n"),
    temperature: file("temp", "51540\n"),
    throttled: file("throttled", "50005\n"),
  };
  const { freeBytes, ...rest } = await readBoard(folder, paths);
  assert.deepEqual(rest, { writtenBytes: 40_960, temperatureC: 51.54, throttledBits: 0x50005 });
  assert.ok((freeBytes ?? 0) > 0);
});

test("a machine that does not tell, or tells nonsense, gives null", async () => {
  const paths = {
    processIo: join(folder, "none"),
    temperature: file("words", "warm\n"),
    throttled: file("more-words", "VCHI initialization failed\n"),
  };
  const nothing = { freeBytes: null, writtenBytes: null, temperatureC: null, throttledBits: null };
  assert.deepEqual(await readBoard(join(folder, "nowhere"), paths), nothing);
});

test("what this process writes and how long its loop stands still is seen", async () => {
  const probe = createProcessProbe();
  try {
    await new Promise((resolve) => setTimeout(resolve, 60));
    probe.read();
    // The first tick after a reading has none before it to be late against.
    await new Promise((resolve) => setTimeout(resolve, 60));
    const standUntil = performance.now() + 200;
    while (performance.now() < standUntil);
    await new Promise((resolve) => setTimeout(resolve, 60));
    const { loopLagMs, rssBytes, cpuMs } = probe.read();
    assert.ok(loopLagMs > 100, `${loopLagMs} ms`);
    assert.ok(rssBytes > 1e7 && cpuMs > 0);
    assert.notEqual((await readBoard(folder, BOARD_PATHS)).writtenBytes, null);
  } finally {
    probe.close();
  }
});
