import { BoundedMap } from "../../core/bounded-map.ts";
import type { CameraId, LineId, MonoMs, TrackId } from "../../core/brand.ts";
import type { CrossingDirection } from "../../core/events.ts";
import type { NumberedEvents } from "../../vision/numbered-events.ts";
import type { CounterChange } from "./changes.ts";

/** One of the counter's lines in the words of the site plan. */
export interface LineMapping {
  readonly line: LineId;
  /** What its forward direction is here. */
  readonly forward: CrossingDirection;
}

export interface CountedLinesOptions {
  readonly cameraId: CameraId;
  /** Number or name of the line at the counter -> line of the site plan. */
  readonly lines: ReadonlyMap<string, LineMapping>;
  readonly events: NumberedEvents;
  /** Our number of somebody the counter names; null when unknown. */
  trackOf(id: string): TrackId | null;
  nextTrackId(): TrackId;
}

type Crossed = Extract<CounterChange, { readonly kind: "crossed" }>;

/** Crossings remembered to know a repetition. A counter that pushes again does so within minutes. */
const KEYS = { cap: 8192, idleMs: Number.POSITIVE_INFINITY };
const STRANGERS = { cap: 1024, idleMs: Number.POSITIVE_INFINITY };
/** Crossings that wait for the people they name; beyond it the oldest is told early. */
const MAX_WAITING = 1024;

/** Crossings a counter counted itself. Each is told once, with confidence 1 and no path: we did not see it. */
export class CountedLines {
  readonly #options: CountedLinesOptions;
  readonly #keys = new BoundedMap<string, true>(KEYS);
  readonly #strangers = new BoundedMap<string, TrackId>(STRANGERS);
  readonly #waiting: { readonly crossed: Crossed; readonly atMono: MonoMs }[] = [];
  #told = 0;
  #repeated = 0;
  #unmapped = 0;

  constructor(options: CountedLinesOptions) {
    this.#options = options;
  }

  get told(): number {
    return this.#told;
  }

  /** Said again by the counter, and not counted again. */
  get repeated(): number {
    return this.#repeated;
  }

  /** Of lines that the configuration does not name. */
  get unmapped(): number {
    return this.#unmapped;
  }

  take(crossed: Crossed, atMono: MonoMs): void {
    if (this.#mappingOf(crossed) === undefined) {
      this.#unmapped += 1;
      return;
    }
    if (this.#keys.peek(crossed.key)) {
      this.#repeated += 1;
      return;
    }
    this.#keys.set(crossed.key, true, atMono);
    this.#waiting.push({ crossed, atMono });
    while (this.#waiting.length > MAX_WAITING) this.#tellFirst();
  }

  /** Tells what lies before `untilMono`: the people of that time are known by then. */
  advance(untilMono: MonoMs): void {
    while ((this.#waiting[0]?.atMono ?? Number.POSITIVE_INFINITY) <= untilMono) this.#tellFirst();
  }

  #tellFirst(): void {
    const first = this.#waiting.shift();
    const mapping = first === undefined ? undefined : this.#mappingOf(first.crossed);
    if (first === undefined || mapping === undefined) return;
    const { crossed, atMono } = first;
    const { cameraId, events } = this.#options;
    const backward = mapping.forward === "in" ? "out" : "in";
    events.emit({
      kind: "line-crossed",
      atMono,
      cameraId,
      lineId: mapping.line,
      trackId: this.#trackOf(crossed.id, atMono),
      direction: crossed.isForward ? mapping.forward : backward,
      confidence: 1,
      path: [],
    });
    this.#told += 1;
  }

  #mappingOf({ lines }: Crossed): LineMapping | undefined {
    for (const name of lines) {
      const mapping = this.#options.lines.get(name);
      if (mapping !== undefined) return mapping;
    }
    return undefined;
  }

  #trackOf(id: string, atMono: MonoMs): TrackId {
    const known = this.#options.trackOf(id) ?? this.#strangers.get(id, atMono);
    if (known !== undefined) return known;
    const fresh = this.#options.nextTrackId();
    this.#strangers.set(id, fresh, atMono);
    return fresh;
  }
}
