import { trackId } from "../../core/brand.ts";
import type { TrackedPerson } from "../../vision/camera-pipeline.ts";
import type { PictureSize } from "../../vision/ports.ts";
import { lineFault, objectIn, textLines } from "./text-lines.ts";

/** Picture in which recorded tracks are judged; they come in Norm, and a square keeps both axes alike. */
export const TRACKS_PICTURE: PictureSize = { widthPx: 1000, heightPx: 1000 };

/** Body height assumed when a recording has none, Norm. */
const DEFAULT_HEIGHT_NORM = 0.15;

/** Everybody visible at one instant. */
export interface TracksInstant {
  readonly tMs: number;
  readonly people: readonly TrackedPerson[];
}

interface TrackRow {
  readonly tMs: number;
  readonly id: number;
  readonly xNorm: number;
  readonly yNorm: number;
  readonly heightNorm?: number;
}

/**
 * Reads recorded tracks, one person at one instant a line, ordered by time:
 * `{"tMs":0,"id":7,"xNorm":0.4,"yNorm":0.8,"heightNorm":0.2}`; `tMs` counts from the start of the recording, the foot
 * point is Norm, `heightNorm` may be missing.
 * @throws INPUT_INVALID naming file and line
 */
export async function* readTracks(path: string): AsyncGenerator<TracksInstant> {
  let tMs = Number.NEGATIVE_INFINITY;
  let people: TrackedPerson[] = [];
  for await (const line of textLines(path)) {
    const row = parseRow(line.text);
    if (row === null) throw lineFault(path, line, '{"tMs","id","xNorm","yNorm","heightNorm"?}');
    if (row.tMs < tMs) throw lineFault(path, line, `tMs not before ${tMs}`);
    if (row.tMs > tMs && people.length > 0) {
      yield { tMs, people };
      people = [];
    }
    tMs = row.tMs;
    people.push(personOf(row));
  }
  if (people.length > 0) yield { tMs, people };
}

function parseRow(text: string): TrackRow | null {
  const row = objectIn(text);
  if (row === null) return null;
  const isNumber = (key: string): boolean => Number.isFinite(row[key]);
  if (!["tMs", "id", "xNorm", "yNorm"].every(isNumber)) return null;
  if (row["heightNorm"] !== undefined && !isNumber("heightNorm")) return null;
  return row as unknown as TrackRow;
}

function personOf(row: TrackRow): TrackedPerson {
  return {
    trackId: trackId(row.id),
    xPx: row.xNorm * TRACKS_PICTURE.widthPx,
    yPx: row.yNorm * TRACKS_PICTURE.heightPx,
    heightPx: (row.heightNorm ?? DEFAULT_HEIGHT_NORM) * TRACKS_PICTURE.heightPx,
    score: 1,
  };
}
