import { epochMs } from "../../src/core/brand.ts";
import type { DeliveryStatus } from "../../src/core/delivery-status.ts";
import type {
  MetricId,
  MetricMethod,
  MetricUnit,
  MetricValue,
} from "../../src/core/metric-value.ts";
import type { ZoneKind } from "../../src/core/site.ts";
import type { DaySeries, TodayView, ZoneToday } from "../../src/metrics/reports/today.ts";
import type { SensorStatus, StatusView } from "../../src/web/dashboard-source.ts";

/**
 * What the scripted shop goes through. `busy`: a good afternoon with small flaws. `blind`: the door camera failed
 * and the centre is out of reach. `empty`: the first minute of a new gateway.
 */
export type Scene = "busy" | "blind" | "empty";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Sunday 22 November 2026, 14:37:20 in Berlin. */
export const SCENE_NOW = Date.UTC(2026, 10, 22, 13, 37, 20);
const DAY_START = epochMs(Date.UTC(2026, 10, 22, 3, 0, 0));
const DAY_END = epochMs(DAY_START + 24 * HOUR);
const BLIND_SINCE = epochMs(Date.UTC(2026, 10, 22, 13, 2, 0));
const STEP = 15 * MINUTE;

/** Builds one value with everything that explains it; `patch` changes what matters to a test. */
export function fakeMetric(
  metric: MetricId,
  value: number | null,
  unit: MetricUnit,
  patch: Partial<MetricValue> = {},
): MetricValue {
  const method: MetricMethod = value === null ? "none" : "count";
  return {
    metric,
    scope: { kind: "store" },
    value,
    unit,
    reason: null,
    definition: { id: metric, version: 1, parameters: {} },
    method,
    coverage: 0.993,
    imputedShare: 0,
    n: value === null ? 0 : 200,
    effectiveN: null,
    ci95: null,
    from: DAY_START,
    to: epochMs(SCENE_NOW),
    revision: 0,
    ...patch,
  };
}

const BLIND_REASON = { code: "sensor-blind", text: "door camera blind since 14:02" };
const NO_EVENTS = { code: "no-events", text: "nothing has been counted yet today" };
const BOUNCE_REASON = {
  code: "method-missing",
  text: "anonymous counts cannot tell short visits; needs 7 days of history",
};

function tilesOf(scene: Scene): readonly MetricValue[] {
  if (scene === "empty") return EMPTY_TILES;
  const door = scene === "blind" ? { coverage: 0.91 } : {};
  const now = scene === "blind" ? null : 14;
  return [
    fakeMetric("passing-traffic", 3_482, "people", { n: 3_482, ...door }),
    fakeMetric("entrants", 412, "people", { n: 412, ...door }),
    fakeMetric("exits", 398, "people", { n: 398, ...door }),
    fakeMetric("shopfront-conversion", 412 / 3_482, "ratio", {
      n: 3_482,
      ci95: [0.108, 0.1295],
      ...door,
    }),
    fakeMetric("occupancy", now, "people", {
      n: 810,
      definition: { id: "occupancy", version: 1, parameters: { reset: "04:00" } },
      reason: now === null ? BLIND_REASON : null,
    }),
    fakeMetric("visit-duration-mean", 812_400, "ms", {
      method: "little-closure",
      n: 398,
      imputedShare: 0.04,
      definition: { id: "visit-duration-mean", version: 2, parameters: { closure: "live-factor" } },
    }),
    fakeMetric("sales-conversion", 96 / 412, "ratio", {
      method: "receipts",
      n: 412,
      ci95: [0.195, 0.276],
      definition: { id: "sales-conversion", version: 1, parameters: { lagMin: 14 } },
      ...door,
    }),
    fakeMetric("transactions", 96, "count", { method: "receipts", n: 96, coverage: 1 }),
    fakeMetric("net-sales", 512_345, "minor", { method: "receipts", n: 96, coverage: 1 }),
    fakeMetric("bounce-rate", null, "ratio", {
      reason: BOUNCE_REASON,
      definition: { id: "bounce-rate", version: 1, parameters: { tauMs: 120_000 } },
    }),
  ];
}

const EMPTY_TILES: readonly MetricValue[] = (
  [
    ["passing-traffic", "people"],
    ["entrants", "people"],
    ["shopfront-conversion", "ratio"],
    ["occupancy", "people"],
    ["visit-duration-mean", "ms"],
    ["sales-conversion", "ratio"],
    ["transactions", "count"],
    ["net-sales", "minor"],
    ["bounce-rate", "ratio"],
  ] as const
).map(([id, unit]) => fakeMetric(id, null, unit, { reason: NO_EVENTS, coverage: 0 }));

function zoneToday(
  id: string,
  name: string,
  kind: ZoneKind,
  values: readonly [now: number | null, visits: number, medianMs: number | null, totalMs: number],
): ZoneToday {
  const scope = { kind: "zone", id } as const;
  const [now, visits, medianMs, totalMs] = values;
  const few = { code: "too-few", text: "no stay has ended yet" };
  return {
    zoneId: id,
    name,
    kind,
    peopleNow: fakeMetric("zone-people-now", now, "people", {
      scope,
      reason: now === null ? BLIND_REASON : null,
    }),
    visits: fakeMetric("zone-visits", visits, "count", { scope, n: visits }),
    dwellMedian: fakeMetric("zone-dwell-median", medianMs, "ms", {
      scope,
      method: medianMs === null ? "none" : "track",
      n: visits,
      reason: medianMs === null ? few : null,
    }),
    dwellTotal: fakeMetric("zone-dwell-total", totalMs, "ms", {
      scope,
      method: "track",
      n: visits,
    }),
  };
}

function seriesOf(scene: Scene): DaySeries {
  const slots = Math.ceil((SCENE_NOW - DAY_START) / STEP);
  const empty = Array<number | null>(slots).fill(null);
  if (scene === "empty") {
    return {
      from: DAY_START,
      stepMs: STEP,
      passing: empty,
      entrants: empty,
      exits: empty,
      occupancy: empty,
      transactions: empty,
    };
  }
  const hourAt = (i: number): number => 4 + (i * STEP) / HOUR;
  // Open from 9: a morning rise, a lunch hour, an afternoon; a few minutes without sight before noon.
  const curve = (i: number, scale: number, phase: number): number | null => {
    const h = hourAt(i);
    if (h < 8 || (h >= 11.25 && h < 11.75) || (scene === "blind" && h >= 14)) return null;
    const wave = Math.exp(-((h - 12.6) ** 2) / 5) + 0.55 * Math.exp(-((h - 15.5) ** 2) / 3);
    return Math.max(0, Math.round(scale * wave * (1 + 0.18 * Math.sin(i * 2.1 + phase))));
  };
  const make = (scale: number, phase: number): (number | null)[] =>
    empty.map((_, i) => curve(i, scale, phase));
  return {
    from: DAY_START,
    stepMs: STEP,
    passing: make(205, 0),
    entrants: make(26, 1),
    exits: make(25, 2),
    occupancy: make(15, 3),
    transactions: make(6, 4),
  };
}

const STARTED = epochMs(DAY_START - 30 * HOUR);

const FLOOR_SEEING: SensorStatus = {
  sensorId: "floor",
  kind: "camera",
  name: "Sales floor",
  state: "seeing",
  since: STARTED,
  code: null,
  conditions: [],
  facts: [["frames per second", "8.0"]],
};
const DOOR_SEEING: SensorStatus = {
  ...FLOOR_SEEING,
  sensorId: "door",
  name: "Front door",
  facts: [
    ["frames per second", "7.9"],
    ["frames dropped", "0.3%"],
  ],
};
const RADIO_SEEING: SensorStatus = {
  sensorId: "ceiling",
  kind: "radio",
  name: "Ceiling receiver",
  state: "seeing",
  since: STARTED,
  code: null,
  conditions: [],
  facts: [["packets per second", "112"]],
};
const ACKED: DeliveryStatus = {
  state: "acked",
  since: STARTED,
  code: null,
  outboxEvents: 3,
  outboxBytes: 2_400,
  outboxCapBytes: 2_147_483_648,
  oldestAgeMs: 900,
  lastAckAt: epochMs(SCENE_NOW - 1_200),
  shedEvents: 0,
};

const SENSORS: Readonly<Record<Scene, readonly SensorStatus[]>> = {
  busy: [DOOR_SEEING, FLOOR_SEEING, RADIO_SEEING],
  blind: [
    { ...DOOR_SEEING, state: "blind", since: BLIND_SINCE, code: "CAMERA_STALLED", facts: [] },
    FLOOR_SEEING,
    RADIO_SEEING,
  ],
  empty: [
    { ...DOOR_SEEING, state: "starting", facts: [] },
    { ...FLOOR_SEEING, state: "starting", facts: [] },
    { ...RADIO_SEEING, state: "blind", code: "RADIO_ADAPTER_MISSING", facts: [] },
  ],
};
const DELIVERY: Readonly<Record<Scene, DeliveryStatus>> = {
  busy: ACKED,
  blind: {
    ...ACKED,
    state: "offline",
    since: epochMs(BLIND_SINCE - 11 * MINUTE),
    code: "BROKER_UNREACHABLE",
    outboxEvents: 1_284,
    outboxBytes: 918_000,
    oldestAgeMs: 46 * MINUTE,
    lastAckAt: epochMs(SCENE_NOW - 46 * MINUTE),
  },
  empty: {
    ...ACKED,
    state: "off",
    outboxEvents: 0,
    outboxBytes: 0,
    oldestAgeMs: null,
    lastAckAt: null,
  },
};

function statusOf(scene: Scene): StatusView {
  return {
    gatewayId: "gw-berlin-1",
    version: "0.1.0",
    startedAt: STARTED,
    sensors: SENSORS[scene],
    delivery: DELIVERY[scene],
    notices: scene === "busy" ? ["Radio input comes from the demonstration generator."] : [],
  };
}

/** The scripted views of a scene, at a fixed time of a fixed day. */
export function sceneViews(scene: Scene): {
  readonly today: TodayView;
  readonly status: StatusView;
} {
  const isBlind = scene === "blind";
  const zones =
    scene === "empty"
      ? []
      : [
          zoneToday("window", "Shop window", "window", [
            isBlind ? null : 2,
            318,
            14_200,
            6_120_000,
          ]),
          zoneToday("new", "New arrivals", "display", [5, 187, 64_000, 15_730_000]),
          zoneToday("denim", "Denim wall", "display", [2, 121, 58_000, 9_340_000]),
          zoneToday("fitting", "Fitting rooms", "area", [1, 64, 251_000, 17_210_000]),
          zoneToday("queue", "Till queue", "queue", [2, 109, 96_000, 11_020_000]),
          zoneToday("till", "Till", "till", [1, 104, null, 16_900_000]),
        ];
  return {
    today: {
      now: epochMs(SCENE_NOW),
      dayStart: DAY_START,
      dayEnd: DAY_END,
      newestEventAt: scene === "empty" ? null : epochMs(SCENE_NOW - 2_400),
      tiles: tilesOf(scene),
      zones,
      series: seriesOf(scene),
    },
    status: statusOf(scene),
  };
}
