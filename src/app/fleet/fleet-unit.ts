import { listenAddress } from "../../config/fleet.ts";
import { canonicalText } from "../../core/canonical-text.ts";
import type { Clock, Timer } from "../../core/clock.ts";
import type { JourneyEvent } from "../../core/events.ts";
import type { Log, Service } from "../../core/lifecycle.ts";
import { NO_WISHES } from "../../fleet/desired-config.ts";
import { reportedMessage } from "../../fleet/reported.ts";
import { WriteMeter } from "../../fleet/write-meter.ts";
import { eventHash } from "../../io/mqtt/event-hash.ts";
import type { Outbox } from "../../io/outbox/outbox.ts";
import { createGatewayFigures } from "../../io/prometheus/gateway-figures.ts";
import { createMetricsListener } from "../../io/prometheus/metrics-listener.ts";
import { isoTime } from "../../wire/cloud-event.ts";
import { CERTIFICATE_WARNING_MS } from "../../wire/health-message.ts";
import { plainTopic } from "../../wire/topics.ts";
import { type LoadedConfig, readDocument } from "../config-files.ts";
import { type LogLevel, maskText } from "../logger.ts";
import { CommandDesk } from "./command-desk.ts";
import type { FleetPorts, FleetUnit } from "./fleet-ports.ts";
import { CommitWatch, HealthTeller, type HealthTellerDeps, WRITTEN_NOTE } from "./health-teller.ts";
import type { FleetBase } from "./open-gateway.ts";
import { OutboxAlarm } from "./outbox-alarm.ts";
import { WishDesk, withoutLog } from "./wish-desk.ts";

export interface FleetUnitDeps {
  readonly loaded: LoadedConfig;
  /** null: the gateway takes nothing from the centre and only tells. */
  readonly base: FleetBase | null;
  readonly boot: string;
  readonly version: string;
  readonly outbox: Outbox;
  /** How the consents stand; absent or undefined where loyalty is off. */
  readonly consent?: HealthTellerDeps["consent"] | undefined;
  /** The process is to be started anew. */
  readonly leave: (why: string) => void;
  readonly setLogLevel: (level: LogLevel) => void;
  readonly clock: Clock;
  readonly log: Log;
}

const RETAINED = { qos: 1, retain: true } as const;

/** Builds the fleet part of a gateway on its ports; nothing happens before `start`, but that topics are subscribed. */
export function createFleetUnit(deps: FleetUnitDeps, ports: FleetPorts): FleetUnit {
  return new GatewayFleet(deps, ports);
}

class GatewayFleet implements FleetUnit {
  readonly name = "fleet";
  readonly #deps: FleetUnitDeps;
  readonly #ports: FleetPorts;
  readonly #teller: HealthTeller;
  readonly #alarm: OutboxAlarm;
  readonly #scraped: Service | null;
  readonly #wishes: WishDesk | null = null;
  readonly #commands: CommandDesk | null = null;
  #connections = 0;
  /** The configured one, which a command may leave for a while. */
  #logLevel: LogLevel;
  #ticker: Timer | null = null;
  #telling: Promise<void> = Promise.resolve();

  constructor(deps: FleetUnitDeps, ports: FleetPorts) {
    this.#deps = deps;
    this.#ports = ports;
    this.#logLevel = deps.loaded.config.log.level;
    const { delivery, now } = ports;
    const record = (event: JourneyEvent): boolean => delivery.record(event);
    this.#alarm = new OutboxAlarm({ outbox: deps.outbox, record, now });
    const told = this.#tellerDeps();
    this.#teller = new HealthTeller(told);
    this.#scraped = scrapedAt(deps.loaded, told);
    const { base } = deps;
    if (base !== null && ports.link !== null) {
      const onNews = (): void => this.#tellReported();
      const setLogLevel = (level: LogLevel): void => {
        this.#logLevel = level;
        deps.setLogLevel(level);
      };
      this.#wishes = new WishDesk({ ...deps, base, ports, onNews, setLogLevel });
      this.#commands = this.#openCommands(base, onNews);
    }
    this.#listen();
  }

  readonly notices = (): readonly string[] => {
    const alarm = this.#alarm.notices;
    const trial = this.#wishes?.state.trial ?? null;
    const trying = `Configuration ${trial?.version} of the centre runs on probation.`;
    return [
      ...alarm,
      ...(this.#deps.base?.notices ?? []),
      ...(trial === null ? [] : [trying]),
      ...endingCertificate(this.#ports),
    ];
  };

  async start(signal: AbortSignal): Promise<void> {
    const { clock, loaded } = this.#deps;
    await this.#scraped?.start(signal);
    await this.#wishes?.start();
    this.#alarm.start();
    if (signal.aborted || this.#ports.link === null) return;
    const tell = (): void => this.#tellHealth();
    this.#ticker ??= clock.every(loaded.config.fleet.healthMs, "health", tell);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ticker?.cancel();
    this.#commands?.stop();
    await this.#wishes?.stop();
    await this.#telling;
    await this.#scraped?.[Symbol.asyncDispose]();
    this.#teller.close();
  }

  #openCommands(base: FleetBase, onNews: () => void): CommandDesk {
    const { setLogLevel } = this.#deps;
    return new CommandDesk({
      ...this.#deps,
      memory: base.memory,
      ports: this.#ports,
      onNews,
      tellHealth: () => this.#tellHealth(),
      setLogLevel: (level) => setLogLevel(level ?? this.#logLevel),
    });
  }

  /** A broker that refuses these topics costs the gateway its remote care, and never its delivery. */
  #listen(): void {
    const { link } = this.#ports;
    if (link === null) return;
    const [wishes, commands] = [this.#wishes, this.#commands];
    if (wishes !== null)
      link.subscribe(this.#topic("down/desired"), ({ text }) => wishes.take(text), "wished");
    if (commands !== null)
      link.subscribe(
        this.#topic("down/cmd"),
        ({ text, retained }) => commands.take(text, retained),
        "wished",
      );
    link.onState((state) => {
      if (state.kind !== "connected") return;
      this.#connections += 1;
      this.#tellReported();
      this.#tellHealth();
    });
  }

  #tellHealth(): void {
    this.#tell("up/health", () => this.#teller.read());
  }

  #tellReported(): void {
    this.#tell("up/reported", async () => {
      const { loaded } = this.#deps;
      const site = (await readDocument(loaded.sitePath)) as Readonly<Record<string, unknown>>;
      return reportedMessage({
        at: this.#ports.now().epoch,
        storeId: loaded.site.store.id,
        state: this.#wishes?.state ?? NO_WISHES,
        ignored: this.#wishes?.ignored ?? null,
        configHash: configHash(loaded),
        sitePlanHash: eventHash(canonicalText(site)),
        site,
        commands: this.#commands?.replies ?? [],
      });
    });
  }

  /** One after the other, so that what is told last is the newest. */
  #tell(channel: "up/health" | "up/reported", make: () => Promise<object>): void {
    const { link } = this.#ports;
    this.#telling = this.#telling.then(async () => {
      if (link?.state.kind !== "connected") return;
      try {
        link.publish(this.#topic(channel), JSON.stringify(await make()), RETAINED);
      } catch (error) {
        // The plan may be away for a moment while somebody replaces it; the next telling has it.
        const fields = { event: "fleet.untold", channel, err: error };
        this.#deps.log.warn(fields, "the gateway could not tell how it stands");
      }
    });
  }

  #tellerDeps(): HealthTellerDeps {
    const { loaded, boot, version, outbox, consent } = this.#deps;
    const identity = {
      boot,
      storeId: loaded.site.store.id,
      versions: { vitrine: version, node: process.versions.node },
      configHash: configHash(loaded),
      budgetBytes: loaded.config.fleet.writeBudgetBytes,
    };
    const reconnects = (): number => Math.max(0, this.#connections - 1);
    const { stateDir } = loaded;
    const commits = new CommitWatch(outbox);
    const written = new WriteMeter(outbox.note(WRITTEN_NOTE));
    const told = { identity, ports: this.#ports, outbox, stateDir, reconnects, commits, written };
    return consent === undefined ? told : { ...told, consent };
  }

  #topic(channel: "up/health" | "up/reported" | "down/desired" | "down/cmd"): string {
    const { config } = this.#deps.loaded;
    return plainTopic(config.mqtt?.root ?? "vitrine", config.gateway.id, channel);
  }
}

function endingCertificate({ link, now }: FleetPorts): readonly string[] {
  const until = link?.certificateUntil ?? null;
  if (until === null || until - now().epoch > CERTIFICATE_WARNING_MS) return [];
  return [
    `The certificate for the broker ends on ${isoTime(until).slice(0, 10)}: renew it before then.`,
  ];
}

/** Fingerprint of what the gateway runs with, but for its log level; passwords have no part in it. Pure. */
const configHash = ({ config }: LoadedConfig): string => eventHash(maskText(withoutLog(config)));

/** The figures for Prometheus, with a teller of their own; null where nobody may ask. */
function scrapedAt(loaded: LoadedConfig, told: HealthTellerDeps): Service | null {
  const { listen } = loaded.config.metrics;
  if (listen === undefined) return null;
  const figures = createGatewayFigures();
  const teller = new HealthTeller(told);
  const text = async (): Promise<string> => figures.text(await teller.read());
  const { contentType } = figures;
  const listener = createMetricsListener({ ...listenAddress(listen), contentType, text });
  return {
    name: listener.name,
    start: (signal) => listener.start(signal),
    async [Symbol.asyncDispose]() {
      await listener[Symbol.asyncDispose]();
      teller.close();
    },
  };
}
