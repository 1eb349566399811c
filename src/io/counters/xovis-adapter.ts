import { type CounterAdapter, MAX_PEOPLE_PER_MESSAGE, type Sighting } from "./changes.ts";
import { type Fields, isFields, MessageReader } from "./message-reader.ts";

/** The rectangle of the floor that stands for the picture, in metres of the sensor's coordinates. */
export interface FloorArea {
  readonly xMinM: number;
  readonly xMaxM: number;
  readonly yMinM: number;
  readonly yMaxM: number;
}

const MAX_FRAMES = 4096;
const MAX_EVENTS = 512;
/** Farther than any sensor sees; beyond it the unit is wrong. */
const FAR_M = 1000;
const TALLEST_M = 3;
const USUAL_HEIGHT_M = 1.7;

/**
 * Reads Xovis data push, version 5: `live_data.frames[]` with `tracked_objects` and `events`. A frame names everybody
 * it tracks. Positions are metres on the floor, x to the right and y away from the reader as one looks at a floor plan,
 * so y is turned to run downwards; the third number is the height of the head. Groups are left out: they are the same
 * people again. `status_data` and `logics_data` are signs of life.
 * @source the messages of the v5 sensors as published in open integrations (device-type-library of akenza, xovis-sdk)
 */
export function createXovisAdapter(area: FloorArea): CounterAdapter {
  return (message) => {
    const reader = new MessageReader();
    // The firmware may send several packages as one list.
    const packages = Array.isArray(message) ? message.slice(0, 64) : [message];
    for (const entry of packages) {
      const fields = reader.object(entry, "");
      if (fields !== null) readPackage(reader, fields, area);
    }
    return reader.report;
  };
}

function readPackage(reader: MessageReader, fields: Fields, area: FloorArea): void {
  for (const key of ["live_data", "status_data", "logics_data"]) {
    const content = fields[key];
    if (!isFields(content)) continue;
    const version = isFields(content["package_info"]) ? content["package_info"]["version"] : null;
    if (typeof version === "string" && !/^5(\.|$)/.test(version)) {
      reader.fault(`${key}.package_info.version`, version, "version 5 of the data push");
      return;
    }
    if (typeof version !== "string")
      reader.fault(`${key}.package_info.version`, version ?? undefined, 'a version such as "5.0"');
    if (key === "live_data") readFrames(reader, content["frames"], area);
    else reader.say({ kind: "alive", sentMs: null, isSeeing: true });
    return;
  }
  reader.fault("", fields, "live_data, status_data or logics_data");
}

function readFrames(reader: MessageReader, value: unknown, area: FloorArea): void {
  const frames = reader.list(value, "live_data.frames", MAX_FRAMES) ?? [];
  for (const [i, entry] of frames.entries()) {
    const path = `live_data.frames[${i}]`;
    const frame = reader.object(entry, path);
    if (frame !== null) readFrame(reader, frame, path, area);
  }
}

function readFrame(reader: MessageReader, frame: Fields, path: string, area: FloorArea): void {
  const sentMs = reader.epochOrIsoTime(frame["time"], `${path}.time`);
  if (sentMs === null) return;
  const listed = frame["tracked_objects"] ?? [];
  const objects = reader.list(listed, `${path}.tracked_objects`, MAX_PEOPLE_PER_MESSAGE);
  const others = new Set<string>();
  // A frame of which nothing could be read must not make everybody vanish.
  if (objects !== null) {
    const people = readObjects(reader, objects, `${path}.tracked_objects`, area, others);
    const isEverybody = people.every((person) => person !== null);
    const seen = people.filter((person) => person !== null);
    reader.say({ kind: "seen", sentMs, people: seen, isEverybody });
  }
  const events = reader.list(frame["events"] ?? [], `${path}.events`, MAX_EVENTS) ?? [];
  const number = String(frame["framenumber"] ?? "");
  for (const [i, entry] of events.entries())
    readEvent(reader, entry, { at: `${path}.events[${i}]`, sentMs, number, others });
}

/** The people of a frame, null for somebody who could not be read but is there; ids of other things go to `others`. */
function readObjects(
  reader: MessageReader,
  objects: readonly unknown[],
  path: string,
  area: FloorArea,
  others: Set<string>,
): readonly (Sighting | null)[] {
  const people: (Sighting | null)[] = [];
  for (const [i, entry] of objects.entries()) {
    const at = `${path}[${i}]`;
    const fields = reader.object(entry, at);
    if (fields === null) people.push(null);
    else if (fields["type"] === "PERSON") people.push(readPerson(reader, fields, at, area));
    else {
      if (typeof fields["type"] !== "string") {
        reader.fault(`${at}.type`, fields["type"], "a type such as PERSON");
        people.push(null);
      }
      reader.ignore();
      others.add(String(fields["track_id"]));
    }
  }
  return people;
}

function readPerson(
  reader: MessageReader,
  fields: Fields,
  path: string,
  area: FloorArea,
): Sighting | null {
  const id = reader.id(fields["track_id"], `${path}.track_id`);
  const position = reader.list(fields["position"], `${path}.position`, 3);
  if (id === null || position === null) return null;
  const xM = reader.number(position[0], `${path}.position[0]`, -FAR_M, FAR_M);
  const yM = reader.number(position[1], `${path}.position[1]`, -FAR_M, FAR_M);
  if (xM === null || yM === null) return null;
  const zM = position[2];
  const isHeight = typeof zM === "number" && zM > 0.3 && zM <= TALLEST_M;
  return {
    id,
    xNorm: (xM - area.xMinM) / (area.xMaxM - area.xMinM),
    yNorm: (area.yMaxM - yM) / (area.yMaxM - area.yMinM),
    heightNorm: (isHeight ? zM : USUAL_HEIGHT_M) / (area.yMaxM - area.yMinM),
    score: 1,
  };
}

/** Where and when an event was, for its faults and its key. */
interface EventFrame {
  readonly at: string;
  readonly sentMs: number;
  readonly number: string;
  readonly others: ReadonlySet<string>;
}

function readEvent(reader: MessageReader, entry: unknown, frame: EventFrame): void {
  const { at, sentMs, others } = frame;
  const event = reader.object(entry, at);
  if (event === null) return;
  const { type } = event;
  if (typeof type !== "string") reader.fault(`${at}.type`, type, "a type of event");
  const isCrossing = type === "LINE_CROSS_FORWARD" || type === "LINE_CROSS_BACKWARD";
  if (!isCrossing && type !== "TRACK_DELETE") return;
  const about = reader.object(event["attributes"], `${at}.attributes`);
  const id = about === null ? null : reader.id(about["track_id"], `${at}.attributes.track_id`);
  if (about === null || id === null) return;
  if (others.has(id)) reader.ignore();
  else if (isCrossing) readCrossing(reader, about, id, type === "LINE_CROSS_FORWARD", frame);
  else reader.say({ kind: "ended", sentMs, ids: [id] });
}

function readCrossing(
  reader: MessageReader,
  about: Fields,
  id: string,
  isForward: boolean,
  { at, sentMs, number }: EventFrame,
): void {
  const geometry = reader.id(about["geometry_id"], `${at}.attributes.geometry_id`);
  if (geometry === null) return;
  const name = about["geometry_name"];
  const lines = typeof name === "string" ? [geometry, name.slice(0, 128)] : [geometry];
  const order = String(about["sequence_number"] ?? "").slice(0, 32);
  const key = [sentMs, number.slice(0, 32), order, id, geometry, isForward].join("|");
  reader.say({ kind: "crossed", sentMs, key, id, lines, isForward });
}
