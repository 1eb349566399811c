import type { z } from "zod";
import type { InputFault } from "../core/errors.ts";

const LONGEST_FOUND = 60;

/**
 * Turns a zod error about a message into faults: one per problem with path, value found and expectation. Values are
 * shortened; the caller decides whether they may be logged. Pure.
 */
export function messageFaults(error: z.ZodError, input: unknown): readonly InputFault[] {
  return error.issues.flatMap((issue) => {
    const keys = issue.code === "unrecognized_keys" ? issue.keys : null;
    if (keys === null) {
      const expected = issue.message
        .replace(/^Invalid input: expected /, "")
        .replace(/, received .*$/, "");
      return [{ path: pathText(issue.path), found: foundAt(input, issue.path), expected }];
    }
    return keys.map((key) => ({
      path: pathText([...issue.path, key]),
      found: foundAt(input, [...issue.path, key]),
      expected: "no such key",
    }));
  });
}

function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("")
    .replace(/^\./, "");
}

function foundAt(input: unknown, path: readonly PropertyKey[]): string {
  let value: unknown = input;
  for (const part of path) {
    if (typeof value !== "object" || value === null) return "nothing";
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > LONGEST_FOUND ? `${text.slice(0, LONGEST_FOUND - 3)}...` : text;
}
