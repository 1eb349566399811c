import { readdirSync, readFileSync } from "node:fs";

/** Length of a tick of the kernel's accounting, as on every Linux this runs on. */
const TICK_MS = 10;

/** Processor time of this process with all of its threads, in ms. */
export function ownCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Processor time of the living descendants of this process, in ms, to a hundredth of a second each. */
export function childrenCpuMs(): number {
  const parents = new Map<number, { readonly parent: number; readonly cpuMs: number }>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const entry = statOf(Number(name));
    if (entry !== null) parents.set(Number(name), entry);
  }
  let sum = 0;
  for (const [pid, { cpuMs }] of parents) if (isDescendant(pid, parents)) sum += cpuMs;
  return sum;
}

/** Processor time of one living process with all of its threads, in ms, to a hundredth of a second; 0 when it is gone. */
export function processCpuMs(pid: number): number {
  return statOf(pid)?.cpuMs ?? 0;
}

function isDescendant(
  pid: number,
  parents: ReadonlyMap<number, { readonly parent: number }>,
): boolean {
  let at = parents.get(pid)?.parent;
  while (at !== undefined && at > 1) {
    if (at === process.pid) return true;
    at = parents.get(at)?.parent;
  }
  return false;
}

function statOf(pid: number): { readonly parent: number; readonly cpuMs: number } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in brackets may hold blanks and brackets; what follows the last one is plain.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const cpuMs = (Number(fields[11]) + Number(fields[12])) * TICK_MS;
    return { parent: Number(fields[1]), cpuMs };
  } catch {
    // It ended between the listing and the reading.
    return null;
  }
}
