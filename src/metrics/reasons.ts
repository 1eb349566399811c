import type { MetricReason } from "../core/metric-value.ts";

/** Every reason a value may carry: why it is null, or what to keep in mind. Codes are stable and never reused. */
export const REASONS = Object.freeze({
  "sensor-blind": "null: nothing that could have counted was seeing.",
  "partly-blind": "Part of the interval was not seen and is not in the figure.",
  "no-door-line": "null: the site plan has no door line.",
  "no-street-door": "null: every door of the site plan is a back door.",
  "no-passing-line": "null: the site plan has no passing line.",
  "no-passers-by": "null: nobody passed by yet.",
  "no-entrants": "null: nobody entered yet.",
  "no-exits": "null: nobody left yet, so no visit has ended.",
  "no-visits": "null: no visit has ended yet.",
  "no-receipts": "null: no receipt has ever arrived from the till.",
  "payment-lag": "null: too little time since the first entrant for payments to match entries.",
  "small-sample": "null with an interval: too few observations for a rate.",
  "too-many-censored": "null: too few stays were seen to their end.",
  "not-identifiable": "null: the method this needs is not there.",
  "counts-inconsistent": "null: people left before they came, so the counts are wrong.",
  "not-kept": "null: the interval is older than what is kept here.",
  "unknown-scope": "null: the metric is not defined for this store, zone or line.",
  "geometry-fault": "More entrants than passers-by: a line is misplaced or misses people.",
  "index-only": "A single passing line gives an index, not a number of people.",
  "more-sales-than-entrants": "More purchases than entrants: one of the two counts is wrong.",
  "payment-time-uncertain": "Some receipts carry an uncertain time of payment.",
  "day-open": "Provisional: people are still inside, or the trading day is not closed.",
  "edge-effects": "Part of a day: biased when traffic rises or falls.",
  "re-entries-merged": "Re-entries proved by a track were merged; the text gives the raw count.",
  "staff-excluded":
    "Crossings that turned out to be staff are left out; the text gives the raw count.",
  "no-groups": "Nobody has been seen coming in a group; every entrant counts as one unit.",
  drift: "More people left than came in; the balance was lifted to zero.",
  "lower-bound": "The longest stay was not seen to its end, so the mean is a lower bound.",
  "censored-stays": "Some stays were not seen to their end; they enter as lower bounds.",
});

export type ReasonCode = keyof typeof REASONS;

/** A reason with its sentence for people. Pure. */
export function reason(code: ReasonCode, text: string): MetricReason {
  return { code, text };
}
