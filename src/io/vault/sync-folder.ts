import { closeSync, constants, fsyncSync, openSync } from "node:fs";
import { dirname } from "node:path";

/** Puts the folder of a file on the disk: else its name could be lost with the power although its bytes are there. */
export function syncFolder(path: string): void {
  const fd = openSync(dirname(path), constants.O_RDONLY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
