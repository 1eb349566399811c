import type { EpochMs, GatewayId } from "../core/brand.ts";
import { type Clock, epochAt, type TimeAnchor } from "../core/clock.ts";
import type { JourneyEvent, LivePeople, SensorEvent } from "../core/events.ts";
import type { Log, Service } from "../core/lifecycle.ts";
import type { SitePlan } from "../core/site.ts";
import type { SeenEntry } from "../io/camera/detections-tap.ts";
import type { History } from "../io/history/history.ts";
import { Delivery, gatewayWill } from "../io/mqtt/delivery.ts";
import type { Link } from "../io/mqtt/link.ts";
import { MqttLink } from "../io/mqtt/mqtt-link.ts";
import type { Outbox } from "../io/outbox/outbox.ts";
import { createJourney, type Journey } from "../journey/journey.ts";
import { createMetrics, type Metrics } from "../metrics/metrics.ts";
import { summaries } from "../metrics/reports/live-summaries.ts";
import type { DashboardSource, StatusView } from "../web/dashboard-source.ts";
import { type FleetPart, openFleet } from "./fleet/open-fleet.ts";
import { createGatewayHistory, type GatewayHistory } from "./history/gateway-history.ts";
import { TradingDays } from "./history/trading-days.ts";
import type { LoyaltyUnit } from "./loyalty-unit.ts";
import type { RadioDesk } from "./radio-desk.ts";
import { RecordingDesk } from "./record/recording-desk.ts";
import { SensorBoard, type SensorUnit } from "./sensor-board.ts";
import { createSteadyAnchor, type SteadyAnchor } from "./steady-anchor.ts";
import { Subscribers } from "./subscribers.ts";
import { createStaffWatch, type StaffWatch } from "./tags/staff-watch.ts";
import type { TagDesk } from "./tags/tag-desk.ts";
import { openTills } from "./till/open-tills.ts";
import { createTimeFix } from "./time-fix.ts";
import { type Chore, createUpkeep } from "./upkeep.ts";
import { visitOptionsOf } from "./visit-calendar.ts";
import type { WalkMode } from "./walk/walk-mode.ts";

/** How to reach the broker; secrets are already read. */
export interface BrokerAccess {
  /** One address, or those of all nodes of a cluster. */
  readonly url: string | readonly string[];
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
  /** What a camera's detector found, each entry before the events made of it; only while it is recorded. */
  readonly onSeen: (cameraId: string, entry: SeenEntry) => void;
}

export interface GatewayDeps {
  readonly gatewayId: GatewayId;
  readonly site: SitePlan;
  readonly outbox: Outbox;
  /** Where past days are kept; absent or null: they are known only as long as this process lives. */
  readonly history?: History | null;
  /** What was counted before this gateway lived, oldest first: for demonstrations. */
  readonly past?: Iterable<JourneyEvent>;
  /** null: no broker configured, events wait in the outbox. */
  readonly broker: BrokerAccess | null;
  readonly topicRoot: string;
  /** Id of this life of the process. */
  readonly boot: string;
  readonly version: string;
  readonly notices: readonly string[];
  /** Builds the sensors of this gateway; called once. */
  readonly sensors: (ports: SensorPorts) => readonly SensorUnit[];
  /** Lets sensors listen to the broker and speak; called once, after `sensors`, when there is a broker. */
  readonly attach?: (link: Link) => void;
  /** The registered tags while they may change; absent = those of the site plan. */
  readonly tags?: TagDesk;
  /** What people may take from the radio; absent where there is none. */
  readonly radio?: RadioDesk;
  /** With which tills send receipts over HTTP; absent = there is none. */
  readonly tillToken?: string | null;
  /** How tags are calibrated; absent where nothing is located. */
  readonly walking?: WalkMode;
  /** Members who opted in; absent or null = nobody is recognised. */
  readonly loyalty?: Pick<LoyaltyUnit, "begin" | "chores" | "notices"> | null;
  /** What the centre may see and do of this gateway; called once. Absent = nothing but births and events. */
  readonly fleet?: FleetPart;
  readonly anchor: () => TimeAnchor;
  /** Whether the wall clock was never set and somebody is about to set it; absent = no. */
  readonly isClockAwaited?: () => boolean;
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

type SensorStatuses = () => ReturnType<SensorBoard["statuses"]>;

const LIVE_PERIOD_MS = 5_000;
const DEVICES_PERIOD_MS = 30_000;
const FORGET_PERIOD_MS = 1_000;
const REFRESH_PERIOD_MS = 15_000;
/** One slice of some milliseconds each time: an estimate is there within minutes, and nothing stands still for it. */
const ESTIMATE_PERIOD_MS = 250;
const ANCHOR_PERIOD_MS = 1_000;
const DAY_CHECK_PERIOD_MS = 15_000;
const JOURNEY_PERIOD_MS = 1_000;

/**
 * Wires the stages: sensors -> journey -> metrics, and journey -> outbox -> broker. Before anything starts, the
 * figures of the day are rebuilt from the daybook, so a restart changes none of them.
 */
export function composeGateway(deps: GatewayDeps): Gateway {
  const { site, clock, tags } = deps;
  const metrics = createMetrics({ site, estimating: "in-slices" });
  const changed = new Subscribers<void>();
  const people = new Subscribers<LivePeople>();
  const startedAt = clock.now();
  const anchor = createSteadyAnchor(deps.anchor);

  const onJourneyEvent = (event: JourneyEvent): void => {
    tradingDays.check();
    delivery.record(event);
    desk.takeTold(event);
    metrics.ingest(event);
    if (event.kind === "sensor-changed" && board.take(event)) delivery.announce();
    if (event.kind === "sensor-condition") board.takeCondition(event);
    staff.take(event);
    tags?.takeTold(event);
    changed.emit();
  };
  const staff = createStaff(deps, anchor, onJourneyEvent);
  const journey = openJourney(deps, anchor, onJourneyEvent);
  const onEvent = (event: SensorEvent): void => {
    desk.takeNews(event);
    journey.ingest(event);
  };
  const units = deps.sensors({
    onEvent,
    onPeople: (seen) => people.emit(seen),
    onSeen: (cameraId, entry) => desk.takeSeen(cameraId, entry),
  });
  const statuses: SensorStatuses = () => board.statuses();
  const desk = createDesk(deps, units, statuses, anchor);
  const board = new SensorBoard(units, startedAt);
  const { link, delivery } = createDelivery(deps, () => board.births());
  const tills = openTills(deps, link, () => anchor.read(), onEvent);
  delivery.onChange = () => changed.emit();
  if (link !== null) deps.attach?.(link);

  const history = createGatewayHistory({ ...deps, metrics, journey });
  beginLoyalty(deps, history, { journey, metrics, delivery });
  const told = { statuses, anchor, journey, metrics, onJourneyEvent };
  const tradingDays = openTradingDays(deps, history, told);
  const notices = (): readonly string[] => [
    ...[...deps.notices, ...tills.notices(), ...recordingNotices(desk), ...history.notices()],
    ...[...radioNotices(deps.radio), ...staff.notices(), ...(tags?.notices() ?? [])],
    ...[...(deps.loyalty?.notices() ?? []), ...fleet.flatMap((unit) => unit.notices())],
  ];
  const fleet = openFleet(deps.fleet, { ...deps, link, delivery, notices, anchor, board, units });
  const dashboard: DashboardSource = {
    site: () => site,
    today: () => metrics.today(clock.now()),
    status: () => statusOf(deps, startedAt, board, delivery, notices()),
    reports: history.reports,
    onChange: (listener) => changed.add(listener),
    onPeople: (listener) => people.add(listener),
    record: (cameraId, wish) => desk.record(cameraId, wish),
    recordRadio: (onLine) => deps.radio?.record(onLine) ?? null,
    tags,
    till: tills.port,
    ...deps.walking?.ports,
  };
  const checkClock = createTimeFix({ boot: deps.boot, anchor, onEvent: onJourneyEvent });
  const ageing = { metrics, delivery, changed, journey, anchor, staff, tradingDays, checkClock };
  const upkeep = createUpkeep(clock, [...choresOf(deps, ageing), ...history.chores(tradingDays)]);
  tradingDays.restore();
  const sources = [...fleet, ...sensorsOf(units), upkeep, lastWords(journey), ...desksOf(deps)];
  return { sources, sinks: link === null ? [delivery] : [delivery, link], dashboard, metrics };
}

function beginLoyalty(
  { loyalty, outbox, history = null, clock }: GatewayDeps,
  { unit }: GatewayHistory,
  { journey, metrics, delivery }: Pick<Ageing, "journey" | "metrics" | "delivery">,
): void {
  loyalty?.begin({
    onEvent: (event) => journey.report(event),
    record: (event) => delivery.record(event),
    traces: { outbox, history, unit, metrics, journey, now: () => clock.now() },
  });
}

const sensorsOf = (units: readonly SensorUnit[]): readonly Service[] =>
  units.map(({ service }) => service);

/** What people work at: ends after the sensors that it listens to. */
const desksOf = ({ walking, tags }: GatewayDeps): readonly Service[] =>
  [walking, tags].filter((desk) => desk !== undefined);

/** What time passes for. */
interface Ageing {
  readonly metrics: Metrics;
  readonly delivery: Delivery;
  readonly changed: Subscribers<void>;
  readonly journey: Journey;
  readonly anchor: SteadyAnchor;
  readonly staff: StaffWatch;
  readonly tradingDays: TradingDays;
  readonly checkClock: () => void;
}

function choresOf(deps: GatewayDeps, parts: Ageing): readonly Chore[] {
  const { clock } = deps;
  const { metrics, delivery, changed, journey, anchor, staff, tradingDays } = parts;
  return [
    {
      name: "live-values",
      periodMs: LIVE_PERIOD_MS,
      run: () => publishLive(metrics, delivery, clock),
    },
    {
      name: "live-devices",
      periodMs: DEVICES_PERIOD_MS,
      run: () => publishDevices(deps, delivery),
    },
    {
      name: "unknown-devices",
      periodMs: FORGET_PERIOD_MS,
      run: () => deps.radio?.advance(clock.mono()),
    },
    { name: "page-refresh", periodMs: REFRESH_PERIOD_MS, run: () => changed.emit() },
    {
      name: "journey",
      periodMs: JOURNEY_PERIOD_MS,
      run: () => journey.advance(epochAt(anchor.read(), clock.mono())),
    },
    { name: "estimates", periodMs: ESTIMATE_PERIOD_MS, run: () => void metrics.advanceEstimates() },
    { name: "anchor", periodMs: ANCHOR_PERIOD_MS, run: parts.checkClock },
    ...staff.chores,
    ...(deps.loyalty?.chores() ?? []),
    { name: "new-day", periodMs: DAY_CHECK_PERIOD_MS, run: () => tradingDays.check() },
  ];
}

/** What is left to say when everything else has stopped. */
const lastWords = (journey: Journey): Service => ({
  name: "journey",
  start: async () => undefined,
  [Symbol.asyncDispose]: async () => journey.finish(),
});

function openJourney(
  { site, tags }: GatewayDeps,
  anchor: SteadyAnchor,
  onEvent: (event: JourneyEvent) => void,
): Journey {
  return createJourney({
    site,
    anchor: () => anchor.read(),
    onEvent,
    isTag: tags && ((id) => tags.book.knows(id)),
    visits: { ...visitOptionsOf(site), movers: tags?.movers },
  });
}

function createStaff(
  { site, tags, boot }: GatewayDeps,
  anchor: SteadyAnchor,
  onEvent: (event: JourneyEvent) => void,
): StaffWatch {
  const registered = () => tags?.book.active ?? site.tags;
  return createStaffWatch({ site, tags: registered, boot, anchor: () => anchor.read(), onEvent });
}

/** What the beginnings of trading days and the start of a gateway need. */
interface Told {
  readonly statuses: SensorStatuses;
  readonly anchor: SteadyAnchor;
  readonly journey: Journey;
  readonly metrics: Metrics;
  readonly onJourneyEvent: (event: JourneyEvent) => void;
}

function openTradingDays(deps: GatewayDeps, history: GatewayHistory, told: Told): TradingDays {
  const { anchor, journey, metrics, onJourneyEvent, statuses } = told;
  const { clock } = deps;
  return new TradingDays({
    ...deps,
    ...history,
    past: deps.past ?? [],
    ingest: (event) => metrics.ingest(event),
    journey,
    advance: () => journey.advance(epochAt(anchor.read(), clock.mono())),
    onEvent: onJourneyEvent,
    statuses,
    anchor: () => anchor.read(),
  });
}

function statusOf(
  { gatewayId, version }: GatewayDeps,
  startedAt: EpochMs,
  board: SensorBoard,
  delivery: Delivery,
  notices: readonly string[],
): StatusView {
  const sensors = board.statuses();
  return { gatewayId, version, startedAt, sensors, delivery: delivery.status(), notices };
}

function createDesk(
  deps: GatewayDeps,
  units: readonly SensorUnit[],
  statuses: SensorStatuses,
  anchor: SteadyAnchor,
): RecordingDesk {
  const { site, gatewayId, boot, version, clock } = deps;
  return new RecordingDesk({
    identity: { storeId: site.store.id, gatewayId, boot, version },
    site,
    anchor: () => anchor.read(),
    now: () => clock.now(),
    statuses,
    turn: (cameraId, isOn) => {
      const tap = units.find(({ sensorId }) => sensorId === cameraId)?.tap;
      tap?.(isOn);
      return tap !== undefined;
    },
  });
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
): {
  readonly link: MqttLink | null;
  readonly delivery: Delivery;
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
  const isClockAwaited = deps.isClockAwaited ?? ((): boolean => false);
  const delivery = new Delivery({ identity, outbox, link, sensors, isClockAwaited, clock, log });
  return { link, delivery };
}

function publishDevices({ radio, clock }: GatewayDeps, delivery: Delivery): void {
  const devices = radio?.devices(clock.mono()) ?? null;
  if (devices !== null) delivery.publishDevices(devices);
}

function radioNotices(radio: RadioDesk | undefined): readonly string[] {
  if (radio?.isRecording !== true) return [];
  return ["The radio is being recorded: what registered tags send, and no address of a device."];
}

/** Nobody is recorded in secret, not even without an image. */
function recordingNotices(desk: RecordingDesk): readonly string[] {
  return desk.names.map(
    (name) => `${name} is being recorded for an audit: where people are, and no image.`,
  );
}
