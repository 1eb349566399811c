import type { GatewayConfig } from "../config/gateway.ts";
import type { ShareConfig } from "../config/scanners.ts";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/lifecycle.ts";
import type { Link, LinkMessage } from "../io/mqtt/link.ts";
import type { RadioInput } from "../io/radio/radio-input.ts";
import { RemoteScanner } from "../io/radio/remote/remote-scanner.ts";
import { scannerTopics } from "../io/radio/remote/scanner-topics.ts";
import { SightingShare, shareTexts } from "../io/radio/remote/sighting-share.ts";
import type { SensorPorts } from "./compose.ts";
import { createRadioPart, type RadioPart, type RadioUnitsDeps } from "./radio-units.ts";
import type { SensorUnit } from "./sensor-board.ts";

export interface ScannerUnitsDeps {
  readonly config: Pick<GatewayConfig, "gateway" | "mqtt" | "radios" | "scanners" | "share">;
  /** Name of this life of the process. */
  readonly run: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** The line that scanners listen to and the share speaks on. */
export type ScannerLine = Pick<Link, "subscribe" | "publish" | "state" | "onState">;

/** The remote scanners of a gateway, and what it shares with others. */
export interface ScannerUnits {
  /** The radio of the gateway with its remote scanners as further receivers; call once. */
  radio(deps: Omit<RadioUnitsDeps, "remotes">, ports: SensorPorts): RadioPart;
  /** Subscribes the scanners on the link and lets the share speak on it; call after `radio`, before the link starts. */
  attach(link: ScannerLine): void;
}

/** Prepares the scanners named in the configuration. */
export function createScannerUnits(deps: ScannerUnitsDeps): ScannerUnits {
  const { config, clock, log } = deps;
  const root = config.mqtt?.root ?? "vitrine";
  const scanners = config.scanners.map((scanner) => ({
    topics: scannerTopics(scanner, root, config.gateway.id),
    source: new RemoteScanner({ config: scanner, clock, log }),
  }));
  let share: SightingShare | null = null;
  return {
    radio: (radioDeps, ports) => {
      const remotes = scanners.map(({ source }) => ({ source, service: source }));
      const part = createRadioPart({ ...radioDeps, remotes }, ports);
      const [first, ...others] = part.units;
      if (config.share === undefined || first === undefined) return part;
      share = createShare(deps, config.share, root, part.input);
      return { input: part.input, units: [withShare(first, share), ...others] };
    },
    attach: (link) => {
      share?.attach(link);
      for (const { topics, source } of scanners)
        for (const { filter, role, deviceLevel } of topics) {
          const take = ({ topic, text, retained }: LinkMessage): void => {
            const device = deviceLevel < 0 ? "" : (topic.split("/")[deviceLevel] ?? "");
            source.take({ text, role, device, retained });
          };
          // A topic the gateway may not read costs this scanner its sight, and never the gateway its broker.
          link.subscribe(filter, take, "wished");
        }
    },
  };
}

function createShare(
  { config, run, clock, log }: ScannerUnitsDeps,
  { to }: ShareConfig,
  root: string,
  input: RadioInput,
): SightingShare {
  const share = new SightingShare({
    root,
    to,
    receivers: config.radios.map(({ id }) => id),
    tagOf: (tag) => (input.tags.isActive(tag) ? (input.tags.tags[tag]?.id ?? null) : null),
    isSeeing: (id) =>
      input.facts().some(({ receiverId, state }) => receiverId === id && state === "seeing"),
    run,
    clock,
    log,
  });
  input.onReading((tag, receiver, rssiDbm, atMono) =>
    share.reading(tag, receiver, rssiDbm, atMono),
  );
  return share;
}

/** The share lives with the first receiver, and after it: the last second is told as well. */
function withShare(unit: SensorUnit, share: SightingShare): SensorUnit {
  const { service } = unit;
  return {
    ...unit,
    service: {
      name: service.name,
      async start(signal) {
        await share.start(signal);
        await service.start(signal);
      },
      async [Symbol.asyncDispose]() {
        await service[Symbol.asyncDispose]();
        await share[Symbol.asyncDispose]();
      },
    },
    facts: () => [...unit.facts(), ...shareTexts(share.counts)],
  };
}
