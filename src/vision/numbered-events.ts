import type {
  GroupCrossed,
  LineCrossed,
  TrackRenamed,
  ZoneApproached,
  ZoneEntered,
  ZoneExited,
} from "../core/events.ts";

/** What the pure part of a camera emits; a tracker of ours never renames, a counter's may. */
export type VisionEvent =
  | LineCrossed
  | GroupCrossed
  | ZoneEntered
  | ZoneExited
  | ZoneApproached
  | TrackRenamed;

/** An event before it has its place in the sequence of its source. */
export type UnnumberedEvent<Event extends VisionEvent = VisionEvent> = Event extends unknown
  ? Omit<Event, "source" | "seq">
  : never;

/** Gives the events of one run of a camera their contiguous numbers. */
export class NumberedEvents {
  readonly #source: string;
  readonly #onEvent: (event: VisionEvent) => void;
  #seq: number;

  /** `firstSeq` is that of the first event to come. */
  constructor(source: string, onEvent: (event: VisionEvent) => void, firstSeq = 0) {
    this.#source = source;
    this.#onEvent = onEvent;
    this.#seq = firstSeq;
  }

  /** Number of the next event. */
  get nextSeq(): number {
    return this.#seq;
  }

  emit(event: UnnumberedEvent): void {
    const seq = this.#seq;
    this.#seq += 1;
    this.#onEvent({ source: this.#source, seq, ...event } as VisionEvent);
  }
}
