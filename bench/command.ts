import { GatewayError } from "../src/core/errors.ts";

/** One evaluation or benchmark: takes its own arguments, returns one JSON-able object of named figures. */
export interface BenchModule {
  readonly usage: string;
  run(args: readonly string[]): Promise<Readonly<Record<string, unknown>>>;
  /** The result for people; absent = one figure a line. */
  table?(result: Readonly<Record<string, unknown>>): string;
}

/**
 * Runs the named module of a table and prints its result: one JSON object on stdout with `--json`, else one
 * figure per line. Sets the exit code: 0 ok, 1 failed, 2 wrong usage.
 */
export async function dispatch(
  table: Readonly<Record<string, () => Promise<BenchModule>>>,
  argv: readonly string[],
): Promise<void> {
  const [name, ...rest] = argv;
  const load = name === undefined ? undefined : table[name];
  if (load === undefined) {
    console.error(`USAGE: expected one of ${Object.keys(table).join(", ")}`);
    process.exitCode = name === "--help" ? 0 : 2;
    return;
  }
  const module = await load();
  if (rest.includes("--help")) {
    console.log(module.usage);
    return;
  }
  const result = await runReported(module, rest);
  if (result === null) return;
  if (rest.includes("--json")) console.log(JSON.stringify(result));
  else if (module.table !== undefined) console.log(module.table(result));
  else
    for (const [key, value] of Object.entries(result))
      console.log(`${key}: ${JSON.stringify(value)}`);
}

/** Runs the module; a fault of the world is printed as `CODE: sentence` with its hint and sets the exit code. */
async function runReported(
  module: BenchModule,
  rest: readonly string[],
): Promise<Readonly<Record<string, unknown>> | null> {
  try {
    return await module.run(rest.filter((argument) => argument !== "--json"));
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    console.error(`${error.code}: ${error.message}\n${error.hint}`);
    process.exitCode = error.code === "USAGE" ? 2 : 1;
    return null;
  }
}
