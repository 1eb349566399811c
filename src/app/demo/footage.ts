import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { GatewayError } from "../../core/errors.ts";

const run = promisify(execFile);

/**
 * Street footage that ships in a Debian package: PETS 2009, S2.L1, View 001, 768x576.
 * @source PETS 2009 benchmark; free for academic and industrial research with acknowledgement.
 */
export const DEMO_FOOTAGE = {
  package: "opencv-doc",
  member: "usr/share/doc/opencv-doc/examples/data/vtest.avi",
  sha256: "45cddc9490be69345cbdab64ca583be65987e864ca408038e648db99e10516cf",
  fileName: "vtest.avi",
  downloadBytes: 95_715_012,
} as const;

/** What fetching the footage needs; `say` prints one line of progress for people. */
export interface FootageOptions {
  readonly cacheDir: string;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Path of the footage in the cache, fetched from Debian's archive with `apt-get download` when it is not there.
 * A file is only ever put into the cache after its hash was checked.
 * @throws FOOTAGE_UNAVAILABLE when apt is absent, the package cannot be had or the hash differs
 */
export async function obtainFootage(options: FootageOptions): Promise<string> {
  const target = join(options.cacheDir, DEMO_FOOTAGE.fileName);
  if ((await hashOf(target)) === DEMO_FOOTAGE.sha256) return target;
  await mkdir(options.cacheDir, { recursive: true });
  const work = await mkdtemp(join(options.cacheDir, ".fetch-"));
  try {
    const megabytes = Math.round(DEMO_FOOTAGE.downloadBytes / 1e6);
    options.say(
      `fetching demo footage: Debian package ${DEMO_FOOTAGE.package}, ${megabytes} MB, once`,
    );
    await download(work, options);
    const archive = (await readdir(work)).find((name) => name.endsWith(".deb"));
    if (archive === undefined) throw new Error("apt-get left no package behind");
    await run("dpkg-deb", ["-x", join(work, archive), work], { signal: options.signal });
    const found = join(work, DEMO_FOOTAGE.member);
    if ((await hashOf(found)) !== DEMO_FOOTAGE.sha256)
      throw new Error("the footage has an unexpected hash");
    await rename(found, target);
    return target;
  } catch (error) {
    throw new GatewayError("FOOTAGE_UNAVAILABLE", "the demo footage could not be fetched", {
      cause: error,
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** A machine whose package lists are empty or old gets one `apt-get update`, which needs root; then one more try. */
async function download(work: string, options: FootageOptions): Promise<void> {
  const fetch = () =>
    run("apt-get", ["download", DEMO_FOOTAGE.package], { cwd: work, signal: options.signal });
  try {
    await fetch();
  } catch (error) {
    if (options.signal.aborted) throw error;
    options.say("package lists are missing or old: running apt-get update");
    await run("apt-get", ["update", "-qq"], { signal: options.signal });
    await fetch();
  }
}

async function hashOf(path: string): Promise<string | null> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  return hash.digest("hex");
}
