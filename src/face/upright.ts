import type { ChipTemplate } from "./chip-template.ts";
import { lumaSpread, meanLuma, type PixelBox } from "./luma.ts";

/** A rectangle between the points of a face, its middle from the right eye and its half sides, in eye distances. */
interface Patch {
  readonly along: number;
  readonly down: number;
  readonly halfWidth: number;
  readonly halfHeight: number;
}

const EYES: readonly Patch[] = [0, 1].map((along) => {
  return { along, down: 0, halfWidth: 0.2, halfHeight: 0.09 };
});
const CHEEKS: readonly Patch[] = [0, 1].map((along) => {
  return { along, down: 0.45, halfWidth: 0.18, halfHeight: 0.12 };
});
const BRIDGE: readonly Patch[] = [{ along: 0.5, down: 0.1, halfWidth: 0.1, halfHeight: 0.15 }];
/** From the brows to the mouth. */
const WHOLE: Patch = { along: 0.5, down: 0.5, halfWidth: 0.75, halfHeight: 0.8 };

/**
 * How much darker the eyes of an aligned face are than cheeks and bridge of the nose, in units of its
 * contrast. Only to be compared with the same picture seen upside down: whatever the light, the skin and the glasses, eyes that
 * are eyes are the darker ones of the two. Pure.
 * @source Viola and Jones, Rapid object detection using a boosted cascade of simple features, 2001: its first features
 */
export function eyeShade(chip: Uint8Array, template: ChipTemplate): number {
  const brightness = (patches: readonly Patch[]): number =>
    patches.reduce((sum, patch) => sum + patchLuma(chip, template, patch), 0) / patches.length;
  const contrast = lumaSpread(chip, template.sidePx, boxOf(template, WHOLE));
  if (!(contrast > 0)) return 0;
  return (brightness(CHEEKS) + brightness(BRIDGE) - 2 * brightness(EYES)) / contrast;
}

function patchLuma(chip: Uint8Array, template: ChipTemplate, patch: Patch): number {
  return meanLuma(chip, template.sidePx, boxOf(template, patch));
}

function boxOf({ targets }: ChipTemplate, { along, down, halfWidth, halfHeight }: Patch): PixelBox {
  const [rightX = 0, rightY = 0, leftX = 0] = targets;
  const unit = leftX - rightX;
  const x = rightX + along * unit;
  const y = rightY + down * unit;
  return {
    left: Math.round(x - halfWidth * unit),
    top: Math.round(y - halfHeight * unit),
    right: Math.round(x + halfWidth * unit),
    bottom: Math.round(y + halfHeight * unit),
  };
}
