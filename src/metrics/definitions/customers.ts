import { CUSTOMER_RULES } from "../figures/customer-rules.ts";
import { DEFAULT_MEASURES } from "../rules.ts";
import { doors, type MetricDefinition, minCell, minN, parameter, staff } from "./terms.ts";

const minPathCell = parameter(
  "minPathCell",
  DEFAULT_MEASURES.minPathCell,
  "Least number of customers behind the figure; the value carries the shop's own choice.",
);

const memoryDays = parameter(
  "memoryDays",
  CUSTOMER_RULES.memoryDays,
  "Days for which it is remembered on which a customer came.",
);

const cards =
  "`tag`: identified by a registered loyalty card or a member's app, tag or card that receivers heard, or by a code, a card or a face at a station. Never carried over to visits that are not identified.";
const fewCustomers =
  "No customer identified: unknown (`no-identified`). Fewer customers than the least: withheld (`small-cell`).";
const WHOLE_DAYS =
  "Whole trading days only, the same for every figure about customers. A day with nobody, or on which at least `minPathCell` customers each had come within 30 days, within 60, within 90 and not before (or none), stands for itself; the others wait, from the beginning of the calendar month on, until together they are enough. So no two answers differ by fewer customers. Of a month whose beginning is forgotten nothing is told.";
const WAITING =
  "Days that wait are not in it, and are named (`days-withheld`, parameter `withheldDays`).";

function repeatRate(
  metric: "repeat-rate" | "repeat-rate-30" | "repeat-rate-60",
  windowDays: number,
): MetricDefinition {
  return {
    metric,
    version: 4,
    name: metric === "repeat-rate" ? "Repeat rate" : `Repeat rate within ${windowDays} days`,
    unit: "ratio",
    meaning:
      "Share of the identified visits whose customer had been here on an earlier day. Read it beside identification coverage.",
    formula: `Identified visits whose customer had a visit on an earlier trading day within the window / identified visits. Exact among them; the interval says what it tells of customers like them, each customer being one. ${WHOLE_DAYS}`,
    parameters: [
      parameter(
        "windowDays",
        windowDays,
        "Days looked back on; there is a figure each for 30, 60 and 90.",
      ),
      minPathCell,
      minN,
    ],
    needs: ["loyalty-cards"],
    methods: ["tag"],
    ladder: cards,
    edges: `${fewCustomers} Known visits do not reach back as far as the window: named (\`short-memory\`). ${WAITING} Few visits: interval only (\`small-sample\`).`,
  };
}

/** Figures of baskets and of customers who come again. */
export const CUSTOMERS: readonly MetricDefinition[] = [
  {
    metric: "basket-put-back-rate",
    version: 1,
    name: "Put-back rate",
    unit: "ratio",
    meaning: "Share of the goods put into baskets that are taken out again.",
    formula:
      "(Pieces removed + pieces returned to the shelf) / pieces added, by when it happened. The interval is that of whole baskets, where visits tell of theirs.",
    parameters: [minN],
    needs: ["baskets"],
    methods: ["count"],
    ladder: "`count` of what baskets, scanners or tagged goods told.",
    edges:
      "No basket ever told anything, or nothing was put in: unknown (`no-baskets`). More out than in: shown as it is and flagged (`more-out-than-in`). Few pieces: interval only (`small-sample`).",
  },
  {
    metric: "baskets-abandoned",
    version: 1,
    name: "Abandoned baskets",
    unit: "ratio",
    meaning: "Share of the visits with goods in their basket that bought nothing.",
    formula:
      "Completed visits that put something into their basket and have no purchase linked to them / completed visits that put something into their basket.",
    parameters: [minN, staff],
    needs: ["baskets", "till"],
    methods: ["track", "tag"],
    ladder: "`track` or `tag`: how the visits are known.",
    edges:
      "No visit with goods ended: unknown (`no-baskets`). No payment linked to any visit: unknown (`payments-not-linked`). Not all linked: the share is too high and says so (`payments-partly-linked`). Few visits: interval only (`small-sample`).",
  },
  {
    metric: "identification-coverage",
    version: 3,
    name: "Identification coverage",
    unit: "ratio",
    meaning:
      "Share of the entrants who are identified customers: how much the figures of returning customers speak for.",
    formula:
      "Identified visits / E over the minutes of opening hours that the door cameras saw. A visit is identified by a loyalty card that is not staff's, or by a recognition of a member at a station. Recognitions without anything heard of the member are one visit as long as each comes within the re-entry gap of the one before; entry, exit and length of such a visit are unknown, and it is in no figure of durations or zones. What several receivers, stations or gateways tell of one customer within the gap is one visit.",
    parameters: [
      minN,
      minCell,
      parameter(
        "reentryGapMs",
        DEFAULT_MEASURES.reentryGapMs,
        "Recognised again within it is the same visit.",
      ),
      doors,
      staff,
    ],
    needs: ["loyalty-cards", "door-cameras"],
    methods: ["tag"],
    ladder: "`tag`: recognised customers over counted entrants.",
    edges:
      "No entrants: unknown (`no-entrants`). Fewer identified visits than the least: withheld (`small-cell`). More identified visits than entrants: shown as it is and flagged (`more-identified-than-entrants`). Few entrants: interval only (`small-sample`).",
  },
  repeatRate("repeat-rate", CUSTOMER_RULES.windowDays),
  repeatRate("repeat-rate-30", 30),
  repeatRate("repeat-rate-60", 60),
  {
    metric: "visit-recency",
    version: 4,
    name: "Days since the visit before",
    unit: "days",
    meaning:
      "How many days ago identified customers had come the last time, for half of them more.",
    formula: `Median over identified visits with a known earlier trading day of the days between the two. ${WHOLE_DAYS}`,
    parameters: [minPathCell, memoryDays],
    needs: ["loyalty-cards"],
    methods: ["tag"],
    ladder: cards,
    edges: `${fewCustomers} Only customers who had come before, as far as is remembered, are in it (\`short-memory\`). ${WAITING}`,
  },
  {
    metric: "visit-frequency",
    version: 3,
    name: "Visits per customer",
    unit: "count",
    meaning: "How often an identified customer comes in ninety days, on average.",
    formula: `Identified visits / identified customers who came, both over the days before the end of the interval; the interval's beginning does not matter. ${WHOLE_DAYS}`,
    parameters: [
      parameter("frequencyDays", CUSTOMER_RULES.frequencyDays, "Days before the end."),
      minPathCell,
    ],
    needs: ["loyalty-cards"],
    methods: ["tag"],
    ladder: cards,
    edges: `${fewCustomers} Fewer days known than that: named (\`short-memory\`). ${WAITING}`,
  },
  {
    metric: "customer-tenure",
    version: 4,
    name: "Days since the first visit",
    unit: "days",
    meaning: "How long identified customers have been coming, for half of them longer.",
    formula: `Median over the customers who came of the days since their first known visit; 0 on the day of the first. ${WHOLE_DAYS}`,
    parameters: [minPathCell, memoryDays],
    needs: ["loyalty-cards"],
    methods: ["tag"],
    ladder: `${cards} A visit longer ago than is remembered is not known.`,
    edges: `${fewCustomers} Nobody is known to have come for longer than is remembered (\`short-memory\`). ${WAITING}`,
  },
];
