import { GatewayError } from "../../core/errors.ts";
import { sampleChip } from "../../face/chip-sampling.ts";
import { CHIP_TEMPLATES, type ChipTemplate, fitChip } from "../../face/chip-template.ts";
import type { FaceBoxes } from "../../face/face-boxes.ts";
import type { FacePicture } from "../../face/ports.ts";
import { createSimilarity } from "../../face/similarity.ts";
import type { EmbedderEntry } from "../models/manifest.ts";
import { type FaceNet, openFaceNet } from "./face-net.ts";

/** The network that turns a face into numbers. */
export interface EmbeddingNet {
  readonly net: FaceNet;
  readonly template: ChipTemplate;
  /** What the last run said. */
  readonly values: Float32Array;
  /**
   * Puts an aligned face into the input, roughly for what looks at large patches of it only; false when its points are
   * no face.
   */
  fill(picture: FacePicture, faces: FaceBoxes, i: number, detail?: "fine" | "rough"): boolean;
  /** Overwrites everything with zeros. */
  wipe(): void;
}

/** Loads the network of an entry. @throws as `openFaceNet`; MODEL_UNSUPPORTED for a side its template does not have */
export async function openEmbeddingNet(
  entry: EmbedderEntry,
  dir: string,
  threads: number,
): Promise<EmbeddingNet> {
  const { output, dim, template: name } = entry.embed;
  const template = CHIP_TEMPLATES[name];
  if (entry.input.width !== template.sidePx) {
    const message = `Model ${entry.id}: expected an input of ${template.sidePx} Px for ${name}`;
    throw new GatewayError("MODEL_UNSUPPORTED", message);
  }
  const net = await openFaceNet(entry, dir, threads, [
    { role: output, type: "float32", shape: [1, dim] },
  ]);
  const values = net.output(output);
  const toChip = createSimilarity();
  return {
    net,
    template,
    values,
    fill(picture, faces, i, detail = "fine"): boolean {
      if (!fitChip(faces.points, i, template, toChip)) return false;
      const samples = detail === "rough" ? 1 : undefined;
      sampleChip(picture, toChip, net.pixels, template.sidePx, samples);
      return true;
    },
    wipe(): void {
      net.wipe();
      Object.assign(toChip, createSimilarity());
    },
  };
}
