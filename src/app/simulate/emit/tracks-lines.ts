import { normalDraw } from "../../../core/random.ts";
import { chance, type Random } from "../draws.ts";
import type { SensorModel } from "../model.ts";
import { followDay, type Piece } from "../sense/tracks.ts";
import { heightInPicture, toPicture } from "../simulated-site.ts";
import type { TrueDay } from "../true-day.ts";
import { spotAt } from "../walk.ts";

/** Instants of a counter of another make. */
const STEP_MS = 250;
const PLACE_SD_M = 0.03;
const DROPPED_RATIO = 0.03;
const ADULT_M = 1.7;
const CHILD_M = 1.15;

interface Seen {
  readonly tMs: number;
  readonly id: number;
  readonly piece: Piece;
}

/**
 * A day as recorded tracks, one person at one instant a line, as `vitrine replay --tracks` reads them: four instants a
 * second from `from` to `to`, with trembling places, missed instants, and the numbers that a counter loses and swaps.
 */
export function* trackLines(
  day: TrueDay,
  sensor: SensorModel,
  span: { readonly from: number; readonly to: number },
  random: Random,
): Generator<string> {
  const { tracks } = followDay([...day.visits, ...day.passers], sensor, 1, random);
  const pieces = tracks.flatMap(({ number, pieces: own }) =>
    own.map((piece): Seen => ({ tMs: piece.from, id: number, piece })),
  );
  pieces.sort((a, b) => a.piece.from - b.piece.from);
  let present: Seen[] = [];
  let next = 0;
  for (let at = span.from; at < span.to; at += STEP_MS) {
    for (let one = pieces[next]; one !== undefined && one.piece.from <= at; one = pieces[next]) {
      present.push(one);
      next += 1;
    }
    if (present.some(({ piece }) => piece.to <= at))
      present = present.filter(({ piece }) => piece.to > at);
    for (const { id, piece } of present) {
      const line = lineOf(piece, id, at, span.from, random);
      if (line !== null) yield line;
    }
  }
}

function lineOf(
  { person }: Piece,
  id: number,
  at: number,
  startAt: number,
  random: Random,
): string | null {
  const place = spotAt(person.path, at);
  const isDropped = chance(random, DROPPED_RATIO);
  const [dx, dy] = [PLACE_SD_M * normalDraw(random), PLACE_SD_M * normalDraw(random)];
  if (place === null || isDropped) return null;
  const { x, y } = toPicture({ x: place.x + dx, y: place.y + dy });
  const isChild = "isChild" in person && person.isChild;
  return JSON.stringify({
    tMs: Math.round(at - startAt),
    id,
    xNorm: fixed(x),
    yNorm: fixed(y),
    heightNorm: fixed(heightInPicture(isChild ? CHILD_M : ADULT_M)),
  });
}

const fixed = (value: number): number => Math.round(value * 1e5) / 1e5;
