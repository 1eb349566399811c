import type { FaceBoxes } from "../../face/face-boxes.ts";
import { livenessRegion, softmaxAt } from "../../face/liveness.ts";
import type { FacePicture } from "../../face/ports.ts";
import { RegionSampler } from "../../face/region-sampler.ts";
import type { LivenessEntry } from "../models/manifest.ts";
import { type FaceNet, openFaceNet } from "./face-net.ts";

/** The network behind the liveness hint. */
export interface LivenessNet {
  readonly net: FaceNet;
  /** Puts a face and what is around it into the input. */
  fill(picture: FacePicture, faces: FaceBoxes, i: number): void;
  /** What the last run said, 0..1. */
  hint(): number;
  /** Overwrites everything with zeros. */
  wipe(): void;
}

/** Loads the network of an entry; null for none. @throws as `openFaceNet` */
export async function openLivenessNet(
  entry: LivenessEntry | null,
  dir: string,
  threads: number,
): Promise<LivenessNet | null> {
  if (entry === null) return null;
  const { output, classes, classIndex, cropRatio } = entry.live;
  const shape = [1, classes];
  const net = await openFaceNet(entry, dir, threads, [{ role: output, type: "float32", shape }]);
  const sampler = new RegionSampler(net.sizePx.widthPx);
  const logits = net.output(output);
  return {
    net,
    fill(picture, faces, i): void {
      const { leftPx, topPx, widthPx, heightPx } = livenessRegion(faces, i, cropRatio, picture);
      sampler.fill(picture, leftPx, topPx, widthPx, heightPx, {
        rgb: net.pixels,
        stridePx: net.sizePx.widthPx,
        leftPx: 0,
        topPx: 0,
        ...net.sizePx,
      });
    },
    hint: () => softmaxAt(logits, classIndex),
    wipe(): void {
      net.wipe();
      sampler.wipe();
    },
  };
}
