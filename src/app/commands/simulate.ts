import { resolve } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { GatewayError } from "../../core/errors.ts";
import { positiveNumber, wholeNumber } from "../option-values.ts";
import {
  DIFFICULTIES,
  type Difficulty,
  FAULTS,
  type Fault,
  type ShopModel,
} from "../simulate/model.ts";
import { Simulation } from "../simulate/simulation.ts";
import { LEVELS, type Level, writeSimulation } from "../simulate/write-simulation.ts";
import type { Terminal } from "../terminal.ts";

interface SimulateFlags {
  readonly out: string;
  readonly days: number;
  readonly seed: number;
  readonly level: Level;
  readonly hours?: number;
  readonly entries?: number;
  readonly staff?: number;
  readonly baskets?: number;
  readonly difficulty: Difficulty;
  readonly faults: readonly Fault[];
  readonly json?: boolean;
}

const HELP = `
Example:
  vitrine simulate --out sim --level tracks --hours 2 --seed 7

Levels:
  crossings  what sensors tell, for months: sensor-events.jsonl
  tracks     places of everybody four times a second, for hours: tracks.jsonl, receipts.jsonl
  packets    the same, and what eight receivers hear of the tags: radio.jsonl (about 60 MB an hour)
Without the radio nobody tells staff from customers, so the shop of level tracks has none.
truth.json holds the true value of every figure, of the whole and of each day.`;

/** Adds `vitrine simulate`. */
export function addSimulate(program: Command, terminal: Terminal): void {
  program
    .command("simulate")
    .description("Write the inputs of a simulated shop whose truth is known")
    .requiredOption("--out <dir>", "folder to write to")
    .option("--days <number>", "days, level crossings only", wholeNumber, 1)
    .option("--seed <number>", "the same seed gives the same files", wholeNumber, 1)
    .option("--level <name>", LEVELS.join(", "), oneOf(LEVELS), "crossings")
    .option("--hours <number>", "hours a day from ten o'clock (default 10)", positiveNumber)
    .option("--entries <number>", "people who come in, an hour (default 60)", positiveNumber)
    .option("--staff <number>", "staff of a day (default 4; 0 at level tracks)", wholeNumber)
    .option("--baskets <number>", "tagged baskets (default 20)", wholeNumber)
    .option("--difficulty <name>", DIFFICULTIES.join(", "), oneOf(DIFFICULTIES), "default")
    .option("--faults <list>", FAULTS.join(","), faultList, [])
    .option("--json", "print a summary as one JSON object")
    .addHelpText("after", HELP)
    .action((flags: SimulateFlags) => simulate(flags, terminal));
}

async function simulate(flags: SimulateFlags, terminal: Terminal): Promise<void> {
  const { level, days, seed, hours, difficulty, faults } = flags;
  if (days < 1) throw new GatewayError("USAGE", `--days: expected a number from 1, found ${days}`);
  if (level !== "crossings" && (days !== 1 || faults.length > 0)) {
    const sentence = `--level ${level} is for hours of one day, without --days and --faults`;
    throw new GatewayError("USAGE", sentence);
  }
  if (hours !== undefined && hours > 12)
    throw new GatewayError("USAGE", `--hours: expected at most 12, found ${hours}`);
  const simulation = new Simulation({
    seed,
    difficulty,
    faults,
    model: modelOf(flags),
    ...(hours === undefined ? {} : { hours }),
  });
  const written = await writeSimulation(simulation, { out: resolve(flags.out), level, days, seed });
  if (flags.json) {
    terminal.print(JSON.stringify(written));
    return;
  }
  terminal.print(`${written.visits} visits; wrote ${written.files.join(", ")} to ${flags.out}`);
  terminal.print(`Replay it with:\n  ${written.replay}`);
}

function modelOf({ level, entries, staff, baskets }: SimulateFlags): Partial<ShopModel> {
  const people = staff ?? (level === "tracks" ? 0 : undefined);
  return {
    ...(entries === undefined ? {} : { entriesPerHour: entries }),
    ...(people === undefined ? {} : { staff: people }),
    ...(baskets === undefined ? {} : { baskets, carts: 0 }),
  };
}

/** Reads one of several words. */
function oneOf<Word extends string>(words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const word = words.find((one) => one === text);
    if (word === undefined) throw new InvalidArgumentError(`Expected ${words.join(", ")}.`);
    return word;
  };
}

function faultList(text: string): readonly Fault[] {
  return text.split(",").map(oneOf(FAULTS));
}
