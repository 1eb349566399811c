import type { MonoMs, ReceiverId } from "../../core/brand.ts";
import type { FaultCode } from "../../core/errors.ts";
import type { SensorState } from "../../core/events.ts";
import type { ScanMode, SourceCounts } from "../../radio/source.ts";

/** What a receiver sent that was counted and left out. */
export interface RadioDrops {
  /** Packets of the controller and payloads that were cut short, messages that make no sense. */
  readonly malformed: number;
  /** Readings with a level that cannot be. A level that was not measured (127) is counted in `unmeasured`. */
  readonly impossible: number;
  readonly unmeasured: number;
  /** Readings older than 15 s, or ahead of our clock. */
  readonly late: number;
  /** Reports of an adapter that came with a time before the one before: taken, but it should not be. */
  readonly backwards: number;
}

/** Figures of one receiver for people. */
export interface RadioFacts {
  readonly receiverId: ReceiverId;
  readonly state: SensorState;
  readonly code: FaultCode | null;
  readonly sinceMono: MonoMs;
  /** Whether the plan says where it hangs; without, it serves presence only. */
  readonly isPlaced: boolean;
  /** Over the last ten seconds. */
  readonly reportsPerSecond: number;
  /** null before the first. */
  readonly lastReportAgeMs: number | null;
  /** Packets of the controller and payloads that were cut short. */
  readonly malformed: number;
  readonly rearms: number;
  readonly resets: number;
  /** Times the adapter refused to scan, and times another program interfered. */
  readonly refusals: number;
  readonly takeovers: number;
  /** How it scans; null while it does not, or is no adapter. */
  readonly scan: ScanMode | null;
  /** Reports of tags that are registered, and of everything else, which is nobody. */
  readonly tagReports: number;
  readonly otherReports: number;
  readonly drops: RadioDrops;
}

const RATE_SLOTS = 10;

/** Counts what one receiver sends. Numbers only grow; memory is fixed. */
export class ReceiverTally {
  /** Payloads that were cut short. */
  cut = 0;
  tagReports = 0;
  otherReports = 0;
  impossible = 0;
  unmeasured = 0;
  late = 0;
  backwards = 0;
  #lastMono: MonoMs | null = null;
  /** Reports per second of the last ten, and the second that the newest slot stands for. */
  readonly #perSecond = new Int32Array(RATE_SLOTS);
  #second = 0;

  /** Counts one report; allocates nothing. */
  report(atMono: MonoMs, packets: number): void {
    const second = Math.floor(atMono / 1000);
    this.#turn(second);
    const slot = second % RATE_SLOTS;
    this.#perSecond[slot] = (this.#perSecond[slot] ?? 0) + packets;
    if (this.#lastMono === null || atMono >= this.#lastMono) this.#lastMono = atMono;
    else this.backwards += 1;
  }

  /** Over the last ten seconds. */
  reportsPerSecond(nowMono: MonoMs): number {
    this.#turn(Math.floor(nowMono / 1000));
    return this.#perSecond.reduce((sum, n) => sum + n, 0) / RATE_SLOTS;
  }

  /** null before the first. */
  lastReportAgeMs(nowMono: MonoMs): number | null {
    return this.#lastMono === null ? null : Math.max(0, nowMono - this.#lastMono);
  }

  drops(counts: SourceCounts): RadioDrops {
    const { impossible, unmeasured, late, backwards } = this;
    return { malformed: counts.malformed + this.cut, impossible, unmeasured, late, backwards };
  }

  /** Empties the slots of the seconds in which nothing came. */
  #turn(second: number): void {
    const passed = Math.min(RATE_SLOTS, second - this.#second);
    for (let i = 0; i < passed; i += 1) this.#perSecond[(second - i) % RATE_SLOTS] = 0;
    this.#second = Math.max(this.#second, second);
  }
}

const WORDS: readonly (readonly [keyof RadioDrops, string])[] = [
  ["malformed", "cut short"],
  ["impossible", "with an impossible level"],
  ["unmeasured", "without a level"],
  ["late", "late"],
  ["backwards", "out of order"],
];

/** Figures of a receiver as short texts with their labels, as the dashboard shows them. Pure. */
export function receiverTexts(
  facts: RadioFacts,
): readonly (readonly [label: string, text: string])[] {
  const age = facts.lastReportAgeMs;
  const left = WORDS.filter(([what]) => facts.drops[what] > 0).map(
    ([what, word]) => `${facts.drops[what]} ${word}`,
  );
  return [
    ["packets per second", facts.reportsPerSecond.toFixed(1)],
    ["last packet", age === null ? "none yet" : `${(age / 1000).toFixed(1)} s ago`],
    ["packets of registered tags", String(facts.tagReports)],
    ["faulty packets", left.length === 0 ? "none" : left.join(", ")],
    ["scanning armed again", String(facts.rearms + facts.resets)],
    ...optionalTexts(facts),
    ...(facts.isPlaced
      ? []
      : [["place", "not in the site plan: hears who is there, not where"] as const]),
  ];
}

function optionalTexts(facts: RadioFacts): readonly (readonly [label: string, text: string])[] {
  const { scan, refusals, takeovers } = facts;
  return [
    ...(scan === null ? [] : [["scans", `${scan.commands}, ${scan.style}`] as const]),
    ...(refusals === 0 ? [] : [["refused to scan", String(refusals)] as const]),
    ...(takeovers === 0 ? [] : [["other programs interfered", String(takeovers)] as const]),
  ];
}
