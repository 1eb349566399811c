import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Log } from "../../core/lifecycle.ts";

/** What SQLite keeps beside its file. */
const SUFFIXES = ["", "-wal", "-shm"] as const;

/** A damaged file that was renamed. */
export interface AsideFile {
  /** Where it is now. */
  readonly path: string;
  /** Earlier ones that were removed for it. */
  readonly removed: number;
}

/**
 * Renames a (closed) database that is damaged to `<path>.bad-<n>`, for people to look at. Only the newest is kept: it
 * tells of customers' days, and nothing else would ever remove it.
 */
export function setAside(path: string): AsideFile {
  const earlier = asideFiles(path);
  const aside = `${path}.bad-${(earlier.at(-1)?.n ?? 0) + 1}`;
  for (const suffix of SUFFIXES)
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  return { path: aside, removed: removeFiles(earlier) };
}

/** Removes the files that were set aside, but for the newest one when it is to be kept; returns how many there were. */
export function removeAside(path: string, isNewestKept: boolean): number {
  const files = asideFiles(path);
  return removeFiles(isNewestKept ? files.slice(0, -1) : files);
}

/** Keeps only the newest of the files that were set aside: earlier versions of the program kept all. */
export function tidyAside(path: string, log: Log): void {
  const removed = removeAside(path, true);
  const fields = { event: "aside.removed", file: basename(path), removed };
  if (removed > 0) log.info(fields, "damaged files of long ago were removed");
}

interface Numbered {
  readonly n: number;
  readonly path: string;
}

/** Oldest first. */
function asideFiles(path: string): readonly Numbered[] {
  const folder = dirname(path);
  if (!existsSync(folder)) return [];
  const prefix = `${basename(path)}.bad-`;
  return readdirSync(folder)
    .filter((name) => name.startsWith(prefix) && /^\d{1,9}$/.test(name.slice(prefix.length)))
    .map((name) => ({ n: Number(name.slice(prefix.length)), path: join(folder, name) }))
    .sort((a, b) => a.n - b.n);
}

function removeFiles(files: readonly Numbered[]): number {
  for (const { path } of files)
    for (const suffix of SUFFIXES) rmSync(path + suffix, { force: true });
  return files.length;
}
