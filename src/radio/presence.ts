import { type MonoMs, monoMs } from "../core/brand.ts";
import type { TagState } from "../core/events.ts";
import { RssiFilter } from "./rssi-filter.ts";
import type { TagEvents } from "./tag-events.ts";

/** When a tag counts as inside, passing or outside. Levels are smoothed, of the receiver that hears it best. */
export interface PresenceRules {
  /** At or above this for `insideAfterMs`: inside. */
  readonly insideDbm: number;
  /** Below this for `outsideAfterMs`: only passing. Lower than `insideDbm` by about the scatter of a reading. */
  readonly outsideDbm: number;
  readonly insideAfterMs: number;
  readonly outsideAfterMs: number;
  /** Not heard for this long by a receiver that works: outside. */
  readonly outsideAfterSilenceMs: number;
}

/**
 * A tag 10 m away in an open room is heard at about -62 - 10 * 2.3 * log10(10) = -85 dBm, and readings scatter by 8 dB;
 * a tag may send as seldom as every ten seconds and lose two of three packets.
 */
export const PRESENCE_RULES: PresenceRules = {
  insideDbm: -85,
  outsideDbm: -93,
  insideAfterMs: 4_000,
  outsideAfterMs: 15_000,
  outsideAfterSilenceMs: 30_000,
};

/** A level older than this does not say where the tag is now. */
const LEVEL_AGE_MS = 10_000;
/** Fewer readings than this are not "steadily". */
const STEADY_READINGS = 3;

interface Heard {
  state: TagState;
  /** First reading since the tag was outside, and newest. */
  readonly arrivedMono: MonoMs;
  heardMono: MonoMs;
  /** Receiver of the newest reading. */
  receiver: number;
  /** Since when the level has been strong or weak without a break; NaN when it is not. */
  strongMono: number;
  weakMono: number;
  strongReadings: number;
  readonly levels: (RssiFilter | undefined)[];
}

export interface PresenceOptions {
  /** Takes what changed, and keeps it in order per tag. */
  readonly events: TagEvents;
  /** Number of receivers; readings name them by position. */
  readonly receivers: number;
  readonly rules?: PresenceRules;
  /** Whether levels decide about this tag now; absent = they always do. False while its place on the floor decides. */
  readonly isByLevel?: (tag: number, arrivedMono: MonoMs, atMono: MonoMs) => boolean;
  /** Called before a tag is told to be outside, with the instant at which it was last heard. */
  readonly onLeave?: (tag: number, heardMono: MonoMs) => void;
}

/**
 * Presence of the registered tags: outside, passing or inside. Inside by level with hysteresis in dBm and ms, or by
 * whoever knows its place (`place`). Memory is one entry per registered tag that is not outside; devices that are not
 * registered never reach it.
 *
 * The instant of an event is when the change began (first heard, level first strong or weak, last heard), not when it
 * was decided. A receiver that is blind proves nothing: what it heard last stays as it is until it has been seeing again
 * for `outsideAfterSilenceMs`.
 */
export class Presence {
  readonly #options: PresenceOptions;
  readonly #rules: PresenceRules;
  readonly #heard = new Map<number, Heard>();
  /** Per receiver: since when it has been seeing; NaN while it is not. */
  readonly #seeingMono: Float64Array;

  constructor(options: PresenceOptions) {
    this.#options = options;
    this.#rules = options.rules ?? PRESENCE_RULES;
    this.#seeingMono = new Float64Array(options.receivers).fill(Number.NaN);
  }

  /** Tags that are passing or inside now. */
  get present(): number {
    return this.#heard.size;
  }

  /** Tags that are inside now. */
  get inside(): number {
    let count = 0;
    for (const entry of this.#heard.values()) if (entry.state === "inside") count += 1;
    return count;
  }

  /** State of the tag at this position of the plan. */
  stateOf(tag: number): TagState {
    return this.#heard.get(tag)?.state ?? "outside";
  }

  /** When a tag that is passing or inside was last heard; null for one that is outside. */
  heardMonoOf(tag: number): MonoMs | null {
    return this.#heard.get(tag)?.heardMono ?? null;
  }

  /** Tells whether a receiver sees; only then does its silence mean absence. */
  setSeeing(receiver: number, seeing: boolean, atMono: MonoMs): void {
    const since = this.#seeingMono[receiver] ?? Number.NaN;
    if (seeing && Number.isNaN(since)) this.#seeingMono[receiver] = atMono;
    if (!seeing) this.#seeingMono[receiver] = Number.NaN;
  }

  /** Takes one reading of a registered tag. `tag` and `receiver` are positions in the plan and the list of receivers. */
  reading(tag: number, receiver: number, rssiDbm: number, atMono: MonoMs): void {
    const known = this.#heard.get(tag);
    if (known !== undefined && this.#isGone(known, atMono)) this.#leave(tag, known);
    const entry = this.#heard.get(tag) ?? this.#arrive(tag, receiver, atMono);
    if (atMono >= entry.heardMono) entry.receiver = receiver;
    entry.heardMono = monoMs(Math.max(entry.heardMono, atMono));
    const filter = entry.levels[receiver] ?? new RssiFilter();
    entry.levels[receiver] = filter;
    filter.push(rssiDbm, atMono);
    this.#judge(tag, entry, bestLevelDbm(entry, entry.heardMono), entry.heardMono);
  }

  /** Takes the word of somebody who knows the place of the tag; ignored for a tag that is outside. */
  place(tag: number, state: "passing" | "inside", sinceMono: MonoMs): void {
    const entry = this.#heard.get(tag);
    if (entry !== undefined && entry.state !== state) this.#change(tag, entry, state, sinceMono);
  }

  /** Declares outside what has been silent for too long. Call about once a second, and at the end of a recording. */
  advance(nowMono: MonoMs): void {
    for (const [tag, entry] of this.#heard)
      if (this.#isGone(entry, nowMono)) this.#leave(tag, entry);
  }

  /** Declares a tag outside that is no longer registered. */
  drop(tag: number): void {
    const entry = this.#heard.get(tag);
    if (entry !== undefined) this.#leave(tag, entry);
  }

  #isGone(entry: Heard, nowMono: MonoMs): boolean {
    const seeingMono = this.#seeingMono[entry.receiver] ?? Number.NaN;
    return nowMono - Math.max(entry.heardMono, seeingMono) >= this.#rules.outsideAfterSilenceMs;
  }

  #arrive(tag: number, receiver: number, atMono: MonoMs): Heard {
    const entry: Heard = {
      state: "outside",
      arrivedMono: atMono,
      heardMono: atMono,
      receiver,
      strongMono: Number.NaN,
      weakMono: Number.NaN,
      strongReadings: 0,
      levels: [],
    };
    this.#heard.set(tag, entry);
    this.#change(tag, entry, "passing", atMono);
    return entry;
  }

  #leave(tag: number, entry: Heard): void {
    this.#options.onLeave?.(tag, entry.heardMono);
    this.#heard.delete(tag);
    this.#change(tag, entry, "outside", entry.heardMono);
  }

  #judge(tag: number, entry: Heard, levelDbm: number, atMono: MonoMs): void {
    const rules = this.#rules;
    if (levelDbm < rules.insideDbm) {
      entry.strongMono = Number.NaN;
      entry.strongReadings = 0;
    } else {
      if (Number.isNaN(entry.strongMono)) entry.strongMono = atMono;
      entry.strongReadings += 1;
    }
    if (levelDbm >= rules.outsideDbm) entry.weakMono = Number.NaN;
    else if (Number.isNaN(entry.weakMono)) entry.weakMono = atMono;

    const { isByLevel } = this.#options;
    if (isByLevel !== undefined && !isByLevel(tag, entry.arrivedMono, atMono)) return;
    if (entry.state === "passing") {
      const steady = entry.strongReadings >= STEADY_READINGS;
      if (steady && atMono - entry.strongMono >= rules.insideAfterMs)
        this.#change(tag, entry, "inside", monoMs(entry.strongMono));
    } else if (atMono - entry.weakMono >= rules.outsideAfterMs) {
      this.#change(tag, entry, "passing", monoMs(entry.weakMono));
    }
  }

  #change(tag: number, entry: Heard, state: TagState, atMono: MonoMs): void {
    const { state: previous } = entry;
    entry.state = state;
    this.#options.events.change(tag, state, previous, atMono);
  }
}

/** Strongest fresh level over all receivers; the newest reading makes at least one fresh. Allocates nothing. */
function bestLevelDbm(entry: Readonly<Heard>, atMono: MonoMs): number {
  let best = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < entry.levels.length; i += 1) {
    const filter = entry.levels[i];
    if (filter !== undefined && atMono - filter.atMono <= LEVEL_AGE_MS)
      best = Math.max(best, filter.levelDbm);
  }
  return best;
}
