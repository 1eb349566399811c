import { InvalidArgumentError } from "commander";
import type { PullProfile } from "../io/models/manifest.ts";
import type { PictureSize } from "../vision/ports.ts";

/** Reads a whole number from 0. @throws InvalidArgumentError, which becomes wrong usage */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) {
    throw new InvalidArgumentError("Expected a whole number.");
  }
  return value;
}

/** Reads a number above 0. @throws InvalidArgumentError, which becomes wrong usage */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) {
    throw new InvalidArgumentError("Expected a number above 0.");
  }
  return value;
}

/** Reads a model profile. @throws InvalidArgumentError, which becomes wrong usage */
export function profileName(text: string): "default" | "permissive" {
  if (text !== "default" && text !== "permissive") {
    throw new InvalidArgumentError("Expected default or permissive.");
  }
  return text;
}

/** Reads what to pull. @throws InvalidArgumentError, which becomes wrong usage */
export function pullProfileName(text: string): PullProfile {
  if (text === "face" || text === "face-accurate") return text;
  if (text === "default" || text === "permissive") return text;
  throw new InvalidArgumentError("Expected default, permissive, face or face-accurate.");
}

/** Adds a repeated option's value to those before it. Pure. */
export function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}

/** Adds an input size such as `640x384` to those before it. @throws InvalidArgumentError, which becomes wrong usage */
export function collectSize(
  text: string,
  previous: readonly PictureSize[],
): readonly PictureSize[] {
  const [, width, height] = /^(\d{1,4})x(\d{1,4})$/.exec(text) ?? [];
  if (width === undefined || height === undefined) {
    throw new InvalidArgumentError("Expected WIDTHxHEIGHT in pixels, such as 640x384.");
  }
  return [...previous, { widthPx: Number(width), heightPx: Number(height) }];
}
