/** Windows of the figures of customers, days. */
export const CUSTOMER_RULES = Object.freeze({
  /** A visit before counts as long as it is no older than this; 30 and 60 are the other usual choices. */
  windowDays: 90,
  /** Days over which visits per customer are counted. */
  frequencyDays: 90,
});
