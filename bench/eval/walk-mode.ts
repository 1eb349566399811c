import { parseArgs } from "node:util";
import { monoMs } from "../../src/core/brand.ts";
import { GatewayError } from "../../src/core/errors.ts";
import { insidePolygon } from "../../src/core/geometry.ts";
import type { FloorPlan } from "../../src/core/site.ts";
import { PLACE_RULES, type PlaceRules } from "../../src/radio/walk/walk-places.ts";
import { reportWalk, surveyStays, type WalkVerdict } from "../../src/radio/walk/walk-report.ts";
import type { WalkRecord } from "../../src/radio/walk/walk-session.ts";
import { staysOf, type WalkMark } from "../../src/radio/walk/walk-stays.ts";
import { scoreWalks } from "./zones.ts";
import { NO_DAMAGE } from "./zones-replay.ts";
import type { ZoneScore } from "./zones-score.ts";
import { type RecordedWalk, readRoom, readWalks, type WalkRoom } from "./zones-walks.ts";

export const usage = `eval walk-mode --dir DIR [--transition 1] [--seconds-per-point 15] [--lag 10] [--json]

What the walk mode is worth on recorded walks (folder as for \`eval zones\`). Each walk in turn is the walk somebody made
for calibration, its taps made from the true zone of each second; its survey points are then used on all the other
walks, through the gateway's radio input. --transition is left out around each tap (seconds), --seconds-per-point is the
least time behind one point: these walks last a minute or two in all, where a real one lasts that long in each zone.
\`meanFollowed\`: saved only where the walk mode's own cross-validation said that it is better.
\`together\`: the points of all walks but the judged one.

Example: npm run eval -- walk-mode --dir ../shared/data/ble/tetam --json`;

interface Setting {
  readonly room: WalkRoom;
  readonly walks: readonly RecordedWalk[];
  readonly transitionMs: number;
  readonly rules: PlaceRules;
  readonly lagMs: number;
}

interface Gain {
  readonly points: number;
  readonly before: ZoneScore | undefined;
  readonly after: ZoneScore | undefined;
}

/** What the walk mode's own cross-validation said. */
interface OwnReport {
  readonly before: number | null;
  readonly after: number | null;
  readonly seconds: number;
  readonly verdict: WalkVerdict;
}

/** Runs the evaluation named by the arguments. @throws USAGE, INPUT_INVALID */
export async function run(args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const setting = await readSetting(args);
  const result: Record<string, unknown> = {};
  for (const [map, floor] of setting.room.floors) result[map] = await gainsOn(setting, map, floor);
  return { ...result, transitionMs: setting.transitionMs, minSeconds: setting.rules.minSeconds };
}

async function gainsOn(setting: Setting, map: string, floor: FloorPlan): Promise<unknown> {
  const { walks } = setting;
  const byWalk: Record<string, unknown> = {};
  const tally = { before: 0, after: 0, followed: 0 };
  for (const walk of walks) {
    const others = walks.filter((other) => other !== walk);
    const gain = await gainOf(setting, map, floor, [walk], others);
    tally.before += (gain.before?.accuracy ?? 0) / walks.length;
    tally.after += (gain.after?.accuracy ?? 0) / walks.length;
    const itself = ownReport(setting, floor, walk);
    const used = itself.verdict === "better" ? gain.after : gain.before;
    tally.followed += (used?.accuracy ?? 0) / walks.length;
    byWalk[walk.name] = { ...gain, itself };
  }
  const together: Record<string, unknown> = {};
  for (const walk of walks) {
    const others = walks.filter((other) => other !== walk);
    together[walk.name] = await gainOf(setting, map, floor, others, [walk]);
  }
  const means = {
    meanBefore: ratio(tally.before),
    meanAfter: ratio(tally.after),
    meanFollowed: ratio(tally.followed),
  };
  return { ...means, byWalk, together };
}

/** Accuracy on the judged walks without and with the points of the taught ones. */
async function gainOf(
  setting: Setting,
  map: string,
  floor: FloorPlan,
  taught: readonly RecordedWalk[],
  judged: readonly RecordedWalk[],
): Promise<Gain> {
  const { receivers } = setting.room;
  const room = { ...setting.room, floors: new Map([[map, floor]]) };
  const survey = taught.flatMap((walk) => {
    const { readings, stays } = recordOf(walk, setting, floor);
    return surveyStays({ floor, receivers, survey: [] }, readings, stays, setting.rules);
  });
  const scored = { room, walks: judged, lagMs: setting.lagMs };
  const before = await scoreWalks({ ...scored, survey: [] }, NO_DAMAGE);
  const after = await scoreWalks({ ...scored, survey }, NO_DAMAGE);
  return { points: survey.length, before: before[map], after: after[map] };
}

/** What the walk mode itself would have said of this walk, by its own cross-validation. */
function ownReport(setting: Setting, floor: FloorPlan, walk: RecordedWalk): OwnReport {
  const ground = { floor, receivers: setting.room.receivers, survey: [] };
  const { before, after, verdict } = reportWalk(
    ground,
    recordOf(walk, setting, floor),
    setting.rules,
  );
  return { before: before.accuracy, after: after.accuracy, seconds: after.seconds, verdict };
}

/** The walk as the walk mode would have recorded it, taps made when the true zone changes. */
function recordOf(walk: RecordedWalk, setting: Setting, floor: FloorPlan): WalkRecord {
  const beginS = walk.lines[0]?.timeS ?? 0;
  const at = (timeS: number) => monoMs(Math.round(1000 * (timeS - beginS)) + 10_000);
  const places = new Map<string, number>(
    setting.room.receivers.map(({ id }, index) => [id, index]),
  );
  const polygons = floor.zones.map(({ polygon }) => polygon.flatMap(({ x, y }) => [x, y]));
  const marks: WalkMark[] = [];
  for (const { timeS, xM, yM } of walk.lines) {
    const inside = polygons.findIndex((polygon) => insidePolygon(polygon, xM, yM));
    const zone = inside < 0 ? null : inside;
    if (marks.length === 0 ? zone !== null : marks.at(-1)?.zone !== zone)
      marks.push({ zone, atMono: at(timeS) });
  }
  const readings = walk.lines.map(({ timeS, sensor, rssiDbm }) => ({
    receiver: places.get(sensor) ?? -1,
    rssiDbm,
    atMono: at(timeS),
  }));
  const end = at(walk.lines.at(-1)?.timeS ?? 0);
  return { readings, stays: staysOf(marks, [], end, setting.transitionMs) };
}

async function readSetting(args: readonly string[]): Promise<Setting> {
  const text = { type: "string" } as const;
  let values: Record<string, string | undefined>;
  try {
    const options = { dir: text, transition: text, "seconds-per-point": text, lag: text };
    ({ values } = parseArgs({ args: [...args], options }));
  } catch (cause) {
    throw new GatewayError("USAGE", (cause as Error).message, { cause });
  }
  const directory = values["dir"];
  if (directory === undefined) throw new GatewayError("USAGE", "expected --dir DIR");
  const number = (name: string, fallback: number, most: number): number => {
    const value = Number(values[name] ?? fallback);
    if (value >= 0 && value <= most) return value;
    throw new GatewayError("USAGE", `expected 0 to ${most} for --${name}, found ${values[name]}`);
  };
  return {
    room: await readRoom(directory),
    walks: await readWalks(directory),
    transitionMs: 1000 * number("transition", 1, 10),
    rules: { ...PLACE_RULES, minSeconds: number("seconds-per-point", PLACE_RULES.minSeconds, 120) },
    lagMs: 1000 * number("lag", 10, 15),
  };
}

function ratio(value: number): number {
  return Math.round(1e4 * value) / 1e4;
}
