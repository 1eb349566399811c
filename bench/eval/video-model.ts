import { GatewayError } from "../../src/core/errors.ts";
import type { CameraModel } from "../../src/io/camera/camera-protocol.ts";
import { pullModels } from "../../src/io/models/install.ts";
import {
  choosePersonModel,
  type ModelProfile,
  readManifest,
} from "../../src/io/models/manifest.ts";
import type { PictureSize } from "../../src/vision/ports.ts";

/** Which of the installed models to work with. */
export interface ModelWish {
  readonly dir: string;
  readonly profile: ModelProfile;
  readonly threads: number;
  readonly picture: PictureSize;
}

/**
 * The model the gateway would choose for such a picture; models are pulled first where there are none, as `npm start`
 * does. @throws MODEL_FETCH_FAILED, MODEL_MISSING
 */
export async function pickModel(wish: ModelWish): Promise<CameraModel> {
  const { dir, threads, profile } = wish;
  if ((await readManifest(dir)) === null) await pull(dir, profile);
  const manifest = await readManifest(dir);
  const entry = manifest === null ? null : choosePersonModel(manifest, wish.picture, wish.profile);
  if (entry === null) throw new GatewayError("MODEL_MISSING", `No person model in ${dir}`);
  return { entry, dir, threads };
}

async function pull(dir: string, profile: ModelProfile): Promise<void> {
  console.error(`no models in ${dir}: pulling them, once`);
  const { signal } = new AbortController();
  const { notices } = await pullModels({ dir, profile, onProgress: () => undefined, signal });
  for (const notice of notices) console.error(notice);
}
