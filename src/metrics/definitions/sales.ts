import { RULES } from "../rules.ts";
import {
  doors,
  type MetricDefinition,
  minN,
  missing,
  openHours,
  parameter,
  staff,
  young,
} from "./terms.ts";

const KINDS = "sale, exchange with a new sale";
const kinds = parameter(
  "kinds",
  KINDS,
  "Kinds of receipt that are purchases; an exchange holds a new sale when more was paid than came back.",
);
const revenueKinds = parameter("kinds", "sale, refund, exchange", "Kinds of receipt in the sum.");
const lag = parameter(
  "minSpanMs",
  RULES.minSalesSpanMs,
  "Payment comes a visit later than the entry: below so much time, or so soon after the first entrant, entries are taken a mean visit earlier, and without a known mean visit no rate is given.",
);
const paying = parameter(
  "payGraceMs",
  RULES.payGraceMs,
  "With known opening hours: purchases up to so long after closing are of people who came before it.",
);
const perHead = [minN, lag, paying, openHours, doors, staff, young, missing];
const PER_HEAD_EDGES =
  "No entrants: unknown (`no-entrants`). Too early: unknown (`payment-lag`), or entries taken earlier, by the parameter `alignedByMs`. More purchases than entrants: shown as it is and flagged (`more-sales-than-entrants`). Purchases before the first entrant: named (`sales-before-entry`). Few people: interval only (`small-sample`). Estimated people are never in it.";
const LATE = "Payment times far from their arrival are named (`payment-time-uncertain`).";

/** Figures of the till. */
export const SALES: readonly MetricDefinition[] = [
  {
    metric: "transactions",
    version: 2,
    name: "Transactions",
    unit: "count",
    meaning: "Purchases by visitors at the till.",
    formula:
      "Receipts of kind sale, and exchanges after which more was paid than came back, by time of payment; the same receipt counts once. Refunds, even exchanges, staff sales, click & collect hand-overs and deliveries do not count.",
    parameters: [kinds],
    needs: ["till"],
    methods: ["receipts"],
    ladder: "`receipts` from the till.",
    edges: `Before the first receipt ever: unknown (\`no-receipts\`), since nothing shows that the till is connected. ${LATE} Purchases while the shop was closed count and are named (\`outside-hours\`).`,
  },
  {
    metric: "net-sales",
    version: 2,
    name: "Net sales",
    unit: "minor",
    meaning: "Money taken at the till, less what was given back.",
    formula:
      "Sum of the net amounts of sales, refunds (negative) and exchanges, in hundredths of the currency. Staff sales, click & collect and deliveries are left out.",
    parameters: [revenueKinds],
    needs: ["till"],
    methods: ["receipts"],
    ladder: "`receipts` from the till.",
    edges: `As for transactions. More given back than taken: negative, and says so (\`negative-sales\`). ${LATE}`,
  },
  {
    metric: "sales-conversion",
    version: 3,
    name: "Sales conversion",
    unit: "ratio",
    meaning: "Purchases per entrant.",
    formula:
      "Transactions / E over the minutes that the door cameras saw. The interval is Wilson's at the effective number of people, as for shopfront conversion; it is widened by what the door may have missed.",
    parameters: perHead,
    needs: ["door-cameras", "till"],
    methods: ["receipts"],
    ladder: "`receipts` over counted entrants.",
    edges: PER_HEAD_EDGES,
  },
  {
    metric: "sales-conversion-units",
    version: 2,
    name: "Sales conversion per buying unit",
    unit: "ratio",
    meaning: "Purchases per group of people who came in together, or person who came alone.",
    formula:
      "Transactions / U over the minutes that the door cameras saw. Beside the rate per entrant, never instead of it: a shop with groups that are not seen compares badly with one where they are.",
    parameters: perHead,
    needs: ["door-cameras", "till"],
    methods: ["receipts"],
    ladder: "`receipts` over counted buying units.",
    edges: `No group was ever seen: the same as per entrant, and says so (\`no-groups\`). ${PER_HEAD_EDGES}`,
  },
  {
    metric: "average-transaction-value",
    version: 2,
    name: "Average transaction value",
    unit: "minor",
    meaning: "Net sales per purchase.",
    formula:
      "Net sales / transactions, in hundredths of the currency; money given back is in it. The interval is that of a ratio over receipts, on the log scale so that it never reaches below zero; where money was given back the ratio itself may, and so may the interval.",
    parameters: [minN, revenueKinds, parameter("per", KINDS, "Receipts that are purchases.")],
    needs: ["till"],
    methods: ["receipts"],
    ladder: "`receipts` from the till.",
    edges: `Nothing sold: unknown (\`no-transactions\`). Few purchases: interval only (\`small-sample\`). More given back than taken: negative, and says so (\`negative-sales\`). ${LATE}`,
  },
  {
    metric: "units-per-transaction",
    version: 2,
    name: "Units per transaction",
    unit: "per-transaction",
    meaning: "Pieces per purchase.",
    formula:
      "Pieces on purchases / transactions. The interval is that of a ratio over receipts, on the log scale so that it never reaches below zero.",
    parameters: [minN, kinds],
    needs: ["till"],
    methods: ["receipts"],
    ladder: "`receipts` from the till.",
    edges: `Nothing sold: unknown (\`no-transactions\`). Few purchases: interval only (\`small-sample\`). ${LATE}`,
  },
  {
    metric: "shopper-yield",
    version: 2,
    name: "Shopper yield",
    unit: "minor",
    meaning: "Net sales per entrant: what a visitor is worth.",
    formula:
      "Net sales / E over the minutes that the door cameras saw, in hundredths of the currency; where all was seen, sales conversion times average transaction value. The interval is that of the days, or of receipts where days are few, on the log scale where nothing was given back, widened by what the door may have missed.",
    parameters: perHead,
    needs: ["door-cameras", "till"],
    methods: ["receipts"],
    ladder: "`receipts` over counted entrants.",
    edges: PER_HEAD_EDGES,
  },
  {
    metric: "click-collect-arrivals",
    version: 1,
    name: "Click & collect arrivals",
    unit: "count",
    meaning: "Visits that came to where orders are collected.",
    formula:
      "Visits that began in the interval with a stay in a zone of kind collect; staff are left out.",
    parameters: [],
    needs: ["visit-sensors"],
    methods: ["track", "tag"],
    ladder:
      "`track` where cameras follow visits from door to door; `tag`: only visits that carry a tag, a sample.",
    edges:
      "No such zone: unknown (`no-collect-zone`). No whole visit was ever seen: unknown (`no-visits`). By tags only: a sample, and says so (`tagged-only`).",
  },
  {
    metric: "click-collect-handovers",
    version: 1,
    name: "Click & collect hand-overs",
    unit: "count",
    meaning: "Orders handed over in the shop; no purchases, and in no other figure of the till.",
    formula: "Receipts of kind click-collect by time of payment; the same receipt counts once.",
    parameters: [parameter("kinds", "click-collect", "Kinds of receipt that count.")],
    needs: ["till"],
    methods: ["receipts"],
    ladder: "`receipts` from the till.",
    edges: `As for transactions. ${LATE}`,
  },
  {
    metric: "click-collect-attach",
    version: 1,
    name: "Click & collect attach rate",
    unit: "ratio",
    meaning: "Share of the orders handed over beside which something was bought.",
    formula:
      "Hand-overs with a purchase in the same visit, or named by a purchase as the receipt it belongs to / hand-overs; the interval is Wilson's.",
    parameters: [minN, kinds],
    needs: ["till"],
    methods: ["receipts"],
    ladder: "`receipts` linked by the till, or by a visit.",
    edges:
      "Nothing handed over: unknown (`no-handovers`). Nothing ever linked the two: unknown (`no-links`). Few hand-overs: interval only (`small-sample`).",
  },
];
