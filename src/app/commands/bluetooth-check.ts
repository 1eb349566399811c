import { access, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** What was found about the Bluetooth adapters of this machine. */
export interface BluetoothFinding {
  /** Configured adapters that the kernel does not have, e.g. `hci1`. */
  readonly missing: readonly string[];
  /** Whether bluetoothd runs: it would drive the same adapters. */
  readonly hasDaemon: boolean;
}

/** Where the kernel shows adapters and processes. */
export interface KernelFolders {
  readonly adapters: string;
  readonly processes: string;
}

const KERNEL: KernelFolders = { adapters: "/sys/class/bluetooth", processes: "/proc" };

/** Looks for the configured adapters (n of hciN) and for bluetoothd. Never throws: what cannot be read is not there. */
export async function examineBluetooth(
  adapters: readonly number[],
  folders: KernelFolders = KERNEL,
): Promise<BluetoothFinding> {
  const missing: string[] = [];
  for (const adapter of adapters) {
    const name = `hci${adapter}`;
    const isThere = await access(join(folders.adapters, name)).then(
      () => true,
      () => false,
    );
    if (!isThere) missing.push(name);
  }
  return { missing, hasDaemon: await runs("bluetoothd", folders.processes) };
}

async function runs(program: string, folder: string): Promise<boolean> {
  const entries = await readdir(folder).catch(() => []);
  for (const entry of entries.filter((name) => /^\d+$/.test(name))) {
    // A process may be gone by now, or not be ours to see.
    const name = await readFile(join(folder, entry, "comm"), "utf8").catch(() => "");
    if (name.trim() === program) return true;
  }
  return false;
}
