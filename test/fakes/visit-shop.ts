import {
  cameraId,
  type EpochMs,
  epochMs,
  lineId,
  monoMs,
  tagId,
  trackId,
  zoneId,
} from "../../src/core/brand.ts";
import type {
  BasketChange,
  CrossingRecorded,
  JourneyCompleted,
  JourneyEvent,
  JourneyHead,
  QueueJoined,
  QueueLeft,
  RecognitionMethod,
  SensorState,
  TagMovement,
  TagState,
  TransactionKind,
} from "../../src/core/events.ts";
import type { SitePlan, TagKind, ZoneKind, ZonePlan } from "../../src/core/site.ts";
import { VisitBuilder, type VisitOptions } from "../../src/journey/visits/visit-builder.ts";
import { shopSite } from "./journey-events.ts";

/** Ten in the morning. */
export const OPEN = Date.UTC(2026, 4, 4, 10);
/** An instant so many minutes and seconds after ten. */
export const at = (minutes: number, seconds = 0): EpochMs =>
  epochMs(OPEN + minutes * 60_000 + seconds * 1_000);

const zone = (id: string, kind: ZoneKind, more: Partial<ZonePlan> = {}): ZonePlan => ({
  id: zoneId(id),
  name: id,
  kind,
  polygon: [],
  ...more,
});

const ZONES: readonly ZonePlan[] = [
  zone("shelf", "display"),
  zone("rack", "display"),
  zone("pane", "window"),
  zone("line-up", "area"),
  zone("queue", "queue", { servedAt: zoneId("till"), approach: zoneId("line-up") }),
  zone("till", "till"),
  zone("collect", "collect"),
];

/**
 * A shop whose camera `all` follows everybody from door to door; camera `far` sees the queue and follows nobody, camera
 * `back` a door of its own. Trading days are cut at 04:00 UTC.
 */
export function visitPlan(more: Partial<SitePlan> = {}): SitePlan {
  const plain = shopSite({ doors: ["north", "south"] });
  const [entrance] = plain.cameras;
  if (entrance === undefined) throw new TypeError("the shop has no door");
  const all = { ...entrance, id: cameraId("all"), zones: ZONES, followsVisits: true };
  const far = { ...entrance, id: cameraId("far"), lines: [], zones: ZONES };
  const [line] = entrance.lines;
  const lines = line === undefined ? [] : [{ ...line, id: lineId("yard") }];
  const back = { ...entrance, id: cameraId("back"), lines };
  return { ...plain, cameras: [all, far, back], ...more };
}

/** Makes events as the journey stage tells them, numbered per source. Times may lie in any order. */
export class ToldEvents {
  readonly #run: string;
  readonly #next = new Map<string, number>();

  constructor(run = "a") {
    this.#run = run;
  }

  in(when: EpochMs, track: number, line = "north"): CrossingRecorded {
    return this.#crossing(when, track, line, "in");
  }

  out(when: EpochMs, track: number, line = "north"): CrossingRecorded {
    return this.#crossing(when, track, line, "out");
  }

  /** A stay from `from` to `to`: its beginning and its end as two events. */
  stay(
    from: EpochMs,
    to: EpochMs,
    zoneName: string,
    track: number,
    camera = "all",
  ): JourneyEvent[] {
    return [
      this.begin(from, zoneName, track, camera),
      this.end(to, to - from, zoneName, track, { camera }),
    ];
  }

  begin(from: EpochMs, zoneName: string, track: number, camera = "all"): JourneyEvent {
    const who = { cameraId: cameraId(camera), trackId: trackId(track) };
    const head = this.head(`camera:${camera}`, from);
    return { ...head, kind: "zone-entered", ...who, zoneId: zoneId(zoneName) };
  }

  end(
    to: EpochMs,
    dwellMs: number,
    zoneName: string,
    track: number,
    options: { readonly camera?: string; readonly censored?: boolean } = {},
  ): JourneyEvent {
    const { camera = "all", censored = false } = options;
    const who = { cameraId: cameraId(camera), trackId: trackId(track) };
    const what = { zoneId: zoneId(zoneName), dwellMs, censored };
    return { ...this.head(`camera:${camera}`, to), kind: "zone-exited", ...who, ...what };
  }

  presence(
    when: EpochMs,
    tag: string,
    state: TagState,
    options: { readonly previous?: TagState; readonly kind?: TagKind } = {},
  ): JourneyEvent {
    const { previous = state === "inside" ? "passing" : "inside", kind: tagKind = "basket" } =
      options;
    const head = this.head("radio:fused", when);
    return { ...head, kind: "tag-presence", tagId: tagId(tag), tagKind, state, previous };
  }

  /** A member shows something at the station. */
  recognised(when: EpochMs, member: string, method: RecognitionMethod = "code"): JourneyEvent {
    const head = this.head("station:kiosk", when);
    const what = { pseudonym: tagId(member), method, stationId: "kiosk" };
    return { ...head, kind: "shopper-recognised", ...what };
  }

  tagStay(
    from: EpochMs,
    to: EpochMs,
    zoneName: string,
    tag: string,
    tagKind: TagKind = "basket",
  ): JourneyEvent[] {
    const what = { tagId: tagId(tag), tagKind, zoneId: zoneId(zoneName), confidence: 0.9 };
    const begun = { ...this.head("radio:fused", from), kind: "tag-zone-entered" as const, ...what };
    const over = { dwellMs: to - from, censored: false };
    const ended = this.head("radio:fused", to);
    return [begun, { ...ended, kind: "tag-zone-exited" as const, ...what, ...over }];
  }

  moved(
    when: EpochMs,
    tag: string,
    movement: TagMovement,
    zoneName: string | null,
    tagKind: TagKind = "asset",
  ): JourneyEvent {
    const where = zoneName === null ? null : zoneId(zoneName);
    const head = this.head("radio:fused", when);
    return { ...head, kind: "tag-moved", tagId: tagId(tag), tagKind, movement, zoneId: where };
  }

  basket(when: EpochMs, tag: string, change: BasketChange, units = 1): JourneyEvent {
    const what = { tagId: tagId(tag), change, sku: "sku-1", units, zoneId: null };
    return { ...this.head("basket:gw1", when), kind: "basket-changed", ...what };
  }

  receipt(
    when: EpochMs,
    receiptId: string,
    options: { readonly kind?: TransactionKind; readonly tag?: string } = {},
  ): JourneyEvent {
    const { kind: transactionKind = "sale", tag } = options;
    return {
      ...this.head("pos:till", when),
      kind: "transacted",
      timeSource: "till",
      receiptId,
      transactionKind,
      netMinor: transactionKind === "refund" ? -1_000 : 1_000,
      units: 1,
      ...(tag === undefined ? {} : { tagId: tagId(tag) }),
    };
  }

  renamed(when: EpochMs, from: number, to: number, isUndone = false): JourneyEvent {
    const who = { cameraId: cameraId("all"), from: trackId(from), to: trackId(to) };
    return { ...this.head("counter:all", when), kind: "track-renamed", ...who, isUndone };
  }

  staff(crossing: CrossingRecorded): JourneyEvent {
    const { at: when, source, seq, direction } = crossing;
    return {
      ...this.head("staff:fused", when),
      kind: "staff-crossed",
      tagId: tagId("ann"),
      lineId: crossing.lineId,
      direction,
      crossing: { source, seq },
      probability: 0.9,
    };
  }

  sensor(
    when: EpochMs,
    sensorId: string,
    state: SensorState,
    kind: "camera" | "radio" = "camera",
  ): JourneyEvent {
    const head = this.head(`${kind}-state:${sensorId}`, when);
    return { ...head, kind: "sensor-changed", sensorId, sensorKind: kind, state, code: null };
  }

  head(source: string, when: EpochMs, atMono = when - OPEN): JourneyHead {
    const name = `${source}#${this.#run}`;
    const seq = this.#next.get(name) ?? 0;
    this.#next.set(name, seq + 1);
    return { source: name, seq, at: when, atMono: monoMs(atMono), clock: "synced" };
  }

  #crossing(when: EpochMs, track: number, line: string, direction: "in" | "out"): CrossingRecorded {
    const camera = line === "yard" ? "back" : "all";
    return {
      ...this.head(`camera:${camera}`, when),
      kind: direction === "in" ? "entered" : "exited",
      cameraId: cameraId(camera),
      lineId: lineId(line),
      role: "door",
      trackId: trackId(track),
      direction,
      confidence: 0.9,
      path: [],
    };
  }
}

/** A builder, and what it told. */
export interface WatchedVisits {
  readonly builder: VisitBuilder;
  readonly told: JourneyEvent[];
  /** Documents, in the order in which they were told. */
  documents(): readonly JourneyCompleted[];
  /** The newest document of each visit that stands, by the time of entry. */
  visits(): readonly JourneyCompleted[];
  queues(): readonly (QueueJoined | QueueLeft)[];
  /** Hands events in as they are, each at its own time, and lets time pass up to it before. */
  play(events: readonly JourneyEvent[]): void;
}

/** Opens a builder on the shop, or on a plan of one's own. */
export function watchVisits(
  plan: SitePlan = visitPlan(),
  options: VisitOptions = {},
): WatchedVisits {
  const told: JourneyEvent[] = [];
  const builder = new VisitBuilder(plan, options, (event) => told.push(event));
  const documents = (): readonly JourneyCompleted[] =>
    told.filter((event) => event.kind === "completed");
  return {
    builder,
    told,
    documents,
    visits: () => {
      const newest = new Map(documents().map((document) => [document.visitId, document]));
      const standing = [...newest.values()].filter(({ isWithdrawn }) => !isWithdrawn);
      return standing.sort((a, b) => a.enteredAt - b.enteredAt);
    },
    queues: () =>
      told.filter((event) => event.kind === "queue-joined" || event.kind === "queue-left"),
    play: (events) => {
      for (const event of events) {
        builder.advance(event.at);
        builder.take(event);
      }
    },
  };
}
