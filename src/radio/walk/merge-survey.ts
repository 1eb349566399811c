import type { ReceiverPlan, SurveyPoint } from "../../core/site.ts";
import { ZONE_PARAMETERS } from "../zones/zone-parameters.ts";
import { PLACE_RULES } from "./walk-places.ts";

/** Survey points of a plan at most; the schema refuses more. */
const SURVEY_CAP = 2_000;
const NEAREST_M = 1;

/**
 * A survey with newer points taken in: an older point within `apartM` of a newer one gives way to it.
 *
 * Convention for levels: all points of a plan speak of one tag, the one of its first walk. The zone engine only uses
 * differences between places and receivers, so that tag's power does not matter; but the tag of a later walk sends
 * stronger or weaker, and its levels are shifted by that difference before they are added. The difference is the mean,
 * over receivers that both know, of what is left when the loss by distance is taken out. The result holds at most 2000
 * points, the newest. Pure.
 */
export function mergeSurvey(
  older: readonly SurveyPoint[],
  newer: readonly SurveyPoint[],
  receivers: readonly ReceiverPlan[],
  apartM: number = PLACE_RULES.apartM,
): readonly SurveyPoint[] {
  const shiftDb = Math.round(10 * powerDifferenceDb(older, newer, receivers)) / 10;
  const shifted = newer.map((point) => ({
    ...point,
    levels: point.levels.map((level) => ({ ...level, meanDbm: inRange(level.meanDbm + shiftDb) })),
  }));
  const isRenewed = (point: SurveyPoint): boolean =>
    newer.some(({ xM, yM }) => Math.hypot(xM - point.xM, yM - point.yM) < apartM);
  return [...older.filter((point) => !isRenewed(point)), ...shifted].slice(-SURVEY_CAP);
}

/** dB by which the tag of the older points sends stronger than that of the newer; 0 when they share no receiver. */
function powerDifferenceDb(
  older: readonly SurveyPoint[],
  newer: readonly SurveyPoint[],
  receivers: readonly ReceiverPlan[],
): number {
  const differences = receivers.flatMap((receiver) => {
    const [was, is] = [strengthDbm(older, receiver), strengthDbm(newer, receiver)];
    return was === null || is === null ? [] : [was - is];
  });
  if (differences.length === 0) return 0;
  return differences.reduce((sum, db) => sum + db, 0) / differences.length;
}

/** Mean level at one metre that the points suggest for one receiver; null when none names it. */
function strengthDbm(points: readonly SurveyPoint[], receiver: ReceiverPlan): number | null {
  const levels = points.flatMap(({ xM, yM, zM, levels: all }) => {
    const level = all.find(({ receiverId }) => receiverId === receiver.id);
    const awayM = Math.hypot(xM - receiver.xM, yM - receiver.yM, zM - receiver.zM);
    const lossDb = 10 * ZONE_PARAMETERS.pathLossExponent * Math.log10(Math.max(NEAREST_M, awayM));
    return level === undefined || !Number.isFinite(lossDb) ? [] : [level.meanDbm + lossDb];
  });
  return levels.length === 0 ? null : levels.reduce((sum, dbm) => sum + dbm, 0) / levels.length;
}

/** What the schema of a plan takes. */
function inRange(dbm: number): number {
  return Math.round(10 * Math.min(20, Math.max(-127, dbm))) / 10;
}
