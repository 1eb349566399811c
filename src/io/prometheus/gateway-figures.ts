import { Gauge, Registry } from "prom-client";
import type { HealthMessage } from "../../wire/health-message.ts";

type Labels = Readonly<Record<string, string>>;
/** Values of one figure; null ones are left out, so that a figure that is not known is absent and not zero. */
type Reading = readonly (readonly [value: number | null, labels: Labels])[];

interface Figure {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly read: (health: HealthMessage) => Reading;
}

const one = (value: number | null): Reading => [[value, {}]];
const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000);
const states = (current: string, all: readonly string[]): Reading =>
  all.map((state) => [state === current ? 1 : 0, { state }]);
const DELIVERY = ["acked", "connected", "offline", "off"];
const CLOCK = ["synced", "holdover", "unsynced"];

const plain = (
  name: string,
  help: string,
  read: (health: HealthMessage) => number | null,
): Figure => ({ name, help, labels: [], read: (health) => one(read(health)) });

const perStream = (
  name: string,
  help: string,
  read: (health: HealthMessage) => Readonly<Record<string, number>>,
): Figure => ({
  ...{ name, help, labels: ["stream"] },
  read: (health) => Object.entries(read(health)).map(([stream, value]) => [value, { stream }]),
});

const perCamera = (
  name: string,
  help: string,
  read: (camera: HealthMessage["cameras"][number]) => number | null,
): Figure => ({
  ...{ name, help, labels: ["camera"] },
  read: ({ cameras }) => cameras.map((camera) => [read(camera), { camera: camera.id }]),
});

const perReceiver = (
  name: string,
  help: string,
  read: (receiver: HealthMessage["receivers"][number]) => number | null,
): Figure => ({
  ...{ name, help, labels: ["receiver"] },
  read: ({ receivers }) => receivers.map((one) => [read(one), { receiver: one.id }]),
});

/** Every label is a stream, a reason, a state or an id of the site plan: few, and about no person. */
const FIGURES: readonly Figure[] = [
  plain("outbox_depth", "Events not acknowledged by the centre", ({ outbox }) => outbox.events),
  plain("outbox_oldest_age_s", "Age of the oldest of them", ({ outbox }) =>
    seconds(outbox.oldestAgeMs),
  ),
  plain("outbox_bytes", "Size of the outbox", ({ outbox }) => outbox.bytes),
  plain("outbox_limit_bytes", "Its cap", ({ outbox }) => outbox.capBytes),
  plain("commit_latency_s", "Longest commit to the disk in the last interval", ({ outbox }) =>
    seconds(outbox.commitMs),
  ),
  perStream("committed_seq", "Highest number on the disk", ({ outbox }) => outbox.committed),
  perStream("acked_seq", "Highest number acknowledged", ({ outbox }) => outbox.acked),
  {
    ...{
      name: "dropped_total",
      help: "Events shed and accounted for",
      labels: ["class", "reason"],
    },
    read: ({ outbox }) =>
      Object.entries(outbox.shed).flatMap(([stream, reasons]) =>
        Object.entries(reasons).map(
          ([reason, events]) => [events, { class: stream, reason }] as const,
        ),
      ),
  },
  plain("ack_lag_s", "Time without acknowledgement while events wait", ({ delivery }) =>
    seconds(delivery.ackLagMs),
  ),
  plain(
    "reconnects_total",
    "Connections to the broker after the first",
    ({ delivery }) => delivery.reconnects,
  ),
  plain(
    "lines_given_up_total",
    "Connections given up because nobody answered over them",
    ({ delivery }) => delivery.linesGivenUp ?? null,
  ),
  {
    ...{ name: "delivery_state", help: "1 for the state it is in", labels: ["state"] },
    read: ({ delivery }) => states(delivery.state, DELIVERY),
  },
  {
    ...{ name: "clock_state", help: "1 for the state it is in", labels: ["state"] },
    read: ({ clock }) => states(clock.state, CLOCK),
  },
  plain("clock_offset_s", "Gain of the wall clock since the start", ({ clock }) =>
    seconds(clock.offsetMs),
  ),
  plain("disk_free_bytes", "Free on the state partition", ({ disk }) => disk.freeBytes),
  plain("disk_written_bytes", "Written today (UTC)", ({ disk }) => disk.writtenBytes),
  plain("disk_write_budget_bytes", "What a day should not exceed", ({ disk }) => disk.budgetBytes),
  plain("rss_bytes", "Memory of the process", (health) => health.process.rssBytes),
  plain("cpu_share", "Share of one core in the last interval", (health) => health.process.cpuShare),
  plain("event_loop_lag_s", "Longest delay in the last interval", (health) =>
    seconds(health.process.loopLagMs),
  ),
  plain("uptime_s", "Age of the process", ({ upMs }) => seconds(upMs)),
  plain("temperature_celsius", "Of the board", ({ board }) => board.temperatureC),
  plain("throttled_bits", "vcgencmd get_throttled", ({ board }) => board.throttledBits),
  perCamera("camera_seeing", "1 while it sees", ({ state }) => (state === "seeing" ? 1 : 0)),
  perCamera("camera_fps", "Frames dealt with per second", ({ fps }) => fps),
  perCamera("camera_last_frame_age_s", "Age of its last frame", ({ lastFrameAgeMs }) =>
    seconds(lastFrameAgeMs),
  ),
  perCamera("camera_frozen", "1 while it repeats one picture", ({ isFrozen }) =>
    isFrozen ? 1 : 0,
  ),
  perReceiver("receiver_hearing", "1 while it hears", ({ state }) => (state === "seeing" ? 1 : 0)),
  perReceiver("receiver_adverts_per_second", "Over ten seconds", (one) => one.advertsPerSecond),
  perReceiver("receiver_last_heard_age_s", "Age of its last packet", ({ lastHeardAgeMs }) =>
    seconds(lastHeardAgeMs),
  ),
];

/** The figures of a gateway in Prometheus' text format, made of its health message. */
export interface GatewayFigures {
  readonly contentType: string;
  text(health: HealthMessage): Promise<string>;
}

/** Makes the registry; nothing is measured before `text` is called, and nothing is shared with another registry. */
export function createGatewayFigures(): GatewayFigures {
  const registry = new Registry();
  const gauges = FIGURES.map(({ name, help, labels }) => {
    const full = `vitrine_${name}`;
    return new Gauge({ name: full, help, labelNames: [...labels], registers: [registry] });
  });
  return {
    contentType: registry.contentType,
    async text(health) {
      for (const [index, { labels, read }] of FIGURES.entries()) {
        const gauge = gauges[index];
        gauge?.reset();
        // A gauge without labels is 0 after a reset, which would be a claim.
        const known = read(health).filter(([value]) => value !== null);
        if (known.length === 0 && labels.length === 0) gauge?.remove();
        for (const [value, labels] of known) gauge?.set({ ...labels }, value ?? 0);
      }
      return await registry.metrics();
    },
  };
}
