import { type EpochMs, epochMs } from "../../core/brand.ts";
import { eddystoneEid, LOYALTY_EPOCH_MS } from "../beacon-crypto.ts";

/** A tag or card of a member that sends Eddystone-EID, as the centre knows it. Its clock is its own. */
export interface EidTag {
  /** Identity key, 16 bytes. Never leaves the centre. */
  readonly key: Uint8Array;
  /** The identifier changes every 2^rotation seconds, 0..15. */
  readonly rotation: number;
  /** Seconds that the tag's clock showed at an instant: when it was registered, or last found again. */
  readonly counter: number;
  readonly counterAt: EpochMs;
  /**
   * How far the clock may be behind since then because the tag was without power, ms: it goes on from what it wrote down
   * last, which is at most a day before. 0 unless somebody said so.
   */
  readonly lostMs: number;
}

/** Counters of a tag, one per identifier. */
export interface EidWindow {
  readonly first: number;
  readonly count: number;
  /** Distance from one to the next. */
  readonly stepS: number;
}

/**
 * A quartz clock in a tag. Two years of it are 2.6 hours.
 * @source google/eddystone, eddystone-eid: resolvers allow for drift
 */
const DRIFT_RATIO = 150e-6;
/** Between the clock of the registration, ours, and the centre's. */
const SLACK_MS = 30_000;
const COUNTER_LIMIT = 0xffff_ffff;
/** Identifiers of one tag in one epoch: a day of lost power at 2^11 s and more, or 900 s at 2^4 s. */
export const EID_WINDOW_CAP = 64;
/** Counters that a search looks through: two weeks at 2^10 s are 1181. */
const SEARCH_CAP = 100_000;

/**
 * The identifiers that a tag may send in an epoch, allowing for 150 ppm of drift since its clock was last known and for
 * lost power. null when there are more than `EID_WINDOW_CAP`: the tag changes too fast, or its clock must be found again
 * first (`findEidCounter`). Pure.
 */
export function eidWindow(tag: EidTag, epoch: number): EidWindow | null {
  const beginsAt = epoch * LOYALTY_EPOCH_MS;
  const endsAt = beginsAt + LOYALTY_EPOCH_MS;
  const ageMs = Math.max(Math.abs(endsAt - tag.counterAt), Math.abs(beginsAt - tag.counterAt));
  const doubtMs = ageMs * DRIFT_RATIO + SLACK_MS;
  const stepS = 2 ** tag.rotation;
  const counterAt = (atMs: number): number =>
    Math.floor((tag.counter + (atMs - tag.counterAt) / 1000) / stepS) * stepS;
  const first = Math.max(0, counterAt(beginsAt - doubtMs - tag.lostMs));
  const last = Math.min(COUNTER_LIMIT, counterAt(endsAt - 1 + doubtMs));
  const count = Math.floor((last - first) / stepS) + 1;
  return count <= EID_WINDOW_CAP ? { first, count: Math.max(0, count), stepS } : null;
}

/** The tag's identifier number `index` of a window. Pure. */
export const eidOfWindow = (tag: EidTag, { first, stepS }: EidWindow, index: number): Uint8Array =>
  eddystoneEid(tag.key, first + index * stepS, tag.rotation);

/**
 * Finds a tag's clock by an identifier that it sends now: after a new battery, when its owner shows it at a station or to
 * staff. Looks from what the clock would show back by `backMs` and ahead by the drift, the likeliest first. Returns the
 * tag with its clock put right, or null when the identifier is not this tag's within that. Pure; about 2 us a counter,
 * at most 100,000 of them.
 */
export function findEidClock(
  tag: EidTag,
  eid: Uint8Array,
  at: EpochMs,
  backMs: number,
): EidTag | null {
  const stepS = 2 ** tag.rotation;
  const shown = tag.counter + (at - tag.counterAt) / 1000;
  const aheadS = ((at - tag.counterAt) * DRIFT_RATIO + SLACK_MS) / 1000;
  const last = Math.min(COUNTER_LIMIT, Math.floor((shown + aheadS) / stepS) * stepS);
  const first = Math.max(0, Math.floor((shown - backMs / 1000) / stepS) * stepS);
  const steps = Math.min(SEARCH_CAP, Math.floor((last - first) / stepS) + 1);
  for (let i = 0; i < steps; i += 1) {
    const counter = last - i * stepS;
    if (isSame(eddystoneEid(tag.key, counter, tag.rotation), eid))
      return { ...tag, counter: counter + stepS / 2, counterAt: epochMs(at), lostMs: 0 };
  }
  return null;
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);
