import type { Clock } from "../../core/clock.ts";
import type { Refusal } from "../../core/consent.ts";
import { fail, GatewayError, type Result } from "../../core/errors.ts";
import type { Permit } from "../../privacy/consent/consent-gate.ts";
import type { FaceChain, FaceProbe } from "../ports.ts";
import type { StationCamera, StationFrame } from "./station-ports.ts";

/** What one picture brought: an end, or something to tell the shopper, or nothing (null). */
export type PictureVerdict<T> = Result<T, Refusal> | { readonly hint: Refusal | null };

/** One look of the camera at who acts. */
export interface LookTerms<T> {
  readonly camera: StationCamera;
  readonly chain: FaceChain;
  readonly clock: Pick<Clock, "after">;
  readonly limitMs: number;
  readonly use: "enrol" | "match";
  /** The permit to look, asked for before each picture and again after; a refusal ends the look. */
  readonly permit: () => Result<Permit<"loyalty-face">, Refusal>;
  /** Judges a good picture; the probe is wiped as soon as it returns. */
  readonly judge: (probe: FaceProbe) => PictureVerdict<T>;
  readonly onHint: (hint: Refusal | null) => void;
  readonly onFault: (fault: unknown) => void;
  /** The shopper has enough of it. */
  readonly stop: AbortSignal;
}

/** Refusals of one picture: the next may be better. */
const OF_A_PICTURE: ReadonlySet<Refusal> = new Set([
  "no-face",
  "several-faces",
  "face-small",
  "face-blurred",
  "face-turned",
  "face-unsteady",
  "face-poor-light",
  "needs-second-look",
]);

/** What good pictures that settled nothing come to when the time is over. */
const UNDECIDED = { match: "no-match", enrol: "face-unsteady" } as const;

/** Whether a refusal is about one picture. Pure. */
export const isOfAPicture = (refusal: Refusal): boolean => OF_A_PICTURE.has(refusal);

/**
 * Looks until a picture settles it, the time is over, or the shopper goes. Every frame and every probe is overwritten
 * before the next one is looked at, whatever came of it, and the camera is off when this returns. Never throws for
 * what the world does: a camera that fails is a refusal.
 */
export async function look<T>(terms: LookTerms<T>): Promise<Result<T, Refusal>> {
  const { camera, clock, limitMs, stop, use } = terms;
  const over = new AbortController();
  const timer = clock.after(limitMs, "station.look", () => over.abort());
  const signal = AbortSignal.any([stop, over.signal]);
  let hint: Refusal = "no-face";
  try {
    for await (const frame of camera.frames(signal)) {
      const verdict = await judged(terms, frame, signal);
      if (signal.aborted) break;
      if (!("hint" in verdict)) return verdict;
      hint = verdict.hint ?? UNDECIDED[use];
      terms.onHint(verdict.hint);
    }
    if (stop.aborted) return fail("not-at-station");
    return fail(over.signal.aborted ? hint : "camera-missing");
  } catch (fault) {
    terms.onFault(fault);
    const isOfModels = fault instanceof GatewayError && /^(MODEL|INFERENCE)_/.test(fault.code);
    return fail(isOfModels ? "models-missing" : "camera-missing");
  } finally {
    timer.cancel();
    await scrubbed(terms);
  }
}

async function scrubbed<T>({ chain, onFault }: LookTerms<T>): Promise<void> {
  try {
    await chain.scrub?.();
  } catch (fault) {
    // What the look brought stands; the networks are opened anew for the next one.
    onFault(fault);
  }
}

async function judged<T>(
  { chain, permit, use, judge }: LookTerms<T>,
  frame: StationFrame,
  signal: AbortSignal,
): Promise<PictureVerdict<T>> {
  let probe: FaceProbe | null = null;
  try {
    const permitted = permit();
    if (!permitted.ok) return permitted;
    const probed = await chain.probe(frame.picture, permitted.value, use);
    if (!probed.ok) return isOfAPicture(probed.error) ? { hint: probed.error } : probed;
    probe = probed.value;
    const still = permit();
    if (!still.ok) return still;
    return signal.aborted ? { hint: null } : judge(probe);
  } finally {
    probe?.wipe();
    frame.wipe();
  }
}
