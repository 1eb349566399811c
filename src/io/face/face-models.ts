import type { FaceChainId } from "../../face/ports.ts";
import type {
  EmbedderEntry,
  InstalledModel,
  LivenessEntry,
  ModelEntry,
  ModelManifest,
} from "../models/manifest.ts";

/** The networks of one chain. */
export interface FaceModels {
  /** Sees the whole picture in detail. */
  readonly wide: ModelEntry;
  /** Square: sees what is near, and one face again. */
  readonly near: ModelEntry;
  readonly embedder: EmbedderEntry;
  /** null: not installed, and no hint is given. */
  readonly liveness: LivenessEntry | null;
}

/**
 * The installed networks of a profile; null when one that is needed is missing. The manifest may hold several of a
 * kind: the largest detectors and the first of the others are taken. Pure.
 */
export function chooseFaceModels(
  manifest: ModelManifest | null,
  profile: FaceChainId["profile"],
): FaceModels | null {
  const models = manifest?.models ?? [];
  const detectors = models
    .filter(isFaceDetector)
    .sort((a, b) => b.input.width * b.input.height - a.input.width * a.input.height);
  const wide = detectors.find(({ input }) => input.width > input.height);
  const near = detectors.find(({ input }) => input.width === input.height);
  const wanted = profile === "clean" ? "face" : "face-accurate";
  const embedder = models.filter(isEmbedder).find((model) => model.profile === wanted);
  if (wide === undefined || near === undefined || embedder === undefined) return null;
  return { wide, near, embedder, liveness: models.find(isLiveness) ?? null };
}

function isFaceDetector(model: InstalledModel): model is ModelEntry {
  return model.task === "face-detect" && model.decoder === "blazeface";
}

function isEmbedder(model: InstalledModel): model is EmbedderEntry {
  return model.task === "face-embed";
}

function isLiveness(model: InstalledModel): model is LivenessEntry {
  return model.task === "liveness";
}
