import type { LivePeople } from "../../src/core/events.ts";
import {
  type CameraPipeline,
  type CameraPipelineOptions,
  createCameraPipeline,
  type VisionEvent,
} from "../../src/vision/camera-pipeline.ts";
import { createDetections, type Detections } from "../../src/vision/ports.ts";

/** A camera pipeline and everything it told. */
export interface PipelineRig {
  readonly pipeline: CameraPipeline;
  readonly events: VisionEvent[];
  readonly shown: LivePeople[];
}

/** A pipeline for tests, run `r1` unless told otherwise. */
export function pipelineRig(
  given: Pick<CameraPipelineOptions, "plan" | "picture"> & Partial<CameraPipelineOptions>,
): PipelineRig {
  const events: VisionEvent[] = [];
  const shown: LivePeople[] = [];
  const pipeline = createCameraPipeline({
    run: "r1",
    onEvent: (event) => events.push(event),
    onPeople: (people) => shown.push(people),
    ...given,
  });
  return { pipeline, events, shown };
}

/** One frame with boxes of 40 x 100 Px standing at the foot points, score 0.9. */
export function frameOf(...feet: readonly (readonly [x: number, y: number])[]): Detections {
  const detections = createDetections(Math.max(1, feet.length));
  feet.forEach(([x, y], i) => {
    detections.xyxy.set([x - 20, y - 100, x + 20, y], 4 * i);
    detections.score[i] = 0.9;
  });
  detections.count = feet.length;
  return detections;
}
