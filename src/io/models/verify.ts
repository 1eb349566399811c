import { join } from "node:path";
import { hashFile } from "./file-hash.ts";
import { type InstalledModel, readManifest } from "./manifest.ts";

/** What became of an installed model. */
export interface ModelState {
  readonly id: string;
  readonly state: "ok" | "missing" | "wrong-hash";
}

/**
 * Compares every model of the folder's manifest with its hash; empty when nothing is installed.
 * @throws MODEL_UNSUPPORTED when the manifest is malformed
 */
export async function verifyModels(dir: string): Promise<readonly ModelState[]> {
  const manifest = await readManifest(dir);
  const states: ModelState[] = [];
  for (const entry of manifest?.models ?? []) {
    states.push({ id: entry.id, state: await stateOf(dir, entry) });
  }
  return states;
}

/** Compares one model's file with its hash. */
export async function stateOf(dir: string, entry: InstalledModel): Promise<ModelState["state"]> {
  const found = await hashFile(join(dir, entry.file), "sha256", "hex");
  if (found === null) return "missing";
  return found === entry.sha256 ? "ok" : "wrong-hash";
}
