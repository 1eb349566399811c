import type { PictureSize } from "../../vision/ports.ts";
import type { CounterAdapter, PathPoint } from "./changes.ts";
import { type Fields, isFields, MessageReader } from "./message-reader.ts";

/** What a Frigate message does not say. */
export interface FrigateOptions {
  /** Name of the camera in Frigate; messages of others are left out. */
  readonly camera: string;
  /** `detect.width` and `detect.height` of that camera: boxes are in Px of it. */
  readonly picture: PictureSize;
}

/** Newest points of `path_data` that are read: a point is a step of 5 % of the picture. */
const MAX_TRAIL = 256;

/**
 * Reads `frigate/events` (people as they change), `frigate/stats` and `frigate/available` (signs of life).
 * Frigate sends a tracked object when something about it changes, at least once a minute; its way in between is in
 * `path_data`, foot points in Norm with times. Objects that are no people, or not yet surely one, are left out.
 * @source docs.frigate.video/integrations/mqtt; frigate/track/tracked_object.py of 0.16
 */
export function createFrigateAdapter(options: FrigateOptions): CounterAdapter {
  return (message) => {
    const reader = new MessageReader();
    readMessage(reader, message, options);
    return reader.report;
  };
}

function readMessage(reader: MessageReader, message: unknown, options: FrigateOptions): void {
  if (message === "online" || message === "offline") {
    // "online" says that Frigate runs, not that the camera delivers: the statistics tell that.
    if (message === "offline") reader.say({ kind: "alive", sentMs: null, isSeeing: false });
    return;
  }
  const fields = reader.object(message, "", 'an object, or "online" or "offline"');
  if (fields === null) return;
  if (isFields(fields["cameras"])) readStats(reader, fields["cameras"], options.camera);
  else readEvent(reader, fields, options);
}

function readStats(reader: MessageReader, cameras: Fields, camera: string): void {
  const path = `cameras.${camera}`;
  const stats = reader.object(
    cameras[camera],
    path,
    `the camera ${camera} in Frigate's statistics`,
  );
  if (stats === null) return;
  const fps = reader.number(stats["camera_fps"], `${path}.camera_fps`, 0, 1000);
  if (fps !== null) reader.say({ kind: "alive", sentMs: null, isSeeing: fps > 0 });
}

function readEvent(reader: MessageReader, fields: Fields, options: FrigateOptions): void {
  const { type } = fields;
  if (type !== "new" && type !== "update" && type !== "end") {
    reader.fault("type", type, '"new", "update" or "end"');
    return;
  }
  const after = reader.object(fields["after"], "after");
  if (after === null) return;
  if (after["camera"] !== options.camera && typeof after["camera"] === "string") {
    reader.ignore();
    return;
  }
  if (typeof after["camera"] !== "string") {
    reader.fault("after.camera", after["camera"], "the name of a camera");
    return;
  }
  if (typeof after["label"] !== "string") {
    reader.fault("after.label", after["label"], "a label such as person");
    return;
  }
  // Whatever it is about, this camera is being looked at.
  reader.say({ kind: "alive", sentMs: null, isSeeing: true });
  if (after["label"] !== "person") reader.ignore();
  else readPerson(reader, after, type === "end", options.picture);
}

function readPerson(
  reader: MessageReader,
  after: Fields,
  isEnd: boolean,
  picture: PictureSize,
): void {
  const id = reader.id(after["id"], "after.id");
  if (id === null) return;
  const sentMs = reader.epochSeconds(after["frame_time"], "after.frame_time");
  if (after["false_positive"] === true) reader.ignore();
  else if (sentMs !== null) readWay(reader, { id, sentMs, after, isEnd }, picture);
  if (isEnd) reader.say({ kind: "ended", sentMs, ids: [id] });
}

/** A person's way since the last message, and where it is now. */
function readWay(
  reader: MessageReader,
  person: {
    readonly id: string;
    readonly sentMs: number;
    readonly after: Fields;
    readonly isEnd: boolean;
  },
  picture: PictureSize,
): void {
  const { id, sentMs, after, isEnd } = person;
  const box = readBox(reader, after["box"], picture);
  if (box === null) return;
  const score = reader.score(after["score"], "after.score");
  const points = readTrail(reader, after["path_data"], box.heightNorm);
  const trail = points.filter((point) => point.sentMs < sentMs);
  // The end comes seconds after the last sight: that is a part of the way, and says nothing about the clock.
  if (isEnd) trail.push({ sentMs, ...box });
  if (trail.length > 0) reader.say({ kind: "trail", id, score, points: trail });
  const people = [{ id, ...box, score }];
  if (!isEnd) reader.say({ kind: "seen", sentMs, people, isEverybody: false });
}

function readBox(
  reader: MessageReader,
  value: unknown,
  picture: PictureSize,
): { readonly xNorm: number; readonly yNorm: number; readonly heightNorm: number } | null {
  const corners = reader.list(value, "after.box", 4);
  if (corners === null) return null;
  const { widthPx, heightPx } = picture;
  const limits = [2 * widthPx, 2 * heightPx, 2 * widthPx, 2 * heightPx];
  const [left, top, right, bottom] = limits.map((max, i) =>
    reader.number(corners[i], `after.box[${i}]`, -max, max),
  );
  if (left == null || top == null || right == null || bottom == null) return null;
  if (right <= left || bottom <= top)
    return reader.fault("after.box", value, "left < right and top < bottom");
  if (bottom > heightPx * 1.05 || right > widthPx * 1.05)
    return reader.fault("after.box", value, `a box within picture ${widthPx}x${heightPx}`);
  return {
    xNorm: (left + right) / 2 / widthPx,
    yNorm: bottom / heightPx,
    heightNorm: (bottom - top) / heightPx,
  };
}

/** `path_data` is `[[[x, y], time], ...]`, x and y Norm, time in seconds; older versions of Frigate have none. */
function readTrail(reader: MessageReader, value: unknown, heightNorm: number): PathPoint[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    reader.fault("after.path_data", value, "a list");
    return [];
  }
  const points: PathPoint[] = [];
  for (const [i, entry] of value.slice(-MAX_TRAIL).entries()) {
    const point = readTrailPoint(reader, entry, `after.path_data[${i}]`);
    if (point !== null) points.push({ ...point, heightNorm });
  }
  return points.sort((one, other) => one.sentMs - other.sentMs);
}

function readTrailPoint(
  reader: MessageReader,
  entry: unknown,
  path: string,
): Omit<PathPoint, "heightNorm"> | null {
  const [place, time] = reader.list(entry, path, 2) ?? [];
  if (place === undefined) return null;
  const [x, y] = reader.list(place, `${path}[0]`, 2) ?? [];
  const xNorm = reader.number(x, `${path}[0][0]`, -0.5, 1.5);
  const yNorm = reader.number(y, `${path}[0][1]`, -0.5, 1.5);
  const sentMs = reader.epochSeconds(time, `${path}[1]`);
  return xNorm === null || yNorm === null || sentMs === null ? null : { sentMs, xNorm, yNorm };
}
