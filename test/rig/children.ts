import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { leashed } from "../brokers/node-process.ts";

/** What a gateway child is told. */
export interface GatewayChildSetup {
  readonly outbox: string;
  readonly journal: string;
  readonly url: string;
  readonly boot: string;
  readonly mode: "produce" | "drain";
  readonly eventsPerSecond: number;
  readonly control: "none" | "puback";
}

/** What a centre child is told. */
export interface CentralChildSetup {
  /** `sqlite:FILE` or `postgres://...` */
  readonly store: string;
  readonly url: string;
}

/** What the bare centre is told. */
export interface BareCentreSetup {
  readonly file: string;
  readonly url: string;
}

const ERROR_CHARACTERS = 4000;

const REQUIRE = `import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);`;

/** Bundles children of this folder, packages included, into `folder`: hundreds of starts through tsx would take longer than the run. */
export async function bundleChildren(folder: string, names: readonly string[]): Promise<void> {
  symlinkSync(join(import.meta.dirname, "../../node_modules"), join(folder, "node_modules"));
  await build({
    entryPoints: names.map((name) => join(import.meta.dirname, `${name}.ts`)),
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    external: ["better-sqlite3", "pg-native"],
    // What came as CommonJS asks for Node's modules by `require`.
    banner: { js: REQUIRE },
    logLevel: "error",
  });
}

/** A started child: gone when killed by us, a fault when it leaves by itself before that. */
export interface Child {
  readonly process: ChildProcess;
  /** Done when it printed its first words; rejects when it left before. */
  readonly ready: Promise<void>;
  /** What it wrote to stderr, at most the last 4,000 characters. */
  errors(): string;
  /** Whether it left without being asked to. */
  hasLeft(): boolean;
  end(signal: NodeJS.Signals): Promise<void>;
  /** Done when it left by itself, with its exit code. */
  exited(): Promise<number | null>;
}

/** Starts a bundled child with its setup as the only argument. */
export function launch(folder: string, name: string, setup: object): Child {
  const file = join(folder, `${name}.mjs`);
  const [program = "", ...args] = leashed([process.execPath, file, JSON.stringify(setup)]);
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  let errors = "";
  child.stderr.on("data", (chunk) => {
    errors = (errors + String(chunk)).slice(-ERROR_CHARACTERS);
  });
  let isEnding = false;
  const gone = once(child, "exit");
  const ready = Promise.race([
    once(child.stdout, "data").then(() => undefined),
    gone.then(() => {
      if (!isEnding) throw new Error(`the ${name} left early: ${errors}`);
    }),
  ]);
  // A child that is killed while it starts is nobody's fault: only who awaits `ready` is told.
  ready.catch(() => undefined);
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  return {
    process: child,
    ready,
    errors: () => errors,
    hasLeft: () => !isEnding && !isRunning(),
    async end(signal) {
      isEnding = true;
      if (!isRunning()) return;
      child.kill(signal);
      await gone;
    },
    async exited() {
      await gone;
      return child.exitCode;
    },
  };
}
