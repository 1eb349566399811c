import type { EpochMs } from "../core/brand.ts";
import type { FaultCode } from "../core/errors.ts";
import type { SensorKind, SensorRecorded, SensorState } from "../core/events.ts";
import type { Service } from "../core/lifecycle.ts";
import type { BirthSensor } from "../io/mqtt/delivery.ts";
import type { SensorStatus } from "../web/dashboard-source.ts";

/** A sensor with its life and with the figures it can tell about itself. */
export interface SensorUnit {
  readonly sensorId: string;
  readonly kind: SensorKind;
  /** In the words of the site plan. */
  readonly name: string;
  readonly service: Service;
  readonly facts: () => readonly (readonly [label: string, text: string])[];
}

interface Known {
  readonly state: SensorState;
  readonly since: EpochMs;
  readonly code: FaultCode | null;
}

/** Which sensors there are and what state each is in; fed by sensor events. One entry per configured sensor. */
export class SensorBoard {
  readonly #units: readonly SensorUnit[];
  readonly #known = new Map<string, Known>();

  constructor(units: readonly SensorUnit[], startedAt: EpochMs) {
    this.#units = units;
    for (const unit of units) {
      this.#known.set(unit.sensorId, { state: "stopped", since: startedAt, code: null });
    }
  }

  /** Takes a change; true when it is news about one of our sensors, not its present state said again. */
  take(event: SensorRecorded): boolean {
    const known = this.#known.get(event.sensorId);
    if (known === undefined) return false;
    if (known.state === event.state && known.code === event.code) return false;
    this.#known.set(event.sensorId, { state: event.state, since: event.at, code: event.code });
    return true;
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
