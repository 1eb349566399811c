#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { GatewayError } from "../core/errors.ts";
import { createTerminal, reportFailure, type Terminal } from "./terminal.ts";
import { readVersion } from "./version.ts";

const terminal = createTerminal();
const program = new Command("vitrine")
  .description("In-store telemetry edge gateway for beacons and cameras")
  .version(readVersion())
  // Wrong usage is reported like every other fault, below.
  .configureOutput({ writeErr: () => undefined })
  .exitOverride();

/** Each command brings its own modules: a gateway must not carry the centre's database and the tools for models. */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  run: async () => (await import("./commands/run.ts")).addRun,
  demo: async () => (await import("./commands/demo.ts")).addDemo,
  record: async () => (await import("./commands/record.ts")).addRecord,
  replay: async () => (await import("./commands/replay.ts")).addReplay,
  central: async () => (await import("./commands/central.ts")).addCentral,
  models: async () => (await import("./commands/models.ts")).addModels,
  doctor: async () => (await import("./commands/doctor.ts")).addDoctor,
  site: async () => (await import("./commands/site.ts")).addSite,
  simulate: async () => (await import("./commands/simulate.ts")).addSimulate,
  consent: async () => (await import("./commands/consent.ts")).addConsent,
  members: async () => (await import("./commands/members.ts")).addMembers,
  pos: async () => (await import("./commands/pos.ts")).addPos,
};
type AddCommand = (program: Command, terminal: Terminal) => void;

const named = process.argv[2] ?? "";
const wanted = Object.hasOwn(COMMANDS, named) ? [named] : Object.keys(COMMANDS);
for (const name of wanted) (await COMMANDS[name]?.())?.(program, terminal);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) process.exitCode = reportFailure(terminal, error);
  else if (error.exitCode === 0) process.exitCode = 0;
  else {
    const sentence = error.message === "(outputHelp)" ? "a command is missing" : error.message;
    const usage = new GatewayError("USAGE", sentence.replace(/^error: /, ""));
    process.exitCode = reportFailure(terminal, usage);
  }
}
