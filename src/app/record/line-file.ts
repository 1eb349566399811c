import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import { GatewayError } from "../../core/errors.ts";

/**
 * A file that grows line by line (or record by record) and never replaces another. A write waits while the disk is behind, so at most
 * a few kilobytes are held in memory.
 */
export class LineFile {
  readonly #path: string;
  readonly #stream: WriteStream;
  #fault: NodeJS.ErrnoException | null = null;

  private constructor(path: string, stream: WriteStream) {
    this.#path = path;
    this.#stream = stream;
    stream.on("error", (error: NodeJS.ErrnoException) => {
      this.#fault ??= error;
    });
  }

  /** @throws USAGE when the file exists already, CONFIG_UNREADABLE when it cannot be made, DISK_FULL */
  static async create(path: string): Promise<LineFile> {
    const file = new LineFile(path, createWriteStream(path, { flags: "wx", mode: 0o600 }));
    await once(file.#stream, "open").catch(() => undefined);
    file.#check();
    return file;
  }

  /** @throws DISK_FULL, CONFIG_UNREADABLE */
  write(line: string): Promise<void> {
    return this.#append(`${line}\n`);
  }

  /** Writes a record of a binary file. @throws DISK_FULL, CONFIG_UNREADABLE */
  writeBytes(bytes: Uint8Array): Promise<void> {
    return this.#append(bytes);
  }

  async #append(chunk: string | Uint8Array): Promise<void> {
    const isRoomy = this.#stream.write(chunk);
    // An error also ends the waiting; it is thrown right below.
    if (!isRoomy && this.#fault === null) await once(this.#stream, "drain").catch(() => undefined);
    this.#check();
  }

  /** Resolves when everything is on its way to the disk. @throws DISK_FULL, CONFIG_UNREADABLE */
  async close(): Promise<void> {
    this.#stream.end();
    if (!this.#stream.closed) await once(this.#stream, "close").catch(() => undefined);
    this.#check();
  }

  #check(): void {
    const fault = this.#fault;
    if (fault === null) return;
    if (fault.code === "EEXIST") {
      throw new GatewayError("USAGE", `${this.#path} exists already; name another --out folder`);
    }
    const code = fault.code === "ENOSPC" ? "DISK_FULL" : "CONFIG_UNREADABLE";
    throw new GatewayError(code, `cannot write ${this.#path}`, { cause: fault });
  }
}
