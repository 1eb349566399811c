import { GatewayError } from "../../src/core/errors.ts";
import type { CameraModel } from "../../src/io/camera/camera-protocol.ts";
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

/** The installed model the gateway would choose for such a picture. @throws MODEL_MISSING when there is none. */
export async function pickModel(wish: ModelWish): Promise<CameraModel> {
  const { dir, threads } = wish;
  const manifest = await readManifest(dir);
  const entry = manifest === null ? null : choosePersonModel(manifest, wish.picture, wish.profile);
  if (entry === null) throw new GatewayError("MODEL_MISSING", `No person model in ${dir}`);
  return { entry, dir, threads };
}
