import type { ReceiverId } from "../core/brand.ts";
import type { Clock } from "../core/clock.ts";
import type { Service } from "../core/lifecycle.ts";
import type { SitePlan } from "../core/site.ts";
import type { SensorVitals } from "../fleet/health.ts";
import type { NobleRadio } from "../io/radio/noble-radio.ts";
import { createRadioInput, type RadioInput } from "../io/radio/radio-input.ts";
import type { MemberPort } from "../radio/loyalty/member-port.ts";
import type { SightingSource } from "../radio/sighting.ts";
import type { TagBook } from "../radio/tag-registry.ts";
import type { LearnedRadio } from "../radio/zones/zone-engine.ts";
import type { SensorPorts } from "./compose.ts";
import type { SensorUnit } from "./sensor-board.ts";

/** A scanner on the network, and the life of its own that it may have. */
export interface RemoteScanner {
  readonly source: SightingSource;
  readonly service: Service | null;
}

export interface RadioUnitsDeps {
  readonly sources: readonly NobleRadio[];
  /** Drives the sources when they are not started one by one (the demonstration's generator). */
  readonly driver: Service | null;
  readonly remotes?: readonly RemoteScanner[];
  readonly site: SitePlan;
  /** The registered tags while they may change; absent = those of the site plan. */
  readonly tags?: TagBook;
  /** How much later it is decided where a tag was; absent = the input's own default. */
  readonly lagMs?: number;
  /** What was learned of the radios in an earlier life. */
  readonly learned?: LearnedRadio | undefined;
  readonly run: string;
  readonly clock: Clock;
  /** Who of those that nobody registered may be followed; absent = nobody. */
  readonly members?: MemberPort | undefined;
}

/** The radio of a gateway: what the receivers feed, and a sensor for each of them. */
export interface RadioPart {
  readonly input: RadioInput;
  /** Empty when there is no receiver; the input then never starts. */
  readonly units: readonly SensorUnit[];
}

/** One sensor per receiver; all of them feed one input, which lives with the first. */
export function createRadioPart(deps: RadioUnitsDeps, ports: SensorPorts): RadioPart {
  const { sources, driver, remotes = [], site, tags, lagMs, learned, run, clock, members } = deps;
  const input = createRadioInput({
    sources,
    tags: tags ?? site.tags,
    plan: site,
    ...(lagMs === undefined ? {} : { lagMs }),
    learned,
    run,
    clock,
    onEvent: ports.onEvent,
    members,
  });
  for (const { source } of remotes) input.addRemote(source);
  const lives = [
    ...sources.map((source, index) => {
      const first = index === 0 ? driver : null;
      return { receiverId: source.receiverId, own: driver === null ? source : first };
    }),
    ...remotes.map(({ source, service }) => ({ receiverId: source.receiverId, own: service })),
  ];
  const units = lives.map(({ receiverId, own }, index) =>
    unitOf(receiverId, [...(index === 0 ? [input] : []), ...(own === null ? [] : [own])]),
  );
  return { input, units };

  function unitOf(receiverId: ReceiverId, services: readonly Service[]): SensorUnit {
    return {
      sensorId: receiverId,
      kind: "radio",
      name: site.receivers.find((plan) => plan.id === receiverId)?.name ?? receiverId,
      service: together(`radio:${receiverId}`, services),
      facts: () => input.factTexts(receiverId),
      vitals: () => vitalsOf(input, receiverId),
    };
  }
}

function vitalsOf(input: RadioInput, receiverId: ReceiverId): SensorVitals | null {
  const facts = input.facts().find((one) => one.receiverId === receiverId);
  if (facts === undefined) return null;
  const { reportsPerSecond: advertsPerSecond, lastReportAgeMs: lastHeardAgeMs } = facts;
  return { kind: "receiver", advertsPerSecond, lastHeardAgeMs };
}

/** Starts in order, stops in reverse. */
function together(name: string, services: readonly Service[]): Service {
  return {
    name,
    async start(signal) {
      for (const service of services) await service.start(signal);
    },
    async [Symbol.asyncDispose]() {
      for (const service of [...services].reverse()) await service[Symbol.asyncDispose]();
    },
  };
}
