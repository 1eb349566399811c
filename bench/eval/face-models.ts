import { GatewayError } from "../../src/core/errors.ts";
import type { FaceChainId } from "../../src/face/ports.ts";
import { chooseFaceModels, type FaceModels } from "../../src/io/face/face-models.ts";
import { pullModels } from "../../src/io/models/install.ts";
import { readManifest } from "../../src/io/models/manifest.ts";

/**
 * The installed face models of a profile. Who evaluates them asks for them, so they are pulled where they are missing.
 * @throws MODEL_FETCH_FAILED, MODEL_MISSING
 */
export async function pickFaceModels(
  dir: string,
  profile: FaceChainId["profile"],
): Promise<FaceModels> {
  const found = chooseFaceModels(await readManifest(dir), profile);
  if (found !== null) return found;
  console.error(`no face models of profile ${profile} in ${dir}: pulling them, once`);
  const { notices } = await pullModels({
    dir,
    profile: profile === "clean" ? "face" : "face-accurate",
    onProgress: () => undefined,
    signal: new AbortController().signal,
  });
  for (const notice of notices) console.error(notice);
  const pulled = chooseFaceModels(await readManifest(dir), profile);
  if (pulled !== null) return pulled;
  throw new GatewayError("MODEL_MISSING", `No face models of profile ${profile} in ${dir}`);
}

/** Reads `--profile`. @throws USAGE */
export function faceProfile(text: string | undefined): FaceChainId["profile"] {
  if (text === undefined || text === "clean") return "clean";
  if (text === "accurate") return "accurate";
  throw new GatewayError("USAGE", `expected clean or accurate for --profile, found ${text}`);
}
