import { type EpochMs, epochMs, monoMs } from "../core/brand.ts";
import type { JourneyEvent, SensorRecorded } from "../core/events.ts";
import { fromCloudEvent } from "../wire/cloud-event.ts";

/** What the daybook told. */
export interface RebuiltDay {
  readonly events: number;
  /** Records that could not be read; they stay in the outbox and reach the centre all the same. */
  readonly unreadable: number;
  /** For each sensor that was seeing when the last life ended: the news that it stopped then. */
  readonly interruptions: readonly SensorRecorded[];
}

/**
 * Reads the day's events back, in order of recording, and hands each to `ingest`. A gateway that was killed said no
 * farewell: its sensors count as not seeing from its last event on, which is the latest time it was surely alive.
 */
export function rebuildDay(
  bodies: Iterable<string>,
  boot: string,
  ingest: (event: JourneyEvent) => void,
): RebuiltDay {
  const seeing = new Map<string, SensorRecorded>();
  let events = 0;
  let unreadable = 0;
  let lastAt: EpochMs = epochMs(0);
  for (const body of bodies) {
    const outcome = fromCloudEvent(JSON.parse(body));
    if (!outcome.ok) {
      unreadable += 1;
      continue;
    }
    const event = outcome.value;
    ingest(event);
    events += 1;
    lastAt = event.at > lastAt ? event.at : lastAt;
    if (event.kind !== "sensor-changed") continue;
    if (event.state === "seeing") seeing.set(event.sensorId, event);
    else seeing.delete(event.sensorId);
  }
  const interruptions = [...seeing.values()].map((event) => ({
    ...event,
    source: `interruption:${event.sensorId}#${boot}`,
    seq: 0,
    at: lastAt,
    atMono: monoMs(0),
    state: "stopped" as const,
    code: null,
  }));
  return { events, unreadable, interruptions };
}
