import { createHash } from "node:crypto";
import type { GatewayId, MonoMs, StoreId } from "../../core/brand.ts";
import { epochAt, type TimeAnchor } from "../../core/clock.ts";
import type { FaultCode } from "../../core/errors.ts";
import type { SensorState } from "../../core/events.ts";
import type { CameraPlan } from "../../core/site.ts";
import type { PipelineLife, SeenEntry } from "../../io/camera/detections-tap.ts";
import type { CloudEvent } from "../../wire/cloud-event.ts";
import {
  anchorLine,
  cutLine,
  eventLine,
  frameLine,
  headerLine,
  type LoggedSensorEvent,
  markLine,
} from "../../wire/detections-log.ts";

/** Whose recording it is; the same for all of one gateway. */
export interface RecordingIdentity {
  readonly storeId: StoreId;
  readonly gatewayId: GatewayId;
  readonly boot: string;
  readonly version: string;
}

export interface RecordingOptions {
  readonly identity: RecordingIdentity;
  readonly plan: CameraPlan;
  /** Begin with the next frame, whoever is in the picture; the log then says that it is not exact. */
  readonly startsNow: boolean;
  /** Whether the events told meanwhile are put between the lines, each as `{"told": CloudEvent}`. */
  readonly withEvents: boolean;
  /** The anchor in force; it must not change between a frame and the events made of it. */
  readonly anchor: () => TimeAnchor;
  /** State of the camera at this moment. */
  readonly standing: () => { readonly state: SensorState; readonly code: FaultCode | null };
  /** Takes each line, without a line break. Lines before the header are `{"wait":{"people":n}}`. */
  readonly onLine: (line: string) => void;
}

/** How often a reader who waits for an empty scene hears how many are in it. */
const WAIT_TELL_MS = 1000;

/**
 * Fingerprint of a camera's part of the site plan: with other lines or zones the same detections make other events.
 * Pure.
 */
export function planFingerprint(plan: CameraPlan): string {
  return createHash("sha256").update(JSON.stringify(plan)).digest("hex").slice(0, 16);
}

/**
 * Turns what a camera's pipeline is fed into the lines of a detections log. Nothing is written before the scene is
 * empty, so that a replay can begin where the live pipeline stood.
 */
export class Recording {
  readonly #options: RecordingOptions;
  #state: "waiting" | "running" | "over" = "waiting";
  #anchor: TimeAnchor | null = null;
  #lastMono: MonoMs | null = null;
  #toldWaitMono: MonoMs | null = null;

  constructor(options: RecordingOptions) {
    this.#options = options;
  }

  /** Something the pipeline was fed; called before the events made of it are told. */
  take(entry: SeenEntry): void {
    if (this.#state === "waiting") this.#tryToBegin(entry);
    if (this.#state !== "running") return;
    this.#writeAnchor();
    switch (entry.kind) {
      case "frame":
        this.#lastMono = entry.atMono;
        this.#write(frameLine(entry.atMono, entry.boxes));
        return;
      case "open":
        this.#write(JSON.stringify({ open: entry.life }));
        return;
      case "blind":
      case "over":
        this.#lastMono = entry.atMono;
        this.#write(markLine(entry.kind, entry.atMono));
        return;
    }
  }

  /** News about the camera itself; called before it is told. */
  takeNews(event: LoggedSensorEvent): void {
    if (this.#state !== "running") return;
    this.#writeAnchor();
    this.#write(eventLine(event));
  }

  /** An event of this camera as it was told. */
  takeTold(event: () => CloudEvent): void {
    if (this.#state !== "running" || !this.#options.withEvents) return;
    this.#write(JSON.stringify({ told: event() }));
  }

  /** Ends the log in good order. Idempotent. */
  end(): void {
    if (this.#state === "running" && this.#lastMono !== null)
      this.#write(markLine("end", this.#lastMono));
    this.#state = "over";
  }

  /** Ends the log with a mark that it broke off because its reader was too slow. Idempotent. */
  cut(): void {
    if (this.#state === "running" && this.#lastMono !== null)
      this.#write(cutLine(this.#lastMono, "slow-reader"));
    this.#state = "over";
  }

  #tryToBegin(entry: SeenEntry): void {
    if (entry.kind !== "frame") return;
    const { atMono, life, before, boxes } = entry;
    if (before !== null) {
      this.#begin(atMono, life, { ...before, exact: true });
    } else if (this.#options.startsNow) {
      // Events of such a log are other events than the live ones: they must not bear the same ids.
      const run = `${life.run}.rec${Math.round(atMono)}`;
      this.#begin(atMono, { ...life, run }, { nextSeq: 0, nextTrackId: 1, exact: false });
    } else this.#tellWait(atMono, boxes.length / 5);
  }

  #begin(
    atMono: MonoMs,
    { run, picture, bands }: PipelineLife,
    point: { readonly nextSeq: number; readonly nextTrackId: number; readonly exact: boolean },
  ): void {
    const { identity, plan, standing, anchor } = this.#options;
    const { mono, epoch, clock } = anchor();
    this.#anchor = { mono, epoch, clock };
    this.#state = "running";
    const { state, code } = standing();
    const line = headerLine({
      v: 1,
      kind: "detections",
      ...identity,
      cameraId: plan.id,
      run,
      picture,
      ...point,
      bands,
      plan: planFingerprint(plan),
      startedAt: epochAt(this.#anchor, atMono),
      anchor: this.#anchor,
      standing: { state, code },
    });
    this.#write(line);
  }

  #tellWait(atMono: MonoMs, people: number): void {
    if (this.#toldWaitMono !== null && atMono - this.#toldWaitMono < WAIT_TELL_MS) return;
    this.#toldWaitMono = atMono;
    this.#write(JSON.stringify({ wait: { people } }));
  }

  #writeAnchor(): void {
    const now = this.#options.anchor();
    const last = this.#anchor;
    if (last?.mono === now.mono && last.epoch === now.epoch && last.clock === now.clock) return;
    this.#anchor = { ...now };
    this.#write(anchorLine(now));
  }

  #write(line: string): void {
    this.#options.onLine(line);
  }
}
