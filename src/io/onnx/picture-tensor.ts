import { Tensor } from "onnxruntime-node";
import type { ModelEntry } from "../models/manifest.ts";

const CHANNELS = 3;
const VALUES = 256;

/** The picture as a network wants it. */
export interface PictureTensor {
  /** Allocated once; `fill` writes into it. */
  readonly tensor: Tensor;
  /** `rgb24`: H x W x 3 bytes. Allocates nothing. */
  fill(rgb24: Uint8Array): void;
}

/** Shape of the picture a manifest entry describes. Pure. */
export function pictureShape({ layout, width, height }: ModelEntry["input"]): readonly number[] {
  return layout === "nhwc" ? [1, height, width, CHANNELS] : [1, CHANNELS, height, width];
}

/**
 * Why this preparation cannot be done, or null when it can: a network for people sees colours, and bytes cannot be
 * scaled. Pure.
 */
export function refusedPreparation(input: ModelEntry["input"]): string | null {
  if (input.channels === "gray") return "input.channels rgb or bgr, found gray";
  const isRaw = input.mean.every((x) => x === 0) && input.scale.every((x) => x === 1);
  if (input.dtype === "uint8" && !isRaw)
    return "input.mean of zeros and input.scale of ones where input.dtype is uint8";
  return null;
}

/** Makes the tensor for a manifest entry whose preparation is not refused. */
export function createPictureTensor(input: ModelEntry["input"]): PictureTensor {
  return input.dtype === "uint8" ? byteTensor(input) : floatTensor(input);
}

function byteTensor(input: ModelEntry["input"]): PictureTensor {
  const pixels = input.width * input.height;
  const values = new Uint8Array(pixels * CHANNELS);
  const tensor = new Tensor("uint8", values, pictureShape(input));
  if (input.layout === "nhwc" && input.channels === "rgb") {
    return { tensor, fill: (rgb24) => values.set(rgb24) };
  }
  const { first, between, along } = stepsOf(input);
  return {
    tensor,
    fill(rgb24): void {
      for (let channel = 0; channel < CHANNELS; channel += 1) {
        let to = first[channel] ?? 0;
        for (let from = channel; from < rgb24.length; from += between) {
          values[to] = rgb24[from] ?? 0;
          to += along;
        }
      }
    },
  };
}

function floatTensor(input: ModelEntry["input"]): PictureTensor {
  const values = new Float32Array(input.width * input.height * CHANNELS);
  const tensor = new Tensor("float32", values, pictureShape(input));
  const { first, between, along } = stepsOf(input);
  const prepared = tablesOf(input);
  return {
    tensor,
    fill(rgb24): void {
      for (let channel = 0; channel < CHANNELS; channel += 1) {
        const offset = channel * VALUES;
        let to = first[channel] ?? 0;
        for (let from = channel; from < rgb24.length; from += between) {
          values[to] = prepared[offset + (rgb24[from] ?? 0)] ?? 0;
          to += along;
        }
      }
    },
  };
}

interface Steps {
  /** Where the first pixel's red, green and blue go. */
  readonly first: readonly number[];
  /** Step from pixel to pixel in the frame. */
  readonly between: number;
  /** Step from pixel to pixel in the tensor. */
  readonly along: number;
}

function stepsOf({ layout, channels, width, height }: ModelEntry["input"]): Steps {
  const isPlanar = layout === "nchw";
  const apart = isPlanar ? width * height : 1;
  const order = channels === "bgr" ? [2, 1, 0] : [0, 1, 2];
  return {
    first: order.map((place) => place * apart),
    between: CHANNELS,
    along: isPlanar ? 1 : CHANNELS,
  };
}

/**
 * What each byte of red, green and blue becomes: (byte - mean) * scale. Mean and scale stand in the network's own
 * order, so for a bgr network the first one is blue's.
 */
function tablesOf({ mean, scale, channels }: ModelEntry["input"]): Float32Array {
  const tables = new Float32Array(CHANNELS * VALUES);
  for (let channel = 0; channel < CHANNELS; channel += 1) {
    const place = channels === "bgr" ? CHANNELS - 1 - channel : channel;
    for (let byte = 0; byte < VALUES; byte += 1) {
      tables[channel * VALUES + byte] = (byte - (mean[place] ?? 0)) * (scale[place] ?? 1);
    }
  }
  return tables;
}
