import { resolve } from "node:path";
import type { Clock } from "../core/clock.ts";
import { GatewayError } from "../core/errors.ts";
import type { Log } from "../core/lifecycle.ts";
import type { CameraModel } from "../io/camera/camera-protocol.ts";
import { findFfmpeg } from "../io/camera/ffmpeg-binary.ts";
import { probeVideo } from "../io/camera/video-probe.ts";
import { parseVideoSource } from "../io/camera/video-source.ts";
import {
  type CameraModels,
  createCameraModels,
  USUAL_PICTURE,
} from "../io/models/camera-models.ts";
import { choosePersonModel, type ModelManifest, readManifest } from "../io/models/manifest.ts";
import type { PictureSize } from "../vision/ports.ts";
import type { LoadedConfig } from "./config-files.ts";

type Profile = "default" | "permissive";

/**
 * The installed models to choose from, for a camera whose picture becomes known only when it answers. Reads the
 * manifest once. @throws MODEL_UNSUPPORTED when the manifest is malformed
 */
export async function cameraModels(
  loaded: Pick<LoadedConfig, "config" | "modelsDir">,
): Promise<CameraModels> {
  const { config, modelsDir } = loaded;
  const { threads, profile } = config.models;
  const dir = resolve(modelsDir);
  const manifest = config.cameras.length === 0 ? null : await readManifest(dir);
  return createCameraModels(manifest, { dir, threads, profile });
}

/**
 * The model of each camera by its id, chosen by the shape of its picture. A camera is left out when no model is
 * installed: it is then blind with MODEL_MISSING, and everything else runs.
 */
export async function modelsForCameras(
  loaded: Pick<LoadedConfig, "config" | "modelsDir">,
  clock: Clock,
  log: Log,
): Promise<ReadonlyMap<string, CameraModel>> {
  const { config } = loaded;
  const found = new Map<string, CameraModel>();
  const models = await cameraModels(loaded);
  if (models.modelFor(null) === null) return found;
  // Side by side: a camera that does not answer must not hold up the others.
  const pictures = await Promise.all(
    config.cameras.map(({ id, source }) =>
      pictureOf(source, clock).catch((error: unknown) => {
        if (!(error instanceof GatewayError)) throw error;
        const fields = { event: "camera.unprobed", cameraId: id, code: error.code };
        log.info(fields, "the camera could not be asked for its picture; a wide one is assumed");
        return USUAL_PICTURE;
      }),
    ),
  );
  config.cameras.forEach(({ id }, index) => {
    const model = models.modelFor(pictures[index] ?? null);
    if (model !== null) found.set(id, model);
  });
  return found;
}

/**
 * The model for a video file.
 * @throws MODEL_MISSING, and the faults of a file that is no video
 */
export async function modelForVideo(
  path: string,
  dir: string,
  clock: Clock,
  profile: Profile = "default",
): Promise<CameraModel> {
  const manifest: ModelManifest | null = await readManifest(dir);
  const picture = manifest === null ? null : await pictureOf(path, clock);
  const entry =
    manifest === null || picture === null ? null : choosePersonModel(manifest, picture, profile);
  if (entry === null) {
    throw new GatewayError("MODEL_MISSING", `no person model in ${dir}`, { context: { dir } });
  }
  return { entry, dir, threads: 1 };
}

async function pictureOf(source: string, clock: Clock): Promise<PictureSize> {
  const facts = await probeVideo(await findFfmpeg(), parseVideoSource(source), clock);
  return facts.picture;
}
