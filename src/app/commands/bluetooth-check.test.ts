import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { examineBluetooth } from "./bluetooth-check.ts";

async function machine(
  adapters: readonly string[],
  programs: readonly string[],
): Promise<{ readonly adapters: string; readonly processes: string; readonly root: string }> {
  const root = await mkdtemp(join(tmpdir(), "vitrine-doctor-"));
  for (const name of adapters) await mkdir(join(root, "bluetooth", name), { recursive: true });
  for (const [i, name] of programs.entries()) {
    await mkdir(join(root, "proc", `${100 + i}`), { recursive: true });
    await writeFile(join(root, "proc", `${100 + i}`, "comm"), `${name}\n`);
  }
  await mkdir(join(root, "proc", "sys"), { recursive: true });
  return { adapters: join(root, "bluetooth"), processes: join(root, "proc"), root };
}

test("adapters that are not there and a running bluetoothd are found", async () => {
  const folders = await machine(["hci0"], ["systemd", "bluetoothd"]);
  assert.deepEqual(await examineBluetooth([0, 1], folders), {
    missing: ["hci1"],
    hasDaemon: true,
  });
  await rm(folders.root, { recursive: true });
});

test("a machine with all adapters and no bluetoothd has nothing to tell, one without Bluetooth no daemon", async () => {
  const folders = await machine(["hci0", "hci1"], ["systemd", "bluetoothctl"]);
  assert.deepEqual(await examineBluetooth([0, 1], folders), { missing: [], hasDaemon: false });
  await rm(folders.root, { recursive: true });
  assert.deepEqual(await examineBluetooth([0], folders), { missing: ["hci0"], hasDaemon: false });
});
