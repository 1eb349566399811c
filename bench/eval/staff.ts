import { parseArgs } from "node:util";
import { GatewayError } from "../../src/core/errors.ts";
import type { StaffRadio } from "./staff-radio.ts";
import { type Compared, runStaff, type StaffRun } from "./staff-run.ts";

export const usage = `eval staff [--days N] [--seed S] [--radio estimates|engine|levels] [--staff N] [--hours H] [--forgotten R] [--flat R] [--json]

A simulated shop (12 x 9 m, one door, staff who also work at the door and smoke before it) with known truth, through the
product's door watch, journey and metrics; per level of traffic (20, 60, 180 entrants an hour).
  truth, tagged      crossings of staff that the camera counted, and those of them whose tag sent at that time
  marked             of these: right = this wearer, swapped = other staff (no figure differs), wrong = a customer
  recall, precision  marks on staff over tagged, and over marked
  probability        mean probability told with the marks; should be near right / marked
  entrants, shopfront, sales, visit
                     [without, with] exclusion: mean over days of the figure against the one in which staff are known
                     (same camera, same misses: what is left is the error of telling staff apart), as a ratio
--radio estimates: a stand-in for the zone engine (true place, 1.2 m slow error); engine: packets to four receivers and
the product's engine, no survey, nothing learned before, a minute of CPU for --days 1 --hours 2; levels: the same packets
without a floor plan. The camera misses 3 %; a tag stays at home on 5 % and goes flat on 3 % of shifts unless told so.

Example: npm run eval -- staff --days 5 --seed 1 --json`;

const LEVELS = [20, 60, 180] as const;
const RADIOS: readonly StaffRadio[] = ["estimates", "engine", "levels"];
const HOUR_MS = 3_600_000;

/** What one level of traffic came to. */
export interface StaffScore {
  readonly truth: number;
  readonly tagged: number;
  readonly marked: number;
  readonly right: number;
  readonly swapped: number;
  readonly wrong: number;
  readonly recall: number;
  readonly precision: number;
  readonly probability: number;
  readonly entrants: readonly [without: number, with_: number];
  readonly shopfront: readonly [without: number, with_: number];
  readonly sales: readonly [without: number, with_: number];
  readonly visit: readonly [without: number, with_: number];
}

/** Runs the evaluation named by the arguments. @throws USAGE */
export async function run(args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const { radio, ...options } = readOptions(args);
  const levels = LEVELS.map((entrantsPerHour) => {
    const result = runStaff({ ...options, radio, entrantsPerHour, missRatio: 0.03 });
    return [`perHour${entrantsPerHour}`, scoreStaff(result)] as const;
  });
  return { radio, days: options.days, seed: options.seed, ...Object.fromEntries(levels) };
}

/** Rates and mean relative errors of a run. Pure. */
export function scoreStaff(result: StaffRun): StaffScore {
  const { truth, tagged, marked, right, swapped, wrong, meanProbability, days } = result;
  const errors = (
    metric: keyof (typeof days)[number],
  ): readonly [without: number, with_: number] => {
    const mean = (read: (one: Compared) => number): number =>
      days.reduce((sum, day) => sum + read(day[metric]) / day[metric].known - 1, 0) / days.length;
    return [round(mean(({ raw }) => raw)), round(mean((one) => one.marked))];
  };
  return {
    truth,
    tagged,
    marked,
    right,
    swapped,
    wrong,
    recall: round((right + swapped) / tagged),
    precision: round((right + swapped) / marked),
    probability: round(meanProbability),
    entrants: errors("entrants"),
    shopfront: errors("shopfront-conversion"),
    sales: errors("sales-conversion"),
    visit: errors("visit-duration-mean"),
  };
}

const round = (value: number): number => Math.round(value * 10_000) / 10_000;

function readOptions(args: readonly string[]): {
  readonly days: number;
  readonly seed: number;
  readonly radio: StaffRadio;
  readonly staff: number;
  readonly openMs: number;
  readonly forgottenRatio: number;
  readonly flatRatio: number;
} {
  const { values } = parseArgs({
    args: [...args],
    options: {
      days: { type: "string", default: "5" },
      seed: { type: "string", default: "1" },
      radio: { type: "string", default: "estimates" },
      staff: { type: "string", default: "4" },
      hours: { type: "string", default: "10" },
      forgotten: { type: "string", default: "0.05" },
      flat: { type: "string", default: "0.03" },
    },
  });
  const number = (name: keyof typeof values, least: number, most: number): number => {
    const value = Number(values[name]);
    if (value >= least && value <= most) return value;
    throw new GatewayError("USAGE", `--${name} must be a number from ${least} to ${most}`);
  };
  const radio = RADIOS.find((one) => one === values.radio);
  if (radio === undefined)
    throw new GatewayError("USAGE", `--radio is one of ${RADIOS.join(", ")}`);
  return {
    days: Math.floor(number("days", 1, 1000)),
    seed: Math.floor(number("seed", 0, 2 ** 31)),
    radio,
    staff: Math.floor(number("staff", 1, 50)),
    openMs: number("hours", 1, 14) * HOUR_MS,
    forgottenRatio: number("forgotten", 0, 1),
    flatRatio: number("flat", 0, 1),
  };
}
