import type { MonoMs } from "../../core/brand.ts";
import type { FaultCode } from "../../core/errors.ts";
import type { LivePeople } from "../../core/events.ts";
import type { CameraPlan } from "../../core/site.ts";
import type { VisionEvent } from "../../vision/camera-pipeline.ts";
import type { PictureSize } from "../../vision/ports.ts";
import type { ModelEntry } from "../models/manifest.ts";
import type { SharedFrames, SlotPolicy } from "./frame-slots.ts";

/** The detector a camera works with. */
export interface CameraModel {
  readonly entry: ModelEntry;
  /** Folder of the model files. */
  readonly dir: string;
  /** Threads of one inference. */
  readonly threads: number;
}

/** What a camera's worker thread is born with. */
export interface WorkerBirth {
  readonly shared: SharedFrames;
  readonly policy: SlotPolicy;
  readonly model: CameraModel;
  readonly plan: CameraPlan;
  /** Name of this life of the camera; part of the source of its events. */
  readonly run: string;
  /** Whether every frame's boxes are reported (evaluation only). */
  readonly wantsTracks: boolean;
}

/** Orders to the worker. They take effect after the frames that were published before them. */
export type WorkerOrder =
  /** A run of the source begins; its frames carry this generation. */
  | { readonly kind: "open"; readonly generation: number; readonly picture: PictureSize }
  /** A frame was published. */
  | { readonly kind: "wake" }
  /** The source does not see any more. */
  | { readonly kind: "blind"; readonly atMono: MonoMs }
  /** Finish and leave. */
  | { readonly kind: "end"; readonly atMono: MonoMs };

/** One followed person in one frame: the best estimate of the box, in Px of the source picture. */
export interface TrackedBox {
  readonly trackId: number;
  readonly leftPx: number;
  readonly topPx: number;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly score: number;
}

/** Reports of the worker. Images never cross this way. */
export type WorkerReport =
  | { readonly kind: "ready" }
  /** A frame was looked at and its slot released. */
  | {
      readonly kind: "frame";
      readonly atMono: MonoMs;
      readonly events: readonly VisionEvent[];
      readonly people: LivePeople | null;
      readonly tracks: readonly TrackedBox[] | null;
    }
  /** The source went blind: stays that ended by it, and the emptied list of people. */
  | {
      readonly kind: "cut";
      readonly events: readonly VisionEvent[];
      readonly people: LivePeople | null;
    }
  /** Everything before `end` is done. */
  | { readonly kind: "ended" }
  | { readonly kind: "failed"; readonly code: FaultCode; readonly message: string };
