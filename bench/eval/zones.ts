import { basename } from "node:path";
import { parseArgs } from "node:util";
import { GatewayError } from "../../src/core/errors.ts";
import type { SurveyPoint } from "../../src/core/site.ts";
import { NO_DAMAGE, replayWalk, type WalkDamage } from "./zones-replay.ts";
import { scoreOf, tallyWalk, type ZoneScore, type ZoneTally } from "./zones-score.ts";
import {
  type RecordedWalk,
  readRoom,
  readSurvey,
  readWalks,
  type WalkRoom,
} from "./zones-walks.ts";

export const usage = `eval zones --dir DIR [--walk FILE] [--survey FILE|none] [--survey-points 28] [--lag 10]
           [--shift DB] [--drop RATIO] [--dead BOX] [--skew S] [--clock-skew S] [--seed 1] [--suite] [--json]

Replays recorded walks (sensors.json, zones.json, tracks/*.csv; see the README beside the data) through the gateway's
radio input, raw HCI packets of a registered beacon per receiver, and scores the zone of each second. Each walk meets a
gateway that has learned nothing; each zone map is a floor of its own.
--survey takes that many points of a file of fingerprints, far from each other. --shift adds to every level, --drop loses
packets, --dead silences one box (its receivers) for 30 s, --skew makes the boxes' packets late and early by so much
without anybody knowing, --clock-skew makes them remote scanners with such clocks. --suite runs all of them and prints
what each costs.

Example: npm run eval -- zones --dir ../shared/data/ble/tetam --json`;

/** Runs the evaluation named by the arguments. @throws USAGE, INPUT_INVALID */
export async function run(args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const flags = readFlags(args);
  const room = await readRoom(flags.directory);
  const walks = await readWalks(flags.directory, flags.walk);
  const survey = flags.survey === null ? [] : await readSurvey(flags.survey, flags.surveyPoints);
  const setting = { room, walks, survey, lagMs: flags.lagS * 1000 };
  const settings = {
    survey: flags.survey === null ? "none" : basename(flags.survey),
    ...flags.damage,
  };
  if (flags.suite) return { ...(await runSuite(setting)), ...factsOf(setting), settings };
  return { ...(await scoreWalks(setting, flags.damage)), ...factsOf(setting), settings };
}

/** What is replayed. */
export interface ZonesSetting {
  readonly room: WalkRoom;
  readonly walks: readonly RecordedWalk[];
  readonly survey: readonly SurveyPoint[];
  readonly lagMs: number;
}

/** Scores per zone map, over all walks and per walk. */
export async function scoreWalks(
  { room, walks, survey, lagMs }: ZonesSetting,
  damage: WalkDamage,
): Promise<Record<string, ZoneScore> & { walks: Record<string, Record<string, ZoneScore>> }> {
  const byWalk: Record<string, Record<string, ZoneScore>> = {};
  const total: Record<string, ZoneScore> = {};
  for (const [map, floor] of room.floors) {
    const tallies: ZoneTally[] = [];
    for (const walk of walks) {
      const told = await replayWalk(walk, { room, floor, survey, lagMs }, damage);
      const tally = tallyWalk(floor, walk.lines, told);
      tallies.push(tally);
      byWalk[walk.name] = { ...byWalk[walk.name], [map]: scoreOf([tally]) };
    }
    total[map] = scoreOf(tallies);
  }
  return { ...total, walks: byWalk } as Record<string, ZoneScore> & { walks: typeof byWalk };
}

/** Each damage of the issue; those with chance or a choice in them more than once. */
const SUITE: Readonly<Record<string, readonly Partial<WalkDamage>[]>> = {
  "shift +6 dB": [{ shiftDb: 6 }],
  "shift -6 dB": [{ shiftDb: -6 }],
  "70 % lost": [1, 2, 3].map((seed) => ({ dropRatio: 0.7, seed })),
  "one box dead 30 s": [0, 1, 2, 3].map((deadBox) => ({ deadBox })),
  "skew 2 s, unknown": [{ skewS: 2 }, { skewS: -2 }],
  "skew 2 s, remote clocks": [{ clockSkewS: 2 }, { clockSkewS: -2 }],
};

/** Accuracy per damage (mean over its variants) and points lost against the whole walks. */
async function runSuite(setting: ZonesSetting): Promise<Record<string, unknown>> {
  const maps = [...setting.room.floors.keys()];
  const whole = await scoreWalks(setting, NO_DAMAGE);
  const losses: Record<string, Record<string, { accuracy: number; lossPoints: number }>> = {};
  for (const [name, variants] of Object.entries(SUITE)) {
    const sums = new Map(maps.map((map) => [map, 0]));
    for (const variant of variants) {
      const scores = await scoreWalks(setting, { ...NO_DAMAGE, ...variant });
      for (const map of maps) sums.set(map, (sums.get(map) ?? 0) + (scores[map]?.accuracy ?? 0));
    }
    losses[name] = Object.fromEntries(
      maps.map((map) => {
        const accuracy = Math.round((1e4 * (sums.get(map) ?? 0)) / variants.length) / 1e4;
        const lossPoints = Math.round(1e4 * ((whole[map]?.accuracy ?? 0) - accuracy)) / 100;
        return [map, { accuracy, lossPoints }];
      }),
    );
  }
  return { ...whole, losses };
}

function factsOf({ survey, lagMs }: ZonesSetting): Record<string, unknown> {
  return { surveyPoints: survey.length, lagMs };
}

interface Flags {
  readonly directory: string;
  readonly walk: string | undefined;
  readonly survey: string | null;
  readonly surveyPoints: number;
  readonly lagS: number;
  readonly damage: WalkDamage;
  readonly suite: boolean;
}

const TEXTS = [
  "dir",
  "walk",
  "survey",
  "survey-points",
  "lag",
  "shift",
  "drop",
  "dead",
  "skew",
  "clock-skew",
  "seed",
] as const;

function readFlags(args: readonly string[]): Flags {
  const texts = Object.fromEntries(TEXTS.map((name) => [name, { type: "string" } as const]));
  let values: Record<string, string | boolean | undefined>;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: { ...texts, suite: { type: "boolean" } },
    }));
  } catch (cause) {
    throw new GatewayError("USAGE", (cause as Error).message, { cause });
  }
  const text = (name: string): string | undefined => values[name]?.toString();
  const number = (name: string, fallback: number, min: number, max: number): number => {
    const value = Number(text(name) ?? fallback);
    if (value >= min && value <= max) return value;
    throw new GatewayError("USAGE", `expected ${min} to ${max} for --${name}, found ${text(name)}`);
  };
  const directory = text("dir");
  if (directory === undefined) throw new GatewayError("USAGE", "expected --dir DIR");
  const survey = text("survey") ?? "none";
  return {
    directory,
    walk: text("walk"),
    survey: survey === "none" ? null : survey,
    surveyPoints: number("survey-points", 28, 1, 10_000),
    lagS: number("lag", 10, 0, 15),
    suite: values["suite"] === true,
    damage: {
      shiftDb: number("shift", 0, -60, 60),
      dropRatio: number("drop", 0, 0, 1),
      deadBox: number("dead", -1, -1, 255),
      skewS: number("skew", 0, -10, 10),
      clockSkewS: number("clock-skew", 0, -10, 10),
      seed: number("seed", 1, 0, 2 ** 31),
    },
  };
}
