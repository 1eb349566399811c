import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  writeSync,
} from "node:fs";
import { type FaultCode, GatewayError } from "../../core/errors.ts";

import { syncFolder } from "./sync-folder.ts";

/** What a file of slots looks like. */
export interface SlotShape {
  /** Begins the file, eight ASCII characters. */
  readonly magic: string;
  /** Bytes after the magic, made by whoever begins the file. */
  readonly head: () => Uint8Array;
  readonly slotBytes: number;
  /** What its faults are told as; TEMPLATE_VAULT_UNAVAILABLE when absent. */
  readonly fault?: FaultCode;
  /** Slots that the file has room for from its beginning: overwriting them needs no room on a disk that is full. */
  readonly reserved?: number;
}

const MAGIC_BYTES = 8;

/**
 * A file of slots of one size after a head, each overwritten where it lies: no journal and no copy keeps what stood
 * there before, which a database with a log of its changes does. A write is on the disk when it returns. On flash and on
 * file systems that copy on write the medium may keep old blocks all the same; docs/privacy.md says what follows.
 */
export class SlotFile {
  readonly head: Uint8Array;
  readonly #fd: number;
  readonly #headBytes: number;
  readonly #slotBytes: number;
  readonly #fault: FaultCode;

  /**
   * Opens or begins the file, for the owner's eyes only.
   * @throws TEMPLATE_VAULT_UNAVAILABLE, or what was asked for, when it cannot be used or is no such file
   */
  constructor(path: string, shape: SlotShape) {
    const { slotBytes, fault = "TEMPLATE_VAULT_UNAVAILABLE", reserved = 0 } = shape;
    this.#slotBytes = slotBytes;
    this.#fault = fault;
    this.#fd = this.#attempt(() => openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600));
    try {
      this.head = this.#attempt(() => this.#begin(shape, path));
      this.#headBytes = MAGIC_BYTES + this.head.length;
      if (this.count < reserved) this.#reserve(reserved);
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
  }

  /** Whole slots in the file. */
  get count(): number {
    const { size } = this.#attempt(() => fstatSync(this.#fd));
    return Math.max(0, Math.floor((size - this.#headBytes) / this.#slotBytes));
  }

  /** What stands in a slot; zeros beyond the end. The caller's own copy. @throws TEMPLATE_VAULT_UNAVAILABLE */
  read(slot: number): Uint8Array {
    const bytes = new Uint8Array(this.#slotBytes);
    this.#attempt(() => readSync(this.#fd, bytes, 0, bytes.length, this.#at(slot)));
    return bytes;
  }

  /** Overwrites a slot; shorter bytes are filled up with zeros. @throws TEMPLATE_VAULT_UNAVAILABLE */
  write(slot: number, bytes: Uint8Array): void {
    if (bytes.length > this.#slotBytes) throw new RangeError("more bytes than a slot holds");
    const whole = new Uint8Array(this.#slotBytes);
    whole.set(bytes);
    this.#attempt(() => {
      writeFully(this.#fd, whole, this.#at(slot));
      fsyncSync(this.#fd);
    });
    whole.fill(0);
  }

  /** Overwrites a slot with zeros. @throws TEMPLATE_VAULT_UNAVAILABLE */
  clear(slot: number): void {
    this.write(slot, new Uint8Array(0));
  }

  /** Writes the head anew, as `head` stands now. @throws TEMPLATE_VAULT_UNAVAILABLE */
  keepHead(): void {
    this.#attempt(() => {
      writeFully(this.#fd, this.head, MAGIC_BYTES);
      fsyncSync(this.#fd);
    });
  }

  close(): void {
    closeSync(this.#fd);
  }

  #at(slot: number): number {
    return this.#headBytes + slot * this.#slotBytes;
  }

  #reserve(slots: number): void {
    const from = this.count;
    this.#attempt(() => {
      writeFully(this.#fd, new Uint8Array((slots - from) * this.#slotBytes), this.#at(from));
      fsyncSync(this.#fd);
    });
  }

  #begin({ magic, head }: SlotShape, path: string): Uint8Array {
    fchmodSync(this.#fd, 0o600);
    const made = head();
    const found = new Uint8Array(MAGIC_BYTES + made.length);
    const size = readSync(this.#fd, found, 0, found.length, 0);
    // What a power cut left of a file that was just being begun says nothing yet.
    if (size < found.length && fstatSync(this.#fd).size <= found.length) {
      found.set(Buffer.from(magic, "latin1"));
      found.set(made, MAGIC_BYTES);
      writeFully(this.#fd, found, 0);
      fsyncSync(this.#fd);
      syncFolder(path);
    }
    if (Buffer.from(found.subarray(0, MAGIC_BYTES)).toString("latin1") !== magic)
      throw new GatewayError(this.#fault, "a file of it is another one, or damaged");
    return found.slice(MAGIC_BYTES);
  }

  #attempt<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof Error) || !("syscall" in error) || !("code" in error)) throw error;
      const sentence = `a file of it cannot be used (${String(error.code)})`;
      throw new GatewayError(this.#fault, sentence, { cause: error });
    }
  }
}

function writeFully(fd: number, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length; )
    done += writeSync(fd, bytes, done, bytes.length - done, at + done);
}
