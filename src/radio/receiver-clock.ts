import { type EpochMs, type MonoMs, monoMs } from "../core/brand.ts";

/** Limits of the trust in a remote scanner's clock. */
export const RECEIVER_CLOCK = {
  /** Beyond this its times say nothing: the times of arrival are taken. */
  farMs: 60_000,
  /** Sightings older than this are of no use any more. */
  lateMs: 15_000,
  /** The smallest difference of so long a time tells how the clocks stand; 50 ppm of drift are 15 ms over it. */
  windowMs: 300_000,
  slotMs: 30_000,
  /** So many messages after the first, a smaller difference is simply better knowledge. */
  learningMessages: 20,
  /** A message that is this much too early for what is known is not a matter of delay. */
  aheadMs: 1_000,
  aheadMessages: 3,
  aheadForgetMs: 60_000,
  /** One that is this much too late may be; so many alike over so much of the scanner's time are not. */
  behindMs: 2_000,
  behindMessages: 8,
  behindSpanMs: 10_000,
  /** Differences within this are alike. */
  alikeMs: 1_000,
  /** When nothing has been in step for so long and so many messages, the newest is believed. */
  giveUpMs: 120_000,
  giveUpMessages: 60,
  /** At first a message may be an old one that a broker kept: for so long one that is this old is not placed. */
  settleMs: 2_000,
  nearMs: 5_000,
} as const;

const SLOTS = RECEIVER_CLOCK.windowMs / RECEIVER_CLOCK.slotMs;

/** Messages that contradict what is known, and agree with each other. */
interface Dissent {
  messages: number;
  sinceMono: number;
  leastMs: number;
  mostMs: number;
  firstStatedMs: number;
  lastStatedMs: number;
}

/**
 * Translates the clock of a remote scanner into ours. Arrival less stated time is the difference of the clocks plus a
 * delay that is never negative, so the smallest difference seen lately is the best estimate, and a time translated by
 * it is right up to the smallest delay, however late its message came. Drift is followed by the window; a clock that
 * is set is learned anew once its messages agree on it. A handful of numbers, whatever the scanner sends. Pure.
 * @source the lower envelope of one-way delays: Moon, Skelly, Towsley, Estimation and Removal of Clock Skew from
 * Network Delay Measurements, 1999.
 */
export class ReceiverClock {
  /** Smallest difference per slot of the window, and the number of the slot that stands in each place. */
  readonly #least = new Float64Array(SLOTS).fill(Number.POSITIVE_INFINITY);
  readonly #slot = new Float64Array(SLOTS).fill(-1);
  /** The estimate; null while nothing is known. Kept when the window has run empty: better than nothing. */
  #offsetMs: number | null = null;
  #inStep = 0;
  #outOfStep = 0;
  /** When a message was last in step; before that, when the first was heard. */
  #inStepMono: number | null = null;
  #knownMono = Number.POSITIVE_INFINITY;
  #ahead: Dissent | null = null;
  #behind: Dissent | null = null;
  #skewMs: number | null = null;
  #steps = 0;

  /** How far its clock is behind ours (negative: ahead), smallest delay included; null while it is not known. */
  get skewMs(): number | null {
    return this.#skewMs;
  }

  /** Whether its clock is so wrong that times of arrival are taken. */
  get isFar(): boolean {
    return this.#skewMs !== null && Math.abs(this.#skewMs) > RECEIVER_CLOCK.farMs;
  }

  /** How often its clock was found to have been set. */
  get steps(): number {
    return this.#steps;
  }

  /** Notes a message that was sent at `sentMs` of the scanner's clock and arrived now. */
  hear(sentMs: number, nowMono: MonoMs, now: EpochMs): void {
    const differenceMs = nowMono - sentMs;
    this.#inStepMono ??= nowMono;
    if (this.#offsetMs === null) this.#meet(differenceMs, sentMs, nowMono, now);
    else this.#compare(differenceMs, sentMs, nowMono);
    if (this.#offsetMs !== null) this.#skewMs = this.#offsetMs + (now - nowMono);
  }

  /**
   * Our time of `statedMs` of the scanner's clock, which it tells in steps of `stepMs` and rounds down; never after
   * `nowMono`. null while an old message and a wrong clock cannot be told apart. With a clock that is far off, the
   * arrival, unless the message is clearly older than the others.
   */
  toMono(statedMs: number, nowMono: MonoMs, stepMs = 1): MonoMs | null {
    if (this.#offsetMs === null || this.#isSettling(nowMono)) return null;
    const placedMono = statedMs + this.#offsetMs + (stepMs - 1) / 2;
    const isLate = nowMono - placedMono > RECEIVER_CLOCK.lateMs;
    return monoMs(this.isFar && !isLate ? nowMono : Math.min(nowMono, placedMono));
  }

  #isSettling(nowMono: MonoMs): boolean {
    const isNear = Math.abs(this.#skewMs ?? 0) <= RECEIVER_CLOCK.nearMs;
    return !isNear && nowMono - this.#knownMono < RECEIVER_CLOCK.settleMs;
  }

  /** The first messages: believed when the wall clocks agree roughly, else only when they agree among themselves. */
  #meet(differenceMs: number, sentMs: number, nowMono: MonoMs, now: EpochMs): void {
    if (Math.abs(now - sentMs) <= RECEIVER_CLOCK.farMs) {
      this.#learn(differenceMs, nowMono);
      return;
    }
    // A broker that kept messages for us delivers hours at once; a wrong clock goes on at the pace of ours.
    this.#dissent(differenceMs, sentMs, nowMono);
  }

  #compare(differenceMs: number, sentMs: number, nowMono: MonoMs): void {
    const deviationMs = differenceMs - (this.#offsetMs ?? differenceMs);
    if (deviationMs > RECEIVER_CLOCK.behindMs) {
      this.#dissent(differenceMs, sentMs, nowMono);
      return;
    }
    const isLearning = this.#inStep < RECEIVER_CLOCK.learningMessages;
    if (deviationMs >= -RECEIVER_CLOCK.aheadMs || isLearning) {
      this.#learn(differenceMs, nowMono);
      return;
    }
    const isOld =
      this.#ahead !== null && nowMono - this.#ahead.sinceMono > RECEIVER_CLOCK.aheadForgetMs;
    this.#ahead = joined(isOld ? null : this.#ahead, differenceMs, sentMs, nowMono);
    if (this.#ahead.messages >= RECEIVER_CLOCK.aheadMessages)
      this.#step(this.#ahead.leastMs, nowMono);
  }

  /** A message that is late, or says that the clock was set back. */
  #dissent(differenceMs: number, sentMs: number, nowMono: MonoMs): void {
    this.#outOfStep += 1;
    this.#behind = joined(this.#behind, differenceMs, sentMs, nowMono);
    const { leastMs, messages, firstStatedMs, lastStatedMs } = this.#behind;
    const isSteady =
      messages >= RECEIVER_CLOCK.behindMessages &&
      lastStatedMs - firstStatedMs >= RECEIVER_CLOCK.behindSpanMs;
    const isHopeless =
      this.#outOfStep >= RECEIVER_CLOCK.giveUpMessages &&
      nowMono - (this.#inStepMono ?? nowMono) >= RECEIVER_CLOCK.giveUpMs;
    if (isSteady || isHopeless) this.#step(isSteady ? leastMs : differenceMs, nowMono);
  }

  #learn(differenceMs: number, nowMono: MonoMs): void {
    const slot = Math.floor(nowMono / RECEIVER_CLOCK.slotMs);
    const place = slot % SLOTS;
    if (this.#slot[place] !== slot) this.#least[place] = Number.POSITIVE_INFINITY;
    this.#slot[place] = slot;
    this.#least[place] = Math.min(this.#least[place] ?? differenceMs, differenceMs);
    this.#inStep += 1;
    this.#outOfStep = 0;
    this.#inStepMono = nowMono;
    this.#knownMono = Math.min(this.#knownMono, nowMono);
    this.#behind = null;
    let leastMs = Number.POSITIVE_INFINITY;
    for (let i = 0; i < SLOTS; i += 1)
      if (slot - (this.#slot[i] ?? -1) < SLOTS)
        leastMs = Math.min(leastMs, this.#least[i] ?? leastMs);
    this.#offsetMs = leastMs;
  }

  #step(differenceMs: number, nowMono: MonoMs): void {
    if (this.#offsetMs !== null) this.#steps += 1;
    this.#least.fill(Number.POSITIVE_INFINITY);
    this.#slot.fill(-1);
    this.#ahead = null;
    this.#inStep = 0;
    this.#learn(differenceMs, nowMono);
  }
}

/** A dissent with one message more; one that is not like the others begins a new one. */
function joined(
  dissent: Dissent | null,
  differenceMs: number,
  statedMs: number,
  nowMono: MonoMs,
): Dissent {
  const leastMs = Math.min(dissent?.leastMs ?? differenceMs, differenceMs);
  const mostMs = Math.max(dissent?.mostMs ?? differenceMs, differenceMs);
  const isAlike = dissent !== null && mostMs - leastMs <= RECEIVER_CLOCK.alikeMs;
  if (!isAlike) {
    const one = { leastMs: differenceMs, mostMs: differenceMs };
    return {
      ...one,
      messages: 1,
      sinceMono: nowMono,
      firstStatedMs: statedMs,
      lastStatedMs: statedMs,
    };
  }
  return {
    messages: dissent.messages + 1,
    sinceMono: dissent.sinceMono,
    leastMs,
    mostMs,
    firstStatedMs: Math.min(dissent.firstStatedMs, statedMs),
    lastStatedMs: Math.max(dissent.lastStatedMs, statedMs),
  };
}
