import { type EpochMs, epochMs, monoMs } from "../core/brand.ts";
import type {
  JourneyEvent,
  SensorConditionRecorded,
  SensorRecorded,
  StaffUnseenRecorded,
} from "../core/events.ts";
import { fromCloudEvent } from "../wire/cloud-event.ts";

/** What the daybook told. */
export interface RebuiltDay {
  readonly events: number;
  /** Records that could not be read; they stay in the outbox and reach the centre all the same. */
  readonly unreadable: number;
  /**
   * For each sensor that was seeing when the last life ended: the news that it stopped then; and for each condition
   * that was present, and for missing staff, the news of its end.
   */
  readonly interruptions: readonly Interruption[];
}

type Interruption = SensorRecorded | SensorConditionRecorded | StaffUnseenRecorded;

/**
 * Reads the day's events back, in order of recording, and hands each to `ingest`. A gateway that was killed said no
 * farewell: its sensors count as not seeing from its last event on, which is the latest time it was surely alive.
 */
export function rebuildDay(
  bodies: Iterable<string>,
  boot: string,
  ingest: (event: JourneyEvent) => void,
): RebuiltDay {
  const standing = new Standing();
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
    standing.take(event);
  }
  return { events, unreadable, interruptions: standing.interruptions(lastAt, boot) };
}

/** What the last events said about each sensor. Bounded by the sensors of the plan and the kinds of conditions. */
class Standing {
  readonly #seeing = new Map<string, SensorRecorded>();
  readonly #present = new Map<string, SensorConditionRecorded>();
  #staff: StaffUnseenRecorded | null = null;

  take(event: JourneyEvent): void {
    if (event.kind === "sensor-changed") this.#takeState(event);
    if (event.kind === "staff-unseen") this.#staff = event.isPresent ? event : null;
    if (event.kind !== "sensor-condition") return;
    const key = `${event.sensorId} ${event.condition}`;
    if (event.isPresent) this.#present.set(key, event);
    else this.#present.delete(key);
  }

  /** The ends of everything still going on. Numbers follow per sensor, so that ids are the same if said again. */
  interruptions(at: EpochMs, boot: string): readonly Interruption[] {
    const head = (sensorId: string, seq: number) => ({
      source: `interruption:${sensorId}#${boot}`,
      seq,
      at,
      atMono: monoMs(0),
    });
    const stops = [...this.#seeing.values()].map((event) => ({
      ...event,
      ...head(event.sensorId, 0),
      state: "stopped" as const,
      code: null,
    }));
    const present = [...this.#present.values()];
    const ends = present.map((event, index) => {
      const before = present.slice(0, index).filter((one) => one.sensorId === event.sensorId);
      return {
        ...event,
        ...head(event.sensorId, 1 + before.length),
        isPresent: false,
        measured: {},
      };
    });
    const staff = this.#staff;
    if (staff === null) return [...stops, ...ends];
    return [...stops, ...ends, { ...staff, ...head("staff", 0), isPresent: false, unseenMs: 0 }];
  }

  #takeState(event: SensorRecorded): void {
    if (event.state === "seeing") this.#seeing.set(event.sensorId, event);
    else this.#seeing.delete(event.sensorId);
    // A life that is over, or begins, has shown nothing yet.
    if (event.state !== "stopped" && event.state !== "starting") return;
    for (const [key, condition] of this.#present)
      if (condition.sensorId === event.sensorId) this.#present.delete(key);
  }
}
