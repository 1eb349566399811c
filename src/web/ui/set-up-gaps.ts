import type { CameraPlan } from "../../core/site.ts";
import type { SensorStatus } from "../dashboard-source.ts";
import type { SetUpView } from "../views.ts";

/** Something a camera still lacks, what it costs, and what to do. */
export interface SetUpGap {
  readonly title: string;
  readonly next: string;
}

/** Points of the floor that make distances known. */
const GROUND_POINTS = 4;

/**
 * What is still missing on one camera, most important first; empty when nothing is. `facts` is null while it is
 * not known what the gateway knows of the camera. Pure.
 */
export function gapsOf(
  camera: CameraPlan,
  sensor: SensorStatus | null,
  facts: SetUpView["cameras"][number] | null,
): readonly SetUpGap[] {
  const roles = new Set(camera.lines.map((line) => line.role));
  const gaps: (SetUpGap | false)[] = [
    sensor === null && {
      title: "Not connected",
      next: "No sensor of this gateway has this camera\u2019s id. Add it under `cameras` in the gateway file.",
    },
    camera.lines.length === 0 && {
      title: "No line",
      next: "Nobody is counted by this camera. Draw a line with the role `door`, `passing` or `internal` in the site plan.",
    },
    camera.lines.length > 0 &&
      !roles.has("door") &&
      !roles.has("passing") && {
        title: "No door or passing line",
        next: "Its lines are internal: they feed no figure of the whole shop. That is right for a camera inside.",
      },
    camera.zones.length === 0 && {
      title: "No zone",
      next: "Visits and dwell are unknown here. Draw the areas you want to know about under `zones`.",
    },
    facts !== null &&
      facts.groundPoints < GROUND_POINTS && {
        title: "No ground points",
        next: "Metres and speeds are unknown and groups less sure. Measure four points of the floor and enter them under `ground`.",
      },
  ];
  return gaps.filter((gap) => gap !== false);
}
