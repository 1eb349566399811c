import { DOOR_ACCURACY_RATIO } from "../estimate/bootstrap.ts";
import { DECONVOLUTION_RULES } from "../estimate/deconvolution.ts";
import { MISS_RULES } from "../estimate/door-misses.ts";
import { DRIFT_RULES } from "../estimate/occupancy.ts";
import { FLOOR_RULES } from "../estimate/purchase-floor.ts";
import { VISIT_ESTIMATE_RULES } from "../estimate/rules.ts";
import { TAG_RULES } from "../estimate/tag-weights.ts";
import { ESTIMATE_RULES } from "../estimate/visit-estimate.ts";
import { DEFAULT_MEASURES } from "../rules.ts";
import { type MetricDefinition, minN, parameter, staff } from "./terms.ts";

const windowDays = parameter(
  "driftWindowDays",
  DRIFT_RULES.windowDays,
  "Closed days looked back on.",
);
const minDays = parameter(
  "driftMinDays",
  DRIFT_RULES.minDays,
  "With fewer usable days nothing is scaled.",
);
const minCoverage = parameter(
  "driftMinCoverage",
  DRIFT_RULES.minCoverage,
  "A day of which less was seen teaches nothing.",
);
const weekdayPrior = parameter(
  "weekdayPriorDays",
  DRIFT_RULES.weekdayPriorDays,
  "A weekday's own factor is drawn towards that of all days as if so many days spoke for them.",
);
const missDays = parameter(
  "missMinDays",
  MISS_RULES.minDays,
  "With fewer closed days what the doors miss is assumed, not learned.",
);
const accuracy = parameter(
  "doorAccuracyRatio",
  DOOR_ACCURACY_RATIO,
  "Share of the people that the better direction is assumed to count until it is learned: the usual benchmark.",
);
const emptyAfter = parameter(
  "emptyAfterMs",
  VISIT_ESTIMATE_RULES.emptyAfterMs,
  "With known opening hours: so long after closing everybody is taken to have left, falling evenly until then.",
);
const complete = parameter(
  "trackCompleteRatio",
  VISIT_ESTIMATE_RULES.trackCompleteRatio,
  "Least share of the entries followed from door to door, before tracks speak for all visits.",
);
const present = parameter(
  "trackPresentRatio",
  VISIT_ESTIMATE_RULES.trackPresentRatio,
  "Least share of the day's entries followed from door to door, before tracks say who is inside, in a shop whose zones see less of the time inside than `trackSeenShare`; in others `trackCompleteRatio` is enough.",
);
const seenShare = parameter(
  "trackSeenShare",
  VISIT_ESTIMATE_RULES.trackSeenShare,
  "Share of the time inside that people spend in zones, from which on somebody lost is soon seen again.",
);
const estimated = [
  parameter(
    "basisMinDays",
    VISIT_ESTIMATE_RULES.minAskedDays,
    "An asked interval with so many usable closed days is estimated from them.",
  ),
  parameter(
    "basisWindowDays",
    VISIT_ESTIMATE_RULES.windowDays,
    "Else so many closed days before its end are; the value says how many there were (`basisDays`).",
  ),
  parameter(
    "learnMinDays",
    VISIT_ESTIMATE_RULES.minDays,
    "With fewer usable closed days there is no estimate.",
  ),
  parameter("learnMinEntries", VISIT_ESTIMATE_RULES.minEntries, "Nor with fewer entries in all."),
  parameter("maxLagMs", DECONVOLUTION_RULES.maxLagMs, "Longest stay looked for in door counts."),
  parameter("replicates", ESTIMATE_RULES.replicates, "Draws of the bootstrap over days."),
] as const;
const tags = [
  parameter(
    "tagDetectMs",
    TAG_RULES.detectMs,
    "Mean time until a card is known to be inside, where too few crossings show it: a visit of length W is heard with probability 1 - exp(-W / tagDetectMs).",
  ),
  parameter("tagSureMs", TAG_RULES.sureMs, "Nobody with a card stays so long without being heard."),
  parameter(
    "carrierFloorMs",
    TAG_RULES.carrierFloorMs,
    "Of shorter visits baskets and carts say nothing, so the doors speak for them.",
  ),
  parameter(
    "tagMinEffectiveN",
    TAG_RULES.minEffectiveN,
    "With fewer effective visits tags decide nothing.",
  ),
  parameter(
    "tagMinInclusion",
    TAG_RULES.minInclusion,
    "No visit is taken to be less likely heard: the few that hardly were would decide all.",
  ),
  parameter(
    "tagSelectionRatio",
    TAG_RULES.selectionRatio,
    "assumed, not measured: the mean visit of people with tags may be so far from everybody's without anything showing it, so tags are never surer of it than this.",
  ),
] as const;
const tau = [
  parameter(
    "bounceMaxMs",
    DEFAULT_MEASURES.bounceMaxMs,
    "tau, the shortest time to buy anything, until payments have taught a better one.",
  ),
  parameter(
    "tauQuantile",
    FLOOR_RULES.quantile,
    "Learned anew with each calendar month: this quantile of the time from entry to first payment.",
  ),
  parameter(
    "tauMinPayments",
    FLOOR_RULES.minPayments,
    "With fewer linked payments the default stays.",
  ),
  parameter("tauLeastMs", FLOOR_RULES.leastMs, "A learned tau is never below."),
  parameter("tauMostMs", FLOOR_RULES.mostMs, "Nor above."),
] as const;
const tagBounce = parameter(
  "tagBounceMinEffectiveN",
  TAG_RULES.minBounceEffectiveN,
  "With fewer effective visits by loyalty card, tags tell no bounce rate.",
);
const tagBias = parameter(
  "tagBounceBiasRatio",
  TAG_RULES.bounceBiasRatio,
  "The interval of a bounce rate from tags is wider by this on either side: how well they are heard at first is known only roughly.",
);
const halfWidth = parameter(
  "maxHalfWidthRatio",
  VISIT_ESTIMATE_RULES.maxHalfWidthRatio,
  "An estimate less sure than this, half of its interval, is given as an interval only.",
);
const ESTIMATE_EDGES =
  "Too few closed days: unknown (`learning`). Not worked out yet: unknown (`estimating`). Fewer days than it takes were asked for: estimated over the last closed days (`estimated-over-days`). Too few tracks from door to door: a lesser method (`tracks-incomplete`).";
const CENSORED =
  "Whoever is still inside, or was lost from sight, counts as long as they were seen (`censored-stays`).";
const DAY_DOUBT =
  "Entries and exits far apart are flagged (`counts-lopsided`), never corrected in silence.";

/** Figures of visits: how many are inside, how long they last, how many leave at once. */
export const VISITS: readonly MetricDefinition[] = [
  {
    metric: "occupancy",
    version: 4,
    name: "Occupancy",
    unit: "people",
    meaning: "Customers inside at the end of the interval.",
    formula:
      "`track`: customers whose track from door to door goes on. Who is in a zone is inside, whether or not the doors counted them in. Who was neither counted leaving nor seen in a zone since counts with the probability of being on the way between two zones and not one of those whose exit the door missed; it follows from how long people were out of sight in the week before. A track that was lost in a zone counts no longer: its person is seen under another number. The visits of past hours count from their entry to their exit, without what somebody was out of sight four times longer than customers are: most of them are staff without a tag. The interval is 1.96 standard deviations of those of whom it is not sure, and half a person. `count`: entries minus exits of customers since the trading day began, corrected for what the doors miss, never below zero. What they miss is learned from closed days: how far entries and exits differ on average tells the difference of the two directions, how much the difference varies from day to day tells the sum. The balance of the doors, which wanders off by one with every person missed, is then weighed against the stream of leavers (leavers per minute / people inside = 1 / mean visit), which does not. A closed day ended at zero, so all of it is weighed again from its end. Before enough days have closed: each direction scaled by the learned factor of the weekday, and a closed day by its own counts. Which hour missed people cannot be seen in counts, so the factor has no hour. Every crossing that was not staff is used, re-entries included. The interval holds what the doors may have missed; before it is learned there is none.",
    parameters: [
      present,
      seenShare,
      complete,
      staff,
      windowDays,
      minDays,
      minCoverage,
      weekdayPrior,
      missDays,
      accuracy,
      emptyAfter,
    ],
    needs: ["door-cameras"],
    methods: ["track", "count"],
    ladder:
      "`track` where nearly everybody is followed from door to door; else `count` on door lines.",
    edges: `A door camera not seeing now: unknown (\`sensor-blind\`). More people left than came: named (\`drift\`). ${DAY_DOUBT}`,
  },
  {
    metric: "occupancy-peak",
    version: 2,
    name: "Peak occupancy",
    unit: "people",
    meaning: "Most customers inside at once.",
    formula: "Largest mean occupancy of one minute in the interval; occupancy as defined above.",
    parameters: [
      present,
      seenShare,
      complete,
      staff,
      windowDays,
      minDays,
      minCoverage,
      weekdayPrior,
      missDays,
      accuracy,
    ],
    needs: ["door-cameras"],
    methods: ["track", "count"],
    ladder: "`track` where occupancy has it throughout the interval; else `count` on door lines.",
    edges: `As for occupancy. ${DAY_DOUBT}`,
  },
  {
    metric: "visit-duration-mean",
    version: 3,
    name: "Visit duration, mean",
    unit: "ms",
    meaning: "How long a visit lasts on average.",
    formula:
      "`track`: mean of the visits followed from door to door, by the product-limit curve where the end was not seen; of tracks that end inside, as many are left out as exits are missed by the doors, since those people left. `little-closure`, closed trading day: mean time of exit minus mean time of entry (Little's law after day closure; an identity, nobody is paired with anybody). Open day: time spent inside by everyone so far / visits that ended. Crossings of staff, who stay for hours, are left out. The interval is that of the spread between days where there are at least 7, else of exponential stays and of what missed people may have moved.",
    parameters: [staff, windowDays, minDays, complete, minN],
    needs: ["door-cameras"],
    methods: ["track", "little-closure"],
    ladder: "`track` where one field of view covers door to door; else `little-closure`.",
    edges: `Nobody left yet: unknown (\`no-exits\`). Day not closed: provisional (\`day-open\`). Part of a day: biased when traffic rises or falls (\`edge-effects\`). ${CENSORED} ${DAY_DOUBT}`,
  },
  {
    metric: "visit-duration-median",
    version: 2,
    name: "Visit duration, median",
    unit: "ms",
    meaning: "Half of the visits are shorter than this.",
    formula:
      "`track`: product-limit (Kaplan-Meier) median. `tag-ht`: visits beyond the carriers' floor that carried a tag. What a tag tells begins and ends away from the door; how far, on average, follows for cards and for baskets from the door crossings around it, less those of other people. Each visit is weighted by one over its probability of being heard, and all are calibrated by an exponential tilt to the mean visit that the doors know, as far as that is surer than the tags' own, which is never surer than `tagSelectionRatio`. How many visits are shorter than the floor the doors say; of those longer than tagSureMs, cards beside them. As the doors count, who goes out and comes back is two visits; cards alone tell how many do, and stand for baskets in that. `deconvolution`: of the visit time that best explains exits from entries.",
    parameters: [staff, complete, minN, ...tags, ...estimated],
    needs: ["door-cameras"],
    methods: ["track", "tag-ht", "deconvolution"],
    ladder: "`track`, else `tag-ht`, else `deconvolution` of the door counts.",
    edges: `${ESTIMATE_EDGES} ${CENSORED}`,
  },
  {
    metric: "visit-duration-p90",
    version: 2,
    name: "Visit duration, 90 %",
    unit: "ms",
    meaning: "Nine of ten visits are shorter than this.",
    formula: "As the median, at nine tenths.",
    parameters: [staff, complete, minN, ...tags, ...estimated],
    needs: ["door-cameras"],
    methods: ["track", "tag-ht"],
    ladder: "`track`, else `tag-ht`. Door counts alone cannot tell the longest visits.",
    edges: `${ESTIMATE_EDGES} Door counts only: unknown (\`not-identifiable\`). ${CENSORED}`,
  },
  {
    metric: "bounce-rate",
    version: 2,
    name: "Bounce rate",
    unit: "ratio",
    meaning: "Share of entrants who leave before they could have bought anything.",
    formula:
      "P(W < tau) over entrants, W = visit duration. `track`: product-limit share of the visits followed from door to door; whoever bought is never a bounce. `tag-ht`: loyalty cards, each weighted by one over its probability of being heard, calibrated to the mean visit. `deconvolution`: exits are entries convolved with the visit time; its density is found by expectation-maximisation on the crossing times and the mass below tau divided by the share of exits that the doors count. The interval draws whole days anew; it also holds the bias that groups and missed people leave. Door counts do not know who bought, so up to a twentieth of the buyers may be in it.",
    parameters: [
      staff,
      complete,
      minN,
      ...tau,
      tagBounce,
      tagBias,
      halfWidth,
      missDays,
      accuracy,
      ...estimated,
    ],
    needs: ["door-cameras"],
    methods: ["track", "deconvolution", "tag-ht"],
    ladder:
      "`track`, else `deconvolution`, else `tag-ht` where the doors are too unsure: of those who leave at once few tags are heard, so that in simulated shops the doors were nearer to the truth. Entries and exits are never paired: that would invent a rate which follows traffic, not behaviour.",
    edges: `${ESTIMATE_EDGES} Unsure: interval only (\`small-sample\`). ${CENSORED}`,
  },
  {
    metric: "bounce-rate-ga4",
    version: 1,
    name: "Bounce rate, web style",
    unit: "ratio",
    meaning:
      "Share of entrants who neither stayed, nor saw two zones, nor bought: comparable with web analytics.",
    formula:
      "P(not (W >= tau or two zones or a purchase)) over entrants; methods as for the bounce rate.",
    parameters: [staff, complete, minN, ...tau, tagBounce, tagBias, halfWidth, ...estimated],
    needs: ["door-cameras"],
    methods: ["track", "tag-ht"],
    ladder: "`track`, else `tag-ht`. Door counts alone cannot tell who saw two zones.",
    edges: `${ESTIMATE_EDGES} Door counts only: unknown (\`not-identifiable\`). ${CENSORED}`,
  },
  {
    metric: "door-drift",
    version: 1,
    name: "Door drift",
    unit: "people",
    meaning:
      "People per day who came in and were not counted leaving; below zero: who left and were not counted coming in.",
    formula:
      "(Entries - exits) of customers per well-seen closed trading day. Of a single door the same. Of one door among several nothing is claimed, since people come in at one and leave by another.",
    parameters: [staff, minCoverage],
    needs: ["door-cameras"],
    methods: ["count"],
    ladder: "`count` on door lines.",
    edges:
      "No closed day in the interval: over the last closed days (`estimated-over-days`); none at all: unknown (`day-open`). A door used one way only: unknown (`one-way-door`). One of several doors: unknown (`not-identifiable`), with its counts.",
  },
];
