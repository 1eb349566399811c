import type { EpochMs } from "../../core/brand.ts";
import type { TimeAnchor } from "../../core/clock.ts";
import type { JourneyEvent, SensorEvent } from "../../core/events.ts";
import type { SitePlan } from "../../core/site.ts";
import type { SeenEntry } from "../../io/camera/detections-tap.ts";
import { eventHash } from "../../io/mqtt/event-hash.ts";
import type { RecordingHandle, RecordingWish, SensorStatus } from "../../web/dashboard-source.ts";
import { toCloudEvent } from "../../wire/cloud-event.ts";
import { Recording, type RecordingIdentity } from "./recording.ts";

export interface RecordingDeskDeps {
  readonly identity: RecordingIdentity;
  readonly site: SitePlan;
  readonly anchor: () => TimeAnchor;
  readonly now: () => EpochMs;
  readonly statuses: () => readonly SensorStatus[];
  /** Asks a camera to hand out, or not, what its detector finds; false when there is no such camera. */
  readonly turn: (cameraId: string, isOn: boolean) => boolean;
}

/** Hands what cameras see and tell to those who record it. A camera is only asked while somebody records. */
export class RecordingDesk {
  readonly #deps: RecordingDeskDeps;
  readonly #recordings = new Map<string, Set<Recording>>();

  constructor(deps: RecordingDeskDeps) {
    this.#deps = deps;
  }

  /** Cameras that are being recorded, by their names in the site plan. */
  get names(): readonly string[] {
    const { cameras } = this.#deps.site;
    return cameras.filter(({ id }) => this.#recordings.has(id)).map(({ name }) => name);
  }

  /** Begins a recording; null when there is no such camera. How many at once is the caller's to limit. */
  record(cameraId: string, wish: RecordingWish): RecordingHandle | null {
    const { site, identity, anchor, turn } = this.#deps;
    const plan = site.cameras.find((camera) => camera.id === cameraId);
    if (plan === undefined || !turn(cameraId, true)) return null;
    const standing = (): Pick<SensorStatus, "state" | "code"> =>
      this.#deps.statuses().find(({ sensorId }) => sensorId === cameraId) ?? {
        state: "stopped",
        code: null,
      };
    const recording = new Recording({ identity, plan, anchor, standing, ...wish });
    const others = this.#recordings.get(cameraId) ?? new Set();
    this.#recordings.set(cameraId, others.add(recording));
    const leave = (): void => this.#leave(cameraId, recording);
    return {
      end: () => {
        recording.end();
        leave();
      },
      cut: () => {
        recording.cut();
        leave();
      },
    };
  }

  /** Something a camera's pipeline was fed; to be called before its events are told. */
  takeSeen(cameraId: string, entry: SeenEntry): void {
    this.#each(cameraId, (recording) => recording.take(entry));
  }

  /** Any sensor event, before it is told; only news about cameras themselves is kept. */
  takeNews(event: SensorEvent): void {
    if (event.kind !== "sensor-changed" && event.kind !== "sensor-condition") return;
    this.#each(event.sensorId, (recording) => recording.takeNews(event));
  }

  /** An event as it was told; only those born in a camera that is recorded count. */
  takeTold(event: JourneyEvent): void {
    const cameraId = /^camera(?:-[a-z]+)?:([^#]+)#/.exec(event.source)?.[1];
    if (cameraId === undefined) return;
    const { identity, now } = this.#deps;
    const dressed = () => toCloudEvent(event, { ...identity, recordedAt: now(), hash: eventHash });
    this.#each(cameraId, (recording) => recording.takeTold(dressed));
  }

  #each(cameraId: string, act: (recording: Recording) => void): void {
    const recordings = this.#recordings.get(cameraId);
    if (recordings === undefined) return;
    for (const recording of [...recordings]) act(recording);
  }

  #leave(cameraId: string, recording: Recording): void {
    const recordings = this.#recordings.get(cameraId);
    if (recordings?.delete(recording) !== true || recordings.size > 0) return;
    this.#recordings.delete(cameraId);
    this.#deps.turn(cameraId, false);
  }
}
