import type { z } from "zod";
import { faultsOf } from "../../core/input-faults.ts";
import { trackPersonSchema, trackRenameSchema } from "../../wire/track-message.ts";
import { type CounterAdapter, MAX_PEOPLE_PER_MESSAGE, type Sighting } from "./changes.ts";
import { type Fields, MessageReader } from "./message-reader.ts";

const KNOWN_KEYS = new Set(["v", "tMs", "time", "people", "ended", "renamed"]);

/**
 * Reads the generic form of `in/track/<source>`. Everything is checked piece by piece, so that one bad person costs
 * no other; a version we do not know is refused as a whole.
 */
export const genericAdapter: CounterAdapter = (message) => {
  const reader = new MessageReader();
  const fields = reader.object(message, "");
  if (fields === null) return reader.report;
  if (fields["v"] !== 1) {
    reader.fault("v", fields["v"], "1, the only version there is");
    return reader.report;
  }
  for (const key of Object.keys(fields)) {
    if (!KNOWN_KEYS.has(key)) reader.unknownKey("", key, fields[key]);
  }
  const time = readTime(reader, fields);
  // A time that cannot be read must not turn into another: without it nobody knows when.
  if (time.isGood) readContent(reader, fields, time.sentMs);
  return reader.report;
};

function readTime(
  reader: MessageReader,
  { tMs, time }: Fields,
): { readonly isGood: boolean; readonly sentMs: number | null } {
  if (tMs === undefined && time === undefined) return { isGood: true, sentMs: null };
  const sentMs = tMs === undefined ? reader.isoTime(time, "time") : reader.epochMs(tMs, "tMs");
  return { isGood: sentMs !== null, sentMs };
}

function readContent(reader: MessageReader, fields: Fields, sentMs: number | null): void {
  const { people, ended, renamed } = fields;
  if (people === undefined && ended === undefined && renamed === undefined) {
    reader.fault("people", people, "at least one of people, ended and renamed");
    return;
  }
  for (const [i, entry] of entries(reader, renamed, "renamed")) {
    const names = checked(reader, trackRenameSchema, entry, `renamed[${i}]`);
    if (names === null) continue;
    reader.say({ kind: "renamed", sentMs, from: String(names.from), to: String(names.to) });
  }
  if (people !== undefined) readPeople(reader, people, sentMs);
  const ids: string[] = [];
  for (const [i, entry] of entries(reader, ended, "ended")) {
    const id = reader.id(entry, `ended[${i}]`);
    if (id !== null) ids.push(id);
  }
  if (ids.length > 0) reader.say({ kind: "ended", sentMs, ids });
}

function readPeople(reader: MessageReader, people: unknown, sentMs: number | null): void {
  if (!Array.isArray(people)) {
    reader.fault("people", people, "a list");
    return;
  }
  const seen: Sighting[] = [];
  for (const [i, entry] of entries(reader, people, "people")) {
    const person = checked(reader, trackPersonSchema, entry, `people[${i}]`);
    if (person !== null) seen.push({ ...person, id: String(person.id) });
  }
  // When somebody could not be read, the list does not name everybody any more.
  reader.say({ kind: "seen", sentMs, people: seen, isEverybody: seen.length === people.length });
}

function entries(
  reader: MessageReader,
  value: unknown,
  path: string,
): IterableIterator<[number, unknown]> {
  const list = value === undefined ? [] : reader.list(value, path, MAX_PEOPLE_PER_MESSAGE);
  return (list ?? []).entries();
}

function checked<T>(
  reader: MessageReader,
  schema: z.ZodType<T>,
  value: unknown,
  path: string,
): T | null {
  const outcome = schema.safeParse(value);
  if (outcome.success) return outcome.data;
  const fields = (value ?? {}) as Fields;
  for (const issue of outcome.error.issues) {
    const unknown = issue.code === "unrecognized_keys" ? issue.keys : [];
    for (const key of unknown) reader.unknownKey(path, key, fields[key]);
    if (unknown.length > 0) continue;
    for (const { path: inner, expected } of faultsOf([issue], value)) {
      if (inner === "") reader.fault(path, value, expected);
      else refuseField(reader, `${path}.${inner}`, fields[inner], expected);
    }
  }
  return null;
}

/** No text belongs into these fields but ids, and those are told to nobody. */
function refuseField(reader: MessageReader, path: string, found: unknown, expected: string): void {
  if (typeof found === "string") reader.privateFault(path, found, expected);
  else reader.fault(path, found, expected);
}
