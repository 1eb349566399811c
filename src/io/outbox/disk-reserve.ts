import { closeSync, existsSync, fsyncSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { cannotWrite } from "./open-database.ts";

/** As much as the journal may hold that is not in the file yet: with that written, the journal begins anew. */
const RESERVE_BYTES = 4_194_304;
/** It is made only where so many times its size is free. */
const FREE_TIMES = 2;

/**
 * Room on the disk kept by a file that holds nothing, `<path>.reserve`. On a full disk SQLite cannot even delete, since
 * that is written to its journal first: then the room is released, used to forget what the centre has, and taken again.
 */
export class DiskReserve {
  readonly #path: string;

  /** `path` is the file whose disk it is about. */
  constructor(path: string) {
    this.#path = `${path}.reserve`;
  }

  /** Takes the room if there is plenty of it. */
  hold(): void {
    try {
      if (existsSync(this.#path)) return;
      const { bavail, bsize } = statfsSync(dirname(this.#path));
      if (bavail * bsize >= FREE_TIMES * RESERVE_BYTES) this.#write();
    } catch (error) {
      rmSync(this.#path, { force: true });
      if (!cannotWrite(error)) throw error;
    }
  }

  /** Gives the room back; false when there was none. */
  release(): boolean {
    if (!existsSync(this.#path)) return false;
    try {
      rmSync(this.#path, { force: true });
      return true;
    } catch (error) {
      // A disk that takes no change at all.
      if (cannotWrite(error)) return false;
      throw error;
    }
  }

  #write(): void {
    const handle = openSync(this.#path, "w", 0o600);
    try {
      writeSync(handle, Buffer.alloc(RESERVE_BYTES));
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  }
}
