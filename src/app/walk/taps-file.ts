import { readFile } from "node:fs/promises";
import { parse } from "csv-parse/sync";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";
import type { FloorPlan } from "../../core/site.ts";

/** One line of a taps file. */
export interface RecordedTap {
  readonly at: EpochMs;
  /** Position in `floor.zones`; null = a pause. */
  readonly zone: number | null;
}

/** An hour of taps every second is far more than anybody makes. */
const LARGEST_BYTES = 1 << 20;

/**
 * Reads the taps of a recorded walk: CSV with the columns `time,zone`, a header first. `time` is epoch ms or an RFC 3339
 * instant with its zone; `zone` is the id of a zone of the floor, or empty for a pause.
 * @throws INPUT_INVALID naming file and line
 */
export async function readTaps(path: string, floor: FloorPlan): Promise<readonly RecordedTap[]> {
  const rows = rowsOf(await textOf(path), path);
  const [head, ...body] = rows;
  if (head?.join() !== "time,zone")
    throw fault(path, 1, "the header time,zone", head?.join() ?? "nothing");
  let last = Number.NEGATIVE_INFINITY;
  return body.map((cells, i) => {
    const line = i + 2;
    const [time = "", id = ""] = cells;
    const at = instantOf(time);
    if (at === null) throw fault(path, line, "epoch ms or an RFC 3339 instant", time);
    if (at < last) throw fault(path, line, "a time not before that of the line above", time);
    last = at;
    const zone = floor.zones.findIndex((plan) => plan.id === id);
    if (id !== "" && zone < 0) {
      const known = floor.zones.map((plan) => plan.id).join(", ");
      throw fault(path, line, `a zone of the floor (${known}) or nothing for a pause`, id);
    }
    return { at: epochMs(at), zone: id === "" ? null : zone };
  });
}

async function textOf(path: string): Promise<string> {
  try {
    const text = await readFile(path, "utf8");
    if (text.length <= LARGEST_BYTES) return text;
  } catch (cause) {
    throw new GatewayError("INPUT_INVALID", `cannot read ${path}`, { cause });
  }
  throw new GatewayError("INPUT_INVALID", `${path} is larger than 1 MiB`);
}

function rowsOf(text: string, path: string): readonly (readonly string[])[] {
  try {
    return parse(text, { bom: true, trim: true, skip_empty_lines: true }) as string[][];
  } catch (cause) {
    throw new GatewayError("INPUT_INVALID", `${path} is not valid CSV`, { cause });
  }
}

function instantOf(text: string): number | null {
  if (/^\d{12,14}$/.test(text)) return Number(text);
  if (!/^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(text)) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : at;
}

function fault(path: string, line: number, expected: string, found: string): GatewayError {
  const shown = found.length > 60 ? `${found.slice(0, 57)}...` : found;
  return new GatewayError("INPUT_INVALID", `${path}:${line}: expected ${expected}, found ${shown}`);
}
