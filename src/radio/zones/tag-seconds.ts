/** Seconds that late readings may still change. */
export const LATE_SECONDS = 15;
/** Seconds that readings may be ahead of the clock by skew. */
export const AHEAD_SECONDS = 3;
/** Seconds kept of a tag: those that may change, the one before them, the newest, those ahead, one to spare. */
export const RING_SECONDS = LATE_SECONDS + AHEAD_SECONDS + 4;
/** Sums are whole numbers of these per dB, so that the order of readings never matters. */
const SUM_STEPS = 16;
const FIRST_ENTRIES = 8;

/** Position of a second in the rings of a tag. Pure. */
export function slotOf(second: number): number {
  return ((second % RING_SECONDS) + RING_SECONDS) % RING_SECONDS;
}

/**
 * What the receivers heard of one tag in the newest seconds: per receiver and second the sum of the levels and the number
 * of packets. A flood costs no memory and no evidence: a receiver's second is one entry. Grows to the number of
 * receivers that hear the tag, then allocates nothing.
 */
export class TagSeconds {
  readonly #seconds = new Float64Array(RING_SECONDS).fill(Number.NaN);
  readonly #counts = new Int32Array(RING_SECONDS);
  #width = FIRST_ENTRIES;
  #receivers = new Int16Array(RING_SECONDS * FIRST_ENTRIES);
  #sums = new Float64Array(RING_SECONDS * FIRST_ENTRIES);
  #packets = new Float64Array(RING_SECONDS * FIRST_ENTRIES);

  /** Takes packets of one level unless the receiver's second holds `cap` of them; returns how many it held before. */
  add(second: number, receiver: number, rssiDbm: number, packets: number, cap: number): number {
    const slot = slotOf(second);
    if (this.#seconds[slot] !== second) {
      this.#seconds[slot] = second;
      this.#counts[slot] = 0;
    }
    const at = this.#entry(slot, receiver);
    const before = this.#packets[at] ?? 0;
    if (before >= cap) return before;
    this.#packets[at] = before + packets;
    this.#sums[at] = (this.#sums[at] ?? 0) + Math.round(rssiDbm * SUM_STEPS) * packets;
    return before;
  }

  /** Receivers that heard the tag in the second; 0 for a second that is not held. */
  count(second: number): number {
    const slot = slotOf(second);
    return this.#seconds[slot] === second ? (this.#counts[slot] ?? 0) : 0;
  }

  /** Position of the i-th of them. */
  receiver(second: number, i: number): number {
    return this.#receivers[slotOf(second) * this.#width + i] ?? 0;
  }

  /** Mean level of its packets, dBm. */
  levelDbm(second: number, i: number): number {
    const at = slotOf(second) * this.#width + i;
    return (this.#sums[at] ?? 0) / (this.#packets[at] ?? 1) / SUM_STEPS;
  }

  /** Place of the receiver's entry, kept in the order of receivers so that sums of floating point never differ. */
  #entry(slot: number, receiver: number): number {
    const count = this.#counts[slot] ?? 0;
    let at = slot * this.#width;
    const end = at + count;
    while (at < end && (this.#receivers[at] ?? 0) < receiver) at += 1;
    if (at < end && this.#receivers[at] === receiver) return at;
    if (count === this.#width) {
      const i = at - slot * this.#width;
      this.#grow();
      at = slot * this.#width + i;
    }
    const last = slot * this.#width + count;
    this.#receivers.copyWithin(at + 1, at, last);
    this.#sums.copyWithin(at + 1, at, last);
    this.#packets.copyWithin(at + 1, at, last);
    this.#receivers[at] = receiver;
    this.#sums[at] = 0;
    this.#packets[at] = 0;
    this.#counts[slot] = count + 1;
    return at;
  }

  #grow(): void {
    const old = this.#width;
    const width = old * 2;
    const receivers = new Int16Array(RING_SECONDS * width);
    const sums = new Float64Array(RING_SECONDS * width);
    const packets = new Float64Array(RING_SECONDS * width);
    for (let slot = 0; slot < RING_SECONDS; slot += 1) {
      receivers.set(this.#receivers.subarray(slot * old, slot * old + old), slot * width);
      sums.set(this.#sums.subarray(slot * old, slot * old + old), slot * width);
      packets.set(this.#packets.subarray(slot * old, slot * old + old), slot * width);
    }
    this.#width = width;
    this.#receivers = receivers;
    this.#sums = sums;
    this.#packets = packets;
  }
}
