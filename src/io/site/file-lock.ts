import { open, realpath, stat, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type Clock, sleep } from "../../core/clock.ts";
import { type FaultCode, GatewayError } from "../../core/errors.ts";
import { writeFault } from "./replace-file.ts";

/** Whoever holds a lock this long without a change has died with it: a write takes seconds even on a poor card. */
const LEFT_OVER_MS = 10_000;
const ASK_AGAIN_MS = 50;

/**
 * Runs `work` while no other process that asks the same way works on this file. The lock is a file beside it; one left
 * over by a process that was killed is taken away after ten seconds.
 * @throws the given code when the folder cannot be written, and whatever `work` throws
 */
export async function withFileLock<T>(
  path: string,
  clock: Clock,
  unwritable: FaultCode,
  work: () => Promise<T>,
): Promise<T> {
  const place = await realpath(path).catch(() => path);
  const lock = join(dirname(place), `.${basename(place)}.lock`);
  await take(lock, clock).catch((cause: unknown) => {
    throw writeFault(path, cause, unwritable);
  });
  try {
    return await work();
  } finally {
    // Gone already when somebody took this one for left over; then it is theirs that must stay, and the comparison
    // before each write keeps the two apart.
    await unlink(lock).catch(() => undefined);
  }
}

async function take(lock: string, clock: Clock): Promise<void> {
  const never = new AbortController().signal;
  let seen = { mark: "", sinceMono: clock.mono() };
  for (;;) {
    try {
      await (await open(lock, "wx", 0o600)).close();
      return;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    // The number alone is given to the next file when this one goes.
    const mark = await stat(lock, { bigint: true }).then(
      ({ ino, ctimeNs }) => `${ino} ${ctimeNs}`,
      () => "",
    );
    if (mark !== seen.mark) seen = { mark, sinceMono: clock.mono() };
    else if (clock.mono() - seen.sinceMono > LEFT_OVER_MS) await unlink(lock).catch(gone);
    await sleep(clock, ASK_AGAIN_MS, "file-lock", never);
  }
}

/** Somebody else was quicker; any other fault would come back for ever. */
function gone(error: unknown): void {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return;
  throw new GatewayError("SITE_UNWRITABLE", "a left-over lock beside the file cannot be removed", {
    cause: error,
  });
}
