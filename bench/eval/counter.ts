import { parseArgs } from "node:util";
import { type LineId, lineId } from "../../src/core/brand.ts";
import { GatewayError } from "../../src/core/errors.ts";
import type { CrossingDirection } from "../../src/core/events.ts";
import { cross } from "../../src/core/geometry.ts";
import { normalDraw, seededRandom } from "../../src/core/random.ts";
import { CrossingTally } from "./counting.ts";
import { type BoxFrame, emptyFrame } from "./mot.ts";
import { countTracks, type Sequence } from "./sequence.ts";
import { columnsOf } from "./tracking.ts";

export const usage = `eval counter --suite DIR [--seed N] [--seeds N] [--json]

The line counter alone: true identities of gt.txt with trembling boxes (AR(1), rho 0.6, sigma 3 and 6 % of the box in
place and size), at full rate, counted by the product and, for comparison, by the mere change of side of the foot point.
  wrongCounts        sum over lines and directions of |counted - true|, of countTruth: mean over seeds and both sigmas
  wrongCounts3, 6    the same for one sigma
  steadyWrongCounts  without trembling: where our hysteresis and that of the truth (a fixed number of Px) disagree
  signChange         the same figures of the comparison

Example: npm run eval -- counter --suite data/mot --json`;

const SIGMAS = [0.03, 0.06] as const;
const RHO = 0.6;

/** Errors of one way of counting. */
interface CounterScore {
  readonly wrongCounts: number;
  readonly wrongCounts3: number;
  readonly wrongCounts6: number;
  readonly steadyWrongCounts: number;
}

/** How tracks are counted at the lines of a sequence. */
type CountLines = (frames: readonly BoxFrame[], sequence: Sequence) => CrossingTally;

/** Runs the evaluation named by the arguments. @throws USAGE, INPUT_INVALID */
export async function run(args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const { suite, seeds } = readOptions(args);
  const columns = await columnsOf(suite);
  const sequences = columns.filter(({ every }) => every === 1).map(({ sequence }) => sequence);
  let countTruth = 0;
  for (const { counting } of sequences)
    for (const { pos, neg } of counting?.lines ?? []) countTruth += pos + neg;
  return {
    ...scoreCounter(sequences, seeds, countByProduct),
    countTruth,
    signChange: scoreCounter(sequences, seeds, countBySide),
    seeds,
  };
}

/** Mean errors over the seeds. Pure. */
export function scoreCounter(
  sequences: readonly Sequence[],
  seeds: readonly number[],
  count: CountLines,
): CounterScore {
  const errorOf = (sigma: number, seed: number): number =>
    sequences.reduce((sum, sequence, i) => {
      const frames = tremble(sequence.truth, sigma, seed * 1000 + i);
      if (sequence.counting === null) return sum;
      return sum + count(frames, sequence).score(sequence.counting).countError;
    }, 0);
  const mean = (sigma: number): number =>
    seeds.reduce((sum, seed) => sum + errorOf(sigma, seed), 0) / seeds.length;
  const [low, high] = SIGMAS.map(mean);
  const [at3, at6] = [low ?? 0, high ?? 0];
  return {
    wrongCounts: round((at3 + at6) / 2),
    wrongCounts3: round(at3),
    wrongCounts6: round(at6),
    steadyWrongCounts: errorOf(0, 0),
  };
}

/** Boxes with AR(1) noise in place and size, each identity its own; sigma as a share of the box. Pure. */
export function tremble(frames: readonly BoxFrame[], sigma: number, seed: number): BoxFrame[] {
  const random = seededRandom(seed);
  const states = new Map<number, number[]>();
  return frames.map((frame) => {
    const out = emptyFrame();
    frame.ids.forEach((id, i) => {
      const fresh = Array.from({ length: 4 }, () => normalDraw(random));
      const last = states.get(id) ?? fresh;
      const noise = last.map((v, k) => RHO * v + Math.sqrt(1 - RHO * RHO) * (fresh[k] ?? 0));
      states.set(id, noise);
      const [left = 0, top = 0, right = 0, bottom = 0] = frame.xyxy.slice(4 * i, 4 * i + 4);
      const [nx = 0, ny = 0, nw = 0, nh = 0] = noise.map((v) => v * sigma);
      const halfWidth = ((right - left) * (1 + nw)) / 2;
      const halfHeight = ((bottom - top) * (1 + nh)) / 2;
      const x = (left + right) / 2 + nx * (right - left);
      const y = (top + bottom) / 2 + ny * (bottom - top);
      out.ids.push(id);
      out.xyxy.push(x - halfWidth, y - halfHeight, x + halfWidth, y + halfHeight);
      out.scores.push(1);
    });
    return out;
  });
}

function countByProduct(frames: readonly BoxFrame[], sequence: Sequence): CrossingTally {
  const tally = new CrossingTally();
  for (const event of countTracks(frames, 1000 / sequence.info.framesPerSecond, sequence))
    if (event.kind === "line-crossed") tally.add(event.lineId, event.direction);
  return tally;
}

/** What a simple counter does: the foot point changed sides, and went through between the ends. */
function countBySide(frames: readonly BoxFrame[], { counting }: Sequence): CrossingTally {
  const tally = new CrossingTally();
  for (const { name, a, b } of counting?.lines ?? []) {
    const last = new Map<number, readonly [x: number, y: number, side: number]>();
    for (const { ids, xyxy } of frames)
      ids.forEach((id, i) => {
        const x = ((xyxy[4 * i] ?? 0) + (xyxy[4 * i + 2] ?? 0)) / 2;
        const y = xyxy[4 * i + 3] ?? 0;
        const side = cross(a[0], a[1], b[0], b[1], x, y);
        const [x0, y0, before] = last.get(id) ?? [x, y, side];
        last.set(id, [x, y, side]);
        if (side * before < 0) note(tally, lineId(name), { a, b, x0, y0, x, y, side, before });
      });
  }
  return tally;
}

function note(
  tally: CrossingTally,
  line: LineId,
  step: {
    readonly a: readonly [number, number];
    readonly b: readonly [number, number];
    readonly x0: number;
    readonly y0: number;
    readonly x: number;
    readonly y: number;
    readonly side: number;
    readonly before: number;
  },
): void {
  const { a, b, x0, y0, x, y, side, before } = step;
  const share = before / (before - side);
  const dx = b[0] - a[0];
  const dy = b[1] - a[1];
  const along = (x0 + share * (x - x0) - a[0]) * dx + (y0 + share * (y - y0) - a[1]) * dy;
  const direction: CrossingDirection = side < 0 ? "in" : "out";
  if (along >= 0 && along <= dx * dx + dy * dy) tally.add(line, direction);
}

const round = (value: number): number => Math.round(100 * value) / 100;

function readOptions(args: readonly string[]): { suite: string; seeds: readonly number[] } {
  const text = { type: "string" } as const;
  let values: { suite?: string; seed?: string; seeds?: string };
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: { suite: text, seed: text, seeds: text },
    }));
  } catch (cause) {
    throw new GatewayError("USAGE", (cause as Error).message, { cause });
  }
  const first = Number(values.seed ?? "1");
  const count = Number(values.seeds ?? "5");
  if (values.suite === undefined) throw new GatewayError("USAGE", "expected --suite DIR");
  if (!Number.isInteger(first) || first < 0 || !Number.isInteger(count) || count < 1 || count > 100)
    throw new GatewayError("USAGE", "expected whole numbers for --seed from 0, --seeds from 1");
  return { suite: values.suite, seeds: Array.from({ length: count }, (_, i) => first + i) };
}
