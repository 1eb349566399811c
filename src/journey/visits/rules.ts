/** Numbers that visits rest on. */
export const VISIT_RULES = Object.freeze({
  /** Out and back within this, on one track or tag: one visit. A shop may choose another. */
  reentryGapMs: 900_000,
  /** A visit is told so long after it was over: by then everything of its time has come, marks of staff included. */
  settleMs: 180_000,
  /** Whoever is still inside so long after closing time did not leave: their exit was missed. */
  closingGraceMs: 3_600_000,
  /** Whose visit was ended by the clock may go out so much later, and is nobody new then. */
  leaveMs: 21_600_000,
  /** A told visit can still change for so long. */
  keepMs: 900_000,
  /** No visit is longer: its day ends it, and the longest has an hour more for the change of the clocks. */
  longestMs: 90_000_000,
  /** Zones at a door reach over the line: a stay this close to a crossing says nothing about which side it is on. */
  doorstepMs: 10_000,
  /** Out of a zone for less than this: one stay. @source design/metrics.md, Dwell */
  bridgeMs: 10_000,
  /** What radios hear in their first moments was there before. */
  startUpMs: 60_000,
  /** A basket that somebody had for less was put aside, or not where it was thought to be. */
  carryMs: 60_000,
  /**
   * A basket left standing about that comes back to its stack within this, past no till, was collected by staff; so was
   * one from the till that was not in other zones for as long.
   */
  collectMs: 300_000,
  /** A payment and the stay at the till that it was made from, as far as clocks agree. */
  beforePaymentMs: 90_000,
  afterPaymentMs: 30_000,
});

/** Numbers that queues rest on. */
export const QUEUE_RULES = Object.freeze({
  /** Shorter is walking through, no joining. @source design/metrics.md, Dwell */
  joinMs: 5_000,
  /** Whoever is at the service point so soon after the queue was served. */
  reachMs: 15_000,
  /** What is told later than this after it happened finds the decision made. */
  lateMs: 20_000,
  /** So long after the last thing known nothing is left to say of a queue. */
  settleMs: 70_000,
  /** A stay whose end never came is given up after so long. */
  maxOpenMs: 21_600_000,
});

/** Bounds of what is kept; what finds no room is counted. */
export const VISIT_LIMITS = Object.freeze({
  /** Tracks, and apart from them tags; the one untouched longest goes first. */
  carriers: 4_096,
  /** Things known of one of them. */
  marks: 1_024,
  /** Told visits that can still change; the oldest goes first. */
  told: 4_096,
  /** Receipts that wait, or that are known to have come; the oldest goes first. */
  receipts: 4_096,
  /** Door crossings by which a tag's door is found; the oldest goes first. */
  crossings: 4_096,
  /** Events known to have come; the oldest goes first. */
  origins: 16_384,
  /** Sources whose numbers go on; the one unused longest goes first. */
  sources: 1_024,
  /** Parts of one document, as its schema has them. */
  stays: 128,
  queues: 16,
  documentReceipts: 16,
});
