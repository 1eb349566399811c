import { GatewayError } from "../../core/errors.ts";

/** A recorded input of one camera, as named on the command line. */
export interface CameraInput {
  readonly cameraId: string;
  readonly path: string;
}

/** Recorded detections: MOTChallenge text with the frame rate it was made at, or a log, which carries its own time. */
export type DetectionsInput =
  | (CameraInput & { readonly format: "mot"; readonly fps: number })
  | (CameraInput & { readonly format: "log" });

/**
 * Reads `cam=FILE`.
 * @throws USAGE
 */
export function parseCameraInput(option: string, text: string): CameraInput {
  const split = text.indexOf("=");
  if (split < 1 || split === text.length - 1) throw usage(option, "cam=FILE", text);
  return { cameraId: text.slice(0, split), path: text.slice(split + 1) };
}

/**
 * Reads `cam=FILE@FPS` for MOTChallenge text, or `cam=FILE.jsonl` for a detections log.
 * @throws USAGE
 */
export function parseDetectionsInput(option: string, text: string): DetectionsInput {
  const input = parseCameraInput(option, text);
  if (input.path.endsWith(".jsonl")) return { ...input, format: "log" };
  const split = input.path.lastIndexOf("@");
  const fps = Number(input.path.slice(split + 1));
  if (split < 1 || !(fps > 0 && fps <= 240)) {
    throw usage(option, "cam=FILE@FPS or cam=FILE.jsonl", text);
  }
  const { cameraId } = input;
  return { cameraId, path: input.path.slice(0, split), format: "mot", fps };
}

function usage(option: string, expected: string, found: string): GatewayError {
  return new GatewayError(
    "USAGE",
    `${option}: expected ${expected}, found ${JSON.stringify(found)}`,
  );
}
