import {
  type CounterAdapter,
  type CounterChange,
  MAX_PATH_POINTS,
  MAX_PEOPLE_PER_MESSAGE,
  type PathPoint,
  type Sighting,
} from "./changes.ts";
import { type Fields, isFields, MessageReader } from "./message-reader.ts";

/** What an Axis message does not say. */
export interface AxisOptions {
  /** `channel_id` to read; null: all. */
  readonly channel: number | null;
}

type Box = Pick<Sighting, "xNorm" | "yNorm" | "heightNorm">;

const ROUNDING = 0.05;
const MAX_EVENTS = 512;

/**
 * Reads AXIS Scene Metadata over MQTT in all forms in use:
 * - frame v1 (`axis.scene.frame_v1`): `{channel_id, timestamp, detections, track_events}`;
 * - frame beta (`com.axis.analytics_scene_description.v0.beta`): `{frame: {timestamp, observations, operations}}`;
 * - object track v1 and consolidated track beta: a whole way, told some seconds after its end.
 * Boxes are Norm, origin top left. Only `Human` counts: heads and faces are parts of a person with an id of their own.
 * A camera leaves somebody who stands still out of its frames, so a frame does not name everybody.
 * @source developer.axis.com/analytics/axis-scene-metadata/reference (Analytics Data Format 1.0 and beta)
 */
export function createAxisAdapter(options: AxisOptions): CounterAdapter {
  return (message) => {
    const reader = new MessageReader();
    const fields = reader.object(message, "");
    if (fields !== null) readMessage(reader, unwrapped(fields), options);
    return reader.report;
  };
}

/** Some brokers and bridges put the document under `data` or `payload`. */
function unwrapped(fields: Fields): Fields {
  for (const key of ["data", "payload"]) {
    const inner = fields[key];
    if (isFields(inner) && fields["timestamp"] === undefined) return inner;
  }
  return fields;
}

function readMessage(reader: MessageReader, fields: Fields, { channel }: AxisOptions): void {
  const theirs = fields["channel_id"];
  if (channel !== null && theirs !== undefined && theirs !== channel) {
    reader.ignore();
    return;
  }
  const { frame, consolidated } = fields;
  if (isFields(frame)) readFrame(reader, frame, BETA);
  else if (isFields(consolidated)) readTrack(reader, consolidated, "consolidated.", "observations");
  else if ("path" in fields) readTrack(reader, fields, "", "path");
  else if ("start_time" in fields) readTrack(reader, fields, "", "observations");
  else if ("timestamp" in fields) readFrame(reader, fields, V1);
  else reader.fault("", fields, "an Axis frame (timestamp, detections) or object track (id, path)");
}

/** How the two versions of a frame call things. */
interface FrameWords {
  readonly prefix: string;
  readonly people: string;
  readonly id: string;
  readonly events: string;
  readonly ended: readonly [type: string, id: string];
  readonly renamed: readonly [type: string, from: string, to: string];
}

const V1: FrameWords = {
  prefix: "",
  people: "detections",
  id: "object_track_id",
  events: "track_events",
  ended: ["TrackEnded", "object_track_id"],
  renamed: ["Rename", "from_id", "to_id"],
};

const BETA: FrameWords = {
  prefix: "frame.",
  people: "observations",
  id: "track_id",
  events: "operations",
  ended: ["DeleteOperation", "id"],
  renamed: ["RenameOperation", "from", "to"],
};

function readFrame(reader: MessageReader, fields: Fields, words: FrameWords): void {
  const sentMs = reader.isoTime(fields["timestamp"], `${words.prefix}timestamp`);
  if (sentMs === null) return;
  const events = readEvents(reader, fields, sentMs, words);
  // Renames come before the people of the frame, who may carry the new id already; ends come after them.
  for (const event of events) if (event.kind === "renamed") reader.say(event);
  const people = readPeople(reader, fields, words);
  if (people.length > 0) reader.say({ kind: "seen", sentMs, people, isEverybody: false });
  else reader.say({ kind: "alive", sentMs, isSeeing: true });
  for (const event of events) if (event.kind === "ended") reader.say(event);
}

function readPeople(reader: MessageReader, fields: Fields, words: FrameWords): Sighting[] {
  const people: Sighting[] = [];
  const path = `${words.prefix}${words.people}`;
  const listed = reader.list(fields[words.people] ?? [], path, MAX_PEOPLE_PER_MESSAGE) ?? [];
  for (const [i, entry] of listed.entries()) {
    const person = readPerson(reader, entry, `${path}[${i}]`, words.id);
    if (person !== null) people.push(person);
  }
  return people;
}

function readEvents(
  reader: MessageReader,
  fields: Fields,
  sentMs: number,
  words: FrameWords,
): readonly CounterChange[] {
  const path = `${words.prefix}${words.events}`;
  const listed = reader.list(fields[words.events] ?? [], path, MAX_EVENTS) ?? [];
  return listed
    .map((entry, i) => readEvent(reader, entry, `${path}[${i}]`, sentMs, words))
    .filter((change) => change !== null);
}

/** One thing that happened to an id; null, with a fault, when it cannot be read. */
function readEvent(
  reader: MessageReader,
  entry: unknown,
  at: string,
  sentMs: number,
  words: FrameWords,
): CounterChange | null {
  const event: Fields = isFields(entry) ? entry : {};
  const [ended, idKey] = words.ended;
  const [renamed, fromKey, toKey] = words.renamed;
  if (event["type"] === ended) {
    const id = reader.id(event[idKey], `${at}.${idKey}`);
    return id === null ? null : { kind: "ended", sentMs, ids: [id] };
  }
  if (event["type"] !== renamed)
    return reader.fault(`${at}.type`, event["type"], `"${ended}" or "${renamed}"`);
  const from = reader.id(event[fromKey], `${at}.${fromKey}`);
  const to = reader.id(event[toKey], `${at}.${toKey}`);
  return from === null || to === null ? null : { kind: "renamed", sentMs, from, to };
}

function readPerson(
  reader: MessageReader,
  value: unknown,
  path: string,
  idKey: string,
): Sighting | null {
  const fields = reader.object(value, path);
  if (fields === null) return null;
  const kind = fields["class"] ?? {};
  // A camera does not recognise somebody in every frame: without a class it is a person if the id was one before.
  const isUnsure = isFields(kind) && kind["type"] === undefined;
  if (!isFields(kind) || (kind["type"] !== "Human" && !isUnsure)) {
    reader.ignore();
    return null;
  }
  const id = reader.id(fields[idKey], `${path}.${idKey}`);
  const box = readBox(reader, fields["bounding_box"], `${path}.bounding_box`);
  if (id === null || box === null) return null;
  const score = reader.score(kind["score"], `${path}.class.score`, isUnsure ? 0.5 : 1);
  return { id, ...box, score, ...(isUnsure ? { isUnsure } : {}) };
}

function readBox(reader: MessageReader, value: unknown, path: string): Box | null {
  const box = reader.object(value, path);
  if (box === null) return null;
  const sides = ["left", "top", "right", "bottom"].map((side) =>
    reader.number(box[side], `${path}.${side}`, -ROUNDING, 1 + ROUNDING),
  );
  const [left, top, right, bottom] = sides;
  if (left == null || top == null || right == null || bottom == null) return null;
  if (right <= left || bottom <= top)
    return reader.fault(path, value, "left < right and top < bottom");
  return { xNorm: (left + right) / 2, yNorm: bottom, heightNorm: bottom - top };
}

/** A finished track; the class with the best score says what it was. */
function readTrack(reader: MessageReader, fields: Fields, prefix: string, pathKey: string): void {
  const classes = reader.list(fields["classes"] ?? [], `${prefix}classes`, 64) ?? [];
  const best = classes.filter(isFields).reduce<Fields | null>((top, one) => {
    return top === null || Number(one["score"]) > Number(top["score"]) ? one : top;
  }, null);
  if (best?.["type"] !== "Human") {
    reader.ignore();
    return;
  }
  const id = reader.id(fields["id"], `${prefix}id`);
  const path = `${prefix}${pathKey}`;
  const entries = reader.list(fields[pathKey], path, MAX_PATH_POINTS);
  if (id === null || entries === null) return;
  const points: PathPoint[] = [];
  for (const [i, entry] of entries.entries()) {
    const point = readPoint(reader, entry, `${path}[${i}]`);
    if (point !== null) points.push(point);
  }
  points.sort((one, other) => one.sentMs - other.sentMs);
  const score = reader.score(best["score"], `${prefix}classes.score`);
  reader.say({ kind: "path", id, score, points });
}

function readPoint(reader: MessageReader, value: unknown, path: string): PathPoint | null {
  const fields = reader.object(value, path);
  if (fields === null) return null;
  const sentMs = reader.isoTime(fields["timestamp"], `${path}.timestamp`);
  const box = readBox(reader, fields["bounding_box"], `${path}.bounding_box`);
  return sentMs === null || box === null ? null : { sentMs, ...box };
}
