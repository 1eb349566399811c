import type { MonoMs, ReceiverId } from "../../core/brand.ts";
import type { Clock, Timer } from "../../core/clock.ts";
import type { FaultCode } from "../../core/errors.ts";
import type { SensorEvent, SensorState } from "../../core/events.ts";
import type { Service } from "../../core/lifecycle.ts";
import type { TagPlan } from "../../core/site.ts";
import { adIntegrity } from "../../radio/ad-structures.ts";
import { createBeaconSpot, nextBeacon } from "../../radio/beacon.ts";
import { Presence, type PresenceRules } from "../../radio/presence.ts";
import type { AdvertisementSource, AdvertisingReport, ReceiverState } from "../../radio/source.ts";
import { createTagRegistry } from "../../radio/tag-registry.ts";

/** What the glue between receivers and the rest of the gateway needs. */
export interface RadioInputOptions {
  readonly sources: readonly AdvertisementSource[];
  readonly tags: readonly TagPlan[];
  /** Name of this run: part of every event's id. */
  readonly run: string;
  readonly clock: Clock;
  readonly onEvent: (event: SensorEvent) => void;
  readonly rules?: PresenceRules;
}

/** Figures of one receiver for people. */
export interface RadioFacts {
  readonly receiverId: ReceiverId;
  readonly state: SensorState;
  readonly code: FaultCode | null;
  readonly sinceMono: MonoMs;
  /** Over the last ten seconds. */
  readonly reportsPerSecond: number;
  /** null before the first. */
  readonly lastReportAgeMs: number | null;
  /** Packets of the controller and payloads that were cut short. */
  readonly malformed: number;
  readonly rearms: number;
  readonly resets: number;
  /** Reports of tags that are registered, and of everything else, which is nobody. */
  readonly tagReports: number;
  readonly otherReports: number;
}

/** Feeds all receivers into the presence of registered tags and reports the receivers' own state. */
export interface RadioInput extends Service {
  /** Takes a further receiver in. Its callbacks are ours from here on. At most 256. */
  add(source: AdvertisementSource): void;
  /** Figures per receiver, in the order in which they were added. */
  facts(): readonly RadioFacts[];
  /** The same as short texts with their labels, as the dashboard shows them. */
  factTexts(receiver: ReceiverId): readonly (readonly [label: string, text: string])[];
  /** Registered tags that are passing or inside now. */
  readonly tagsPresent: number;
  /** Lets time pass for presence; called once a second after `start`, and by a replay at its end. */
  advance(nowMono: MonoMs): void;
}

const ADVANCE_MS = 1_000;
const RECEIVER_CAP = 256;
const RATE_SLOTS = 10;

interface Receiver {
  readonly source: AdvertisementSource;
  readonly index: number;
  state: SensorState;
  code: FaultCode | null;
  sinceMono: MonoMs;
  lastMono: MonoMs | null;
  seq: number;
  cut: number;
  tagReports: number;
  otherReports: number;
  /** Reports per second of the last ten, and the second that the newest slot stands for. */
  readonly perSecond: Int32Array;
  second: number;
}

/** Creates the radio input. The constructor takes over the callbacks of the sources; they start sending when started. */
export function createRadioInput(options: RadioInputOptions): RadioInput {
  return new TagRadioInput(options);
}

class TagRadioInput implements RadioInput {
  readonly name = "radio-input";
  readonly #options: RadioInputOptions;
  readonly #registry: ReturnType<typeof createTagRegistry>;
  readonly #presence: Presence;
  readonly #receivers: Receiver[] = [];
  readonly #spot = createBeaconSpot();
  #timer: Timer | null = null;

  constructor(options: RadioInputOptions) {
    this.#options = options;
    this.#registry = createTagRegistry(options.tags);
    this.#presence = new Presence({
      tags: options.tags,
      receivers: RECEIVER_CAP,
      run: options.run,
      onEvent: options.onEvent,
      ...(options.rules === undefined ? {} : { rules: options.rules }),
    });
    for (const source of options.sources) this.add(source);
  }

  get tagsPresent(): number {
    return this.#presence.present;
  }

  start(signal: AbortSignal): Promise<void> {
    if (this.#timer === null && !signal.aborted) {
      const { clock } = this.#options;
      this.#timer = clock.every(ADVANCE_MS, "radio-input.advance", () => {
        this.advance(clock.mono());
      });
    }
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.cancel();
    for (const receiver of this.#receivers) {
      receiver.source.onReport = () => undefined;
      receiver.source.onState = () => undefined;
      this.#change(receiver, "stopped", null);
    }
    return Promise.resolve();
  }

  add(source: AdvertisementSource): void {
    if (this.#receivers.length >= RECEIVER_CAP)
      throw new RangeError(`more than ${RECEIVER_CAP} receivers`);
    const receiver: Receiver = {
      source,
      index: this.#receivers.length,
      state: "stopped",
      code: null,
      sinceMono: this.#options.clock.mono(),
      lastMono: null,
      seq: 0,
      cut: 0,
      tagReports: 0,
      otherReports: 0,
      perSecond: new Int32Array(RATE_SLOTS),
      second: 0,
    };
    this.#receivers.push(receiver);
    source.onReport = (report) => this.#onReport(receiver, report);
    source.onState = (state) => this.#onState(receiver, state);
  }

  advance(nowMono: MonoMs): void {
    this.#presence.advance(nowMono);
  }

  facts(): readonly RadioFacts[] {
    return this.#receivers.map((receiver) => this.#factsOf(receiver));
  }

  factTexts(receiverId: ReceiverId): readonly (readonly [label: string, text: string])[] {
    const receiver = this.#receivers.find((r) => r.source.receiverId === receiverId);
    if (receiver === undefined) return [];
    const facts = this.#factsOf(receiver);
    const age = facts.lastReportAgeMs;
    return [
      ["packets per second", facts.reportsPerSecond.toFixed(1)],
      ["last packet", age === null ? "none yet" : `${(age / 1000).toFixed(1)} s ago`],
      ["registered tags heard", String(this.#presence.present)],
      ["cut short", String(facts.malformed)],
      ["scanning armed again", String(facts.rearms + facts.resets)],
    ];
  }

  #onReport(receiver: Receiver, report: AdvertisingReport): void {
    count(receiver, report.atMono);
    if (adIntegrity(report.payload) === "cut") receiver.cut += 1;
    const tag = this.#tagOf(report.payload);
    if (tag < 0) receiver.otherReports += 1;
    else {
      receiver.tagReports += 1;
      if (report.rssiDbm !== null)
        this.#presence.reading(tag, receiver.index, report.rssiDbm, report.atMono);
    }
  }

  /** First registered identity in the payload; telemetry has none and devices not registered are nobody. */
  #tagOf(payload: Uint8Array): number {
    const spot = this.#spot;
    for (let at = nextBeacon(payload, 0, spot); at > 0; at = nextBeacon(payload, at, spot)) {
      const tag = this.#registry.indexOf(payload, spot);
      if (tag >= 0) return tag;
    }
    return -1;
  }

  #onState(receiver: Receiver, state: ReceiverState): void {
    const atMono = this.#options.clock.mono();
    this.#presence.setSeeing(receiver.index, state.kind === "seeing", atMono);
    this.#change(receiver, state.kind, state.kind === "blind" ? state.code : null);
  }

  #change(receiver: Receiver, state: SensorState, code: FaultCode | null): void {
    if (receiver.state === state && receiver.code === code) return;
    receiver.state = state;
    receiver.code = code;
    receiver.sinceMono = this.#options.clock.mono();
    const seq = receiver.seq;
    receiver.seq += 1;
    this.#options.onEvent({
      kind: "sensor-changed",
      source: `radio-state:${receiver.source.receiverId}#${this.#options.run}`,
      seq,
      atMono: receiver.sinceMono,
      sensorId: receiver.source.receiverId,
      sensorKind: "radio",
      state,
      code,
    });
  }

  #factsOf(receiver: Receiver): RadioFacts {
    const nowMono = this.#options.clock.mono();
    const counts = receiver.source.counts();
    turn(receiver, Math.floor(nowMono / 1000));
    return {
      receiverId: receiver.source.receiverId,
      state: receiver.state,
      code: receiver.code,
      sinceMono: receiver.sinceMono,
      reportsPerSecond: receiver.perSecond.reduce((sum, n) => sum + n, 0) / RATE_SLOTS,
      lastReportAgeMs: receiver.lastMono === null ? null : nowMono - receiver.lastMono,
      malformed: counts.malformed + receiver.cut,
      rearms: counts.rearms,
      resets: counts.resets,
      tagReports: receiver.tagReports,
      otherReports: receiver.otherReports,
    };
  }
}

function count(receiver: Receiver, atMono: MonoMs): void {
  const second = Math.floor(atMono / 1000);
  turn(receiver, second);
  const slot = second % RATE_SLOTS;
  receiver.perSecond[slot] = (receiver.perSecond[slot] ?? 0) + 1;
  receiver.lastMono = atMono;
}

/** Empties the slots of the seconds in which nothing came. */
function turn(receiver: Receiver, second: number): void {
  const passed = Math.min(RATE_SLOTS, second - receiver.second);
  for (let i = 0; i < passed; i += 1) receiver.perSecond[(second - i) % RATE_SLOTS] = 0;
  receiver.second = Math.max(receiver.second, second);
}
