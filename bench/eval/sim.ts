import { parseArgs } from "node:util";
import { DIFFICULTIES, type Difficulty, FAULTS, type Fault } from "../../src/app/simulate/model.ts";
import type { VariantName } from "../../src/app/simulate/simulation.ts";
import { GatewayError } from "../../src/core/errors.ts";
import { runSim, type SimRunOptions, type VariantScore } from "./sim-run.ts";
import { CoverageTally, meanOf, rounded, type SimEntry } from "./sim-score.ts";
import { simTable } from "./sim-table.ts";

export const usage = `eval sim [--days N] [--seed S] [--seeds K] [--sensors tracks|doors|tags|all] [--difficulty D]
         [--faults F,...] [--runs R] [--json]

A simulated shop whose truth is known, through the product's journey and metrics; every figure against the truth. One
shop is watched in three ways: tracks (a counter follows people from door to door), doors (door counts only), tags (door
counts, and tags of baskets, carts and members). All have the till, two passing lines and tags of staff.
  shopfrontConversion, meanVisit, bounceCounts   with door counts only
  bounceTracks, medianTags                       with tracks; from tags, calibrated to the counts
  occupancyMae, zonePeopleMae                    people inside every 15 minutes, in a zone every hour, from the ninth day on
  occupancyCovered                               share of the intervals of these people inside that hold the truth
  intervalCoverage                               share of 95 % intervals, of the run and of each day, that hold the truth:
                                                 of a day's count what was, of a day's rate or mean that of the whole run
  realisedCoverage                               the same, a day's rates against those of that very day
  <metric>                                       of the best way of watching; of zones, all of them together
  variants                                       every figure of every way: value, truth, error, interval, method, n
--seeds K runs K shops (seeds S, S+1, ...): errors are their mean, worst is the largest. --runs R asks R shops for their
bounce rates alone and tells how many intervals hold the truth; forty take a quarter of an hour, with --sensors doors half.
--difficulty perfect|default|hard; --faults outage,blind-day,clock-step.

Example: npm run eval -- sim --days 28 --seed 1 --json`;

const WAYS = ["tracks", "doors", "tags"] as const satisfies readonly VariantName[];
const BOUNCES = ["bounce-rate", "bounce-rate-ga4", "visit-duration-median", "visit-duration-mean"];

interface SimFlags extends Omit<SimRunOptions, "seed" | "only"> {
  readonly seed: number;
  readonly seeds: number;
  readonly runs: number;
}

/** Runs the simulated shops. @throws USAGE */
export async function run(args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const flags = readFlags(args);
  const startMs = performance.now();
  const seconds = (): { readonly seconds: number; readonly cpuSeconds: number } => {
    const { user, system } = process.cpuUsage();
    const tenths = (ms: number): number => Math.round(ms / 100) / 10;
    return {
      seconds: tenths(performance.now() - startMs),
      cpuSeconds: tenths((user + system) / 1000),
    };
  };
  const count = flags.runs > 0 ? flags.runs : flags.seeds;
  const seeds = Array.from({ length: count }, (_, i) => flags.seed + i);
  const only = flags.runs > 0 ? BOUNCES : [];
  const runs = seeds.map((seed) => runSim({ ...flags, seed, only }));
  const head = { days: flags.days, seeds, difficulty: flags.difficulty, faults: flags.faults };
  if (flags.runs > 0) return { ...head, coveredRuns: coveredRuns(runs), ...seconds() };
  return { ...head, ...summary(runs), ...seconds() };
}

/** The result for people. */
export const table = simTable;

type SimRun = Readonly<Record<string, VariantScore>>;

function summary(runs: readonly SimRun[]): Record<string, unknown> {
  const from = (way: VariantName, metric: string): unknown =>
    joined(runs.flatMap((one) => one[way]?.entries[metric] ?? []));
  const best = (): Record<string, unknown> => {
    const keys = new Set(runs.flatMap((one) => Object.values(one).flatMap(metricsOf)));
    return Object.fromEntries([...keys].map((metric) => [camel(metric), bestOf(runs, metric)]));
  };
  const ratios = (read: (way: VariantScore) => CoverageTally): number[] =>
    runs.flatMap((one) => Object.values(one).flatMap((way) => read(way).ratio ?? []));
  const first = runs[0] ?? {};
  return {
    shopfrontConversion: from("doors", "shopfront-conversion"),
    meanVisit: from("doors", "visit-duration-mean"),
    bounceTracks: from("tracks", "bounce-rate"),
    bounceCounts: from("doors", "bounce-rate"),
    medianTags: from("tags", "visit-duration-median"),
    intervalCoverage: meanOf(ratios(({ coverage }) => coverage)),
    realisedCoverage: meanOf(ratios(({ realised }) => realised)),
    ...Object.fromEntries(Object.entries(best()).filter(([key]) => key !== "shopfrontConversion")),
    variants: Object.fromEntries(Object.keys(first).map((way) => [way, detail(runs, way)])),
    missing: [...new Set(Object.values(first).flatMap((way) => way.missing))],
  };
}

const metricsOf = ({ entries }: VariantScore): string[] =>
  Object.keys(entries).map((key) => key.split("/")[0] ?? key);

/** The first way of watching that knows the metric, all its scopes together. */
function bestOf(runs: readonly SimRun[], metric: string): unknown {
  for (const way of WAYS) {
    const entries = runs.flatMap((one) =>
      Object.entries(one[way]?.entries ?? {}).filter(([key]) => key.split("/")[0] === metric),
    );
    if (!entries.some(([, entry]) => entry.value !== null)) continue;
    return { sensors: way, ...joined(entries.map(([, entry]) => entry)) };
  }
  return joined([]);
}

/** One entry from those of several seeds or zones: the only one as it is, else the mean of the errors and the worst. */
function joined(entries: readonly SimEntry[]): Record<string, unknown> {
  const [only] = entries;
  if (only === undefined) return { value: null, truth: null };
  if (entries.length === 1) return { ...only };
  const result: Record<string, unknown> = {};
  for (const error of ["absError", "relError"] as const) {
    const known = entries.flatMap((entry) => entry[error] ?? []);
    if (known.length === 0) continue;
    result[error] = meanOf(known);
    result["worst"] = Math.max(...known);
  }
  const judged = entries.flatMap(({ covered }) => covered ?? []);
  return {
    ...result,
    covered: judged.length === 0 ? null : rounded(judged.filter(Boolean).length / judged.length),
    values: entries.map(({ value }) => value),
    truths: entries.map(({ truth }) => truth),
    method: only.method,
    n: entries.reduce((sum, { n }) => sum + n, 0),
  };
}

function detail(runs: readonly SimRun[], way: string): Record<string, unknown> {
  const scores = runs.flatMap((one) => one[way] ?? []);
  const keys = new Set(scores.flatMap(({ entries }) => Object.keys(entries)));
  const mean = (read: (score: VariantScore) => number | null): number | null =>
    meanOf(scores.flatMap((score) => read(score) ?? []));
  return {
    intervalCoverage: mean(({ coverage }) => coverage.ratio),
    realisedCoverage: mean(({ realised }) => realised.ratio),
    occupancyMae: mean(({ occupancyMae }) => occupancyMae.live),
    occupancyMaeClosed: mean(({ occupancyMae }) => occupancyMae.closed),
    occupancyCovered: mean(({ occupancyCovered }) => occupancyCovered.live),
    occupancyCoveredClosed: mean(({ occupancyCovered }) => occupancyCovered.closed),
    zonePeopleMae: mean(({ zonePeopleMae }) => zonePeopleMae),
    events: mean(({ events }) => events),
    secondsOfEvents: mean(({ seconds }) => seconds.events),
    secondsOfFigures: mean(({ seconds }) => seconds.figures),
    coverage: scores[0]?.coverage.byMetric() ?? new CoverageTally().byMetric(),
    metrics: Object.fromEntries(
      [...keys].map((key) => [key, joined(scores.flatMap(({ entries }) => entries[key] ?? []))]),
    ),
  };
}

/** Per way and metric: share of the runs whose interval holds the truth, and the mean error. */
function coveredRuns(runs: readonly SimRun[]): Record<string, unknown> {
  return Object.fromEntries(
    Object.keys(runs[0] ?? {}).map((way) => [
      way,
      Object.fromEntries(
        BOUNCES.map((metric) => [
          metric,
          joined(runs.flatMap((one) => one[way]?.entries[metric] ?? [])),
        ]),
      ),
    ]),
  );
}

const camel = (id: string): string =>
  id.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

function readFlags(args: readonly string[]): SimFlags {
  const names = ["days", "seed", "seeds", "sensors", "difficulty", "faults", "runs"] as const;
  const options = Object.fromEntries(names.map((name) => [name, { type: "string" } as const]));
  let values: Partial<Record<(typeof names)[number], string>>;
  try {
    values = parseArgs({ args: [...args], options }).values;
  } catch (cause) {
    throw new GatewayError("USAGE", (cause as Error).message, { cause });
  }
  const sensors = values.sensors ?? "all";
  if (sensors !== "all" && !(WAYS as readonly string[]).includes(sensors))
    throw new GatewayError("USAGE", `expected tracks, doors, tags or all, found ${sensors}`);
  return {
    days: whole("days", values.days, 28, 1),
    seed: whole("seed", values.seed, 1, 0),
    seeds: whole("seeds", values.seeds, 1, 1),
    runs: whole("runs", values.runs, 0, 0),
    variants: WAYS.filter((way) => sensors === "all" || way === sensors),
    difficulty: one("difficulty", values.difficulty ?? "default", DIFFICULTIES) as Difficulty,
    faults: (values.faults?.split(",") ?? []).map((fault) => one("faults", fault, FAULTS) as Fault),
  };
}

function one(name: string, text: string, known: readonly string[]): string {
  if (known.includes(text)) return text;
  throw new GatewayError(
    "USAGE",
    `expected one of ${known.join(", ")} for --${name}, found ${text}`,
  );
}

function whole(name: string, text: string | undefined, fallback: number, least: number): number {
  const value = Number(text ?? fallback);
  if (Number.isInteger(value) && value >= least) return value;
  throw new GatewayError("USAGE", `expected a number from ${least} for --${name}, found ${text}`);
}
