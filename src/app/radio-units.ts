import type { Clock } from "../core/clock.ts";
import type { Service } from "../core/lifecycle.ts";
import type { SitePlan } from "../core/site.ts";
import type { NobleRadio } from "../io/radio/noble-radio.ts";
import { createRadioInput } from "../io/radio/radio-input.ts";
import type { SensorPorts } from "./compose.ts";
import type { SensorUnit } from "./sensor-board.ts";

export interface RadioUnitsDeps {
  readonly sources: readonly NobleRadio[];
  /** Drives the sources when they are not started one by one (the demonstration's generator). */
  readonly driver: Service | null;
  readonly site: SitePlan;
  readonly run: string;
  readonly clock: Clock;
}

/** One sensor per receiver; all of them feed one presence, which lives with the first. */
export function radioUnits(deps: RadioUnitsDeps, ports: SensorPorts): readonly SensorUnit[] {
  const { sources, driver, site, run, clock } = deps;
  if (sources.length === 0) return [];
  const input = createRadioInput({ sources, tags: site.tags, run, clock, onEvent: ports.onEvent });
  return sources.map((source, index) => ({
    sensorId: source.receiverId,
    kind: "radio" as const,
    name: site.receivers.find((plan) => plan.id === source.receiverId)?.name ?? source.receiverId,
    service: together(
      `radio:${source.receiverId}`,
      index === 0 ? [input, driver ?? source] : driver === null ? [source] : [],
    ),
    facts: () => input.factTexts(source.receiverId),
  }));
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
