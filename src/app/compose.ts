import type { GatewayId } from "../core/brand.ts";
import type { Clock, TimeAnchor } from "../core/clock.ts";
import type { JourneyEvent, LivePeople, SensorEvent } from "../core/events.ts";
import type { Log, Service } from "../core/lifecycle.ts";
import type { SitePlan } from "../core/site.ts";
import { Delivery, gatewayWill } from "../io/mqtt/delivery.ts";
import { MqttLink } from "../io/mqtt/mqtt-link.ts";
import { PosIntake, type ReceivedReceipt } from "../io/mqtt/pos-intake.ts";
import type { Outbox } from "../io/outbox/outbox.ts";
import { createJourney } from "../journey/journey.ts";
import { summaries } from "../metrics/live-summaries.ts";
import { createMetrics, type Metrics } from "../metrics/metrics.ts";
import type { DashboardSource, StatusView } from "../web/dashboard-source.ts";
import { recapSensors } from "./day-recap.ts";
import { rebuildDay } from "./rebuild-day.ts";
import { SensorBoard, type SensorUnit } from "./sensor-board.ts";
import { Subscribers } from "./subscribers.ts";
import { createUpkeep } from "./upkeep.ts";

/** How to reach the broker; secrets are already read. */
export interface BrokerAccess {
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

/** Where sensors hand in what they see. */
export interface SensorPorts {
  readonly onEvent: (event: SensorEvent) => void;
  readonly onPeople: (people: LivePeople) => void;
}

export interface GatewayDeps {
  readonly gatewayId: GatewayId;
  readonly site: SitePlan;
  readonly outbox: Outbox;
  /** null: no broker configured, events wait in the outbox. */
  readonly broker: BrokerAccess | null;
  readonly topicRoot: string;
  /** Id of this life of the process. */
  readonly boot: string;
  readonly version: string;
  readonly notices: readonly string[];
  /** Builds the sensors of this gateway; called once. */
  readonly sensors: (ports: SensorPorts) => readonly SensorUnit[];
  readonly anchor: () => TimeAnchor;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

/** The object graph of one gateway, in data-path order: start from the end, stop from the beginning. */
export interface Gateway {
  /** Sensors and upkeep. */
  readonly sources: readonly Service[];
  /** The way to the centre. */
  readonly sinks: readonly Service[];
  readonly dashboard: DashboardSource;
  readonly metrics: Metrics;
}

const LIVE_PERIOD_MS = 5_000;
const REFRESH_PERIOD_MS = 15_000;
const DAY_CHECK_PERIOD_MS = 15_000;

/**
 * Wires the stages: sensors -> journey -> metrics, and journey -> outbox -> broker. Before anything starts, the
 * figures of the day are rebuilt from the daybook, so a restart changes none of them.
 */
export function composeGateway(deps: GatewayDeps): Gateway {
  const { site, clock, outbox } = deps;
  const metrics = createMetrics({ site });
  const changed = new Subscribers<void>();
  const people = new Subscribers<LivePeople>();
  const startedAt = clock.now();

  const onJourneyEvent = (event: JourneyEvent): void => {
    delivery.record(event);
    metrics.ingest(event);
    if (event.kind === "sensor-changed" && board.take(event)) delivery.announce();
    changed.emit();
  };
  const journey = createJourney({ site, anchor: deps.anchor, onEvent: onJourneyEvent });
  const onEvent = (event: SensorEvent): void => journey.ingest(event);
  const units = deps.sensors({ onEvent, onPeople: (seen) => people.emit(seen) });
  const board = new SensorBoard(units, startedAt);
  const { link, delivery, tills } = createDelivery(deps, () => board.births(), onEvent);
  delivery.onChange = () => changed.emit();

  const status = (): StatusView => ({
    gatewayId: deps.gatewayId,
    version: deps.version,
    startedAt,
    sensors: board.statuses(),
    delivery: delivery.status(),
    notices: [...deps.notices, ...tillNotices(tills)],
  });
  const dashboard: DashboardSource = {
    site: () => site,
    today: () => metrics.today(clock.now()),
    status,
    onChange: (listener) => changed.add(listener),
    onPeople: (listener) => people.add(listener),
  };
  let { dayStart } = metrics.today(startedAt);
  const beginDay = (): void => {
    const { dayStart: start } = metrics.today(clock.now());
    if (start === dayStart) return;
    dayStart = start;
    const day = { start, boot: deps.boot };
    for (const event of recapSensors(board.statuses(), day, deps.anchor())) onJourneyEvent(event);
    outbox.purge(start);
  };
  const upkeep = createUpkeep(clock, [
    {
      name: "live-values",
      periodMs: LIVE_PERIOD_MS,
      run: () => publishLive(metrics, delivery, clock),
    },
    { name: "page-refresh", periodMs: REFRESH_PERIOD_MS, run: () => changed.emit() },
    { name: "new-day", periodMs: DAY_CHECK_PERIOD_MS, run: () => beginDay() },
  ]);
  restoreDay(deps, metrics, onJourneyEvent);
  const sinks = link === null ? [delivery] : [delivery, link];
  const sources = [...units.map((unit) => unit.service), upkeep];
  return { sources, sinks, dashboard, metrics };
}

/** Metrics first, from the daybook; then the end of whatever was seeing when the last life of this gateway ended. */
function restoreDay(
  deps: GatewayDeps,
  metrics: Metrics,
  onJourneyEvent: (event: JourneyEvent) => void,
): void {
  const { outbox, clock, boot, log } = deps;
  const { dayStart } = metrics.today(clock.now());
  const day = rebuildDay(outbox.since(dayStart), boot, (event) => metrics.ingest(event));
  outbox.purge(dayStart);
  for (const event of day.interruptions) onJourneyEvent(event);
  const { events, unreadable } = day;
  log.info({ event: "day.rebuilt", events, unreadable }, "the day was rebuilt from the daybook");
}

function publishLive(metrics: Metrics, delivery: Delivery, clock: Clock): void {
  for (const { values } of summaries(metrics.today(clock.now()))) {
    const scope = values[0]?.scope;
    if (scope !== undefined) delivery.publishLive(scope, values);
  }
}

function createDelivery(
  deps: GatewayDeps,
  sensors: () => ReturnType<SensorBoard["births"]>,
  onEvent: (event: SensorEvent) => void,
): {
  readonly link: MqttLink | null;
  readonly delivery: Delivery;
  readonly tills: PosIntake | null;
} {
  const { clock, log, random, outbox, broker, boot, gatewayId, topicRoot } = deps;
  const identity = {
    root: topicRoot,
    gatewayId,
    storeId: deps.site.store.id,
    boot,
    versions: { vitrine: deps.version, node: process.versions.node },
  };
  const link =
    broker === null
      ? null
      : new MqttLink({
          ...broker,
          clientId: gatewayId,
          // The broker keeps receipts for us while we are away; events of ours are never its business.
          clean: false,
          boot,
          will: (session) => gatewayWill(identity, outbox.epoch, session),
          clock,
          log,
          random,
        });
  const delivery = new Delivery({ identity, outbox, link, sensors, clock, log });
  let tills: PosIntake | null = null;
  if (link !== null) {
    const onTransaction = (receipt: ReceivedReceipt): void =>
      onEvent({ ...receipt, atMono: clock.mono() });
    tills = new PosIntake({ root: topicRoot, gatewayId, boot, outbox, onTransaction, clock, log });
    tills.attach(link);
  }
  return { link, delivery, tills };
}

/** What people should know about the tills; empty when nothing is wrong. */
function tillNotices(tills: PosIntake | null): readonly string[] {
  const invalid = tills?.counts.invalid ?? 0;
  if (invalid === 0) return [];
  return [
    `${invalid} message(s) from the till were refused since the start (MESSAGE_INVALID); the log names the field.`,
  ];
}
