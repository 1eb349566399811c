import { createHash } from "node:crypto";

/** Hash for event ids: the first 128 bits of SHA-256 as 32 hexadecimal digits. Pure. */
export function eventHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
