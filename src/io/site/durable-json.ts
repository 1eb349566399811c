import { readFile, rename } from "node:fs/promises";
import type { Adapter } from "lowdb";
import { type FaultCode, GatewayError } from "../../core/errors.ts";
import { replaceFile, writeFault } from "./replace-file.ts";

/** How a JSON file is read and written. */
export interface DurableJsonOptions<T> {
  readonly path: string;
  /** @throws an Error whose message says what is wrong with the document */
  readonly check: (document: unknown) => T;
  readonly print: (value: T) => string;
  /** Code of the fault when it cannot be written. */
  readonly unwritable: FaultCode;
  /**
   * `shared`: people and other processes write it too, so what cannot be read is refused, and what somebody changed
   * since it was read is not overwritten. `ours`: what cannot be read is renamed to `<path>.bad`, replacing an older
   * one, and everything goes on as if there were none; a write replaces whatever is there.
   */
  readonly owner: "shared" | "ours";
  /** Told when a file was set aside. */
  readonly onSetAside?: (asidePath: string, why: string) => void;
}

/**
 * lowdb's way to a file that survives a crash at any moment: each write replaces the whole file and is on the disk when
 * it resolves. Writes queue.
 * @throws from read CONFIG_UNREADABLE, the given code, and what `check` throws; from write SITE_CHANGED, DISK_FULL or the
 * given code
 */
export function durableJson<T>(options: DurableJsonOptions<T>): Adapter<T> {
  const { path } = options;
  let known: string | null = null;
  let queue: Promise<void> = Promise.resolve();
  const write = async (value: T): Promise<void> => {
    const text = options.print(value);
    if (options.owner === "shared" && (await readText(path)) !== known) {
      const message = `${path} was changed by somebody else in the meantime; nothing was written`;
      throw new GatewayError("SITE_CHANGED", message, { context: { path } });
    }
    await replaceFile(path, text, options.unwritable);
    known = text;
  };
  return {
    async read() {
      known = await readText(path);
      if (known === null) return null;
      try {
        return options.check(JSON.parse(known.replace(/^\uFEFF/, "")));
      } catch (cause) {
        if (options.owner === "shared" || cause instanceof GatewayError) throw cause;
        await rename(path, `${path}.bad`).catch((fault: unknown) => {
          throw writeFault(path, fault, options.unwritable);
        });
        known = null;
        options.onSetAside?.(`${path}.bad`, cause instanceof Error ? cause.message : String(cause));
        return null;
      }
    },
    write(value) {
      const turn = queue.then(() => write(value));
      queue = turn.catch(() => undefined);
      return turn;
    },
  };
}

/** Text of a file; null when there is none. @throws CONFIG_UNREADABLE */
async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return null;
    throw new GatewayError("CONFIG_UNREADABLE", `cannot read ${path}`, {
      cause,
      context: { path },
    });
  }
}
