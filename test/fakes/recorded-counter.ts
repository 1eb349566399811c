import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type CounterConfig, counterSchema } from "../../src/config/counters.ts";
import { parseSitePlan } from "../../src/config/site.ts";
import type { LivePeople, SensorEvent } from "../../src/core/events.ts";
import { type Log, SILENT_LOG } from "../../src/core/lifecycle.ts";
import type { CameraPlan } from "../../src/core/site.ts";
import { TrackCounter } from "../../src/io/counters/track-counter.ts";
import { FakeClock } from "./fake-clock.ts";

/** When the recordings begin, by the clocks of their counters. */
export const RECORDING_START = Date.UTC(2026, 8, 14, 10);

/** One message of a recording: when it arrived, ms after the beginning, where, and what it was. */
export interface RecordedMessage {
  readonly atMs: number;
  readonly topic?: string;
  readonly payload: unknown;
}

const FOLDER = join(import.meta.dirname, "../fixtures/counters");

export function recording(name: string): readonly RecordedMessage[] {
  const lines = readFileSync(join(FOLDER, `${name}.jsonl`), "utf8")
    .trimEnd()
    .split("\n");
  return lines.map((line) => JSON.parse(line) as RecordedMessage);
}

export const COUNTER_SITE = {
  v: 1,
  store: { id: "shop1", name: "Shop", timeZone: "Europe/Zurich" },
  cameras: [
    {
      id: "shop_front",
      name: "Front",
      lines: [{ id: "door", name: "Door", role: "door", a: [0.3, 0.55], b: [0.9, 0.55] }],
      zones: [
        {
          id: "window",
          name: "Window",
          kind: "window",
          polygon: [
            [0.08, 0.65],
            [0.35, 0.65],
            [0.35, 0.99],
            [0.08, 0.99],
          ],
        },
      ],
    },
  ],
} as const;

export function counterPlan(): CameraPlan {
  const outcome = parseSitePlan(COUNTER_SITE);
  const plan = outcome.ok ? outcome.value.cameras[0] : undefined;
  if (plan === undefined) throw new Error("the site plan of the test is wrong");
  return plan;
}

/** The configuration of a counter of one format, as the recordings need it. */
export function counterConfig(format: string, extra: Record<string, unknown> = {}): CounterConfig {
  const needs: Record<string, Record<string, unknown>> = {
    frigate: { picture: { widthPx: 1280, heightPx: 720 } },
    xovis: { area: { xMinM: -4, xMaxM: 4, yMinM: -3, yMaxM: 3 } },
  };
  const via = { kind: "mqtt" };
  return counterSchema.parse({ id: "shop_front", format, via, ...needs[format], ...extra });
}

export interface CounterRig {
  readonly clock: FakeClock;
  readonly counter: TrackCounter;
  readonly events: SensorEvent[];
  readonly live: LivePeople[];
  stop(): Promise<void>;
}

export async function startCounter(
  config: CounterConfig,
  log: Log = SILENT_LOG,
): Promise<CounterRig> {
  const clock = new FakeClock({ epoch: RECORDING_START });
  const events: SensorEvent[] = [];
  const live: LivePeople[] = [];
  const counter = new TrackCounter({
    config,
    plan: counterPlan(),
    clock,
    log,
    random: () => 0.5,
    listener: null,
    onEvent: (event) => events.push(event),
    onPeople: (people) => live.push(people),
  });
  await counter.start(new AbortController().signal);
  return { clock, counter, events, live, stop: () => counter[Symbol.asyncDispose]() };
}

/** Plays a recording in its own time, then lets `restMs` pass. */
export function play(rig: CounterRig, messages: readonly RecordedMessage[], restMs = 12_000): void {
  for (const { atMs, payload } of messages) {
    rig.clock.advanceTo(atMs);
    rig.counter.take(JSON.stringify(payload));
  }
  rig.clock.advance(restMs);
}

/** What counts, in a line each: `door in #1 4.62 s`. */
export function told(events: readonly SensorEvent[]): readonly string[] {
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  return events.flatMap((event) => {
    switch (event.kind) {
      case "line-crossed":
        return [`${event.lineId} ${event.direction} #${event.trackId} ${seconds(event.atMono)}`];
      case "zone-entered":
        return [`${event.zoneId} entered #${event.trackId} ${seconds(event.atMono)}`];
      case "zone-exited": {
        const dwell = `${seconds(event.dwellMs)}${event.censored ? " censored" : ""}`;
        return [`${event.zoneId} left #${event.trackId} ${seconds(event.atMono)} after ${dwell}`];
      }
      case "sensor-changed":
        return [`${event.state} ${event.code ?? "-"} ${seconds(event.atMono)}`];
      default:
        return [];
    }
  });
}
