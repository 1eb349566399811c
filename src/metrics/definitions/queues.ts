import { QUEUE_RULES } from "../figures/queue-rules.ts";
import { type MetricDefinition, minN, parameter } from "./terms.ts";

const methods =
  "`track` of the queue's camera; `tag` of those who carry one where no camera looks at it.";
const openHours =
  "Time outside of opening hours does not count; while hours are not known the whole interval does.";

/** Figures of queues. */
export const QUEUES: readonly MetricDefinition[] = [
  {
    metric: "queue-length",
    version: 1,
    name: "Queue length, mean",
    unit: "people",
    meaning:
      "How many people stood in the queue on average over the interval; how many do now is `zone-people-now` of the queue.",
    formula: `Time spent in the queue's zone by everyone / time in which the shop was open and the camera saw. ${openHours}`,
    parameters: [],
    needs: ["zone-camera"],
    methods: ["track"],
    ladder: "`track` in the queue's camera.",
    edges:
      "Only tags are located there: unknown (`not-identifiable`). Closed throughout, or never seen while open: unknown (`no-queue`).",
  },
  {
    metric: "queue-wait-mean",
    version: 1,
    name: "Wait, mean",
    unit: "ms",
    meaning: "How long people queue before they are served, on average.",
    formula:
      "Mean time in the queue of those who went on to the service point, by when they left it. Without a service point in the plan any till is one; without either, of all who left. Where too many tracks break: time spent in the queue by everyone / people who joined (Little's law). The interval takes the spread of an exponential wait.",
    parameters: [
      parameter(
        "maxUnseenRatio",
        QUEUE_RULES.maxUnseenRatio,
        "With a larger share of ends not seen, waits follow from Little's law.",
      ),
      parameter("basis", "as the value says", "Whose time it is: served, left, or all present."),
    ],
    needs: ["queue-events"],
    methods: ["track", "tag", "little-closure"],
    ladder: `${methods} \`little-closure\` when tracks break.`,
    edges:
      "Nobody left the queue: unknown (`no-queue`). Tracks break (`tracks-break`): a track that breaks joins anew, so the interval reaches from what the joinings say to what the ends that were seen say. Some ends not seen are named (`ends-unseen`).",
  },
  {
    metric: "queue-service-rate",
    version: 1,
    name: "Served per hour",
    unit: "per-hour",
    meaning: "How many people of the queue are served in an hour of opening time.",
    formula: `People who went from the queue to its service point / hours in which the shop was open and the queue was seen. ${openHours} The interval is that of a Poisson count; its upper end takes ends not seen as served.`,
    parameters: [],
    needs: ["queue-events"],
    methods: ["track", "tag"],
    ladder: methods,
    edges:
      "The plan names neither a service point nor a till: unknown (`not-identifiable`). Closed throughout: unknown (`no-queue`).",
  },
  {
    metric: "queue-abandonment",
    version: 1,
    name: "Abandonment",
    unit: "ratio",
    meaning: "Share of those who joined the queue that left it without being served.",
    formula:
      "Left the queue without reaching the service point / joined. The interval is Wilson's, and reaches up to where all ends not seen were such.",
    parameters: [minN],
    needs: ["queue-events"],
    methods: ["track", "tag"],
    ladder: methods,
    edges:
      "Nobody joined: unknown (`no-queue`). The plan names neither a service point nor a till: unknown (`not-identifiable`). Some ends not seen: named (`ends-unseen`). More left so than joined: flagged (`more-left-than-joined`). Few people: interval only (`small-sample`).",
  },
  {
    metric: "queue-balking",
    version: 2,
    name: "Balking",
    unit: "ratio",
    meaning: "Share of those who came up to the queue that turned back before joining it.",
    formula:
      "Entered the approach of the queue and turned back / (joined + turned back). Turned back: in the approach for five seconds, and within fifteen seconds of it neither queueing, nor served, nor stopping for five seconds in a zone other than those they came from; zones crossed on the way out are no stops. The interval is Wilson's.",
    parameters: [minN],
    needs: ["queue-events"],
    methods: ["track", "tag"],
    ladder: methods,
    edges:
      "The plan names no approach: unknown (`not-identifiable`). Nobody came: unknown (`no-queue`). Few people: interval only (`small-sample`).",
  },
];
