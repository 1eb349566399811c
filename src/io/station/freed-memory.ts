/** What Node reads a pipe into: a piece of this size each time, whatever comes. */
const PIECE_BYTES = 65_536;
const SIZES_BYTES = [PIECE_BYTES, PIECE_BYTES / 4, PIECE_BYTES / 16] as const;
/** Of each size: twice what waits in a pipe and is on its way when a run is stopped. */
const TOTAL_BYTES = 8 * 2 ** 20;

/**
 * Overwrites what freed memory may still hold of what came through a pipe: Node reads into native memory, copies and
 * gives it back as it is, where no code of ours can reach it. Memory that is asked for anew comes from there and is
 * zeroed. No guarantee, since the allocator decides what it reuses; a test searches the memory of a process for what is
 * left. Takes some milliseconds, on the thread that read the pipe.
 */
export function overwriteFreed(): void {
  const held: Uint8Array[] = [];
  for (const size of SIZES_BYTES)
    for (let total = 0; total < TOTAL_BYTES; total += size) held.push(new Uint8Array(size).fill(0));
  held.length = 0;
}
