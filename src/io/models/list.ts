import { access } from "node:fs/promises";
import { join } from "node:path";
import { CATALOGUE } from "./catalogue.ts";
import { type InstalledModel, readManifest } from "./manifest.ts";
import type { Catalogue } from "./offered-model.ts";

/** A model that is installed or can be pulled. */
export interface ListedModel {
  readonly id: string;
  readonly task: InstalledModel["task"];
  readonly profile: InstalledModel["profile"];
  readonly license: string;
  readonly licenseUrl: string;
  readonly source: string;
  readonly widthPx: number;
  readonly heightPx: number;
  /** The manifest names it and its file is there; `models verify` compares the hash. */
  readonly installed: boolean;
}

/**
 * All models of the catalogue in its order, then those only the folder has.
 * @throws MODEL_UNSUPPORTED when the folder's manifest is malformed
 */
export async function listModels(
  dir: string,
  catalogue: Catalogue = CATALOGUE,
): Promise<readonly ListedModel[]> {
  const present = (await readManifest(dir))?.models ?? [];
  const offered = catalogue.models.map(({ entry }) => entry);
  const own = present.filter(({ id }) => !offered.some((entry) => entry.id === id));
  return Promise.all(
    [...offered, ...own].map(async (entry) => {
      const found = present.find(({ id }) => id === entry.id);
      const installed = found !== undefined && (await isThere(join(dir, found.file)));
      const { id, task, profile, license, licenseUrl, source, input } = found ?? entry;
      const size = { widthPx: input.width, heightPx: input.height };
      return { id, task, profile, license, licenseUrl, source, ...size, installed };
    }),
  );
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    // WHY: a file that cannot be reached counts as not installed; `models verify` tells more.
    return false;
  }
}
