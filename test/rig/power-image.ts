import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What a writer is told. */
export interface PowerWriterSetup {
  readonly what: "outbox" | "central";
  readonly path: string;
  readonly synchronous: "FULL" | "NORMAL";
}

const IMAGE_BYTES = 64 * 1024 * 1024;
/** Long enough that the file system commits nothing by itself during a life: only what was synced is safe. */
const MOUNT_OPTIONS = "loop,noatime,commit=300";
/** e2fsck: 1 says that errors were corrected. */
const REPAIRED = 1;

/** Runs a program of the system to its end. Returns its exit code; throws above `highest`. */
function run(command: string, args: readonly string[], highest = 0): number {
  const done = spawnSync(command, [...args], { encoding: "utf8" });
  if (done.error !== undefined) throw done.error;
  if (done.status === null || done.status > highest) {
    throw new Error(`${command} ${args.join(" ")}: ${done.stderr.trim()}`);
  }
  return done.status;
}

/** A file system in a file, and copies of it as a power cut would leave it. */
export class PowerImage {
  readonly #folder: string;
  readonly mountPoint: string;
  #image: string;
  #copies = 0;
  #isMounted = false;

  /** Makes an empty ext4 of 64 MiB in a file under `folder`. */
  constructor(folder: string, name: string) {
    this.#folder = join(folder, name);
    this.mountPoint = join(this.#folder, "disk");
    mkdirSync(this.mountPoint, { recursive: true });
    this.#image = join(this.#folder, "image-0");
    writeFileSync(this.#image, "");
    truncateSync(this.#image, IMAGE_BYTES);
    run("mkfs.ext4", ["-q", "-F", this.#image]);
  }

  mount(): void {
    run("mount", ["-o", MOUNT_OPTIONS, this.#image, this.mountPoint]);
    this.#isMounted = true;
  }

  unmount(): void {
    if (this.#isMounted) run("umount", [this.mountPoint]);
    this.#isMounted = false;
  }

  /** Copies the blocks the disk has been given so far: what was only in memory is not in the copy. */
  copy(): string {
    this.#copies += 1;
    const copy = join(this.#folder, `image-${this.#copies}`);
    run("cp", ["--sparse=always", this.#image, copy]);
    return copy;
  }

  /** Goes on with a copy, after the check a machine makes when it starts again. */
  startAgainOn(copy: string): void {
    this.unmount();
    rmSync(this.#image);
    this.#image = copy;
    run("e2fsck", ["-p", copy], REPAIRED);
    this.mount();
  }
}

/** Says why no power can be cut on this machine; null when it can. Tries it out. */
export function cannotCutPower(): string | null {
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    return "simulated power cuts need Linux and root: they mount a file system in a file";
  }
  const folder = mkdtempSync(join(tmpdir(), "vitrine-power-"));
  try {
    const trial = new PowerImage(folder, "trial");
    trial.mount();
    trial.unmount();
    return null;
  } catch (error) {
    return `this machine cannot mount a file system in a file: ${(error as Error).message}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
