import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { SensorRecorded, SensorState } from "../../core/events.ts";
import { VISIT_RULES } from "./rules.ts";

/** Changes remembered per sensor; the oldest goes first. Sensors are those of the plan. */
const MAX_CHANGES = 256;

interface Change {
  readonly at: EpochMs;
  readonly state: SensorState;
}

/**
 * When each sensor saw. Tracks end with the sight of their camera: nothing goes on across blindness. Tags go on, but
 * nobody knows how long they were there while no receiver heard.
 */
export class SensorSights {
  readonly #cameras = new Map<string, Change[]>();
  readonly #radios = new Map<string, Change[]>();
  /** Ends of everything, when no further event was to come. */
  readonly #ends: EpochMs[] = [];

  take({ sensorId, sensorKind, state, at }: SensorRecorded): void {
    const sensors = sensorKind === "camera" ? this.#cameras : this.#radios;
    const changes = sensors.get(sensorId) ?? [];
    sensors.set(sensorId, changes);
    let place = changes.length;
    while (place > 0 && (changes[place - 1]?.at ?? at) > at) place -= 1;
    changes.splice(place, 0, { at, state });
    if (changes.length > MAX_CHANGES) changes.shift();
  }

  /** Everything ends here: no further event is to come. */
  end(at: EpochMs): void {
    if (this.#ends.at(-1) === at) return;
    this.#ends.push(at);
    if (this.#ends.length > MAX_CHANGES) this.#ends.shift();
  }

  /** The first instant from `from` on at which a camera stopped seeing, or everything ended; null when none. */
  cameraBreak(cameraId: string, from: EpochMs): EpochMs | null {
    const changes = this.#cameras.get(cameraId) ?? [];
    const blind = changes.find(({ at, state }) => at >= from && state !== "seeing")?.at ?? null;
    const end = this.endAfter(from);
    if (blind === null || end === null) return blind ?? end;
    return blind < end ? blind : end;
  }

  /** The first end of everything from `from` on. */
  endAfter(from: EpochMs): EpochMs | null {
    return this.#ends.find((at) => at >= from) ?? null;
  }

  /** The first instant from `from` to `to` at which no receiver heard; `to` when one always did, or none ever told. */
  heardUntil(from: EpochMs, to: EpochMs): EpochMs {
    if (this.#radios.size === 0) return to;
    if (!this.#isHearing(from)) return from;
    const stops = [...this.#radios.values()]
      .flat()
      .filter(({ at, state }) => state !== "seeing" && at > from && at < to)
      .sort((a, b) => a.at - b.at);
    return stops.find(({ at }) => !this.#isHearing(at))?.at ?? to;
  }

  /** Whether a tag first heard now may have been there all along: the receivers had only just begun. */
  isStartUp(at: EpochMs): boolean {
    const since = epochMs(at - VISIT_RULES.startUpMs);
    return this.#radios.size > 0 && this.#isHearing(at) && !this.#isHearing(since);
  }

  #isHearing(at: EpochMs): boolean {
    for (const changes of this.#radios.values()) {
      const standing = changes.findLast((change) => change.at <= at);
      if (standing?.state === "seeing") return true;
    }
    return false;
  }
}
