import type { z } from "zod";
import type { InputFault } from "../core/errors.ts";

/**
 * Turns a zod error into faults a person can act on: one per problem, with path, value found and expectation.
 * `input` is the document that was refused; long values are shortened. Pure.
 */
export function faultsOf(error: z.ZodError, input: unknown): readonly InputFault[] {
  return error.issues.flatMap((issue) => expand(issue, input));
}

function expand(issue: z.core.$ZodIssue, input: unknown): InputFault[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      path: pathText([...issue.path, key]),
      found: shorten(valueAt(input, [...issue.path, key])),
      expected: "no such key (check the spelling and the unit in its name)",
    }));
  }
  return [
    {
      path: pathText(issue.path),
      found: shorten(valueAt(input, issue.path)),
      expected: issue.message
        .replace(/^Invalid input: expected /, "")
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
