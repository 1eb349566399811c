import { type MonoMs, monoMs } from "../../core/brand.ts";
import type { WalkReading } from "../zones/smooth-walk.ts";
import { type Span, type Stay, stayedMs, staysOf, type WalkMark } from "./walk-stays.ts";
import { type TapeCounts, WalkTape } from "./walk-tape.ts";

/** Bounds and habits of a walk. */
export interface WalkRules {
  /** Time left out on both sides of a tap, ms. */
  readonly transitionMs: number;
  /** Time wanted in each zone, ms. */
  readonly wantedMs: number;
  /** A walk ends by itself after this, ms. */
  readonly longestMs: number;
  /** Readings kept; later ones are counted and dropped. */
  readonly maxReadings: number;
  /** Taps and pauses kept; later ones are refused. */
  readonly maxMarks: number;
}

/** Two minutes a zone and an hour in all, as the issue asks; 200000 readings are an hour of 24 receivers. */
export const WALK_RULES: WalkRules = {
  transitionMs: 3_000,
  wantedMs: 120_000,
  longestMs: 3_600_000,
  maxReadings: 200_000,
  maxMarks: 500,
};

/** What became of a tap, a pause or an undo; everything but `taken` changed nothing. */
export type MarkOutcome = "taken" | "already-there" | "no-such-zone" | "too-many" | "over";

/** How far a walk is. Positions are those of the plan's lists. */
export interface WalkProgress {
  /** Milliseconds of certain time per zone. */
  readonly stayedMs: Float64Array;
  /** Zones with less than the wanted time. */
  readonly missingZones: readonly number[];
  /** Where the carrier is; null before the first tap and during a pause. */
  readonly here: number | null;
  /** When `here` began; null with it. */
  readonly hereSinceMono: MonoMs | null;
  readonly isPaused: boolean;
  readonly isOver: boolean;
  /** Taps and pauses that could be undone. */
  readonly undoable: number;
  /** Readings per receiver. */
  readonly readings: Uint32Array;
  /** Mean level of the last seconds per receiver, dBm; NaN where nothing was heard in them. */
  readonly levelsDbm: Float64Array;
  /** Receivers that have not heard the tag since the walk began. */
  readonly silentReceivers: readonly number[];
  readonly counts: TapeCounts & { readonly refusedMarks: number };
}

/** What a walk recorded, for its report. */
export interface WalkRecord {
  readonly readings: readonly WalkReading[];
  readonly stays: readonly Stay[];
}

/** How far back a shown level looks. */
const LEVEL_WINDOW_MS = 5_000;

/**
 * One walk: somebody carries a tag through the shop and names the zone they stand in. Holds its readings and taps,
 * bounded by the rules. Pure: time comes with each call, and a time that goes backwards counts as the latest seen.
 */
export class WalkSession {
  readonly #rules: WalkRules;
  readonly #zones: number;
  readonly #receivers: number;
  readonly #startedMono: MonoMs;
  readonly #tape: WalkTape;
  readonly #marks: WalkMark[] = [];
  readonly #doubtful: Span[] = [];
  #lastMono: MonoMs;
  #refusedMarks = 0;

  /** `zones` and `receivers`: how many the plan has. */
  constructor(
    plan: { readonly zones: number; readonly receivers: number },
    startedMono: MonoMs,
    rules: WalkRules = WALK_RULES,
  ) {
    this.#rules = rules;
    this.#zones = plan.zones;
    this.#receivers = plan.receivers;
    this.#startedMono = startedMono;
    this.#lastMono = startedMono;
    this.#tape = new WalkTape(rules.maxReadings, plan.receivers);
  }

  get startedMono(): MonoMs {
    return this.#startedMono;
  }

  /** When the walk ends by itself. */
  get endsMono(): MonoMs {
    return monoMs(this.#startedMono + this.#rules.longestMs);
  }

  /** Takes a reading of the carried tag; one from before the start or after the end is dropped. */
  reading(receiver: number, rssiDbm: number, atMono: MonoMs): void {
    if (atMono < this.#startedMono || atMono >= this.endsMono) return;
    this.#tape.add(receiver, rssiDbm, atMono);
  }

  /** The carrier says to stand in a zone; also ends a pause. */
  tap(zone: number, atMono: MonoMs): MarkOutcome {
    if (!Number.isInteger(zone) || zone < 0 || zone >= this.#zones)
      return this.#refuse("no-such-zone");
    return this.#mark(zone, atMono);
  }

  /** The carrier is somewhere else for a while, or busy; nothing counts until the next tap. */
  pause(atMono: MonoMs): MarkOutcome {
    return this.#mark(null, atMono);
  }

  /**
   * Takes the last tap or pause back; the one before it holds again from now on. What lies between belongs to nobody:
   * where the carrier was then is not certain. `already-there` when there is nothing to undo.
   */
  undo(atMono: MonoMs): MarkOutcome {
    if (this.isOver(atMono)) return this.#refuse("over");
    const undone = this.#marks.pop();
    if (undone === undefined) return "already-there";
    const nowMono = this.#pass(atMono);
    if (nowMono > undone.atMono) this.#doubtful.push({ fromMono: undone.atMono, toMono: nowMono });
    return "taken";
  }

  isOver(nowMono: MonoMs): boolean {
    return nowMono >= this.endsMono;
  }

  progress(nowMono: MonoMs): WalkProgress {
    const last = this.#marks.at(-1);
    const here = last?.zone ?? null;
    const sums = stayedMs(this.#stays(nowMono, 0), this.#zones);
    const { readings, levelsDbm } = this.#heard(nowMono);
    const zones = Array.from({ length: this.#zones }, (_, zone) => zone);
    const receivers = Array.from({ length: this.#receivers }, (_, receiver) => receiver);
    return {
      stayedMs: sums,
      missingZones: zones.filter((zone) => (sums[zone] ?? 0) < this.#rules.wantedMs),
      here,
      hereSinceMono: here === null ? null : (last?.atMono ?? null),
      isPaused: last !== undefined && last.zone === null,
      isOver: this.isOver(nowMono),
      undoable: this.#marks.length,
      readings,
      levelsDbm,
      silentReceivers: receivers.filter((receiver) => readings[receiver] === 0),
      counts: { ...this.#tape.counts(), refusedMarks: this.#refusedMarks },
    };
  }

  /** What was recorded up to `endMono`. A copy: the walk may go on. */
  record(endMono: MonoMs): WalkRecord {
    const untilMono = monoMs(Math.min(endMono, this.endsMono));
    const stays = this.#stays(untilMono, this.#rules.transitionMs);
    return { readings: this.#tape.readings(), stays };
  }

  /** `lastMs`: time left out at the open end, where the carrier is about to put the tag down. */
  #stays(untilMono: MonoMs, lastMs: number): readonly Stay[] {
    const endMono = monoMs(Math.min(untilMono, this.endsMono) - lastMs);
    return staysOf(this.#marks, this.#doubtful, endMono, this.#rules.transitionMs);
  }

  #mark(zone: number | null, atMono: MonoMs): MarkOutcome {
    if (this.isOver(atMono)) return this.#refuse("over");
    const last = this.#marks.at(-1);
    if (last === undefined ? zone === null : last.zone === zone) return "already-there";
    // Each undo leaves a doubtful span, so both lists count.
    if (this.#marks.length + this.#doubtful.length >= this.#rules.maxMarks)
      return this.#refuse("too-many");
    this.#marks.push({ zone, atMono: this.#pass(atMono) });
    return "taken";
  }

  #refuse(outcome: MarkOutcome): MarkOutcome {
    this.#refusedMarks += 1;
    return outcome;
  }

  #pass(atMono: MonoMs): MonoMs {
    this.#lastMono = monoMs(Math.max(this.#lastMono, atMono));
    return this.#lastMono;
  }

  #heard(nowMono: MonoMs): Pick<WalkProgress, "readings" | "levelsDbm"> {
    const readings = new Uint32Array(this.#receivers);
    const recent = new Uint32Array(this.#receivers);
    const levelsDbm = new Float64Array(this.#receivers);
    for (let i = 0; i < this.#tape.length; i += 1) {
      const receiver = this.#tape.receiverAt(i);
      readings[receiver] = (readings[receiver] ?? 0) + 1;
      if (nowMono - this.#tape.monoAt(i) > LEVEL_WINDOW_MS) continue;
      recent[receiver] = (recent[receiver] ?? 0) + 1;
      levelsDbm[receiver] = (levelsDbm[receiver] ?? 0) + this.#tape.rssiAt(i);
    }
    levelsDbm.forEach((sum, receiver) => {
      const n = recent[receiver] ?? 0;
      levelsDbm[receiver] = n === 0 ? Number.NaN : sum / n;
    });
    return { readings, levelsDbm };
  }
}
