import { closeSync, openSync, readFileSync, readSync } from "node:fs";

const CHUNK_BYTES = 4 * 2 ** 20;
/** Chunks overlap by more than a text, so that none is cut in two. */
const OVERLAP_BYTES = 64;

/** In how many pieces of the writable memory of a process each text of bytes stands, all its threads included. */
export function countInMemory(pid: number, wanted: readonly Buffer[]): readonly number[] {
  const counts = wanted.map(() => 0);
  const memory = openSync(`/proc/${pid}/mem`, "r");
  const chunk = Buffer.alloc(CHUNK_BYTES);
  for (const line of readFileSync(`/proc/${pid}/maps`, "utf8").split("\n")) {
    const range = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line);
    if (range === null) continue;
    const end = Number.parseInt(range[2] ?? "", 16);
    for (
      let at = Number.parseInt(range[1] ?? "", 16);
      at < end;
      at += CHUNK_BYTES - OVERLAP_BYTES
    ) {
      const size = read(memory, chunk.subarray(0, Math.min(CHUNK_BYTES, end - at)), at);
      for (const [i, bytes] of wanted.entries())
        if (chunk.subarray(0, size).includes(bytes)) counts[i] = (counts[i] ?? 0) + 1;
    }
  }
  closeSync(memory);
  return counts;
}

function read(memory: number, into: Buffer, at: number): number {
  try {
    return readSync(memory, into, 0, into.length, at);
  } catch {
    // Reserved and never used: there is nothing to read.
    return 0;
  }
}
