import { type MonoMs, monoMs } from "../core/brand.ts";
import type { TagChanged, TagState } from "../core/events.ts";
import type { TagPlan } from "../core/site.ts";
import { RssiFilter } from "./rssi-filter.ts";

/** When a tag counts as inside, passing or absent. Levels are smoothed, of the receiver that hears it best. */
export interface PresenceRules {
  /** At or above this for `insideAfterMs`: inside. */
  readonly insideDbm: number;
  /** Below this for `outsideAfterMs`: only passing. Lower than `insideDbm` by about the scatter of a reading. */
  readonly outsideDbm: number;
  readonly insideAfterMs: number;
  readonly outsideAfterMs: number;
  /** Not heard for this long by a receiver that works: absent. */
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
  readonly tags: readonly TagPlan[];
  /** Number of receivers; readings name them by position. */
  readonly receivers: number;
  /** Name of this run; with the number of the event it makes the event's id. */
  readonly run: string;
  readonly onEvent: (event: TagChanged) => void;
  readonly rules?: PresenceRules;
}

/**
 * Presence of the registered tags: absent, passing or inside, with hysteresis in dBm and ms. Memory is one entry per
 * registered tag that is not absent; devices that are not registered never reach it.
 *
 * `atMono` of an event is when the change began (first heard, level first strong or weak, last heard), not when it was
 * decided; per tag it never goes back. A receiver that is blind proves nothing: what it heard last stays as it is until
 * it has been seeing again for `outsideAfterSilenceMs`.
 */
export class Presence {
  readonly #options: PresenceOptions;
  readonly #rules: PresenceRules;
  readonly #heard = new Map<number, Heard>();
  /** Per receiver: since when it has been seeing; NaN while it is not. */
  readonly #seeingMono: Float64Array;
  #seq = 0;

  constructor(options: PresenceOptions) {
    this.#options = options;
    this.#rules = options.rules ?? PRESENCE_RULES;
    this.#seeingMono = new Float64Array(options.receivers).fill(Number.NaN);
  }

  /** Tags that are passing or inside now. */
  get present(): number {
    return this.#heard.size;
  }

  /** State of the tag at this position of the plan. */
  stateOf(tag: number): TagState {
    return this.#heard.get(tag)?.state ?? "outside";
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
    entry.heardMono = monoMs(Math.max(entry.heardMono, atMono));
    entry.receiver = receiver;
    const filter = entry.levels[receiver] ?? new RssiFilter();
    entry.levels[receiver] = filter;
    filter.push(rssiDbm, atMono);
    this.#judge(tag, entry, bestLevelDbm(entry, atMono), atMono);
  }

  /** Declares absent what has been silent for too long. Call about once a second, and at the end of a recording. */
  advance(nowMono: MonoMs): void {
    for (const [tag, entry] of this.#heard)
      if (this.#isGone(entry, nowMono)) this.#leave(tag, entry);
  }

  #isGone(entry: Heard, nowMono: MonoMs): boolean {
    const seeingMono = this.#seeingMono[entry.receiver] ?? Number.NaN;
    return nowMono - Math.max(entry.heardMono, seeingMono) >= this.#rules.outsideAfterSilenceMs;
  }

  #arrive(tag: number, receiver: number, atMono: MonoMs): Heard {
    const entry: Heard = {
      state: "outside",
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

    if (entry.state === "passing") {
      const steady = entry.strongReadings >= STEADY_READINGS;
      if (steady && atMono - entry.strongMono >= rules.insideAfterMs)
        this.#change(tag, entry, "inside", monoMs(entry.strongMono));
    } else if (atMono - entry.weakMono >= rules.outsideAfterMs) {
      this.#change(tag, entry, "passing", monoMs(entry.weakMono));
    }
  }

  #change(tag: number, entry: Heard, state: TagState, atMono: MonoMs): void {
    const plan = this.#options.tags[tag];
    const previous = entry.state;
    entry.state = state;
    if (plan === undefined) return;
    const event: TagChanged = {
      kind: "tag-changed",
      source: `radio:fused#${this.#options.run}`,
      seq: this.#seq,
      atMono,
      tagId: plan.id,
      tagKind: plan.kind,
      state,
      previous,
    };
    this.#seq += 1;
    this.#options.onEvent(event);
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
