import type { EpochMs } from "../core/brand.ts";
import type { FaultCode } from "../core/errors.ts";
import type {
  SensorConditionRecorded,
  SensorKind,
  SensorRecorded,
  SensorState,
} from "../core/events.ts";
import type { Service } from "../core/lifecycle.ts";
import type { SensorReading, SensorVitals } from "../fleet/health.ts";
import type { BirthSensor } from "../io/mqtt/delivery.ts";
import type { ConditionStatus, SensorStatus } from "../web/dashboard-source.ts";

/** A sensor with its life and with the figures it can tell about itself. */
export interface SensorUnit {
  readonly sensorId: string;
  readonly kind: SensorKind;
  /** In the words of the site plan. */
  readonly name: string;
  readonly service: Service;
  readonly facts: () => readonly (readonly [label: string, text: string])[];
  /** Starts or stops handing out what the detector finds; absent where there is no detector. */
  readonly tap?: (isOn: boolean) => void;
  /** Begins anew without the others; false when there is nothing to begin anew. Absent where it cannot. */
  readonly restart?: () => boolean;
  /** Numbers about itself, for its health; absent or null where there are none. */
  readonly vitals?: () => SensorVitals | null;
}

interface Known {
  readonly state: SensorState;
  readonly since: EpochMs;
  readonly code: FaultCode | null;
  readonly conditions: readonly ConditionStatus[];
}

const NONE: readonly ConditionStatus[] = [];

/** Which sensors there are and what state each is in; fed by sensor events. One entry per configured sensor. */
export class SensorBoard {
  readonly #units: readonly SensorUnit[];
  readonly #known = new Map<string, Known>();

  constructor(units: readonly SensorUnit[], startedAt: EpochMs) {
    this.#units = units;
    for (const { sensorId } of units) {
      const fresh = { state: "stopped", since: startedAt, code: null, conditions: NONE } as const;
      this.#known.set(sensorId, fresh);
    }
  }

  /** Takes a change; true when it is news about one of our sensors, not its present state said again. */
  take(event: SensorRecorded): boolean {
    const known = this.#known.get(event.sensorId);
    if (known === undefined) return false;
    if (known.state === event.state && known.code === event.code) return false;
    const { state, code, at: since } = event;
    // A life that is over, or begins, has shown nothing yet: what was wrong in the last one is not known any more.
    const isAnew = state === "stopped" || state === "starting";
    const conditions = isAnew ? NONE : known.conditions;
    this.#known.set(event.sensorId, { state, since, code, conditions });
    return true;
  }

  /** Takes the begin, a new measurement or the end of a condition; unknown sensors are left out. */
  takeCondition(event: SensorConditionRecorded): void {
    const { sensorId, condition, isPresent, measured, at } = event;
    const known = this.#known.get(sensorId);
    if (known === undefined) return;
    const since = known.conditions.find((one) => one.condition === condition)?.since ?? at;
    const others = known.conditions.filter((one) => one.condition !== condition);
    const conditions = isPresent ? [...others, { condition, since, measured }] : others;
    conditions.sort((a, b) => a.since - b.since);
    this.#known.set(sensorId, { ...known, conditions });
  }

  statuses(): readonly SensorStatus[] {
    return this.#units.map((unit) => ({
      sensorId: unit.sensorId,
      kind: unit.kind,
      name: unit.name,
      ...this.#stateOf(unit.sensorId),
      facts: unit.facts(),
    }));
  }

  /** For the health message: states and numbers, no names and no words. */
  readings(): readonly SensorReading[] {
    return this.#units.map(({ sensorId: id, kind, vitals }) => {
      const { state, code } = this.#stateOf(id);
      return { id, kind, state, code, vitals: vitals?.() ?? null };
    });
  }

  births(): readonly BirthSensor[] {
    return this.#units.map(({ sensorId, kind }) => ({
      id: sensorId,
      kind,
      state: this.#stateOf(sensorId).state,
    }));
  }

  #stateOf(sensorId: string): Known {
    const known = this.#known.get(sensorId);
    if (known === undefined) throw new TypeError(`no sensor ${sensorId}`);
    return known;
  }
}
