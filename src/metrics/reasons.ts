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
  "group-cut": "The interval ends between the members of a group, so it may hold less than nobody.",
  drift: "More people left than came in; the balance was lifted to zero.",
  "lower-bound": "The longest stay was not seen to its end, so the mean is a lower bound.",
  "censored-stays": "Some stays were not seen to their end; they enter as lower bounds.",
  "small-cell": "null: about so few visits that it could tell of one person.",
  "days-withheld":
    "Of some days too few customers are known to tell of them; they are told together with later ones.",
  "payments-not-linked": "No payment is linked to a visit, so who bought is not known.",
  "payments-partly-linked": "Not every payment is linked to a visit, so buyers are undercounted.",
  "no-goods": "null: the plan does not say what is sold in the zone.",
  "no-receipt-lines": "null: no receipt says what was bought.",
  "no-engagement": "null: nobody was engaged with the zone yet.",
  "more-baskets-than-engaged":
    "More baskets hold goods of the zone than visits were engaged with it: goods stand elsewhere too, or visits were missed.",
  "no-reference": "null: the plan gives no dwell to compare with.",
  "no-queue": "null: nobody queued yet.",
  "ends-unseen":
    "The ends of some queue visits were not seen; the interval holds what they may have been.",
  "tracks-break":
    "Too many tracks break in the queue; the wait follows from people present and people joining.",
  "more-left-than-joined":
    "More people left the queue than joined it: some joined before, or were not seen joining.",
  "no-baskets": "null: no basket has told what went into it.",
  "more-out-than-in": "More goods left baskets than went in: some movements were not told.",
  "no-identified": "null: no visit was identified.",
  "more-identified-than-entrants":
    "More identified visits than entrants: one of the two counts is wrong.",
  "short-memory":
    "Known visits do not reach back as far as the window, so earlier ones may be missing.",
  "funnel-grows": "A step of the funnel holds more people than the one before it.",
  imputed: "Part was not seen and is estimated; the share is stated beside the value.",
  "not-comparable": "More than a fifth of a day is estimated: do not compare it with others.",
  "outside-hours": "People came, or paid, while the shop was closed; they are counted apart.",
  "counts-lopsided": "Far more people came in than left, or the other way round: a door miscounts.",
  "impossible-rate": "More people in a minute than can go through a door.",
  "silent-line": "A line counted nobody while the ones beside it counted many.",
  "no-heights": "null: no counter tells children from adults.",
  "no-transactions": "null: nothing was sold in this interval.",
  "negative-sales": "More money was given back than taken.",
  "sales-before-entry": "Receipts were paid before the first entrant of the day.",
  "no-collect-zone": "null: the site plan has no zone where orders are collected.",
  "no-handovers": "null: no order was handed over in this interval.",
  "tagged-only": "Only visits that carry a tag are known: a sample of all.",
  "no-links": "null: nothing links hand-overs with sales.",
  estimating: "null: the estimate is being worked out and will be there in a few minutes.",
  learning: "null: too few well-seen closed days to learn from yet.",
  "estimated-over-days": "Estimated over several closed days; one day alone cannot tell.",
  "tracks-incomplete": "Too few tracks go from door to door, so a lesser method is used.",
  "one-way-door": "null: a door that is used one way only cannot be judged alone.",
});

export type ReasonCode = keyof typeof REASONS;

/** A reason with its sentence for people. Pure. */
export function reason(code: ReasonCode, text: string): MetricReason {
  return { code, text };
}

/** The first of several notes, with the sentences of the others after its own; null when there is none. Pure. */
export function joinedReasons(...notes: readonly (MetricReason | null)[]): MetricReason | null {
  const said = notes.filter((note) => note !== null);
  const [first] = said;
  if (first === undefined) return null;
  return { code: first.code, text: said.map(({ text }) => text).join(" ") };
}
