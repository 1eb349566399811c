import type { MessagePort } from "node:worker_threads";
import type { MonoMs } from "../../core/brand.ts";
import type { FaultCode } from "../../core/errors.ts";
import type { LivePeople } from "../../core/events.ts";
import type { CameraPlan } from "../../core/site.ts";
import type { VisionEvent } from "../../vision/camera-pipeline.ts";
import type {
  FrameVerdict,
  PictureReport,
  PictureWatchOptions,
} from "../../vision/picture-watch.ts";
import type { PictureSize } from "../../vision/ports.ts";
import type { ModelEntry } from "../models/manifest.ts";
import type { SeenEntry } from "./detections-tap.ts";
import type { SharedFrames, SlotPolicy } from "./frame-slots.ts";
import type { TurnWish } from "./turn-taker.ts";

export type { FrameVerdict, PictureReport } from "../../vision/picture-watch.ts";

/** The detector a camera works with. */
export interface CameraModel {
  readonly entry: ModelEntry;
  /** Folder of the model files. */
  readonly dir: string;
  /** Threads of one inference. */
  readonly threads: number;
}

/** How the picture of a live camera is watched: motion gate and health. */
export type WatchSettings = Pick<PictureWatchOptions, "hasMotionGate" | "isLive">;

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
  /** null: every frame is looked at and the picture is taken as it is, as an evaluation or a replay needs it. */
  readonly watch: WatchSettings | null;
  /** Whether an inference waits for its turn; set by the host. */
  readonly takesTurns: boolean;
}

/** Orders to the worker. They take effect after the frames that were published before them. */
export type WorkerOrder =
  /** A run of the source begins; its frames carry this generation. */
  | { readonly kind: "open"; readonly generation: number; readonly picture: PictureSize }
  /** A frame was published. */
  | { readonly kind: "wake" }
  /** The source does not see any more. */
  | { readonly kind: "blind"; readonly atMono: MonoMs }
  /** The worker's turn has come; takes effect at once. */
  | { readonly kind: "turn" }
  /** Somebody wants to know, or does not any more, what the detector finds. */
  | { readonly kind: "tap"; readonly isOn: boolean }
  /** Somebody who sets the camera up looks at frames, through a port of their own; see FramePeek. */
  | { readonly kind: "peek"; readonly port: MessagePort; readonly isPixelated: boolean }
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
  | { readonly kind: "picture"; readonly picture: PictureReport }
  | { readonly kind: "turn"; readonly wish: TurnWish }
  /** A frame was dealt with and its slot released. */
  | {
      readonly kind: "frame";
      readonly atMono: MonoMs;
      /** What became of it; with `rest` nothing was counted. */
      readonly verdict: FrameVerdict;
      /** Boxes the detector refused in it: sides or scores that are no numbers or beyond all reason. */
      readonly refused: number;
      readonly events: readonly VisionEvent[];
      readonly people: LivePeople | null;
      readonly tracks: readonly TrackedBox[] | null;
      /** What the pipeline was fed since the report before; null unless tapped. */
      readonly seen: readonly SeenEntry[] | null;
    }
  /** The source went blind: stays that ended by it, and the emptied list of people. */
  | {
      readonly kind: "cut";
      readonly events: readonly VisionEvent[];
      readonly people: LivePeople | null;
      readonly seen: readonly SeenEntry[] | null;
    }
  /** Everything before `end` is done. */
  | { readonly kind: "ended" }
  | { readonly kind: "failed"; readonly code: FaultCode; readonly message: string };
