import type { MonoMs } from "../../core/brand.ts";
import type { CameraPipeline, ResumePoint } from "../../vision/camera-pipeline.ts";
import type { PictureSize } from "../../vision/ports.ts";
import type { ScoreBands } from "../../vision/score-bands.ts";

/** A life of a camera's pipeline: everything besides plan and frames that its events depend on. */
export interface PipelineLife {
  readonly run: string;
  readonly picture: PictureSize;
  readonly bands: ScoreBands;
}

/** What a pipeline was fed, in order. */
export type SeenEntry =
  | {
      readonly kind: "frame";
      readonly atMono: MonoMs;
      /** Flat [n, 5]: left, top, right, bottom in Px and score; as they came from the detector. */
      readonly boxes: Float32Array;
      readonly life: PipelineLife;
      /** Where a replay could begin with this frame; null while anybody is remembered. */
      readonly before: ResumePoint | null;
    }
  | { readonly kind: "open"; readonly life: PipelineLife }
  | { readonly kind: "blind"; readonly atMono: MonoMs }
  | { readonly kind: "over"; readonly atMono: MonoMs };

/**
 * Notes what goes into a camera's pipelines while somebody wants to know. Costs one comparison a call otherwise.
 * Entries are taken with every report, so at most one frame waits here.
 */
export class DetectionsTap {
  #isOn = false;
  #entries: SeenEntry[] = [];

  /** Starts or stops noting; what was noted and not taken is dropped with the stop. */
  turn(isOn: boolean): void {
    this.#isOn = isOn;
    if (!isOn) this.#entries = [];
  }

  /** The same pipeline, listened to. Names every method, so that a new way in cannot go unnoticed. */
  watch(pipeline: CameraPipeline, life: PipelineLife): CameraPipeline {
    this.#note(() => ({ kind: "open", life }));
    return {
      push: (detections, atMono) => {
        this.#note(() => {
          const boxes = new Float32Array(detections.count * 5);
          for (let i = 0; i < detections.count; i += 1) {
            boxes.set(detections.xyxy.subarray(4 * i, 4 * i + 4), 5 * i);
            boxes[5 * i + 4] = detections.score[i] ?? 0;
          }
          return { kind: "frame", atMono, boxes, life, before: pipeline.resumePoint() };
        });
        pipeline.push(detections, atMono);
      },
      pushTracks: (people, atMono) => pipeline.pushTracks(people, atMono),
      blind: (atMono) => {
        this.#note(() => ({ kind: "blind", atMono }));
        pipeline.blind(atMono);
      },
      end: (atMono) => {
        this.#note(() => ({ kind: "over", atMono }));
        pipeline.end(atMono);
      },
      resumePoint: () => pipeline.resumePoint(),
      stats: () => pipeline.stats(),
    };
  }

  /** Everything noted since the last call; null when nothing was. */
  take(): readonly SeenEntry[] | null {
    if (this.#entries.length === 0) return null;
    const entries = this.#entries;
    this.#entries = [];
    return entries;
  }

  #note(entry: () => SeenEntry): void {
    if (this.#isOn) this.#entries.push(entry());
  }
}
