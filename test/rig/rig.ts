import { parseArgs } from "node:util";
import { BROKERS, type BrokerName, missingProgram } from "../brokers/test-broker.ts";
import { type KillRunOptions, type KillRunResult, killRun } from "./kill-run.ts";
import { powerCutRun } from "./power-cuts.ts";
import { cannotCutPower } from "./power-image.ts";
import { killRow, powerRow } from "./table-row.ts";

const USAGE = `npm run rig -- --seconds N [--broker ${BROKERS.join("|")}] [--store sqlite|postgres] [--seed S] [--json]
    kills gateway, centre, broker and database on a random schedule, cuts and delays the network, heals, and compares
    what the gateway accepted with what the centre stored; --control puback deletes too early and must lose
npm run rig -- --power-cuts N [--seed S] [--json]
    cuts the simulated power of outbox and central file; --control normal writes without FULL and must lose
--row prints the run as a row of the tables in docs/delivery.md
Example: npm run rig -- --seconds 60 --broker mosquitto --seed 7 --json
Exit code: 0 nothing lost or duplicated, 1 otherwise or when too little was killed to prove anything,
2 wrong usage, 3 not possible on this machine`;

class WrongUsage extends Error {}
class NotHere extends Error {}

function flags() {
  try {
    return parseArgs({
      options: {
        seconds: { type: "string" },
        broker: { type: "string", default: "mosquitto" },
        store: { type: "string", default: "sqlite" },
        seed: { type: "string", default: "1" },
        rate: { type: "string", default: "400" },
        control: { type: "string", default: "none" },
        "power-cuts": { type: "string" },
        json: { type: "boolean", default: false },
        row: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    throw new WrongUsage((error as Error).message);
  }
}

type Flags = ReturnType<typeof flags>;

function whole(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new WrongUsage(`--${name}: expected a whole number above 0, found ${text}`);
}

function oneOf<T extends string>(name: string, allowed: readonly T[], text: string): T {
  const found = allowed.find((value) => value === text);
  if (found !== undefined) return found;
  throw new WrongUsage(`--${name}: expected ${allowed.join(" or ")}, found ${text}`);
}

function onProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

/** A run in which little was made or killed says nothing, however exact it is. Clusters take longer to come back. */
function provesAnything(
  { produced, kills }: KillRunResult,
  { seconds, broker }: Pick<KillRunOptions, "seconds" | "broker">,
): boolean {
  const pace = broker === "rabbitmq" || broker === "nats" ? 0.04 : 0.1;
  const { gateway, central } = kills;
  const isMuch = produced >= seconds && gateway >= seconds * pace * 2 && central >= seconds * pace;
  if (!isMuch) console.error("too little was produced or killed: the run proves nothing");
  return isMuch;
}

interface Outcome {
  readonly result: object;
  readonly row: string;
  readonly isExact: boolean;
}

/** What was asked for, without how to print it. */
const asked = (): string =>
  process.argv
    .slice(2)
    .filter((arg) => arg !== "--row" && arg !== "--json")
    .join(" ");

async function kills(values: Flags): Promise<Outcome> {
  const broker: BrokerName = oneOf("broker", BROKERS, values.broker);
  const missing = missingProgram(broker);
  if (missing !== false) throw new NotHere(missing);
  const options = {
    seconds: whole("seconds", values.seconds ?? ""),
    broker,
    store: oneOf("store", ["sqlite", "postgres"], values.store),
    seed: whole("seed", values.seed),
    eventsPerSecond: whole("rate", values.rate),
    control: oneOf("control", ["none", "puback"], values.control),
  } as const;
  const found = await killRun({ ...options, onProgress });
  const { lost, duplicated, unexpected, integrity } = found;
  const isExact =
    lost + duplicated + unexpected === 0 && integrity === "ok" && provesAnything(found, options);
  const row = killRow(asked(), found, options.store === "postgres");
  return { result: { ...found, ...options }, row, isExact };
}

async function powerCuts(values: Flags): Promise<Outcome> {
  const obstacle = cannotCutPower();
  if (obstacle !== null) throw new NotHere(obstacle);
  const options = {
    cuts: whole("power-cuts", values["power-cuts"] ?? ""),
    seed: whole("seed", values.seed),
    control: oneOf("control", ["none", "normal"], values.control),
  } as const;
  const found = await powerCutRun({ ...options, onProgress });
  const row = powerRow(asked(), options.cuts, found);
  return { result: { ...found, ...options }, row, isExact: found.lost + found.damaged === 0 };
}

async function main(): Promise<number> {
  const values = flags();
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const { result, row, isExact } =
    values["power-cuts"] === undefined ? await kills(values) : await powerCuts(values);
  onProgress("");
  if (values.row) console.log(row);
  else if (values.json) console.log(JSON.stringify(result));
  else
    for (const [key, value] of Object.entries(result))
      console.log(`${key}: ${JSON.stringify(value)}`);
  return isExact ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (error instanceof NotHere) {
    console.error(`not possible here: ${error.message}`);
    process.exitCode = 3;
  } else if (error instanceof WrongUsage) {
    console.error(`USAGE: ${error.message}\n${USAGE}`);
    process.exitCode = 2;
  } else throw error;
}
