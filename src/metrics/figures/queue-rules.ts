/** When waits come from single tracks, and when from people present and joining. */
export const QUEUE_RULES = Object.freeze({
  /** With a larger share of ends not seen, tracks break too often for their own lengths to be waits. */
  maxUnseenRatio: 0.2,
});
