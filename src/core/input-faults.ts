import type { InputFault } from "./errors.ts";

/** What a schema says about one refused part of a document; zod's issues have this shape. */
export interface RefusedPart {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** The keys that should not be there, when that is the problem. */
  readonly keys?: readonly string[];
}

/**
 * Turns refused parts into faults a person can act on: one per problem, with path, value found and expectation.
 * `input` is the document that was refused; long values are shortened, and the caller decides whether they may be
 * logged. Pure.
 */
export function faultsOf(parts: readonly RefusedPart[], input: unknown): readonly InputFault[] {
  return parts.flatMap((part) => expand(part, input));
}

function expand(part: RefusedPart, input: unknown): InputFault[] {
  if (part.code === "unrecognized_keys") {
    return (part.keys ?? []).map((key) => ({
      path: pathText([...part.path, key]),
      found: shorten(valueAt(input, [...part.path, key])),
      expected: "no such key (check the spelling and the unit in its name)",
    }));
  }
  return [
    {
      path: pathText(part.path),
      found: shorten(valueAt(input, part.path)),
      expected: part.message
        .replace(/^(?:Invalid [a-z]+|Too small|Too big): expected /, "")
        .replace(/, received .*$/, ""),
    },
  ];
}

function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("")
    .replace(/^\./, "");
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value: unknown = input;
  for (const part of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}

function shorten(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
