#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { GatewayError } from "../core/errors.ts";
import { addCentral } from "./commands/central.ts";
import { addConsent } from "./commands/consent.ts";
import { addDemo } from "./commands/demo.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addModels } from "./commands/models.ts";
import { addPos } from "./commands/pos.ts";
import { addRecord } from "./commands/record.ts";
import { addReplay } from "./commands/replay.ts";
import { addRun } from "./commands/run.ts";
import { addSimulate } from "./commands/simulate.ts";
import { addSite } from "./commands/site.ts";
import { createTerminal, reportFailure } from "./terminal.ts";
import { readVersion } from "./version.ts";

const terminal = createTerminal();
const program = new Command("vitrine")
  .description("In-store telemetry edge gateway for beacons and cameras")
  .version(readVersion())
  // Wrong usage is reported like every other fault, below.
  .configureOutput({ writeErr: () => undefined })
  .exitOverride();

for (const add of [
  addRun,
  addDemo,
  addRecord,
  addReplay,
  addCentral,
  addModels,
  addDoctor,
  addSite,
  addSimulate,
  addPos,
  addConsent,
]) {
  add(program, terminal);
}

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
