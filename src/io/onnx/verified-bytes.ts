import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { GatewayError } from "../../core/errors.ts";
import type { InstalledModel } from "../models/manifest.ts";

/**
 * Bytes of an installed model, hashed before anything is made of them.
 * @throws MODEL_MISSING when the file is not there, MODEL_HASH_MISMATCH when it is another one
 */
export async function verifiedBytes(entry: InstalledModel, dir: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(join(dir, entry.file));
  } catch (error) {
    throw new GatewayError("MODEL_MISSING", `Model file ${entry.file} cannot be read`, {
      cause: error,
    });
  }
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found === entry.sha256) return bytes;
  throw new GatewayError("MODEL_HASH_MISMATCH", `Model file ${entry.file} is not the pinned one`, {
    context: { expected: entry.sha256, found },
  });
}
