import { cpSync } from "node:fs";
import { join } from "node:path";
import { composeGateway, type Gateway, type SensorPorts } from "../../src/app/compose.ts";
import type { VisitEraser, VisitTraces } from "../../src/app/history/visit-eraser.ts";
import type { LoyaltyPorts } from "../../src/app/loyalty-unit.ts";
import {
  cameraId,
  type EpochMs,
  epochMs,
  gatewayId,
  lineId,
  monoMs,
  tagId,
  trackId,
  zoneId,
} from "../../src/core/brand.ts";
import type { SensorEvent } from "../../src/core/events.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import type { MetricId, MetricScope, MetricValue } from "../../src/core/metric-value.ts";
import type { SitePlan, TagKind, TagPlan } from "../../src/core/site.ts";
import { createSteppedClock, type SteppedClock } from "../../src/core/stepped-clock.ts";
import { type History, openHistory } from "../../src/io/history/history.ts";
import { type Outbox, openOutbox } from "../../src/io/outbox/outbox.ts";
import { createMetrics, type Metrics } from "../../src/metrics/metrics.ts";
import type { FigureReader } from "../../src/metrics/reports/period-report.ts";
import { fromCloudEvent } from "../../src/wire/cloud-event.ts";
import { shopSite } from "./journey-events.ts";

const tag = (id: string, kind: TagKind): TagPlan => ({
  id: tagId(id),
  kind,
  beacon: { format: "altbeacon", id },
});

/** The shop of the rig: UTC, trading days from 04:00, three tagged baskets and two customers with a card. */
export const RIG_SITE: SitePlan = {
  ...shopSite(),
  tags: [
    ...["b1", "b2", "b3"].map((id) => tag(id, "basket")),
    ...["ann", "bob"].map((id) => tag(id, "loyalty-card")),
  ],
};

/** One life of a gateway on a virtual clock, with its real files, and sensors that say what a test wants. */
export interface HistoryLife {
  readonly clock: SteppedClock;
  readonly outbox: Outbox;
  readonly history: History;
  readonly gateway: Gateway;
  /** Cameras report that they see. */
  seeing(): void;
  /** Somebody through the door, or along the frontage; `agoMs`: told so much later. */
  cross(line: string, direction: "in" | "out", agoMs?: number): void;
  /** Somebody who stayed so long at the table until `agoMs` ago. */
  stay(dwellMs: number, agoMs?: number): void;
  sell(netMinor: number, agoMs?: number): void;
  /** A tag of the shop is heard inside, or passing outside. */
  hear(tag: string, state: "inside" | "passing"): void;
  /** A member is recognised at the station; only of a life that began with loyalty. */
  recognise(member: string): void;
  /** Where visits name members; null without loyalty. */
  readonly traces: VisitTraces | null;
  /** Lets virtual time pass. */
  pass(ms: number): void;
  /** Sets the wall clock, forward or back; the monotonic clock goes on. */
  setClock(at: EpochMs): void;
  /** Copies into another folder what the disk would hold if the power went now. */
  cutPower(into: string): void;
  close(): void;
}

/** Begins a life at an instant. The monotonic clock starts anew, as after a boot. */
export async function beginLife(
  folder: string,
  boot: string,
  start: EpochMs,
  choresMs = 600_000,
  eraser: VisitEraser | null = null,
): Promise<HistoryLife> {
  const stepped = createSteppedClock(epochMs(start - UPTIME_MS), monoMs(UPTIME_MS));
  // Days pass here: what a gateway does every second is done every ten minutes, or as the test wants.
  let setByMs = 0;
  const clock: SteppedClock = {
    ...stepped,
    pending: 0,
    now: () => epochMs(stepped.now() + setByMs),
    every: (periodMs, name, run) => stepped.every(Math.max(periodMs, choresMs), name, run),
  };
  const common = { clock, log: SILENT_LOG, random: () => 0.5 };
  const path = join(folder, "outbox.db");
  const outbox = openOutbox({ path, capBytes: 2 ** 28, commitMs: 250, ...common });
  const history = openHistory({ path: join(folder, "history.db"), clock, log: SILENT_LOG });
  const sensors = new ScriptedSensors(boot, clock);
  const station = new ScriptedStation(boot, clock, eraser);
  const gateway = composeGateway({
    gatewayId: gatewayId("rig"),
    site: RIG_SITE,
    outbox,
    history,
    broker: null,
    topicRoot: "vitrine",
    boot,
    version: "test",
    notices: [],
    sensors: (given) => sensors.open(given),
    loyalty: eraser === null ? null : station,
    anchor: () => ({ mono: clock.mono(), epoch: clock.now(), clock: "synced" }),
    ...common,
  });
  for (const service of gateway.sources) await service.start(new AbortController().signal);
  return {
    clock,
    outbox,
    history,
    gateway,
    seeing: () => sensors.seeing(),
    cross: (line, direction, agoMs = 0) => sensors.cross(line, direction, agoMs),
    stay: (dwellMs, agoMs = 0) => sensors.stay(dwellMs, agoMs),
    sell: (netMinor, agoMs = 0) => sensors.sell(netMinor, agoMs),
    hear: (tag, state) => sensors.hear(tag, state),
    recognise: (member) => station.recognise(member),
    traces: station.traces,
    pass: (ms) => clock.advanceTo(monoMs(clock.mono() + ms)),
    setClock: (at) => {
      setByMs += at - clock.now();
    },
    cutPower: (into) => cpSync(folder, into, { recursive: true }),
    close: () => {
      outbox.close();
      history.close();
    },
  };
}

/** Long enough that something told a day late has a monotonic time of its own. */
const UPTIME_MS = 100 * 86_400_000;

/** Loyalty as the gateway knows it, with a station that says what a test wants. */
class ScriptedStation {
  readonly #boot: string;
  readonly #clock: SteppedClock;
  readonly #eraser: VisitEraser | null;
  #ports: LoyaltyPorts | null = null;
  #seq = 0;

  constructor(boot: string, clock: SteppedClock, eraser: VisitEraser | null) {
    this.#boot = boot;
    this.#clock = clock;
    this.#eraser = eraser;
  }

  get traces(): VisitTraces | null {
    return this.#ports?.traces ?? null;
  }

  begin(ports: LoyaltyPorts): void {
    this.#ports = ports;
    this.#eraser?.begin(ports.traces ?? null);
  }

  chores(): readonly [] {
    return [];
  }

  notices(): readonly string[] {
    return [];
  }

  recognise(member: string): void {
    const head = {
      source: `station:kiosk#${this.#boot}`,
      seq: this.#seq,
      clock: "synced" as const,
    };
    this.#seq += 1;
    const times = { at: this.#clock.now(), atMono: this.#clock.mono() };
    const what = { pseudonym: tagId(member), method: "code" as const, stationId: "kiosk" };
    this.#ports?.onEvent({ ...head, ...times, kind: "shopper-recognised", ...what });
  }
}

class ScriptedSensors {
  readonly #boot: string;
  readonly #clock: SteppedClock;
  readonly #seq = new Map<string, number>();
  #ports: SensorPorts | null = null;
  #people = 0;

  constructor(boot: string, clock: SteppedClock) {
    this.#boot = boot;
    this.#clock = clock;
  }

  open(ports: SensorPorts): ReturnType<Parameters<typeof composeGateway>[0]["sensors"]> {
    this.#ports = ports;
    const service = {
      name: "camera",
      start: async () => undefined,
      [Symbol.asyncDispose]: async () => undefined,
    };
    return RIG_SITE.cameras.map(({ id, name }) => ({
      sensorId: id,
      kind: "camera" as const,
      name,
      service,
      facts: () => [],
    }));
  }

  seeing(): void {
    for (const { id } of RIG_SITE.cameras)
      this.#say({
        ...this.#head(`state:${id}`, 0),
        kind: "sensor-changed",
        sensorId: id,
        sensorKind: "camera",
        state: "seeing",
        code: null,
      });
  }

  cross(line: string, direction: "in" | "out", agoMs: number): void {
    this.#people += 1;
    const camera = line.startsWith("pass") ? "front" : "entrance";
    this.#say({
      ...this.#head(`camera:${camera}`, agoMs),
      kind: "line-crossed",
      cameraId: cameraId(camera),
      lineId: lineId(line),
      trackId: trackId(this.#people),
      direction,
      confidence: 0.9,
      path: [],
    });
  }

  stay(dwellMs: number, agoMs: number): void {
    this.#people += 1;
    const where = {
      cameraId: cameraId("floor"),
      zoneId: zoneId("table"),
      trackId: trackId(this.#people),
    };
    const came = this.#head("camera:floor", agoMs + dwellMs);
    this.#say({ ...came, kind: "zone-entered", ...where });
    const left = this.#head("camera:floor", agoMs);
    this.#say({ ...left, kind: "zone-exited", ...where, dwellMs, censored: false });
  }

  sell(netMinor: number, agoMs: number): void {
    const head = this.#head("till:1", 0);
    this.#say({
      ...head,
      kind: "transaction",
      receiptId: `${this.#boot}-${head.seq}`,
      transactionKind: "sale",
      paidAt: epochMs(this.#clock.now() - agoMs),
      netMinor,
      units: 1,
    });
  }

  hear(name: string, state: "inside" | "passing"): void {
    const plan = RIG_SITE.tags.find(({ id }) => id === name);
    if (plan === undefined) throw new TypeError(`no such tag: ${name}`);
    const previous = state === "inside" ? "passing" : "inside";
    const what = { tagId: plan.id, tagKind: plan.kind, state, previous } as const;
    this.#say({ ...this.#head("radio:fused", 0), kind: "tag-changed", ...what });
  }

  #head(source: string, agoMs: number) {
    const seq = this.#seq.get(source) ?? 0;
    this.#seq.set(source, seq + 1);
    return {
      source: `${source}#${this.#boot}`,
      seq,
      atMono: monoMs(this.#clock.mono() - agoMs),
    };
  }

  #say(event: SensorEvent): void {
    this.#ports?.onEvent(event);
  }
}

const STORE: MetricScope = { kind: "store" };
const ASKED: readonly (readonly [MetricId, MetricScope])[] = [
  ["passing-traffic", STORE],
  ["entrants", STORE],
  ["exits", STORE],
  ["shopfront-conversion", STORE],
  ["visit-duration-mean", STORE],
  ["transactions", STORE],
  ["net-sales", STORE],
  ["entrants", { kind: "line", id: "door" }],
  ["zone-visits", { kind: "zone", id: "table" }],
  ["zone-dwell-total", { kind: "zone", id: "table" }],
  ["zone-dwell-median", { kind: "zone", id: "table" }],
];

/** Metrics that were told everything an outbox holds, once and in order: what a gateway that never stopped would know. */
export function retold(outbox: Outbox): Metrics {
  const metrics = createMetrics({ site: RIG_SITE });
  for (const body of outbox.since(epochMs(0))) {
    const event = fromCloudEvent(JSON.parse(body));
    if (!event.ok) throw new TypeError(`not an event: ${body}`);
    metrics.ingest(event.value);
  }
  return metrics;
}

/** The figures of a trading day, or of what has passed of it. */
export function figuresOf(reader: FigureReader, from: EpochMs, to: EpochMs): MetricValue[] {
  return ASKED.map(([metric, scope]) => reader.value(metric, scope, from, to));
}
