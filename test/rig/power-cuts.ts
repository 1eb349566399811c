import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { createSystemClock } from "../../src/app/system-clock.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { seededRandom } from "../../src/core/random.ts";
import { openOutbox } from "../../src/io/outbox/outbox.ts";
import { bundleChildren, type Child, launch } from "./children.ts";
import { PowerImage, type PowerWriterSetup } from "./power-image.ts";

/** What a run is asked for. */
export interface PowerCutOptions {
  readonly cuts: number;
  readonly seed: number;
  /** `normal` writes without waiting for the disk: it must lose. */
  readonly control: "none" | "normal";
  readonly onProgress: (text: string) => void;
}

/** What a run found. */
export interface PowerCutResult {
  /** Rows whose commit was reported, over all lives. */
  readonly acknowledged: number;
  /** Of these, rows that were gone after a cut. */
  readonly lost: number;
  /** Cuts after which at least one was gone. */
  readonly cutsThatLost: number;
  /** Files that were not sound, or had to be set aside, after a cut. */
  readonly damaged: number;
}

type What = PowerWriterSetup["what"];

/** Which numbers a file holds after the machine started again. */
interface Held {
  readonly numbers: ReadonlySet<number>;
  readonly isSound: boolean;
}

/** One machine that writes, loses its power, starts again on what its disk has kept, and goes on writing. */
interface Machine {
  readonly what: What;
  readonly image: PowerImage;
  readonly path: string;
  /** Numbers that must be there. */
  owed: Set<number>;
  /** Life of the outbox file; a new one means that the old was set aside. */
  epoch: string | null;
}

const SHORTEST_LIFE_MS = 150;
const LONGEST_LIFE_MS = 1200;
/** Lets a write that the kernel is in the middle of come to its end, and the pipe run dry. */
const STOP_MS = 30;

/** Cuts the power `cuts` times, in turn of a gateway's outbox and of a central store, and looks what is left. */
export async function powerCutRun(options: PowerCutOptions): Promise<PowerCutResult> {
  const folder = mkdtempSync(join(tmpdir(), "vitrine-power-"));
  const machines: Machine[] = [];
  const random = seededRandom(options.seed);
  const sum = { acknowledged: 0, lost: 0, cutsThatLost: 0, damaged: 0 };
  try {
    await bundleChildren(folder, ["power-writer-child"]);
    for (const what of ["outbox", "central"] as const) {
      const image = new PowerImage(folder, what);
      image.mount();
      const path = join(image.mountPoint, `${what}.db`);
      machines.push({ what, image, path, owed: new Set(), epoch: null });
    }
    for (let cut = 0; cut < options.cuts; cut += 1) {
      const machine = machines[cut % machines.length];
      if (machine === undefined) break;
      const lifeMs = SHORTEST_LIFE_MS + (LONGEST_LIFE_MS - SHORTEST_LIFE_MS) * random();
      const found = await oneLife(machine, folder, lifeMs, options.control);
      sum.acknowledged += found.acknowledged;
      sum.lost += found.lost;
      if (found.lost > 0) sum.cutsThatLost += 1;
      if (!found.isSound) sum.damaged += 1;
      options.onProgress(`${cut + 1} of ${options.cuts} cuts, ${sum.lost} rows lost`);
    }
    return sum;
  } finally {
    for (const { image } of machines) image.unmount();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function oneLife(
  machine: Machine,
  folder: string,
  lifeMs: number,
  control: PowerCutOptions["control"],
): Promise<{ acknowledged: number; lost: number; isSound: boolean }> {
  const { what, path, image, owed } = machine;
  const synchronous = control === "normal" ? "NORMAL" : "FULL";
  const writer = launch(folder, "power-writer-child", { what, path, synchronous });
  const said = listen(writer);
  await writer.ready;
  await pause(lifeMs);
  if (writer.hasLeft()) throw new Error(`the writer left: ${writer.errors()}`);
  writer.process.kill("SIGSTOP");
  await pause(STOP_MS);
  const copy = image.copy();
  const { accepted, givenUp } = said();
  await writer.end("SIGKILL");
  image.startAgainOn(copy);
  for (const n of accepted) owed.add(n);
  for (const n of owed) if (n <= givenUp) owed.delete(n);
  const held = what === "outbox" ? readOutbox(machine) : readCentral(path);
  let lost = 0;
  for (const n of owed) if (!held.numbers.has(n)) lost += 1;
  machine.owed = new Set(held.numbers);
  return { acknowledged: accepted.length, lost, isSound: held.isSound };
}

/** Collects what the writer says; a line that is not complete was not said. */
function listen(writer: Child): () => { accepted: readonly number[]; givenUp: number } {
  let text = "";
  writer.process.stdout?.on("data", (chunk) => {
    text += String(chunk);
  });
  return () => {
    const accepted: number[] = [];
    let givenUp = 0;
    for (const line of text.split("\n").slice(0, -1)) {
      const n = Number(line.slice(2));
      if (line.startsWith("+")) accepted.push(n);
      else givenUp = Math.max(givenUp, n);
    }
    return { accepted, givenUp };
  };
}

/** Opens the outbox as a gateway does when it starts. */
function readOutbox(machine: Machine): Held {
  const outbox = openOutbox({
    path: machine.path,
    capBytes: 32 * 1024 * 1024,
    commitMs: 20,
    clock: createSystemClock(),
    log: SILENT_LOG,
    random: () => 0.5,
  });
  const numbers = new Set<number>();
  for (let after = outbox.acked("journey"); ; ) {
    const rows = outbox.read("journey", after, 1_000_000);
    const last = rows.at(-1);
    if (last === undefined) break;
    for (const row of rows) if (row.kind === "event") numbers.add(row.seq);
    after = last.seq;
  }
  const isSame = machine.epoch === null || machine.epoch === outbox.epoch;
  machine.epoch = outbox.epoch;
  outbox.close();
  return { numbers, isSound: isSame };
}

/** Reads the central file without the product's code. */
function readCentral(path: string): Held {
  const db = new Database(path);
  try {
    const tables = db.prepare<[], string>("SELECT name FROM sqlite_master").pluck().all();
    // Cut before the very first commit, or a control that has not even kept its tables.
    if (!tables.includes("gateway_cursor")) return { numbers: new Set(), isSound: true };
    const numbers = db.prepare<[], number>("SELECT seq FROM event").pluck().all();
    const cursor = db.prepare<[], number>("SELECT max(seq) FROM gateway_cursor").pluck().get() ?? 0;
    const check = String(db.pragma("integrity_check(1)", { simple: true }));
    return { numbers: new Set(numbers), isSound: check === "ok" && cursor === numbers.length };
  } finally {
    db.close();
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
