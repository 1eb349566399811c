import { RULES } from "../rules.ts";
import { doors, type MetricDefinition, minN, parameter, staff } from "./terms.ts";

/** Figures of the till. */
export const SALES: readonly MetricDefinition[] = [
  {
    metric: "transactions",
    version: 1,
    name: "Transactions",
    unit: "count",
    meaning: "Purchases by visitors at the till.",
    formula:
      "Receipts of kind sale, by time of payment; the same receipt counts once. Refunds, exchanges, staff sales, click & collect hand-overs and deliveries do not count.",
    parameters: [parameter("kinds", "sale", "Kinds of receipt that count.")],
    needs: ["till"],
    methods: ["receipts"],
    ladder: "`receipts` from the till.",
    edges:
      "Before the first receipt ever: unknown (`no-receipts`), since nothing shows that the till is connected. Payment times far from their arrival are named (`payment-time-uncertain`).",
  },
  {
    metric: "net-sales",
    version: 1,
    name: "Net sales",
    unit: "minor",
    meaning: "Money taken at the till, less what was given back.",
    formula:
      "Sum of the net amounts of sales, refunds (negative) and exchanges, in hundredths of the currency. Staff sales, click & collect and deliveries are left out.",
    parameters: [parameter("kinds", "sale, refund, exchange", "Kinds of receipt in the sum.")],
    needs: ["till"],
    methods: ["receipts"],
    ladder: "`receipts` from the till.",
    edges: "As for transactions.",
  },
  {
    metric: "sales-conversion",
    version: 2,
    name: "Sales conversion",
    unit: "ratio",
    meaning: "Purchases per entrant.",
    formula:
      "Transactions / E over the minutes that the door cameras saw; the interval is Wilson's.",
    parameters: [
      minN,
      parameter(
        "minSpanMs",
        RULES.minSalesSpanMs,
        "Payment comes a visit later than the entry: no rate before so much time since the first entrant.",
      ),
      doors,
      staff,
    ],
    needs: ["door-cameras", "till"],
    methods: ["receipts"],
    ladder: "`receipts` over counted entrants.",
    edges:
      "No entrants: unknown (`no-entrants`). Less than an hour: unknown (`payment-lag`). More purchases than entrants: shown as it is and flagged (`more-sales-than-entrants`). Few people: interval only (`small-sample`).",
  },
];
