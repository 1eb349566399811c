import { parseArgs } from "node:util";
import { GatewayError } from "../../src/core/errors.ts";
import type { ZoneApproached } from "../../src/core/events.ts";
import { judgeForecasts, scoreApproaches, scoreForecasts } from "./approach-score.ts";
import { countLines, scoreDoor, scoreWindow } from "./trajectory-counts.ts";
import { loadTrajectories } from "./trajectory-files.ts";
import { planTrajectories } from "./trajectory-plan.ts";
import { runTrajectories } from "./trajectory-run.ts";
import { measureShopfront } from "./trajectory-shopfront.ts";

export const usage = `eval trajectories --dir DIR [--json]

Pushes recorded trajectories through the product's pipeline at their true times and compares it with the truth.
DIR holds tracks.csv (t_s,id,x_px,y_px or t_s,id,x_m,y_m), counting.gt.json and, for Px, H.txt and reference.png.
  midLineError       sum over lines and directions of |counted - true|, of lineTruth
  captureRateError   |entered / passers-by - true|, by events: entered are people whose stay in the door area ended
                     unseen, left those whose stay there began with their track; passers-by are the people told of at
                     a line, the door or the window, but for those whose track began in the door. The truth counts
                     everybody in the picture, also those who came to none of these: passersBy may be lower
  shopfront          the same scene as a shop counts it: lines around the door and a passing line on either side of it,
                     through journey and metrics; error = |shopfront conversion - true entered / passers-by|. Whoever
                     is there from the beginning, or leaves by the border between the passing lines, passes none
  windowStopRecall   true window visits of 3 s and more that a stay of 3 s and more of the same person covers by half
  windowStopPrecision  the same of the stays found
  brier, brierSkill  forecasts of zone-approached, one a second for each person outside each zone (door, window and a
                     grid of nine zones), within 3 s; skill against always forecasting the base rate
  groups             people who crossed together; buyingUnits = crossings - sum(size - 1)
Parts the truth does not have are null.

Example: npm run eval -- trajectories --dir data/vision/trajectories/ucy-zara01 --json`;

/** Runs the evaluation named by the arguments. @throws USAGE, INPUT_INVALID */
export async function run(args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const scene = await loadTrajectories(readDirectory(args));
  const planned = planTrajectories(scene);
  const result = runTrajectories(scene, planned);
  const told = result.events.filter(
    (event): event is ZoneApproached => event.kind === "zone-approached",
  );
  return {
    ...countLines(scene.truth.lines, result.events),
    ...scoreDoor(scene.truth, result),
    shopfront: measureShopfront(scene, planned),
    ...scoreWindow(scene.truth, result.events),
    ...scoreForecasts(judgeForecasts(result.forecasts, result.truth)),
    approaches: scoreApproaches(told, result.truth),
    meanSpeedMPerS: result.meanSpeedMPerS,
    events: result.events.length,
  };
}

function readDirectory(args: readonly string[]): string {
  let dir: string | undefined;
  try {
    ({ dir } = parseArgs({ args: [...args], options: { dir: { type: "string" } } }).values);
  } catch (cause) {
    throw new GatewayError("USAGE", (cause as Error).message, { cause });
  }
  if (dir === undefined) throw new GatewayError("USAGE", "expected --dir DIR");
  return dir;
}
