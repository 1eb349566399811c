import { type MonoMs, monoMs, type TrackId } from "../../core/brand.ts";
import type { CameraPlan } from "../../core/site.ts";
import { createCameraPipeline, type VisionEvent } from "../../vision/camera-pipeline.ts";
import type { PictureSize } from "../../vision/ports.ts";
import type { PathPoint } from "./changes.ts";

/** A whole way of one person, by our clock. */
export interface FinishedPath {
  readonly trackId: TrackId;
  readonly score: number;
  readonly points: readonly (Omit<PathPoint, "sentMs"> & { readonly atMono: MonoMs })[];
}

/** Between two points farther apart in time the person is taken to stand at the first, and told so as often. */
const TICK_MS = 500;
/** A pause of the counter longer than this is a gap, and nothing counts across it. */
const MAX_GAP_MS = 60_000;
/** Nobody is followed for so long: what a counter tells beyond it is left out, so that one message costs little. */
const LONGEST_WAY_MS = 6 * 3_600_000;

/**
 * Plays the way of one person, told after its end, through the lines and zones of a camera. Every person has a
 * pipeline of their own, since ways told afterwards overlap in time; so groups are not known. Returns how many points
 * could be used; points must come in the order of time.
 */
export function playPath(
  path: FinishedPath,
  plan: CameraPlan,
  picture: PictureSize,
  onEvent: (event: VisionEvent) => void,
): number {
  const nobody = (): void => undefined;
  const pipeline = createCameraPipeline({ plan, picture, run: "path", onEvent, onPeople: nobody });
  let lastMono: number | null = null;
  const endMono = (path.points[0]?.atMono ?? 0) + LONGEST_WAY_MS;
  let used = 0;
  const { trackId, score } = path;
  let standing = { trackId, xPx: 0, yPx: 0, heightPx: 0, score };
  for (const { atMono, xNorm, yNorm, heightNorm } of path.points) {
    if (lastMono !== null && atMono <= lastMono) continue;
    if (atMono > endMono) break;
    if (lastMono !== null && atMono - lastMono <= MAX_GAP_MS) {
      for (let at = lastMono + TICK_MS; at < atMono; at += TICK_MS)
        pipeline.pushTracks([standing], monoMs(at));
    }
    const { widthPx, heightPx } = picture;
    const place = { xPx: xNorm * widthPx, yPx: yNorm * heightPx, heightPx: heightNorm * heightPx };
    standing = { trackId, ...place, score };
    pipeline.pushTracks([standing], atMono);
    lastMono = atMono;
    used += 1;
  }
  if (lastMono !== null) pipeline.end(monoMs(lastMono));
  return used;
}
