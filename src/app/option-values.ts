import { InvalidArgumentError } from "commander";

/** Reads a whole number from 0. @throws InvalidArgumentError, which becomes wrong usage */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) {
    throw new InvalidArgumentError("Expected a whole number.");
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

/** Adds a repeated option's value to those before it. Pure. */
export function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}
