import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Log } from "../../core/lifecycle.ts";

/** What SQLite keeps beside its file. The file itself goes last: as long as it is there, so is what belongs to it. */
const SUFFIXES = ["-shm", "-wal", ""] as const;

/** A damaged file that was renamed. */
export interface AsideFile {
  /** Where it is now. */
  readonly path: string;
  /** Earlier ones that were removed for it. */
  readonly removed: number;
}

/** Where a file would be put if it had to be set aside now; the same again after a crash in the middle of that. */
export function asideOf(path: string): string {
  return `${path}.bad-${(asideFiles(path).at(-1)?.n ?? 0) + 1}`;
}

/**
 * Renames a (closed) database that is damaged to `<path>.bad-<n>`, for people to look at. Only the newest is kept, and
 * what `needed` names: it tells of customers' days, and nothing else would ever remove it.
 */
export function setAside(path: string, needed: readonly string[] = []): AsideFile {
  const earlier = asideFiles(path);
  const aside = asideOf(path);
  for (const suffix of SUFFIXES)
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  syncFolder(dirname(path));
  return { path: aside, removed: removeFiles(unneeded(earlier, needed)) };
}

/** Removes the files that were set aside, but for the newest one when it is to be kept; returns how many there were. */
export function removeAside(
  path: string,
  isNewestKept: boolean,
  needed: readonly string[] = [],
): number {
  const files = asideFiles(path);
  return removeFiles(unneeded(isNewestKept ? files.slice(0, -1) : files, needed));
}

/** Keeps only the newest of the files that were set aside, and what is needed: earlier versions of the program kept all. */
export function tidyAside(path: string, log: Log, needed: readonly string[] = []): void {
  const removed = removeAside(path, true, needed);
  const fields = { event: "aside.removed", file: basename(path), removed };
  if (removed > 0) log.info(fields, "damaged files of long ago were removed");
}

/** Waits until the disk knows the names in a folder. */
export function syncFolder(folder: string): void {
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

const unneeded = (files: readonly Numbered[], needed: readonly string[]): readonly Numbered[] =>
  files.filter(({ path }) => !needed.includes(basename(path)));

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
