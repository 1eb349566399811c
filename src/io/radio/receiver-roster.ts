import type { MonoMs, ReceiverId } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import type { FaultCode } from "../../core/errors.ts";
import type { SensorChanged, SensorState } from "../../core/events.ts";
import type { ReceiverPlan } from "../../core/site.ts";
import type { SourceCounts } from "../../radio/source.ts";
import { type RadioFacts, ReceiverTally } from "./receiver-tally.ts";

/** A receiver of either kind, ours or a scanner on the network. */
export interface Receiver {
  readonly receiverId: ReceiverId;
  readonly index: number;
  /** Position in the plan; -1 = not in it. */
  readonly place: number;
  readonly tally: ReceiverTally;
  readonly counts: () => SourceCounts;
  readonly furtherTexts: () => readonly (readonly [label: string, text: string])[];
  /** Gives the source's callbacks back. */
  readonly release: () => void;
  state: SensorState;
  code: FaultCode | null;
  sinceMono: MonoMs;
  seq: number;
}

export interface RosterOptions {
  /** Absent = there is no plan, and nothing can miss in it. */
  readonly plans?: readonly ReceiverPlan[] | undefined;
  readonly run: string;
  readonly clock: Clock;
  readonly onEvent: (event: SensorChanged) => void;
}

/** Receivers that there may be; the plan may have as many. */
export const RECEIVER_CAP = 256;

/** The receivers of a gateway: which there are, what state each is in, and its figures. */
export class ReceiverRoster {
  readonly #options: RosterOptions;
  readonly #receivers: Receiver[] = [];

  constructor(options: RosterOptions) {
    this.#options = options;
  }

  /** In the order in which they were admitted. */
  get all(): readonly Receiver[] {
    return this.#receivers;
  }

  /** Takes a receiver in; it is `stopped` until its source says otherwise. At most RECEIVER_CAP: a RangeError. */
  admit(source: Pick<Receiver, "receiverId" | "counts" | "furtherTexts" | "release">): Receiver {
    const { length: index } = this.#receivers;
    if (index >= RECEIVER_CAP) throw new RangeError(`more than ${RECEIVER_CAP} receivers`);
    const receiver: Receiver = {
      ...source,
      index,
      place: (this.#options.plans ?? []).findIndex(({ id }) => id === source.receiverId),
      tally: new ReceiverTally(),
      state: "stopped",
      code: null,
      sinceMono: this.#options.clock.mono(),
      seq: 0,
    };
    this.#receivers.push(receiver);
    return receiver;
  }

  /** Whether a receiver at this place of the plan sees: of two sources with one id, one is enough. */
  isSeen(place: number): boolean {
    return this.#receivers.some((one) => one.place === place && one.state === "seeing");
  }

  /** Whether any receiver sees. */
  isAnySeen(): boolean {
    return this.#receivers.some(({ state }) => state === "seeing");
  }

  /** Takes and tells a state; nothing is told when it is the present one. */
  change(receiver: Receiver, state: SensorState, code: FaultCode | null): void {
    if (receiver.state === state && receiver.code === code) return;
    receiver.state = state;
    receiver.code = code;
    receiver.sinceMono = this.#options.clock.mono();
    const { seq, receiverId } = receiver;
    receiver.seq += 1;
    this.#options.onEvent({
      kind: "sensor-changed",
      source: `radio-state:${receiverId}#${this.#options.run}`,
      seq,
      atMono: receiver.sinceMono,
      sensorId: receiverId,
      sensorKind: "radio",
      state,
      code,
    });
  }

  factsOf(receiver: Receiver): RadioFacts {
    const nowMono = this.#options.clock.mono();
    const counts = receiver.counts();
    const { tally, receiverId, state, code, sinceMono, place } = receiver;
    const drops = tally.drops(counts);
    return {
      receiverId,
      state,
      code,
      sinceMono,
      isPlaced: place >= 0 || this.#options.plans === undefined,
      reportsPerSecond: tally.reportsPerSecond(nowMono),
      lastReportAgeMs: tally.lastReportAgeMs(nowMono),
      malformed: drops.malformed,
      rearms: counts.rearms,
      resets: counts.resets,
      refusals: counts.refusals ?? 0,
      takeovers: counts.takeovers ?? 0,
      scan: counts.scan ?? null,
      tagReports: tally.tagReports,
      otherReports: tally.otherReports,
      drops,
    };
  }
}
