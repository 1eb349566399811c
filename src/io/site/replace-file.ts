import { chown, open, realpath, rename, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type FaultCode, GatewayError } from "../../core/errors.ts";

/** Mode of a file that is new: only its owner reads it. */
const NEW_MODE = 0o600;

/**
 * Puts `text` in the place of a file so that a reader finds the old or the new text, whole, whatever ends this process
 * or the power in between: written beside it, synced, renamed, and the folder synced. A link is followed, mode and
 * owner stay. One writer at a time.
 * @throws DISK_FULL, or `unwritable` for everything else
 */
export async function replaceFile(
  path: string,
  text: string,
  unwritable: FaultCode,
): Promise<void> {
  try {
    const place = await realpath(path).catch(() => path);
    const before = await stat(place).catch(() => null);
    if (before !== null && (before.mode & 0o222) === 0) throw new Error("it is read-only");
    const temporary = join(dirname(place), `.${basename(place)}.tmp`);
    const file = await open(temporary, "w", NEW_MODE);
    try {
      await file.writeFile(text, "utf8");
      await file.chmod(before === null ? NEW_MODE : before.mode & 0o7777);
      await file.sync();
    } finally {
      await file.close();
    }
    // Only root may give a file away; a service that is not root writes files of its own.
    if (before !== null) await chown(temporary, before.uid, before.gid).catch(() => undefined);
    await rename(temporary, place);
    await syncFolder(dirname(place));
  } catch (cause) {
    throw writeFault(path, cause, unwritable);
  }
}

/** A rename is only on the disk when the folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** What a failed write is called. Pure. */
export function writeFault(path: string, cause: unknown, unwritable: FaultCode): GatewayError {
  if (cause instanceof GatewayError) return cause;
  const reason = cause instanceof Error ? cause.message.split("\n", 1)[0] : String(cause);
  const isFull = /\b(?:ENOSPC|EDQUOT)\b/.test(reason ?? "");
  const code = isFull ? "DISK_FULL" : unwritable;
  return new GatewayError(code, `cannot write ${path}: ${reason}`, { cause, context: { path } });
}
