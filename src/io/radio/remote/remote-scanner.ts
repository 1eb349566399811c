import type { ScannerConfig } from "../../../config/scanners.ts";
import { type MonoMs, monoMs, type ReceiverId } from "../../../core/brand.ts";
import type { Clock, Timer } from "../../../core/clock.ts";
import type { InputFault } from "../../../core/errors.ts";
import type { Log, Service } from "../../../core/lifecycle.ts";
import { RECEIVER_CLOCK, ReceiverClock } from "../../../radio/receiver-clock.ts";
import { RepeatWindow } from "../../../radio/repeat-window.ts";
import type { Sighting, SightingSource } from "../../../radio/sighting.ts";
import type { ReceiverState, SourceCounts } from "../../../radio/source.ts";
import { RADIO_MESSAGE_BYTES } from "../../../wire/radio-message.ts";
import { FaultLog } from "../../counters/fault-log.ts";
import { factsOf, type ScannerTally } from "./scanner-facts.ts";
import { adapterOf, silenceOf } from "./scanner-kinds.ts";
import {
  faultAt,
  type HeardTag,
  isFields,
  type ScannerAdapter,
  type ScannerMessage,
} from "./scanner-report.ts";
import type { TopicRole } from "./scanner-topics.ts";

export interface RemoteScannerDeps {
  readonly config: ScannerConfig;
  readonly clock: Clock;
  readonly log: Log;
}

/** One MQTT message on a topic of the scanner. */
export interface ScannerPost {
  readonly text: string;
  readonly role: TopicRole;
  /** The topic level that names the device; empty when none does. It may be an address and is kept nowhere. */
  readonly device: string;
  readonly retained: boolean;
}

/** Most sightings and most messages a second; a scanner that sends more is broken, or is not one. */
export const SCANNER_RATE_CAP = { sightings: 2000, messages: 1000 } as const;

const TICK_MS = 1000;
/**
 * A broker may deliver again what it delivered before the connection broke. Even a flood at the cap is remembered for
 * sixteen seconds; what is older is late in any case.
 */
const REPEATS = { keepMs: 60_000, cap: 32_768 };

/**
 * A receiver of the site plan that sends its sightings over MQTT. Times are translated to our clock, what comes too
 * late, twice or in a flood is dropped and counted, and no address gets past the readers of its messages. Whatever
 * comes, nothing throws.
 */
export class RemoteScanner implements SightingSource, Service {
  readonly name: string;
  readonly receiverId: ReceiverId;
  onSighting: (sighting: Sighting) => void = () => undefined;
  onState: (state: ReceiverState) => void = () => undefined;
  readonly #deps: RemoteScannerDeps;
  readonly #read: ScannerAdapter;
  readonly #faults: FaultLog;
  readonly #senderClock = new ReceiverClock();
  readonly #repeats = new RepeatWindow(REPEATS);
  readonly #tally: ScannerTally = {
    messages: 0,
    sightings: 0,
    ignored: 0,
    retained: 0,
    late: 0,
    repeated: 0,
    flooded: 0,
    unplaced: 0,
  };
  #state: ReceiverState["kind"] | null = null;
  #timer: Timer | null = null;
  #aliveMono: MonoMs = monoMs(0);
  #second = -1;
  #sightingsOfSecond = 0;
  #messagesOfSecond = 0;

  constructor(deps: RemoteScannerDeps) {
    this.#deps = deps;
    this.receiverId = deps.config.id;
    this.name = `scanner:${deps.config.id}`;
    this.#read = adapterOf(deps.config);
    this.#faults = new FaultLog(deps.config.id, deps.log, "scanner");
  }

  start(signal: AbortSignal): Promise<void> {
    if (this.#timer === null && !signal.aborted) {
      const { clock } = this.#deps;
      this.#aliveMono = clock.mono();
      this.#timer = clock.every(TICK_MS, this.name, () => this.#tick());
      this.#become({ kind: "starting" });
    }
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    this.#state = null;
    return Promise.resolve();
  }

  /** Takes one message; before `start` and after the end nothing is taken. */
  take({ text, role, device, retained }: ScannerPost): void {
    if (this.#timer === null) return;
    const nowMono = this.#deps.clock.mono();
    if (role === "status") this.#takeStatus(text, retained, nowMono);
    else if (retained) this.#tally.retained += 1;
    else if (role === "alive") this.#comeAlive(nowMono);
    else this.#takeHeard(text, device, nowMono);
  }

  counts(): SourceCounts {
    const { messages, sightings } = this.#tally;
    const malformed = this.#faults.count;
    return { packets: messages, reports: sightings, malformed, rearms: 0, resets: 0 };
  }

  factTexts(): readonly (readonly [label: string, text: string])[] {
    return factsOf(this.#deps.config.via, this.#tally, this.#senderClock, this.#faults);
  }

  /** What a broker kept says that the scanner went; that it is there has to be heard anew. */
  #takeStatus(text: string, retained: boolean, nowMono: MonoMs): void {
    const isOnline = onlineOf(text);
    if (isOnline === null)
      this.#fault(faultAt("", text, "online, offline, or an object with online"));
    else if (!isOnline) this.#goBlind("the scanner is offline");
    else if (!retained) this.#comeAlive(nowMono);
  }

  #takeHeard(text: string, device: string, nowMono: MonoMs): void {
    this.#beginSecond(nowMono);
    this.#messagesOfSecond += 1;
    if (this.#messagesOfSecond > SCANNER_RATE_CAP.messages) {
      this.#tally.flooded += 1;
      return;
    }
    this.#tally.messages += 1;
    const value = jsonOf(text);
    if (value === undefined) {
      this.#fault(faultAt("", text, `JSON of at most ${RADIO_MESSAGE_BYTES} bytes`));
      return;
    }
    const report = this.#read(value, device);
    this.#tally.ignored += report.ignored;
    for (const fault of report.faults) this.#fault(fault);
    for (const message of report.messages) this.#takeMessage(message, nowMono);
  }

  #takeMessage(message: ScannerMessage, nowMono: MonoMs): void {
    if (message.key !== null && this.#repeats.isRepeat(`message ${message.key}`, nowMono)) {
      this.#tally.repeated += Math.max(1, message.heard.length);
      return;
    }
    if (message.sentMs !== null)
      this.#senderClock.hear(message.sentMs, nowMono, this.#deps.clock.now());
    if (message.isSeeing) this.#comeAlive(nowMono);
    else this.#goBlind("the scanner says that it hears nothing");
    for (const heard of message.heard) this.#takeOne(heard, nowMono);
  }

  #takeOne(heard: HeardTag, nowMono: MonoMs): void {
    const tally = this.#tally;
    this.#sightingsOfSecond += 1;
    if (this.#sightingsOfSecond > SCANNER_RATE_CAP.sightings) {
      tally.flooded += 1;
      return;
    }
    const { who, whoKey, rssiDbm, packets, telemetry, statedMs, stepMs } = heard;
    // Without a time of its own, equal readings are two: nothing tells them from one that was delivered twice.
    if (statedMs !== null && this.#repeats.isRepeat(`${statedMs} ${rssiDbm} ${whoKey}`, nowMono)) {
      tally.repeated += 1;
      return;
    }
    const atMono =
      statedMs === null
        ? monoMs(nowMono - heard.ageMs)
        : this.#senderClock.toMono(statedMs, nowMono, stepMs);
    if (atMono === null) tally.unplaced += 1;
    else if (nowMono - atMono > RECEIVER_CLOCK.lateMs) tally.late += 1;
    else {
      tally.sightings += 1;
      this.onSighting({ receiverId: this.receiverId, atMono, who, rssiDbm, packets, telemetry });
    }
  }

  #beginSecond(nowMono: MonoMs): void {
    const second = Math.floor(nowMono / 1000);
    if (second === this.#second) return;
    this.#second = second;
    this.#sightingsOfSecond = 0;
    this.#messagesOfSecond = 0;
  }

  #tick(): void {
    const nowMono = this.#deps.clock.mono();
    if (nowMono - this.#aliveMono > silenceOf(this.#deps.config))
      this.#goBlind("nothing comes from the scanner");
  }

  #comeAlive(nowMono: MonoMs): void {
    this.#aliveMono = nowMono;
    if (!this.#become({ kind: "seeing" })) return;
    const { config, log } = this.#deps;
    log.info({ event: "scanner.seeing", receiverId: config.id }, "the remote scanner delivers");
  }

  #goBlind(why: string): void {
    if (!this.#become({ kind: "blind", code: "RADIO_SILENT" })) return;
    const { config, log } = this.#deps;
    log.warn({ event: "scanner.blind", receiverId: config.id, code: "RADIO_SILENT" }, why);
  }

  #become(state: ReceiverState): boolean {
    if (this.#state === state.kind) return false;
    this.#state = state.kind;
    this.onState(state);
    return true;
  }

  #fault(fault: InputFault): void {
    this.#faults.note(fault);
  }
}

/** The value of a text; undefined when it is too long or no JSON. */
function jsonOf(text: string): unknown {
  if (text.length > RADIO_MESSAGE_BYTES || Buffer.byteLength(text) > RADIO_MESSAGE_BYTES)
    return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // JSON.parse reports bad text only by throwing; its message may quote the text, so it is not passed on.
    return undefined;
  }
}

/** `online` and `offline` as ESPresense, Theengs and OpenMQTTGateway write them, or the birth of another gateway. */
function onlineOf(text: string): boolean | null {
  const word = text.trim().toLowerCase();
  if (word === "online") return true;
  if (word === "offline") return false;
  const value = jsonOf(text);
  const online = isFields(value) ? value["online"] : null;
  return typeof online === "boolean" ? online : null;
}
