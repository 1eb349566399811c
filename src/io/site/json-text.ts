const WIDTH = 120;
const STEP = 2;

/**
 * Prints JSON as people write it: what fits on a line stands on one, everything else is indented by two. Ends with a
 * line break. Keys keep their order. Pure.
 */
export function jsonText(value: unknown): string {
  return `${print(value, 0, 0)}\n`;
}

/** `before`: characters that stand on the line in front of the value; one more is kept for the comma behind it. */
function print(value: unknown, indent: number, before: number): string {
  const flat = flatText(value, WIDTH - indent - before - 1);
  if (flat !== null) return flat;
  const inner = " ".repeat(indent + STEP);
  const isList = Array.isArray(value);
  const lines = entriesOf(value as object).map(([key, entry]) => {
    const head = isList ? "" : `${JSON.stringify(key)}: `;
    return `${inner}${head}${print(entry, indent + STEP, head.length)}`;
  });
  const [open, close] = isList ? ["[", "]"] : ["{", "}"];
  return `${open}\n${lines.join(",\n")}\n${" ".repeat(indent)}${close}`;
}

/** What JSON has of a list or an object: nothing of a key without a value. */
const entriesOf = (value: object): [string, unknown][] =>
  Object.entries(value).filter(([, entry]) => entry !== undefined);

/** The value on one line; null when that is longer than `room`, found out without printing all of a long list. */
function flatText(value: unknown, room: number): string | null {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const isList = Array.isArray(value);
  const parts: string[] = [];
  let left = room - (isList ? 2 : 4);
  for (const [key, entry] of entriesOf(value)) {
    const head = isList ? "" : `${JSON.stringify(key)}: `;
    const text = flatText(entry, left - head.length);
    if (text === null) return null;
    parts.push(head + text);
    left -= head.length + text.length + 2;
    if (left < -2) return null;
  }
  if (parts.length === 0) return isList ? "[]" : "{}";
  return isList ? `[${parts.join(", ")}]` : `{ ${parts.join(", ")} }`;
}
