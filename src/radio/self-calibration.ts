import type { ReceiverId } from "../core/brand.ts";
import type { ReceiverPlan } from "../core/site.ts";
import { distanceM, fitLinks, type LinkFit, type LinkPlace } from "./link-fit.ts";
import type { LinkLevel, LinkLevels } from "./receiver-links.ts";
import type { LearnedRadio } from "./zones/zone-engine.ts";

/** One ordered pair of receivers after the fit. */
export interface CalibratedLink {
  readonly sender: ReceiverId;
  readonly receiver: ReceiverId;
  readonly distanceM: number;
  readonly meanDbm: number;
  /** What distance, power and offset do not explain, dB; below zero = weaker than explained. */
  readonly residualDb: number;
  /** Clearly weaker than explained: a wall, a shelf of metal, a person at the desk. */
  readonly isBlocked: boolean;
}

/** Something about the boxes or the plan that a person should look at. */
export interface CalibrationWarning {
  readonly kind: "hears-weakly" | "hears-strongly" | "sends-weakly" | "swapped";
  readonly receivers: readonly ReceiverId[];
  /** For people, with the receivers' names. */
  readonly sentence: string;
}

/** What receivers know of each other. */
export type SelfCalibration =
  | {
      readonly kind: "fitted";
      /** dB that a receiver reads above the others; sums to zero. Only receivers with enough links. */
      readonly receiverOffsetsDb: Readonly<Record<string, number>>;
      /** Level at one metre of what each box sends, dBm. */
      readonly senderPowersDbm: Readonly<Record<string, number>>;
      readonly exponent: number;
      readonly scatterDb: number;
      readonly links: readonly CalibratedLink[];
      readonly warnings: readonly CalibrationWarning[];
      /** False while the plan itself looks wrong: then the offsets explain the wrong thing. */
      readonly isUsable: boolean;
    }
  | { readonly kind: "too-little"; readonly why: string };

/** Boxes that must hear each other before anything is said. */
const LEAST_BOXES = 4;
/** Ordered pairs at least: four boxes all of which hear and are heard. */
const LEAST_LINKS = 12;
/** A receiver with fewer links keeps its offset at zero: two links through one wall would decide it. */
const LEAST_LINKS_EACH = 3;
/** An offset worth a look at the antenna; boxes of one make differ by less. */
const ODD_DB = 10;
/** A link this many scatters below what is explained goes through something. */
const BLOCKED_SCATTERS = 2.5;
/**
 * How much the misfit, in squares of the scatter, must fall when two places are exchanged before they are called
 * swapped. In simulated shops without a swap the best of all exchanges gains up to 15 with 12 boxes.
 */
const SWAP_GAIN = 20;
/** Boxes tried for a swap, the worst first; all pairs of them. */
const SWAP_CANDIDATES = 12;
/** Multiplications spent on the search for a swap, about a second of a small computer; many boxes get fewer tries. */
const SWAP_BUDGET = 1e9;
/** A misfit beyond this counts no further in a comparison, dB, so that walls do not decide it. */
const LARGEST_MISFIT_DB = 12;

/**
 * Calibrates receivers by each other: where boxes also send, their levels at known distances give the law of distance,
 * the power of each sender and the offset of each receiver, and show boxes that hang elsewhere than the plan says. Says
 * why not when there are too few links. Pure.
 */
export function selfCalibrate(
  levels: LinkLevels,
  receivers: readonly ReceiverPlan[],
): SelfCalibration {
  const placed = levels.filter(
    ({ sender, receiver }) => receivers[sender] !== undefined && receivers[receiver] !== undefined,
  );
  const why = tooLittle(placed, receivers);
  if (why !== null) return { kind: "too-little", why };
  const fit = fitLinks(placed, receivers);
  const links = placed.map((level, i) => linkOf(level, i, fit, receivers));
  const swap = findSwap(placed, receivers, fit);
  const hearing = linksPer(placed, receivers.length, "receiver");
  const sending = linksPer(placed, receivers.length, "sender");
  return {
    kind: "fitted",
    receiverOffsetsDb: record(receivers, fit.offsetsDb, hearing),
    senderPowersDbm: record(receivers, fit.powersDbm, sending),
    exponent: fit.exponent,
    scatterDb: fit.scatterDb,
    links,
    warnings: [
      ...(swap === null ? [] : [swapWarning(swap, receivers)]),
      ...oddBoxes(fit, receivers, { hearing, sending }),
    ],
    isUsable: swap === null,
  };
}

/**
 * What the engine learned, with the offsets of receivers that calibrated each other in the place of its own: those were
 * measured at known distances. Unchanged while nothing was fitted or the plan looks wrong. Pure.
 */
export function calibratedRadio(learned: LearnedRadio, calibration: SelfCalibration): LearnedRadio {
  if (calibration.kind !== "fitted" || !calibration.isUsable) return learned;
  const { receiverOffsetsDb } = calibration;
  return { ...learned, receiverOffsetsDb: { ...learned.receiverOffsetsDb, ...receiverOffsetsDb } };
}

function tooLittle(levels: LinkLevels, receivers: readonly ReceiverPlan[]): string | null {
  const senders = receivers.filter(({ beacon }) => beacon !== undefined).length;
  if (senders === 0)
    return "No receiver has a beacon in the plan: enter what the boxes send themselves.";
  const boxes = new Set(levels.flatMap(({ sender, receiver }) => [sender, receiver])).size;
  if (boxes < LEAST_BOXES || levels.length < LEAST_LINKS) {
    return `${levels.length} of at least ${LEAST_LINKS} links between ${boxes} of at least ${LEAST_BOXES} boxes are known: more boxes must send and hear each other.`;
  }
  return null;
}

function linksPer(levels: LinkLevels, boxes: number, end: "sender" | "receiver"): Uint32Array {
  const counts = new Uint32Array(boxes);
  for (const level of levels) counts[level[end]] = (counts[level[end]] ?? 0) + 1;
  return counts;
}

function record(
  receivers: readonly ReceiverPlan[],
  values: Float64Array,
  links: Uint32Array,
): Readonly<Record<string, number>> {
  const entries = receivers.flatMap(({ id }, i) =>
    (links[i] ?? 0) < LEAST_LINKS_EACH ? [] : [[id, tenth(values[i] ?? 0)] as const],
  );
  return Object.fromEntries(entries);
}

function linkOf(
  { sender, receiver, meanDbm }: LinkLevel,
  index: number,
  fit: LinkFit,
  receivers: readonly ReceiverPlan[],
): CalibratedLink {
  const [from, to] = [receivers[sender], receivers[receiver]];
  const residualDb = fit.residualsDb[index] ?? 0;
  return {
    sender: idOf(from),
    receiver: idOf(to),
    distanceM: distanceM(from, to),
    meanDbm,
    residualDb,
    isBlocked: residualDb < -BLOCKED_SCATTERS * fit.scatterDb,
  };
}

/** The pair of receivers that fits clearly better with their places exchanged, or null. */
function findSwap(
  levels: LinkLevels,
  receivers: readonly ReceiverPlan[],
  fit: LinkFit,
): readonly [number, number] | null {
  const candidates = worstBoxes(levels, fit, receivers.length);
  const asPlanned = misfit(fitLinks(levels, receivers, true));
  let best: readonly [number, number] | null = null;
  let most = SWAP_GAIN;
  candidates.forEach((a, i) => {
    for (const b of candidates.slice(i + 1)) {
      const other = fitLinks(levels, exchanged(receivers, a, b), true);
      const gain = (asPlanned - misfit(other)) / other.scatterDb ** 2;
      if (gain < most) continue;
      most = gain;
      best = [a, b];
    }
  });
  return best;
}

/** Boxes by the mean size of their residuals, the worst first. */
function worstBoxes(levels: LinkLevels, fit: LinkFit, boxes: number): readonly number[] {
  const sums = new Float64Array(boxes);
  const counts = new Uint32Array(boxes);
  levels.forEach(({ sender, receiver }, i) => {
    for (const box of [sender, receiver]) {
      sums[box] = (sums[box] ?? 0) + Math.abs(fit.residualsDb[i] ?? 0);
      counts[box] = (counts[box] ?? 0) + 1;
    }
  });
  const mean = (box: number): number => (sums[box] ?? 0) / Math.max(1, counts[box] ?? 0);
  return Array.from({ length: boxes }, (_, box) => box)
    .filter((box) => (counts[box] ?? 0) >= LEAST_LINKS_EACH)
    .sort((a, b) => mean(b) - mean(a))
    .slice(0, swapCandidates(boxes));
}

/** As many boxes as the budget allows to be tried pair by pair, at least two. */
function swapCandidates(boxes: number): number {
  const fitCost = 3 * (2 * boxes) ** 3;
  for (let count = SWAP_CANDIDATES; count > 2; count -= 1) {
    if (((count * (count - 1)) / 2) * fitCost <= SWAP_BUDGET) return count;
  }
  return 2;
}

function misfit({ residualsDb }: LinkFit): number {
  return residualsDb.reduce((sum, r) => sum + Math.min(r * r, LARGEST_MISFIT_DB ** 2), 0);
}

function exchanged(places: readonly LinkPlace[], a: number, b: number): readonly LinkPlace[] {
  return places.map((place, i) =>
    i === a ? (places[b] ?? place) : i === b ? (places[a] ?? place) : place,
  );
}

function swapWarning(
  [a, b]: readonly [number, number],
  receivers: readonly ReceiverPlan[],
): CalibrationWarning {
  const [first, second] = [receivers[a], receivers[b]];
  return {
    kind: "swapped",
    receivers: [idOf(first), idOf(second)],
    sentence: `${nameOf(first)} and ${nameOf(second)} look swapped in the plan: what they hear fits clearly better with their places exchanged.`,
  };
}

function oddBoxes(
  fit: LinkFit,
  receivers: readonly ReceiverPlan[],
  links: { readonly hearing: Uint32Array; readonly sending: Uint32Array },
): readonly CalibrationWarning[] {
  const commonDbm = middle(fit.powersDbm.filter((_, i) => (links.sending[i] ?? 0) > 0));
  return receivers.flatMap((plan, i) => {
    const offset = fit.offsetsDb[i] ?? 0;
    const power = (fit.powersDbm[i] ?? 0) - commonDbm;
    const found: CalibrationWarning[] = [];
    const say = (kind: CalibrationWarning["kind"], sentence: string): void =>
      void found.push({ kind, receivers: [plan.id], sentence: `${plan.name} ${sentence}` });
    const db = (value: number): string => `${Math.round(Math.abs(value))} dB`;
    if ((links.hearing[i] ?? 0) >= LEAST_LINKS_EACH && offset <= -ODD_DB)
      say(
        "hears-weakly",
        `hears everything ${db(offset)} weaker: antenna, or its place in the plan?`,
      );
    if ((links.hearing[i] ?? 0) >= LEAST_LINKS_EACH && offset >= ODD_DB)
      say("hears-strongly", `hears everything ${db(offset)} stronger: its place in the plan?`);
    if ((links.sending[i] ?? 0) >= LEAST_LINKS_EACH && power <= -ODD_DB)
      say("sends-weakly", `is heard ${db(power)} weaker by all others: is it behind metal?`);
    return found;
  });
}

function middle(values: Float64Array): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}

function idOf(plan: ReceiverPlan | undefined): ReceiverId {
  if (plan === undefined)
    throw new TypeError("a link names a receiver that the plan does not have");
  return plan.id;
}

function nameOf(plan: ReceiverPlan | undefined): string {
  return plan?.name ?? "";
}
