import { GatewayError } from "../../core/errors.ts";

/** A recorded input of one camera, as named on the command line. */
export interface CameraInput {
  readonly cameraId: string;
  readonly path: string;
}

/** Recorded detections with the frame rate they were made at. */
export interface DetectionsInput extends CameraInput {
  readonly fps: number;
}

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
 * Reads `cam=FILE@FPS`.
 * @throws USAGE
 */
export function parseDetectionsInput(option: string, text: string): DetectionsInput {
  const input = parseCameraInput(option, text);
  const split = input.path.lastIndexOf("@");
  const fps = Number(input.path.slice(split + 1));
  if (split < 1 || !(fps > 0 && fps <= 240)) throw usage(option, "cam=FILE@FPS", text);
  return { cameraId: input.cameraId, path: input.path.slice(0, split), fps };
}

function usage(option: string, expected: string, found: string): GatewayError {
  return new GatewayError(
    "USAGE",
    `${option}: expected ${expected}, found ${JSON.stringify(found)}`,
  );
}
