import {
  cameraId,
  type EpochMs,
  epochMs,
  lineId,
  monoMs,
  storeId,
  tagId,
  trackId,
  zoneId,
} from "../../src/core/brand.ts";
import type {
  CrossingDirection,
  CrossingRecorded,
  EventOrigin,
  GroupRecorded,
  JourneyHead,
  SensorRecorded,
  SensorState,
  StaffCrossingRecorded,
  TransactionKind,
  TransactionRecorded,
  ZoneStayBegan,
  ZoneStayEnded,
} from "../../src/core/events.ts";
import type { LinePlan, LineRole, SitePlan, ZonePlan } from "../../src/core/site.ts";

/** An instant from a UTC date, e.g. `utc("2026-11-20T09:00:00Z")`. */
export const utc = (text: string): EpochMs => epochMs(Date.parse(text));

const SQUARE = [
  { x: 0.1, y: 0.1 },
  { x: 0.9, y: 0.1 },
  { x: 0.9, y: 0.9 },
];

const line = (id: string, role: LineRole): LinePlan => ({
  id: lineId(id),
  name: `Line ${id}`,
  role,
  a: { x: 0, y: 0.5 },
  b: { x: 1, y: 0.5 },
});

const zone = (id: string): ZonePlan => ({
  id: zoneId(id),
  name: `Zone ${id}`,
  kind: "display",
  polygon: SQUARE,
});

/** A shop with one camera on the door, one on the frontage, one on the floor. */
export function shopSite(
  options: {
    readonly timeZone?: string;
    readonly dayCutoverMin?: number;
    readonly passing?: readonly string[];
    readonly doors?: readonly string[];
  } = {},
): SitePlan {
  const { timeZone = "UTC", dayCutoverMin = 240 } = options;
  const camera = (id: string, lines: readonly LinePlan[], zones: readonly ZonePlan[]) => ({
    id: cameraId(id),
    name: `Camera ${id}`,
    lines,
    zones,
    exclusions: [],
  });
  const doors = options.doors ?? ["door"];
  const passing = options.passing ?? ["pass-left", "pass-right"];
  return {
    v: 1,
    store: { id: storeId("shop"), name: "Shop", timeZone, dayCutoverMin, currency: "EUR" },
    cameras: [
      camera(
        "entrance",
        doors.map((id) => line(id, "door")),
        [],
      ),
      camera("front", [...passing.map((id) => line(id, "passing"))], []),
      camera("floor", [line("aisle", "internal")], [zone("table"), zone("till")]),
    ],
    receivers: [],
    tags: [],
  };
}

/** Makes journey events of one run of each source, numbered from 0. */
export class EventMaker {
  readonly #next = new Map<string, number>();
  readonly #run: string;
  #people = 0;
  #grouped = 0;

  constructor(run = "a") {
    this.#run = run;
  }

  /** A crossing; without a track every crossing is another person's. */
  crossing(
    at: EpochMs,
    id: string,
    direction: CrossingDirection,
    options: { readonly track?: number; readonly role?: LineRole } = {},
  ): CrossingRecorded {
    const role = options.role ?? (id.startsWith("pass") ? "passing" : "door");
    const doorKind = direction === "in" ? "entered" : "exited";
    this.#people += 1;
    return {
      ...this.#head(role === "door" ? "camera:entrance" : "camera:front", at),
      kind: role === "door" ? doorKind : "passed",
      cameraId: cameraId(role === "door" ? "entrance" : "front"),
      lineId: lineId(id),
      role,
      trackId: trackId(options.track ?? 1_000_000 + this.#people),
      direction,
      confidence: 0.9,
      path: [],
    };
  }

  /** A group of so many people over a line, as told after their crossings; without tracks every one is another's. */
  group(
    at: EpochMs,
    id: string,
    direction: CrossingDirection,
    size: number,
    tracks?: readonly number[],
  ): GroupRecorded {
    this.#grouped += size;
    const strangers = Array.from({ length: size }, (_, i) => 2_000_000 + this.#grouped - i);
    const role = id.startsWith("pass") ? "passing" : "door";
    return {
      ...this.#head(role === "door" ? "camera:entrance" : "camera:front", at),
      kind: "group-crossed",
      cameraId: cameraId(role === "door" ? "entrance" : "front"),
      lineId: lineId(id),
      role,
      direction,
      trackIds: (tracks ?? strangers).map(trackId),
    };
  }

  /** The news that a crossing was staff. */
  staff(crossing: CrossingRecorded, tag = "ann"): StaffCrossingRecorded {
    const { at, lineId: line, direction, source, seq } = crossing;
    return {
      ...this.#head("staff:fused", at),
      kind: "staff-crossed",
      tagId: tagId(tag),
      lineId: line,
      direction,
      crossing: { source, seq },
      probability: 0.9,
    };
  }

  zoneEntered(at: EpochMs, id: string, track: number): ZoneStayBegan {
    return {
      ...this.#head("camera:floor", at),
      kind: "zone-entered",
      cameraId: cameraId("floor"),
      zoneId: zoneId(id),
      trackId: trackId(track),
    };
  }

  zoneExited(
    at: EpochMs,
    id: string,
    track: number,
    dwellMs: number,
    censored = false,
  ): ZoneStayEnded {
    return {
      ...this.#head("camera:floor", at),
      kind: "zone-exited",
      cameraId: cameraId("floor"),
      zoneId: zoneId(id),
      trackId: trackId(track),
      dwellMs,
      censored,
    };
  }

  receipt(
    at: EpochMs,
    receiptId: string,
    netMinor = 1000,
    transactionKind: TransactionKind = "sale",
  ): TransactionRecorded {
    return {
      ...this.#head("till", at),
      kind: "transacted",
      timeSource: "till",
      receiptId,
      transactionKind,
      netMinor,
      units: 1,
    };
  }

  sensor(at: EpochMs, sensorId: string, state: SensorState = "seeing"): SensorRecorded {
    return {
      ...this.#head(`camera:${sensorId}`, at),
      kind: "sensor-changed",
      sensorId,
      sensorKind: "camera",
      state,
      code: state === "blind" ? "CAMERA_STALLED" : null,
    };
  }

  /** All cameras of the shop start to see. */
  allSeeing(at: EpochMs): SensorRecorded[] {
    return ["entrance", "front", "floor"].map((id) => this.sensor(at, id));
  }

  #head(source: string, at: EpochMs): JourneyHead {
    return { ...this.#origin(source), at, atMono: monoMs(at), clock: "synced" };
  }

  #origin(source: string): EventOrigin {
    const seq = this.#next.get(source) ?? 0;
    this.#next.set(source, seq + 1);
    return { source: `${source}#${this.#run}`, seq };
  }
}
