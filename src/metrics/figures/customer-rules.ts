/** Windows of the figures of customers, days. */
export const CUSTOMER_RULES = Object.freeze({
  /** A visit before counts as long as it is no older than this; of 30 and 60 there are figures of their own. */
  windowDays: 90,
  /** All windows for which there is a repeat rate, days, ascending. */
  windows: [30, 60, 90],
  /** Days over which visits per customer are counted. */
  frequencyDays: 90,
  /**
   * Days for which it is remembered on which a customer came: as long as pseudonymous journeys may be kept, and as long as
   * the longest window above. Who came longer ago is new.
   */
  memoryDays: 90,
});
