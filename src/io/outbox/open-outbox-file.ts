import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  statfsSync,
} from "node:fs";
import { basename, dirname } from "node:path";
import type { Clock } from "../../core/clock.ts";
import { GatewayError } from "../../core/errors.ts";
import type { Log } from "../../core/lifecycle.ts";
import { DamagedFile } from "./damaged-file.ts";
import { DiskReserve } from "./disk-reserve.ts";
import { markUnsent } from "./line-mark.ts";
import { cannotWrite, isCorrupt, sqliteCode } from "./open-database.ts";
import { byStream, OutboxFile, type TakenAccount } from "./outbox-file.ts";
import {
  newWork,
  readSalvageNote,
  SALVAGE_NOTE,
  Salvage,
  type SalvageNote,
  type SalvageTally,
} from "./salvage.ts";
import { asideOf, setAside, syncFolder } from "./set-aside.ts";

/** What became of a file that had to be set aside. */
export interface OutboxReplacement extends SalvageTally {
  /** Where the old file is now. */
  readonly asidePath: string;
  /** Files set aside earlier that were removed for it. */
  readonly removed: number;
}

export interface OpenedOutboxFile {
  /** One in memory stands in while the disk takes none. */
  readonly file: OutboxFile;
  readonly replacement: OutboxReplacement | null;
  /** What is still to be taken over of files set aside; null when nothing is. */
  readonly salvage: Salvage | null;
}

export interface OpenOutboxOptions {
  readonly path: string;
  readonly capBytes: number;
  readonly clock: Pick<Clock, "now">;
  /** Called at every step of work that may take minutes and during which nothing else happens. */
  readonly onStep?: () => void;
}

/**
 * Opens the outbox. A damaged file is renamed to `<path>.bad-<n>`, of which only the newest is kept, a new one (with
 * a new epoch) is begun, and every row that can still be read is taken over. That may be cut off anywhere: it goes on
 * when the file is opened again. On a full disk a file in memory that takes nothing stands in, so the gateway starts.
 * @throws OUTBOX_LOCKED when another process holds the file, DISK_FULL when it may not be created at all
 */
export function openOutboxFile(options: OpenOutboxOptions): OpenedOutboxFile {
  const { path } = options;
  const reserve = new DiskReserve(path);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return openOrReplace(options);
  } catch (error) {
    if (!isFull(error, path)) throw asFault(error);
    if (!reserve.release()) return standIn();
  }
  try {
    return openOrReplace(options);
  } catch (error) {
    if (isFull(error, path)) return standIn();
    throw asFault(error);
  }
}

/**
 * Sets the (closed) file aside and begins a new one with what can be read of it. A file that is sound is opened again
 * where the disk has no room for a new one. @throws as `openOutboxFile`
 */
export function replaceOutboxFile(
  options: OpenOutboxOptions,
  why: string,
  isSound: boolean,
): OpenedOutboxFile {
  try {
    return replaced(options, why);
  } catch (error) {
    if (!isFull(error, options.path)) throw asFault(error);
    return isSound ? openOutboxFile(options) : standIn();
  }
}

/** Logs that the file was set aside and what was saved; nothing when it was sound. */
export function tellReplacement({ replacement, salvage }: OpenedOutboxFile, log: Log): void {
  if (replacement === null) return;
  const { salvaged } = replacement;
  const fields = { event: "outbox.replaced", code: "OUTBOX_CORRUPT", ...replacement };
  const sentence = `the outbox file was set aside; ${salvaged} events were taken over`;
  log.error(
    { ...fields, isUnfinished: salvage !== null },
    salvage === null ? sentence : `${sentence}, the rest waits for room on the disk`,
  );
}

/** What the note of a file tells of one that it replaced; null when it replaced none. */
export function tallyOf(file: OutboxFile): SalvageTally | null {
  const note = readSalvageNote(file.note(SALVAGE_NOTE));
  if (note === null) return null;
  const { at, why, salvaged, unreadable, isEstimated } = note;
  return { at, why, salvaged, unreadable, isEstimated };
}

function openOrReplace(options: OpenOutboxOptions): OpenedOutboxFile {
  const { path, capBytes } = options;
  const removed = finishReplacing(path);
  let damage: string;
  try {
    const file = new OutboxFile(path, capBytes);
    damage = file.check();
    if (damage === "") return goOn(file, options, removed);
    file.close();
  } catch (error) {
    if (!isCorrupt(error)) throw error;
    damage = error.message;
  }
  return replaced(options, damage);
}

/** A file that is begun, with as much of the old one as there is room for. */
function replaced(options: OpenOutboxOptions, why: string): OpenedOutboxFile {
  const { path, capBytes } = options;
  const fresh = freshPath(path);
  removeFresh(path);
  try {
    makeFresh(fresh, capBytes, contentOf(options, why));
    syncFolder(dirname(path));
  } catch (error) {
    removeFresh(path);
    throw error;
  }
  const removed = finishReplacing(path);
  return goOn(new OutboxFile(path, capBytes), options, removed);
}

/** Takes over what is left to; `removed` is null when no file was set aside just now. */
function goOn(
  file: OutboxFile,
  { path, capBytes, onStep }: OpenOutboxOptions,
  removed: number | null,
): OpenedOutboxFile {
  try {
    const salvage = Salvage.of(file, dirname(path), capBytes);
    const asides = salvage?.note.works.map(({ aside }) => aside) ?? [];
    const state = salvage?.run(() => {
      onStep?.();
      return true;
    });
    const tally = tallyOf(file);
    const asidePath = `${dirname(path)}/${asides.at(-1)}`;
    const isNews = tally !== null && (removed !== null || asides.length > 0);
    return {
      file,
      replacement: isNews ? { ...tally, asidePath, removed: removed ?? 0 } : null,
      salvage: state === "done" ? null : salvage,
    };
  } catch (error) {
    file.close();
    throw error;
  }
}

const freshPath = (path: string): string => `${path}.new`;

/** What the new file begins with. */
function contentOf({ path, clock }: OpenOutboxOptions, why: string): FreshContent {
  const source = DamagedFile.open(path);
  try {
    // A file that is damaged before all was taken over into it leaves that to the next one.
    const before = readSalvageNote(source?.note(SALVAGE_NOTE) ?? null)?.works ?? [];
    const works = [...before, newWork(basename(asideOf(path)))];
    const marks = source?.marks.slice(-1).map(({ ms }) => ({ ms, next: {} })) ?? [];
    const tally = { at: clock.now(), why, salvaged: 0, unreadable: 0, isEstimated: false };
    return { shed: source?.shedCounts ?? byStream(() => ({})), marks, note: { ...tally, works } };
  } finally {
    source?.close();
  }
}

interface FreshContent extends TakenAccount {
  readonly note: SalvageNote;
}

/** The new file is made whole under another name: it takes the place of the old one only when all that is in it is on the disk. */
function makeFresh(fresh: string, capBytes: number, { shed, marks, note }: FreshContent): void {
  const file = new OutboxFile(fresh, capBytes);
  try {
    markUnsent(file);
    file.takeAccount({ shed, marks }, SALVAGE_NOTE, JSON.stringify(note));
  } finally {
    file.close();
  }
}

/**
 * Brings the change of files to its end, wherever it was cut off. Returns how many earlier files were removed, null when
 * there was nothing to do.
 */
function finishReplacing(path: string): number | null {
  const fresh = freshPath(path);
  if (!existsSync(fresh)) return null;
  const source = DamagedFile.open(fresh);
  const note = readSalvageNote(source?.note(SALVAGE_NOTE) ?? null);
  source?.close();
  if (note === null) {
    // Cut off while it was made: the old file is still in its place.
    removeFresh(path);
    return null;
  }
  const needed = note.works.map(({ aside }) => aside);
  const removed = existsSync(path) ? setAside(path, needed).removed : 0;
  for (const suffix of ["-wal", ""])
    if (existsSync(fresh + suffix)) renameSync(fresh + suffix, path + suffix);
  syncFolder(dirname(path));
  return removed;
}

function removeFresh(path: string): void {
  for (const suffix of ["", "-wal", "-shm"]) rmSync(`${freshPath(path)}${suffix}`, { force: true });
}

function standIn(): OpenedOutboxFile {
  return { file: OutboxFile.standIn(), replacement: null, salvage: null };
}

/** Whether nothing but the disk is to blame. */
function isFull(error: unknown, path: string): boolean {
  if (cannotWrite(error)) return true;
  return sqliteCode(error) === "SQLITE_CANTOPEN" && !hasInodes(dirname(path));
}

function hasInodes(folder: string): boolean {
  try {
    accessSync(folder, constants.R_OK);
    const { ffree, bavail } = statfsSync(folder);
    return ffree > 0 && bavail > 0;
  } catch {
    // A folder that is not there or not ours is no matter of room.
    return true;
  }
}

function asFault(error: unknown): unknown {
  const code = sqliteCode(error);
  if (code.startsWith("SQLITE_BUSY") || code === "SQLITE_LOCKED") {
    return new GatewayError("OUTBOX_LOCKED", "the outbox file is in use", { cause: error });
  }
  if (cannotWrite(error) || code === "SQLITE_CANTOPEN") {
    return new GatewayError("DISK_FULL", "the outbox file cannot be written", { cause: error });
  }
  return error;
}
