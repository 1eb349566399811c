import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { SensorRecorded, SensorState } from "../../core/events.ts";
import { VISIT_RULES } from "./rules.ts";

/** Changes remembered per sensor; the oldest goes first. Sensors are those of the plan. */
const MAX_CHANGES = 256;

interface Change {
  readonly at: EpochMs;
  readonly state: SensorState;
}

interface Hearing {
  readonly at: EpochMs;
  readonly isHearing: boolean;
}

/**
 * When each sensor saw. Tracks end with the sight of their camera: nothing goes on across blindness. Tags go on, but
 * nobody knows how long they were there while no receiver heard.
 */
export class SensorSights {
  readonly #cameras = new Map<string, Change[]>();
  readonly #radios = new Map<string, Change[]>();
  /** Whether any receiver heard, from each of these instants on; null after news. Asked far more often than told. */
  #hearing: Hearing[] | null = null;
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
    this.#hearing = null;
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
    for (const { at, isHearing } of this.#hearings())
      if (at > from && !isHearing) return at < to ? at : to;
    return to;
  }

  /** Whether a tag first heard now may have been there all along: the receivers had only just begun. */
  isStartUp(at: EpochMs): boolean {
    const since = epochMs(at - VISIT_RULES.startUpMs);
    return this.#radios.size > 0 && this.#isHearing(at) && !this.#isHearing(since);
  }

  #isHearing(at: EpochMs): boolean {
    return this.#hearings().findLast((one) => one.at <= at)?.isHearing ?? false;
  }

  #hearings(): readonly Hearing[] {
    this.#hearing ??= hearingsOf(this.#radios);
    return this.#hearing;
  }
}

/** Whether any receiver heard, at each instant at which one changed; in order of time. */
function hearingsOf(radios: ReadonlyMap<string, readonly Change[]>): Hearing[] {
  const changes = [...radios].flatMap(([id, list]) => list.map((change) => ({ id, ...change })));
  changes.sort((a, b) => a.at - b.at);
  const hearing = new Set<string>();
  const hearings: Hearing[] = [];
  changes.forEach(({ id, at, state }, i) => {
    if (state === "seeing") hearing.add(id);
    else hearing.delete(id);
    // What several receivers told of one instant counts together.
    if (changes[i + 1]?.at !== at) hearings.push({ at, isHearing: hearing.size > 0 });
  });
  return hearings;
}
