import { type EpochMs, epochMs } from "../../src/core/brand.ts";
import type { MetricScope, MetricValue } from "../../src/core/metric-value.ts";
import type { JourneysReport, ReportPeriod } from "../../src/metrics/reports/reports.ts";
import { fakeValue } from "./fake-dashboard-days.ts";
import { fakeMetric, SCENE_NOW } from "./fake-dashboard-scenes.ts";

const DAY = 86_400_000;
const TODAY: ReportPeriod = {
  kind: "day",
  from: epochMs(Date.UTC(2026, 10, 22, 3)),
  to: epochMs(Date.UTC(2026, 10, 22, 3) + DAY),
};

/** Zones of the scripted shop as the journeys know them. */
export const FAKE_ZONES: JourneysReport["zones"] = [
  { id: "window", name: "Shop window", kind: "window" },
  { id: "new", name: "New arrivals", kind: "display" },
  { id: "denim", name: "Denim wall", kind: "display" },
  { id: "fitting", name: "Fitting rooms", kind: "area" },
  { id: "queue", name: "Till queue", kind: "queue" },
  { id: "till", name: "Till", kind: "till" },
];

/** Shares of those who leave the row: `w` is withheld, `-` never happened. */
const SHARES: Readonly<Record<string, string>> = {
  entry: "new .46 denim .22 window .08 fitting .04 queue .03 exit-without .17",
  window: "new .51 denim .18 exit-without .31",
  new: "denim .34 fitting .15 queue .13 window w till w exit-with-tx .02 exit-without .33",
  denim: "new .21 fitting .31 queue .16 exit-with-tx .01 exit-without .31",
  fitting: "new .12 denim .19 queue .44 window w exit-without .25",
  queue: "till .89 new w exit-without .08",
  till: "exit-with-tx .91 new .04 exit-without .05",
};

/** A scripted body of GET /api/journeys. */
export function fakeJourneys(period: ReportPeriod = TODAY): JourneysReport {
  const to = epochMs(Math.min(period.to, SCENE_NOW));
  const ask = (id: "passing-traffic" | "entrants" | "transactions"): MetricValue =>
    fakeValue(id, { kind: "store" }, period.from, to);
  const [passing, entrants, transactions] = [
    ask("passing-traffic"),
    ask("entrants"),
    ask("transactions"),
  ];
  const isKept = entrants.value !== null;
  const engaged = Math.round((entrants.value ?? 0) * 0.58);
  const step = (
    id: "passing" | "entered" | "engaged" | "purchased",
    people: number | null,
    before: number | null,
    basis: MetricValue | null,
  ) => ({
    ...{ id, people, basis },
    reason: basis?.reason ?? null,
    shareOfPrevious: people === null || before === null || before === 0 ? null : people / before,
  });
  return {
    now: epochMs(SCENE_NOW),
    period,
    funnel: [
      step("passing", passing.value, null, passing),
      step("entered", entrants.value, passing.value, entrants),
      isKept
        ? step("engaged", engaged, entrants.value, null)
        : step("engaged", null, null, entrants),
      step("purchased", transactions.value, isKept ? engaged : null, transactions),
    ],
    zones: FAKE_ZONES,
    transitions: isKept ? transitions(period.from, to) : [],
    lifts: isKept ? lifts(period.from, to) : [],
    paths: isKept ? PATHS : [],
    pathVisits: isKept ? 371 : 0,
    rareVisits: isKept ? 96 : 0,
    pathMethod: isKept ? "track" : "none",
    pathReason: isKept ? null : entrants.reason,
    queues: [
      {
        ...{ id: "queue", name: "Till queue", kind: "queue" },
        values: (
          [
            "queue-length",
            "queue-wait-mean",
            "queue-service-rate",
            "queue-abandonment",
            "queue-balking",
          ] as const
        ).map((metric) => fakeValue(metric, { kind: "zone", id: "queue" }, period.from, to)),
      },
    ],
  };
}

const PATHS: JourneysReport["paths"] = [
  { zones: ["new"], visits: 62, shareOfVisits: 62 / 371, boughtRatio: 0.05 },
  { zones: ["new", "queue", "till"], visits: 44, shareOfVisits: 44 / 371, boughtRatio: 0.93 },
  { zones: [], visits: 41, shareOfVisits: 41 / 371, boughtRatio: 0 },
  {
    zones: ["new", "denim", "fitting", "queue", "till"],
    visits: 38,
    shareOfVisits: 38 / 371,
    boughtRatio: 0.95,
  },
  { zones: ["denim"], visits: 33, shareOfVisits: 33 / 371, boughtRatio: null },
  { zones: ["denim", "fitting"], visits: 25, shareOfVisits: 25 / 371, boughtRatio: 0.08 },
  { zones: ["window", "new"], visits: 19, shareOfVisits: 19 / 371, boughtRatio: 0.11 },
  {
    zones: ["denim", "fitting", "denim", "queue", "till"],
    visits: 13,
    shareOfVisits: 13 / 371,
    boughtRatio: 0.92,
  },
];

const WITHHELD = {
  code: "small-cell",
  text: "Withheld: it is about fewer than 5 visits, or would tell of such a figure.",
};

function pair(
  metric: "zone-transition" | "zone-lift",
  from: string,
  to: string,
  value: number | null,
  patch: Partial<MetricValue>,
): MetricValue {
  const scope: MetricScope = { kind: "zone-pair", from, to };
  return fakeMetric(metric, value, "ratio", {
    scope,
    method: "track",
    reason: value === null ? WITHHELD : null,
    definition: { id: metric, version: 1, parameters: { minCell: 5 } },
    ...patch,
  });
}

function transitions(from: EpochMs, to: EpochMs): readonly MetricValue[] {
  return Object.entries(SHARES).flatMap(([place, text]) => {
    const words = text.split(" ");
    return words.flatMap((target, i) => {
      if (i % 2 === 1) return [];
      const share = words[i + 1] === "w" ? null : Number(words[i + 1]);
      const ci95 = share === null ? null : ([Math.max(0, share - 0.04), share + 0.04] as const);
      return [pair("zone-transition", place, target, share, { from, to, n: 120, ci95 })];
    });
  });
}

function lifts(from: EpochMs, to: EpochMs): readonly MetricValue[] {
  const rows: readonly (readonly [string, string, number | null, number])[] = [
    ["denim", "fitting", 2.14, 0.31],
    ["fitting", "till", 1.72, 0.22],
    ["new", "denim", 1.08, 0.12],
    ["window", "new", 1.21, 0.28],
    ["window", "till", 0.61, 0.2],
    ["window", "fitting", null, 0],
  ];
  return rows.map(([a, b, value, half]) =>
    pair("zone-lift", a, b, value, {
      ...{ from, to, n: 88 },
      ci95: value === null ? null : [value - half, value + half],
    }),
  );
}
