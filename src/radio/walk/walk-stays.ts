import { type MonoMs, monoMs } from "../../core/brand.ts";

/** A zone was named (its position in `floor.zones`), or from here on it is not known where the carrier is (null). */
export interface WalkMark {
  readonly zone: number | null;
  readonly atMono: MonoMs;
}

/** A span of a walk; `from` belongs to it, `to` does not. */
export interface Span {
  readonly fromMono: MonoMs;
  readonly toMono: MonoMs;
}

/** Time in which the carrier stood in one zone for certain. */
export interface Stay extends Span {
  /** Position in `floor.zones`. */
  readonly zone: number;
}

/**
 * Cuts a walk into stays. Around each change of zone `transitionMs` are left out on both sides, because people tap a
 * little before or after they arrive; the very first tap is taken as given in the zone. `doubtful` spans belong to
 * nobody. Pieces shorter than a second are dropped. `marks` are in order of time. Pure.
 */
export function staysOf(
  marks: readonly WalkMark[],
  doubtful: readonly Span[],
  endMono: MonoMs,
  transitionMs: number,
): readonly Stay[] {
  const stays: Stay[] = [];
  marks.forEach(({ zone, atMono }, i) => {
    if (zone === null) return;
    const next = marks[i + 1]?.atMono;
    const fromMono = monoMs(i === 0 ? atMono : atMono + transitionMs);
    const toMono = monoMs(next === undefined ? endMono : next - transitionMs);
    for (const piece of without({ fromMono, toMono }, doubtful)) {
      if (piece.toMono - piece.fromMono >= SHORTEST_MS) stays.push({ zone, ...piece });
    }
  });
  return stays;
}

const SHORTEST_MS = 1_000;

/** What is left of a span when others are cut out of it, in order of time. */
function without(span: Span, holes: readonly Span[]): readonly Span[] {
  let pieces: readonly Span[] = [span];
  for (const hole of holes) {
    pieces = pieces.flatMap(({ fromMono, toMono }) => {
      if (hole.toMono <= fromMono || hole.fromMono >= toMono) return [{ fromMono, toMono }];
      return [
        { fromMono, toMono: hole.fromMono },
        { fromMono: hole.toMono, toMono },
      ];
    });
  }
  return pieces.filter(({ fromMono, toMono }) => toMono > fromMono);
}

/** Milliseconds per zone of `zones`, all stays together. Pure. */
export function stayedMs(stays: readonly Stay[], zones: number): Float64Array {
  const sums = new Float64Array(zones);
  for (const { zone, fromMono, toMono } of stays)
    sums[zone] = (sums[zone] ?? 0) + toMono - fromMono;
  return sums;
}

/** The stay of an instant, or null. Stays are few: a walk has tens of them. Pure. */
export function stayAt(stays: readonly Stay[], atMono: MonoMs): Stay | null {
  return stays.find(({ fromMono, toMono }) => atMono >= fromMono && atMono < toMono) ?? null;
}

/** First and second half of each stay. Pure. */
export function halvesOf(stays: readonly Stay[]): readonly [readonly Stay[], readonly Stay[]] {
  const middle = ({ fromMono, toMono }: Stay): MonoMs => monoMs((fromMono + toMono) / 2);
  return [
    stays.map((stay) => ({ ...stay, toMono: middle(stay) })),
    stays.map((stay) => ({ ...stay, fromMono: middle(stay) })),
  ];
}
