import { GatewayError } from "../../core/errors.ts";
import type { PictureSize } from "../../vision/ports.ts";
import type { PullProfile } from "./manifest.ts";
import type { Catalogue, CatalogueModel, TfjsOffer } from "./offered-model.ts";

/** Every network of the catalogue takes inputs of sides that are multiples of this. */
const SIDE_STEP_PX = 32;
/** Beyond this no board the gateway runs on carries a frame per second. */
const MAX_SIDE_PX = 1920;

/**
 * The models of a profile at other input sizes: those of the catalogue where it lists the size, else its nearest model
 * made for that size. Such a file has no pinned hash (its weights have); the manifest records the one it came out
 * with.
 * @throws MODEL_UNSUPPORTED for a size no network can take, and for a profile whose networks have one size only
 */
export function modelsAtSizes(
  catalogue: Catalogue,
  profile: PullProfile,
  sizes: readonly PictureSize[],
): readonly CatalogueModel[] {
  const offered = catalogue.models
    .filter((model) => model.kind === "tfjs")
    .filter(({ entry }) => entry.task === "person" && entry.profile === profile);
  if (offered.length === 0) {
    throw new GatewayError("MODEL_UNSUPPORTED", `Models of profile ${profile} have one size only`);
  }
  return sizes.flatMap((size) => {
    assertUsable(size);
    const listed = offered.filter(({ entry }) => isSize(entry.input, size));
    if (listed.length > 0) return listed;
    const nearest = offered.toSorted((a, b) => areaGap(a, size) - areaGap(b, size))[0];
    return nearest === undefined ? [] : [retarget(nearest, size)];
  });
}

function assertUsable({ widthPx, heightPx }: PictureSize): void {
  const isUsable = [widthPx, heightPx].every(
    (side) => side > 0 && side <= MAX_SIDE_PX && side % SIDE_STEP_PX === 0,
  );
  if (isUsable) return;
  const rule = `sides that are multiples of ${SIDE_STEP_PX} up to ${MAX_SIDE_PX}`;
  throw new GatewayError(
    "MODEL_UNSUPPORTED",
    `An input needs ${rule}, found ${widthPx}x${heightPx}`,
  );
}

function isSize(input: CatalogueModel["entry"]["input"], size: PictureSize): boolean {
  return input.width === size.widthPx && input.height === size.heightPx;
}

/** How far a model's number of pixels is from the wanted one, as a factor: its operating score fits best then. */
function areaGap({ entry }: TfjsOffer, size: PictureSize): number {
  const { width, height } = entry.input;
  return Math.abs(Math.log((width * height) / (size.widthPx * size.heightPx)));
}

function retarget(model: TfjsOffer, { widthPx, heightPx }: PictureSize): TfjsOffer {
  const { entry, recipe } = model;
  const own = `${entry.input.width}x${entry.input.height}`;
  const size = `${widthPx}x${heightPx}`;
  const id = entry.id.endsWith(own) ? entry.id.replace(own, size) : `${entry.id}-${size}`;
  return {
    ...model,
    entry: {
      ...entry,
      id,
      file: `${id}.onnx`,
      input: { ...entry.input, width: widthPx, height: heightPx },
    },
    recipe: { ...recipe, input: { ...recipe.input, widthPx, heightPx } },
    isUnpinned: true,
  };
}
