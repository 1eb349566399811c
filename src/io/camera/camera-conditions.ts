import type { MonoMs } from "../../core/brand.ts";
import type { SensorCondition, SensorConditionChanged } from "../../core/events.ts";

/**
 * What is not right with a camera that still sees. Reports each beginning and each end once, numbered without gaps
 * in a sequence of its own. One entry per kind of condition, so it is bounded.
 */
export class CameraConditions {
  readonly #cameraId: string;
  readonly #source: string;
  readonly #onChange: (event: SensorConditionChanged) => void;
  readonly #present = new Set<SensorCondition>();
  #seq = 0;

  /** `run` names this life of the camera; it must not repeat from one start to the next. */
  constructor(cameraId: string, run: string, onChange: (event: SensorConditionChanged) => void) {
    this.#cameraId = cameraId;
    this.#source = `camera-condition:${cameraId}#${run}`;
    this.#onChange = onChange;
  }

  /** Conditions that hold now, in the order in which they began. */
  get present(): readonly SensorCondition[] {
    return [...this.#present];
  }

  /**
   * Takes a finding; true when it was news. `measured` holds the figures behind it, units in the names, at most
   * eight.
   */
  set(
    condition: SensorCondition,
    isPresent: boolean,
    measured: Readonly<Record<string, number>>,
    atMono: MonoMs,
  ): boolean {
    if (this.#present.has(condition) === isPresent) return false;
    if (isPresent) this.#present.add(condition);
    else this.#present.delete(condition);
    this.#onChange({
      kind: "sensor-condition",
      source: this.#source,
      seq: this.#seq,
      atMono,
      sensorId: this.#cameraId,
      sensorKind: "camera",
      condition,
      isPresent,
      measured,
    });
    this.#seq += 1;
    return true;
  }

  /** Ends every condition: the camera is being switched off, and what is not watched is not known. */
  clear(atMono: MonoMs): void {
    for (const condition of this.present) this.set(condition, false, {}, atMono);
  }
}
