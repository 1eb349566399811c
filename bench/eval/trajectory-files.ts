import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { invalidInput, readText } from "./mot.ts";
import { exists } from "./sequence.ts";
import { parseTrajectoryTruth, type TrajectoryTruth } from "./trajectory-truth.ts";

/** Somebody's place at one instant, in Px of the reference picture or in metres, as the file has it. */
export interface TrajectoryPlace {
  readonly id: number;
  readonly x: number;
  readonly y: number;
}

/** Everybody visible at one instant. */
export interface TrajectoryInstant {
  readonly atS: number;
  readonly people: readonly TrajectoryPlace[];
}

/** A recorded scene as it lies in a folder. */
export interface TrajectoryScene {
  readonly directory: string;
  readonly unit: "px" | "m";
  /** In the order of time. */
  readonly instants: readonly TrajectoryInstant[];
  /** Row by row: Px to metres; null when the folder has no `H.txt`, and for scenes in metres. */
  readonly homography: readonly number[] | null;
  /** Size of the reference picture in Px; null when it is not known, and for scenes in metres. */
  readonly picture: { readonly widthPx: number; readonly heightPx: number } | null;
  readonly truth: TrajectoryTruth;
}

/**
 * Loads `tracks.csv`, `counting.gt.json` and, where there are any, `H.txt` and `reference.png` of a folder.
 * @throws INPUT_INVALID naming file and line or field
 */
export async function loadTrajectories(directory: string): Promise<TrajectoryScene> {
  const tracksFile = join(directory, "tracks.csv");
  const { unit, instants } = parseTracks(await readText(tracksFile), tracksFile);
  const truthFile = join(directory, "counting.gt.json");
  const truth = parseTrajectoryTruth(await readText(truthFile), truthFile);
  if (truth.unit !== null && truth.unit !== unit)
    throw invalidInput(truthFile, null, `expected unit ${unit} as in tracks.csv`);
  if (unit === "m") return { directory, unit, instants, truth, homography: null, picture: null };
  const homographyFile = join(directory, "H.txt");
  const homography = (await exists(homographyFile))
    ? parseHomography(await readText(homographyFile), homographyFile)
    : null;
  const picture = (await pngSize(join(directory, "reference.png"))) ?? truth.picture;
  return { directory, unit, instants, truth, homography, picture };
}

/**
 * Reads `t_s,id,x_px,y_px` or `t_s,id,x_m,y_m`, in any order of columns and with others among them, rows in any
 * order. Pure. @throws INPUT_INVALID naming file and line: a column missing, a field no number, an id twice at a time
 */
export function parseTracks(
  text: string,
  file: string,
): { readonly unit: "px" | "m"; readonly instants: readonly TrajectoryInstant[] } {
  const rows = text.split(/\r?\n/);
  const header = (rows[0] ?? "").split(",").map((name) => name.trim());
  const unit = header.includes("x_px") ? "px" : "m";
  const columns = ["t_s", "id", `x_${unit}`, `y_${unit}`].map((name) => {
    const column = header.indexOf(name);
    if (column < 0) throw invalidInput(file, 1, `expected a column ${name}`);
    return { name, column };
  });
  const byTime = new Map<number, Map<number, TrajectoryPlace>>();
  rows.forEach((row, index) => {
    if (index === 0 || row.trim() === "") return;
    const [atS = 0, id = 0, x = 0, y = 0] = numbersOf(row, columns, file, index + 1);
    const people = byTime.get(atS) ?? new Map<number, TrajectoryPlace>();
    byTime.set(atS, people);
    if (people.has(id)) throw invalidInput(file, index + 1, `id ${id} is there twice at ${atS} s`);
    people.set(id, { id, x, y });
  });
  if (byTime.size === 0) throw invalidInput(file, null, "expected at least one row");
  const instants = [...byTime].sort(([a], [b]) => a - b);
  return { unit, instants: instants.map(([atS, map]) => ({ atS, people: [...map.values()] })) };
}

function numbersOf(
  row: string,
  columns: readonly { readonly name: string; readonly column: number }[],
  file: string,
  line: number,
): number[] {
  const fields = row.split(",");
  return columns.map(({ name, column }) => {
    const field = (fields[column] ?? "").trim();
    const value = Number(field);
    const isRight = field !== "" && (name === "id" ? isId(value) : Number.isFinite(value));
    if (!isRight) {
      const wanted = name === "id" ? "a whole number from 0" : "a number";
      throw invalidInput(file, line, `expected ${wanted} for ${name}, found ${field || "nothing"}`);
    }
    return value;
  });
}

const isId = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

/** Nine numbers, row by row. Pure. @throws INPUT_INVALID naming file and line */
export function parseHomography(text: string, file: string): readonly number[] {
  const values: number[] = [];
  text.split(/\r?\n/).forEach((row, index) => {
    for (const word of row.split(/[\s,]+/).filter((part) => part !== "")) {
      const value = Number(word);
      if (!Number.isFinite(value))
        throw invalidInput(file, index + 1, `expected a number, found ${word}`);
      values.push(value);
    }
  });
  if (values.length !== 9)
    throw invalidInput(file, null, `expected 9 numbers, found ${values.length}`);
  return values;
}

/** Size from the header of a PNG; null when there is no such file. @throws INPUT_INVALID when it is no PNG */
async function pngSize(
  file: string,
): Promise<{ readonly widthPx: number; readonly heightPx: number } | null> {
  if (!(await exists(file))) return null;
  const bytes = await readFile(file);
  const isPng = bytes.length >= 24 && bytes.subarray(1, 4).toString("latin1") === "PNG";
  if (!isPng) throw invalidInput(file, null, "expected a PNG picture");
  return { widthPx: bytes.readUInt32BE(16), heightPx: bytes.readUInt32BE(20) };
}
