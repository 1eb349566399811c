import { resolve } from "node:path";
import type { Command } from "commander";
import { type PullOptions, pullModels } from "../../io/models/install.ts";
import { listModels } from "../../io/models/list.ts";
import type { PullProfile } from "../../io/models/manifest.ts";
import { verifyModels } from "../../io/models/verify.ts";
import type { PictureSize } from "../../vision/ports.ts";
import { collectSize, profileName, pullProfileName, wholeNumber } from "../option-values.ts";
import { progressLine } from "../progress-line.ts";
import type { Terminal } from "../terminal.ts";
import { type BenchFlags, bench } from "./models-bench.ts";
import { type QuantizeFlags, quantize } from "./models-quantize.ts";

interface ModelsFlags {
  readonly dir: string;
  readonly json?: boolean;
}

interface PullFlags extends ModelsFlags {
  readonly profile: PullProfile;
  readonly size: readonly PictureSize[];
  readonly fromDir?: string;
  readonly force?: boolean;
}

const FROM_DIR = [
  "--from-dir <folder>",
  "take the npm tarballs from here instead of the network",
] as const;

/** Makes a subcommand with the options all of them have. */
type Sub = (name: string, description: string, example: string) => Command;

/** Adds `vitrine models list|pull|verify|bench|quantize`. */
export function addModels(program: Command, terminal: Terminal): void {
  const models = program.command("models").description("Obtain and check the detection models");
  const sub: Sub = (name, description, example) =>
    models
      .command(name)
      .description(description)
      .option("--dir <folder>", "folder of the models", "models")
      .option("--json", "print one JSON object")
      .addHelpText("after", `\nExample:\n  vitrine models ${name.split(" ")[0]}${example}`);
  sub("list", "What there is, under which licence, and what is installed", " --json").action(
    (flags: ModelsFlags) => list(flags, terminal),
  );
  sub("pull", "Fetch, check and convert the models of a profile", " --profile permissive")
    .option(
      "--profile <name>",
      "default; permissive: only NanoDet, Apache-2.0; face, or face-accurate: for opted-in shoppers",
      pullProfileName,
      "default",
    )
    .option(
      "--size <WxH>",
      "only this input size, also one that is not listed; repeatable",
      collectSize,
      [],
    )
    .option(...FROM_DIR)
    .option("--force", "do it again even when everything is in place")
    .action((flags: PullFlags) => pull(flags, terminal));
  sub("verify", "Compare every installed model with its hash", "").action((flags: ModelsFlags) =>
    verify(flags, terminal),
  );
  addBench(sub, terminal);
  addQuantize(sub, terminal);
}

function addBench(sub: Sub, terminal: Terminal): void {
  const what = "Latency of every installed model on this board, and which to take";
  sub("bench", what, " --size 640x384")
    .option(
      "--threads <number>",
      "threads of one inference; else 1 to one less than there are cores",
      wholeNumber,
    )
    .option(
      "--size <WxH>",
      "measure this input size too, made for the occasion; repeatable",
      collectSize,
      [],
    )
    .option("--profile <name>", "whose models to recommend", profileName, "default")
    .option(...FROM_DIR)
    .action((flags: BenchFlags) => bench(flags, terminal));
}

function addQuantize(sub: Sub, terminal: Terminal): void {
  const what = "Make the int8 form of a model; it is installed only when it finds the same people";
  sub("quantize <model>", what, " person-nanodet-416x256 --calibrate shop.mp4")
    .option(
      "--calibrate <video>",
      "footage of the site, 40 s or more with people; else the demo footage",
    )
    .option("--threads <number>", "threads of one inference for its speed", wholeNumber, 1)
    .action((model: string, flags: QuantizeFlags) => quantize(model, flags, terminal));
}

async function list(flags: ModelsFlags, terminal: Terminal): Promise<void> {
  const models = await listModels(resolve(flags.dir));
  if (flags.json) return terminal.print(JSON.stringify({ models }));
  for (const { id, profile, license, installed } of models) {
    const state = installed ? "installed" : "-";
    terminal.print(`${id.padEnd(28)} ${profile.padEnd(14)} ${state.padEnd(10)} ${license}`);
  }
}

async function pull(flags: PullFlags, terminal: Terminal): Promise<void> {
  const { profile, fromDir, force, size } = flags;
  const options: PullOptions = {
    dir: resolve(flags.dir),
    profile,
    ...(size.length === 0 ? {} : { sizes: size }),
    ...(fromDir === undefined ? {} : { fromDir: resolve(fromDir) }),
    force: force ?? false,
    onProgress: progressLine(terminal),
    signal: terminal.signal,
  };
  const result = await pullModels(options);
  terminal.progress("");
  if (flags.json) return terminal.print(JSON.stringify(result));
  for (const notice of result.notices) terminal.print(notice);
  terminal.print(`${result.installed.length} model(s) in ${flags.dir}`);
}

async function verify(flags: ModelsFlags, terminal: Terminal): Promise<void> {
  const states = await verifyModels(resolve(flags.dir));
  if (flags.json) terminal.print(JSON.stringify({ models: states }));
  else for (const { id, state } of states) terminal.print(`${state.padEnd(11)} ${id}`);
  if (states.length === 0) terminal.note("no model installed: vitrine models pull");
  if (states.length === 0 || states.some(({ state }) => state !== "ok")) process.exitCode = 1;
}
