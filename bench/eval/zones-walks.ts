import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { receiverId, zoneId } from "../../src/core/brand.ts";
import { GatewayError } from "../../src/core/errors.ts";
import type { FloorPlan, ReceiverPlan, SurveyPoint } from "../../src/core/site.ts";

/** One line of a recorded walk: what a receiver heard, and where the tag was. */
export interface WalkLine {
  /** Seconds since 1970. */
  readonly timeS: number;
  readonly sensor: string;
  readonly rssiDbm: number;
  readonly xM: number;
  readonly yM: number;
}

export interface RecordedWalk {
  readonly name: string;
  /** In order of time; at least one. */
  readonly lines: readonly WalkLine[];
}

/** A room in which walks were recorded. */
export interface WalkRoom {
  readonly receivers: readonly ReceiverPlan[];
  /** Number of the box (computer with one or more receivers) per receiver id. */
  readonly boxOf: ReadonlyMap<string, number>;
  /** One floor per zone map. */
  readonly floors: ReadonlyMap<string, FloorPlan>;
}

/** Levels of a survey are means of long recordings. */
const SURVEY_READINGS = 1_000;

/** Reads `sensors.json` and `zones.json` of a folder. A receiver of kind `rpi-onboard` begins a new box. @throws INPUT_INVALID */
export async function readRoom(directory: string): Promise<WalkRoom> {
  const sensors = await readJson<SensorsFile>(join(directory, "sensors.json"));
  const maps = await readJson<Record<string, ZoneMap>>(join(directory, "zones.json"));
  if (!isSensors(sensors))
    throw new GatewayError(
      "INPUT_INVALID",
      `${directory}/sensors.json: expected area_m and sensors`,
    );
  if (!isMaps(maps))
    throw new GatewayError("INPUT_INVALID", `${directory}/zones.json: expected polygons per map`);
  const [x0, y0, x1, y1] = sensors.area_m;
  const outline = [
    { x: x0, y: y0 },
    { x: x1, y: y0 },
    { x: x1, y: y1 },
    { x: x0, y: y1 },
  ];
  const boxOf = new Map<string, number>();
  let box = -1;
  for (const { id, kind } of sensors.sensors) {
    if (kind === "rpi-onboard" || box < 0) box += 1;
    boxOf.set(id, box);
  }
  const floors = new Map<string, FloorPlan>();
  for (const [name, { polygons }] of Object.entries(maps)) {
    const zones = Object.entries(polygons).map(([id, corners]) => ({
      id: zoneId(`zone-${id}`),
      name: id,
      kind: "area" as const,
      polygon: corners.map(([x, y]) => ({ x, y })),
    }));
    floors.set(name, { outline, obstacles: [], zones, doors: [] });
  }
  return {
    receivers: sensors.sensors.map(({ id, alias, x, y, z }) => ({
      id: receiverId(id),
      name: alias,
      xM: x,
      yM: y,
      zM: z,
    })),
    boxOf,
    floors,
  };
}

function isSensors(file: Partial<SensorsFile> | null): boolean {
  return file?.area_m?.length === 4 && Array.isArray(file.sensors) && file.sensors.length > 0;
}

function isMaps(maps: Readonly<Record<string, Partial<ZoneMap> | null>> | null): boolean {
  const all = Object.values(maps ?? {});
  const isMap = (map: Partial<ZoneMap> | null): boolean =>
    Object.values(map?.polygons ?? {}).some((corners) => Array.isArray(corners));
  return all.length > 0 && all.every(isMap);
}

/**
 * Reads one walk (a path, or one from the folder or its tracks), or all of `tracks/`, in order of name.
 * @throws INPUT_INVALID
 */
export async function readWalks(directory: string, walk?: string): Promise<RecordedWalk[]> {
  const folder = join(directory, "tracks");
  const names = (await reading(folder, readdir(folder))).filter((name) => name.endsWith(".csv"));
  const files =
    walk === undefined
      ? names.sort().map((name) => join(folder, name))
      : [findWalk(directory, walk)];
  if (files.length === 0) throw new GatewayError("INPUT_INVALID", `${folder} holds no walk`);
  return Promise.all(files.map(readWalk));
}

function findWalk(directory: string, walk: string): string {
  const paths = [walk, join(directory, walk), join(directory, "tracks", walk)];
  return paths.find((path) => existsSync(path)) ?? walk;
}

async function readWalk(path: string): Promise<RecordedWalk> {
  const text = await reading(path, readFile(path, "utf8"));
  const rows = text.trim().split(/\r?\n/);
  if (rows[0] !== "t,sensor,beacon,rssi,x,y,z" || rows.length < 2)
    throw new GatewayError("INPUT_INVALID", `${path}: expected t,sensor,beacon,rssi,x,y,z`);
  const lines = rows.slice(1).map((row, i): WalkLine => {
    const [t, sensor = "", , rssi, x, y] = row.split(",");
    const line = { timeS: Number(t), sensor, rssiDbm: Number(rssi), xM: Number(x), yM: Number(y) };
    const { timeS, rssiDbm, xM, yM } = line;
    if (sensor === "" || ![timeS, rssiDbm, xM, yM].every(Number.isFinite))
      throw new GatewayError("INPUT_INVALID", `${path}:${i + 2}: expected a reading, found ${row}`);
    return line;
  });
  return { name: basename(path, ".csv"), lines: lines.sort((a, b) => a.timeS - b.timeS) };
}

/**
 * Reads survey points from a file of fingerprints and keeps `count` of them that lie as far from each other as possible,
 * beginning with the one nearest to the middle of all. @throws INPUT_INVALID
 */
export async function readSurvey(path: string, count: number): Promise<SurveyPoint[]> {
  const { points } = await readJson<FingerprintFile>(path);
  return farthestPoints(points, count).map(({ x, y, z, rssi_hist: histograms }) => ({
    xM: x,
    yM: y,
    zM: z,
    levels: Object.entries(histograms).map(([id, histogram]) => ({
      receiverId: receiverId(id),
      meanDbm: meanOf(histogram),
      readings: SURVEY_READINGS,
    })),
  }));
}

/** Farthest-point sampling in the plane; ties go to the earlier point. Pure. */
export function farthestPoints<P extends { readonly x: number; readonly y: number }>(
  points: readonly P[],
  count: number,
): P[] {
  const middle = {
    x: points.reduce((sum, p) => sum + p.x, 0) / points.length,
    y: points.reduce((sum, p) => sum + p.y, 0) / points.length,
  };
  const far = points.map((p) => -Math.hypot(p.x - middle.x, p.y - middle.y));
  const taken: P[] = [];
  while (taken.length < Math.min(count, points.length)) {
    const next = points[far.indexOf(Math.max(...far))];
    if (next === undefined) break;
    const first = taken.length === 0;
    taken.push(next);
    points.forEach((p, i) => {
      const distance = Math.hypot(p.x - next.x, p.y - next.y);
      far[i] = first ? distance : Math.min(far[i] ?? 0, distance);
    });
  }
  return taken;
}

function meanOf(histogram: Readonly<Record<string, number>>): number {
  const entries = Object.entries(histogram);
  const total = entries.reduce((sum, [, share]) => sum + share, 0);
  return entries.reduce((sum, [dbm, share]) => sum + Number(dbm) * share, 0) / total;
}

async function readJson<T>(path: string): Promise<T> {
  const text = await reading(path, readFile(path, "utf8"));
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new GatewayError("INPUT_INVALID", `${path} is not JSON`, { cause });
  }
}

async function reading<T>(path: string, promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (cause) {
    throw new GatewayError("INPUT_INVALID", `${path} cannot be read`, { cause });
  }
}

interface SensorsFile {
  readonly area_m: readonly [number, number, number, number];
  readonly sensors: readonly {
    readonly id: string;
    readonly alias: string;
    readonly x: number;
    readonly y: number;
    readonly z: number;
    readonly kind: string;
  }[];
}

interface ZoneMap {
  readonly polygons: Readonly<Record<string, readonly (readonly [number, number])[]>>;
}

interface FingerprintFile {
  readonly points: readonly {
    readonly x: number;
    readonly y: number;
    readonly z: number;
    readonly rssi_hist: Readonly<Record<string, Readonly<Record<string, number>>>>;
  }[];
}
