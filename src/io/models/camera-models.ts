import type { PictureSize } from "../../vision/ports.ts";
import type { CameraModel } from "../camera/camera-protocol.ts";
import { choosePersonModel, type ModelManifest, type ModelProfile } from "./manifest.ts";

/** The models a camera may choose from. */
export interface CameraModels {
  /**
   * The model for a picture of this size; a usual wide one is assumed while the size is not known. Null when no model
   * of the profile is installed. Always the same answer to the same question.
   */
  modelFor(picture: PictureSize | null): CameraModel | null;
}

/** Shape assumed of a camera that cannot be asked yet. */
export const USUAL_PICTURE: PictureSize = { widthPx: 1280, heightPx: 720 };

/** Where the models lie and how they are run. */
export interface CameraModelsOptions {
  readonly dir: string;
  /** Threads of one inference. */
  readonly threads: number;
  readonly profile: ModelProfile;
}

/** Offers the person models of a folder to its cameras; none when nothing is installed. */
export function createCameraModels(
  manifest: ModelManifest | null,
  { dir, threads, profile }: CameraModelsOptions,
): CameraModels {
  return {
    modelFor(picture): CameraModel | null {
      if (manifest === null) return null;
      const entry = choosePersonModel(manifest, picture ?? USUAL_PICTURE, profile);
      return entry === null ? null : { entry, dir, threads };
    },
  };
}

/** Whether two choices are the same network run in the same way, so that nothing need be loaded anew. Pure. */
export function isSameModel(a: CameraModel, b: CameraModel): boolean {
  return a.entry.id === b.entry.id && a.entry.sha256 === b.entry.sha256 && a.threads === b.threads;
}
