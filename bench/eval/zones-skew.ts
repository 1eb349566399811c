import { scannerSchema } from "../../src/config/scanners.ts";
import { epochMs, type MonoMs, monoMs } from "../../src/core/brand.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { createSteppedClock } from "../../src/core/stepped-clock.ts";
import { RemoteScanner } from "../../src/io/radio/remote/remote-scanner.ts";
import type { Sighting } from "../../src/radio/sighting.ts";
import type { RadioMessage } from "../../src/wire/radio-message.ts";

/** One reading of a recorded walk. */
export interface WalkReading {
  /** Seconds since 1970. */
  readonly timeS: number;
  /** Receiver that heard it. */
  readonly sensor: string;
  readonly rssiDbm: number;
}

export interface SkewOptions {
  /** By how much the clock of the box that a receiver belongs to is ahead of ours, ms. */
  readonly aheadMsOf: (sensor: string) => number;
  /** Drift of those clocks, parts per million. */
  readonly driftPpm?: number;
  /** Mean of the exponential delay between sending and arrival, ms. */
  readonly meanDelayMs: number;
  readonly random: () => number;
}

/** A message as it arrives. */
export interface SkewedMessage {
  readonly sensor: string;
  /** Our time of arrival, ms since 1970. */
  readonly arrivedMs: number;
  readonly text: string;
}

/** A reading that came through a remote scanner, and our time of its arrival; both ms since the first reading. */
export interface ThroughScanner {
  readonly sighting: Sighting;
  readonly arrivedMono: MonoMs;
}

const TAG = "walker";

/**
 * A recorded walk as the boxes would send it in the generic form, a message a second and receiver, each with its own
 * wrong clock and delay; in order of arrival. Readings of one receiver have to be in order of time. Pure but for
 * `random`.
 */
export function skewedMessages(
  readings: readonly WalkReading[],
  { aheadMsOf, driftPpm = 0, meanDelayMs, random }: SkewOptions,
): readonly SkewedMessage[] {
  const startMs = (readings[0]?.timeS ?? 0) * 1000;
  const groups = new Map<string, WalkReading[]>();
  for (const reading of readings) {
    const key = `${reading.sensor} ${Math.floor(reading.timeS)}`;
    groups.set(key, [...(groups.get(key) ?? []), reading]);
  }
  const messages = [...groups.values()].map((group, seq): SkewedMessage => {
    const sensor = group[0]?.sensor ?? "";
    const sentMs = (Math.floor(group[0]?.timeS ?? 0) + 1) * 1000;
    const told = (ms: number): number => ms + aheadMsOf(sensor) + ((ms - startMs) * driftPpm) / 1e6;
    const message: RadioMessage = {
      v: 1,
      time: told(sentMs),
      seq,
      session: "walk",
      sightings: group.map(({ timeS, rssiDbm }) => ({
        tag: TAG,
        rssi: rssiDbm,
        at: told(sentMs) - told(timeS * 1000),
      })),
    };
    const delayMs = -meanDelayMs * Math.log(1 - random());
    return { sensor, arrivedMs: sentMs + delayMs, text: JSON.stringify(message) };
  });
  return messages.sort((a, b) => a.arrivedMs - b.arrivedMs);
}

/**
 * The same through the product's own way for remote scanners, one per receiver: what zone engine or radio input get,
 * in order of arrival, with corrected times.
 */
export function throughScanners(
  readings: readonly WalkReading[],
  options: SkewOptions,
): readonly ThroughScanner[] {
  const startMs = (readings[0]?.timeS ?? 0) * 1000;
  const clock = createSteppedClock(epochMs(startMs), monoMs(0));
  const told: ThroughScanner[] = [];
  const scanners = new Map<string, RemoteScanner>();
  for (const { sensor, arrivedMs, text } of skewedMessages(readings, options)) {
    clock.advanceTo(monoMs(arrivedMs - startMs));
    const scanner = scanners.get(sensor) ?? scannerOf(sensor);
    scanners.set(sensor, scanner);
    scanner.take({ text, role: "heard", device: "", retained: false });
  }
  return told;

  function scannerOf(sensor: string): RemoteScanner {
    const config = scannerSchema.parse({ id: sensor, via: "generic" });
    const scanner = new RemoteScanner({ config, clock, log: SILENT_LOG });
    scanner.onSighting = (sighting) => told.push({ sighting, arrivedMono: clock.mono() });
    void scanner.start(new AbortController().signal);
    return scanner;
  }
}
