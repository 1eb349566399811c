import type { EpochMs } from "../core/brand.ts";
import type { TimeAnchor } from "../core/clock.ts";
import type { JourneyHead, SensorConditionRecorded, SensorRecorded } from "../core/events.ts";
import type { SensorStatus } from "../web/dashboard-source.ts";

/**
 * States and conditions of all sensors said once more, for a trading day that has just begun. A day must explain
 * itself: after a restart, and at the centre, it is computed from its own events alone, and a camera that has been
 * seeing since yesterday would otherwise count as unseen. Ids follow from the day and from how often it began before, as
 * it does when the clock is set. Pure.
 */
export function recapSensors(
  sensors: readonly SensorStatus[],
  {
    start,
    boot,
    before = 0,
  }: { readonly start: EpochMs; readonly boot: string; readonly before?: number },
  now: TimeAnchor,
): readonly (SensorRecorded | SensorConditionRecorded)[] {
  const head = (seq: number): JourneyHead => ({
    source: `day:${start}${before === 0 ? "" : `.${before}`}#${boot}`,
    seq,
    at: now.epoch,
    atMono: now.mono,
    clock: now.clock,
  });
  const states = sensors.map(
    ({ sensorId, kind, state, code }, seq): SensorRecorded => ({
      kind: "sensor-changed",
      ...head(seq),
      sensorId,
      sensorKind: kind,
      state,
      code,
    }),
  );
  const conditions = sensors.flatMap(({ sensorId, kind, conditions: present }) =>
    present.map(({ condition, measured }) => ({ sensorId, kind, condition, measured })),
  );
  return [
    ...states,
    ...conditions.map(
      ({ sensorId, kind, condition, measured }, index): SensorConditionRecorded => ({
        kind: "sensor-condition",
        ...head(states.length + index),
        sensorId,
        sensorKind: kind,
        condition,
        isPresent: true,
        measured,
      }),
    ),
  ];
}
