import type { CounterConfig } from "../config/counters.ts";
import type { GatewayConfig } from "../config/gateway.ts";
import type { Clock } from "../core/clock.ts";
import { GatewayError } from "../core/errors.ts";
import type { Log } from "../core/lifecycle.ts";
import type { SitePlan } from "../core/site.ts";
import { createHttpListener } from "../io/counters/http-listener.ts";
import { counterTopics } from "../io/counters/mqtt-topics.ts";
import type { PushListener } from "../io/counters/push-listener.ts";
import { createTcpListener } from "../io/counters/tcp-listener.ts";
import { TrackCounter } from "../io/counters/track-counter.ts";
import type { Link, LinkMessage } from "../io/mqtt/link.ts";
import type { SensorPorts } from "./compose.ts";
import { readSecret } from "./config-files.ts";
import type { SensorUnit } from "./sensor-board.ts";

export interface CounterUnitsDeps {
  readonly config: Pick<GatewayConfig, "gateway" | "counters" | "mqtt">;
  readonly site: SitePlan;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

/** The third-party counters of a gateway: its sensors, and what they want to hear from the broker. */
export interface CounterUnits {
  /** One sensor per configured counter; call once. @throws CONFIG_INVALID for one the site plan does not know */
  units(ports: Pick<SensorPorts, "onEvent" | "onPeople">): readonly SensorUnit[];
  /** Subscribes the counters on the link; call after `units` and before the link starts. */
  attach(link: Pick<Link, "subscribe">): void;
}

/** Reads the counters' tokens and prepares their sensors. @throws CONFIG_UNREADABLE, CONFIG_INVALID */
export async function loadCounterUnits(deps: CounterUnitsDeps): Promise<CounterUnits> {
  const { config, site, clock, log, random } = deps;
  const tokens = await readTokens(config.counters);
  const counters: { readonly config: CounterConfig; readonly counter: TrackCounter }[] = [];
  const unitOf = (
    counterConfig: CounterConfig,
    { onEvent, onPeople }: Pick<SensorPorts, "onEvent" | "onPeople">,
  ): SensorUnit => {
    const plan = site.cameras.find((camera) => camera.id === counterConfig.id);
    if (plan === undefined)
      throw new GatewayError("CONFIG_INVALID", `the site plan has no camera ${counterConfig.id}`);
    const listener = listenerOf(counterConfig, tokens.get(counterConfig.id) ?? null);
    const common = { plan, listener, clock, log, random, onEvent, onPeople };
    const counter = new TrackCounter({ config: counterConfig, ...common });
    counters.push({ config: counterConfig, counter });
    return {
      sensorId: plan.id,
      kind: "camera",
      name: plan.name,
      service: counter,
      facts: () => counterFacts(counter, counterConfig, listener),
    };
  };
  const root = config.mqtt?.root ?? "vitrine";
  return {
    units: (ports) => config.counters.map((counterConfig) => unitOf(counterConfig, ports)),
    attach: (link) => {
      for (const { config: counterConfig, counter } of counters)
        for (const topic of counterTopics(counterConfig, root, config.gateway.id)) {
          const take = ({ text, retained }: LinkMessage): void => {
            // What a broker kept from earlier says nothing about now; that Frigate is away is the exception.
            if (!retained || text === "offline") counter.take(text);
          };
          // A topic the gateway may not read costs this counter its sight, and never the gateway its broker.
          link.subscribe(topic, take, "wished");
        }
    },
  };
}

async function readTokens(
  counters: readonly CounterConfig[],
): Promise<ReadonlyMap<string, string>> {
  const tokens = new Map<string, string>();
  for (const { id, via } of counters) {
    if (via.kind !== "http" || via.tokenFile === undefined) continue;
    const token = await readSecret(via.tokenFile, undefined);
    if (token === null || token === "")
      throw new GatewayError("CONFIG_INVALID", `the token file of counter ${id} is empty`);
    tokens.set(id, token);
  }
  return tokens;
}

function listenerOf({ via }: CounterConfig, token: string | null): PushListener | null {
  switch (via.kind) {
    case "mqtt":
      return null;
    case "http":
      return createHttpListener({ host: via.host, port: via.port, token });
    case "tcp":
      return createTcpListener({ host: via.host, port: via.port, from: via.allowFrom ?? null });
  }
}

function counterFacts(
  counter: TrackCounter,
  config: CounterConfig,
  listener: PushListener | null,
): readonly (readonly [label: string, text: string])[] {
  const facts = counter.facts();
  const rows: (readonly [string, string])[] = [
    ["counter", `${config.format} by ${config.via.kind}`],
    ["people now", String(facts.people)],
    ["messages", String(facts.messages)],
    ["clock", clockText(facts.skewMs, facts.isClockDoubtful)],
  ];
  if (listener !== null) rows.push(["listens on", listener.address ?? "–"]);
  if (counter.countedLines.length > 0)
    rows.push(["counted by the counter itself", counter.countedLines.join(", ")]);
  const troubles: readonly (readonly [string, number])[] = [
    ["refused for their time", facts.refused],
    ["parts dropped", facts.faults],
    ["late", facts.late],
    ["out of order or repeated", facts.outdated + facts.repeatedCrossings + facts.repeatedPaths],
    ["ids joined", facts.joined],
    ["people too many", facts.evicted],
    ["connections turned away", listener?.turnedAway ?? 0],
  ];
  for (const [label, count] of troubles) if (count > 0) rows.push([label, String(count)]);
  const { lastFault } = facts;
  if (lastFault !== null)
    rows.push([
      "last dropped",
      `${lastFault.path || "(message)"}: expected ${lastFault.expected}, found ${lastFault.found}`,
    ]);
  return rows;
}

function clockText(skewMs: number | null, isDoubtful: boolean): string {
  if (skewMs === null) return "times of arrival";
  if (!isDoubtful) return "in step";
  const side = skewMs > 0 ? "behind" : "ahead";
  return `${(Math.abs(skewMs) / 1000).toFixed(1)} s ${side}, corrected: set a time server`;
}
