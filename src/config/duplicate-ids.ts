import type { InputFault } from "../core/errors.ts";

interface Found {
  readonly path: string;
  readonly id: string;
}

/**
 * Ids used more than once in a raw document, one fault for each repetition. `lists` name the lists whose entries carry
 * an `id`, as paths in which `*` stands for every entry of a list; ids must be unique over all of them together.
 * Works on a document that is wrong elsewhere, so that all faults can be told at once. Pure.
 */
export function duplicateIds(
  document: unknown,
  lists: readonly (readonly string[])[],
): readonly InputFault[] {
  const firstAt = new Map<string, string>();
  const faults: InputFault[] = [];
  for (const { path, id } of lists.flatMap((list) => idsBelow(document, list, ""))) {
    const first = firstAt.get(id);
    if (first === undefined) firstAt.set(id, path);
    else {
      const expected = `an id not used before (first at ${first})`;
      faults.push({ path, found: JSON.stringify(id), expected });
    }
  }
  return faults;
}

function idsBelow(value: unknown, list: readonly string[], path: string): readonly Found[] {
  const [step, ...rest] = list;
  if (step === undefined)
    return entriesOf(value).flatMap((entry, i) => idOf(entry, `${path}[${i}]`));
  if (step === "*") {
    return entriesOf(value).flatMap((entry, i) => idsBelow(entry, rest, `${path}[${i}]`));
  }
  const inner = fieldOf(value, step);
  return idsBelow(inner, rest, path === "" ? step : `${path}.${step}`);
}

function idOf(entry: unknown, path: string): readonly Found[] {
  const id = fieldOf(entry, "id");
  return typeof id === "string" ? [{ path: `${path}.id`, id }] : [];
}

const entriesOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const fieldOf = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
