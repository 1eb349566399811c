import { invalidInput } from "./mot.ts";

type Corner = readonly [x: number, y: number];

export interface TrajectoryLine {
  readonly name: string;
  readonly a: Corner;
  readonly b: Corner;
  /** People who ended where cross(b-a, p-a) > 0, and on the other side. */
  readonly pos: number;
  readonly neg: number;
}

/** A stay in the strip along the windows. */
export interface WindowVisit {
  readonly id: number;
  readonly enterS: number;
  readonly leaveS: number;
}

/** `counting.gt.json` of a folder of trajectories, in its unit; parts the file does not have are null. */
export interface TrajectoryTruth {
  readonly unit: "px" | "m" | null;
  readonly picture: { readonly widthPx: number; readonly heightPx: number } | null;
  readonly lines: readonly TrajectoryLine[];
  readonly door: {
    readonly polygon: readonly Corner[];
    readonly entered: number;
    readonly left: number;
  } | null;
  readonly window: {
    readonly polygon: readonly Corner[];
    /** Of three seconds and more. */
    readonly visits: readonly WindowVisit[];
  } | null;
  readonly passersBy: number | null;
  /** Those who entered among the passers-by, exact where both numbers are there. */
  readonly captureRate: number | null;
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads the truth from text; `file` is only named in faults. Pure. @throws INPUT_INVALID naming file and field */
export function parseTrajectoryTruth(text: string, file: string): TrajectoryTruth {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalidInput(file, null, `expected JSON (${(cause as Error).message})`);
  }
  const document = fieldsOf(value, file, "the document");
  const lines = Object.entries(fieldsOf(document["lines"] ?? {}, file, "lines"));
  const size = /(\d+)x(\d+)/.exec(String(document["image"] ?? ""));
  const unit = document["unit"];
  const door = doorOf(document["door"], file);
  const passersBy = optional(document["passers_by"], file, "passers_by");
  const rate = optional(document["capture_rate"], file, "capture_rate");
  const isExact = door !== null && passersBy !== null && passersBy > 0;
  return {
    unit: unit === "px" || unit === "m" ? unit : null,
    picture: size === null ? null : { widthPx: Number(size[1]), heightPx: Number(size[2]) },
    lines: lines.map(([name, line]) => lineOf(name, line, file)),
    door,
    window: windowOf(document["window"], file),
    passersBy,
    captureRate: isExact ? door.entered / passersBy : rate,
  };
}

function lineOf(name: string, value: unknown, file: string): TrajectoryLine {
  const line = fieldsOf(value, file, `lines.${name}`);
  const field = (key: string): string => `lines.${name}.${key}`;
  const [a, b] = [cornerOf(line["a"], file, field("a")), cornerOf(line["b"], file, field("b"))];
  if (a[0] === b[0] && a[1] === b[1]) throw invalidInput(file, null, `${field("b")} equals a`);
  const pos = numberOf(line["pos"], file, field("pos"));
  return { name, a, b, pos, neg: numberOf(line["neg"], file, field("neg")) };
}

function doorOf(value: unknown, file: string): TrajectoryTruth["door"] {
  if (value === undefined) return null;
  const door = fieldsOf(value, file, "door");
  return {
    polygon: cornersOf(door["polygon"], file, "door.polygon"),
    entered: numberOf(door["entered"], file, "door.entered"),
    left: numberOf(door["left"], file, "door.left"),
  };
}

function windowOf(value: unknown, file: string): TrajectoryTruth["window"] {
  if (value === undefined) return null;
  const window = fieldsOf(value, file, "window");
  const visits = window["dwell_3s_or_more"] ?? [];
  if (!Array.isArray(visits))
    throw invalidInput(file, null, "expected a list for window.dwell_3s_or_more");
  return {
    polygon: cornersOf(window["polygon"], file, "window.polygon"),
    visits: visits.map((item: unknown, i) => {
      const path = `window.dwell_3s_or_more[${i}]`;
      const visit = fieldsOf(item, file, path);
      return {
        id: numberOf(visit["id"], file, `${path}.id`),
        enterS: numberOf(visit["enter_s"], file, `${path}.enter_s`),
        leaveS: numberOf(visit["leave_s"], file, `${path}.leave_s`),
      };
    }),
  };
}

function fieldsOf(value: unknown, file: string, path: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw invalidInput(file, null, `expected an object for ${path}`);
}

function numberOf(value: unknown, file: string, path: string): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw invalidInput(file, null, `expected a number for ${path}`);
}

function optional(value: unknown, file: string, path: string): number | null {
  return value === undefined || value === null ? null : numberOf(value, file, path);
}

function cornerOf(value: unknown, file: string, path: string): Corner {
  if (!Array.isArray(value) || value.length !== 2)
    throw invalidInput(file, null, `expected [x, y] for ${path}`);
  return [numberOf(value[0], file, path), numberOf(value[1], file, path)];
}

function cornersOf(value: unknown, file: string, path: string): readonly Corner[] {
  if (!Array.isArray(value) || value.length < 3)
    throw invalidInput(file, null, `expected at least three corners for ${path}`);
  return value.map((corner, i) => cornerOf(corner, file, `${path}[${i}]`));
}
