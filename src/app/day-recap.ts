import type { EpochMs } from "../core/brand.ts";
import type { TimeAnchor } from "../core/clock.ts";
import type { SensorRecorded } from "../core/events.ts";
import type { SensorStatus } from "../web/dashboard-source.ts";

/**
 * States of all sensors said once more, for a trading day that has just begun. A day must explain itself: after a
 * restart, and at the centre, it is computed from its own events alone, and a camera that has been seeing since
 * yesterday would otherwise count as unseen. Ids follow from the day, so a repetition is recognised. Pure.
 */
export function recapSensors(
  sensors: readonly SensorStatus[],
  day: { readonly start: EpochMs; readonly boot: string },
  now: TimeAnchor,
): readonly SensorRecorded[] {
  return sensors.map(({ sensorId, kind, state, code }, seq) => ({
    kind: "sensor-changed",
    source: `day:${day.start}#${day.boot}`,
    seq,
    at: now.epoch,
    atMono: now.mono,
    clock: now.clock,
    sensorId,
    sensorKind: kind,
    state,
    code,
  }));
}
