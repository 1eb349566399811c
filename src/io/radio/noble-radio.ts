import type { MonoMs, ReceiverId } from "../../core/brand.ts";
import { monoMs } from "../../core/brand.ts";
import type { Clock, Timer } from "../../core/clock.ts";
import { GatewayError } from "../../core/errors.ts";
import type { Log, Service } from "../../core/lifecycle.ts";
import { retryPauses } from "../../core/retry.ts";
import { addressKindOf } from "../../radio/address.ts";
import { HciReader } from "../../radio/hci-reader.ts";
import { addressText, addressTopByte, type HciReport } from "../../radio/hci-report.ts";
import type {
  AddressKind,
  AdvertisementSource,
  AdvertisingReport,
  ReceiverState,
  SourceCounts,
} from "../../radio/source.ts";
import { type HciSocket, openAdapterSocket } from "./hci-socket.ts";
import { NobleLink } from "./noble-link.ts";

/** What a radio receiver needs. */
export interface NobleRadioOptions {
  readonly receiverId: ReceiverId;
  /** n of hciN. */
  readonly adapter: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Spreads the pauses between attempts. */
  readonly random: () => number;
  /** Opens the socket of the adapter; given by tests, replay and demonstration to put a simulation in its place. */
  readonly openSocket?: (adapter: number) => HciSocket;
}

/** A receiver with a life of its own: after `start` it never fails, it reports its state. */
export interface NobleRadio extends Service, AdvertisementSource {
  /** Devices in noble's own cache; always 0 (see the contract test). */
  readonly cachedPeripherals: number;
}

const POLL_MS = 1_000;
/** A place with people is never silent this long on an adapter that works. */
const SILENCE_MS = 10_000;
/** Pause before scanning is armed again after the adapter refused. */
const REFUSED_PAUSE_MS = 1_000;
/** An adapter that stays down this long may have been unplugged: the socket is then bound anew. */
const DOWN_MS = 30_000;
const RETRY = { baseMs: 1_000, capMs: 60_000, factor: 2, jitterRatio: 0.5 };
/** What is tried on each further silence, over and over. */
const REMEDIES = ["arm", "arm", "reset", "reopen"] as const;

/** The one report object of a receiver; the address becomes text only if somebody reads it. */
class ReportView implements AdvertisingReport {
  readonly receiverId: ReceiverId;
  atMono: MonoMs = monoMs(0);
  addressKind: AddressKind = "public";
  payload: Uint8Array = new Uint8Array(0);
  rssiDbm: number | null = null;
  source: HciReport | null = null;

  constructor(receiverId: ReceiverId) {
    this.receiverId = receiverId;
  }

  get address(): string {
    return this.source === null ? "" : addressText(this.source);
  }
}

/**
 * Creates a receiver on a Bluetooth adapter: noble drives it, every advertising report is delivered, stamped on arrival
 * and with its address kind; nothing is kept of it. `start` resolves at once; without adapter or permission the state is
 * `blind` with RADIO_ADAPTER_MISSING or RADIO_UNAUTHORIZED, and it tries again for ever with growing pauses. Silence,
 * refusal, an adapter that went down or was reset: scanning is armed again.
 */
export function createNobleRadio(options: NobleRadioOptions): NobleRadio {
  return new AdapterRadio(options);
}

class AdapterRadio implements NobleRadio {
  readonly name: string;
  readonly receiverId: ReceiverId;
  onReport: (report: AdvertisingReport) => void = () => undefined;
  onState: (state: ReceiverState) => void = () => undefined;
  readonly #options: NobleRadioOptions;
  readonly #view: ReportView;
  readonly #reader: HciReader;
  #pauses: Generator<number, never>;
  #life: "new" | "running" | "over" = "new";
  #state: ReceiverState | null = null;
  /** The native socket cannot be closed: once open it serves every later attempt. */
  #socket: HciSocket | null = null;
  #link: NobleLink | null = null;
  #poll: Timer | null = null;
  #retry: Timer | null = null;
  /** Since when packets are expected: the newest packet, or scanning armed on a fresh adapter. Null: none expected. */
  #quietMono: MonoMs | null = null;
  #downMono: MonoMs | null = null;
  #remedies = 0;
  #packets = 0;
  #reports = 0;
  #malformed = 0;
  #rearms = 0;
  #resets = 0;

  constructor(options: NobleRadioOptions) {
    this.#options = options;
    this.receiverId = options.receiverId;
    this.name = `radio:${options.receiverId}`;
    this.#pauses = retryPauses(RETRY, options.random);
    this.#view = new ReportView(options.receiverId);
    this.#reader = new HciReader((report, atMono) => this.#deliver(report, atMono));
  }

  get cachedPeripherals(): number {
    return this.#link?.cachedPeripherals ?? 0;
  }

  start(signal: AbortSignal): Promise<void> {
    if (this.#life === "new" && !signal.aborted) {
      this.#life = "running";
      this.#setState({ kind: "starting" });
      this.#open();
      this.#poll = this.#options.clock.every(POLL_MS, `${this.name}.poll`, () => this.#watch());
    }
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#life = "over";
    this.#poll?.cancel();
    this.#retry?.cancel();
    this.#close();
    return Promise.resolve();
  }

  counts(): SourceCounts {
    return {
      packets: this.#packets,
      reports: this.#reports,
      malformed: this.#malformed + this.#reader.malformed,
      rearms: this.#rearms,
      resets: this.#resets,
    };
  }

  #open(): void {
    const { adapter, openSocket = openAdapterSocket } = this.#options;
    try {
      this.#socket ??= openSocket(adapter);
      const link = this.#createLink(this.#socket, adapter);
      this.#link = link;
      link.open();
    } catch (cause) {
      if (!(cause instanceof GatewayError)) throw cause;
      this.#fail(cause);
    }
  }

  #createLink(socket: HciSocket, adapter: number): NobleLink {
    return new NobleLink(socket, adapter, {
      onPowerOn: () => this.#onPowerOn(),
      onPowerOff: () => this.#onPowerOff(),
      onAdvertising: (packet) => this.#onAdvertising(packet),
      onScanRefused: (status) => this.#onScanRefused(status),
      onMalformed: () => {
        this.#malformed += 1;
      },
      onFault: (fault) => this.#fail(fault),
    });
  }

  #close(): void {
    this.#link?.close();
    this.#link = null;
    this.#quietMono = null;
    this.#downMono = null;
  }

  #fail(fault: GatewayError): void {
    if (this.#life !== "running") return;
    this.#close();
    this.#setState({ kind: "blind", code: fault.code }, fault.message);
    this.#reopenAfter(this.#pauses.next().value);
  }

  #reopenAfter(pauseMs: number): void {
    this.#retry?.cancel();
    this.#retry = this.#options.clock.after(pauseMs, `${this.name}.retry`, () => this.#open());
  }

  #onPowerOn(): void {
    this.#downMono = null;
    this.#remedies = 0;
    this.#quietMono = this.#options.clock.mono();
    // A radio opened anew because it was silent has to prove itself with a packet.
    if (this.#state?.kind === "blind" && this.#state.code !== "RADIO_SILENT")
      this.#setState({ kind: "starting" });
    this.#link?.arm();
  }

  #onPowerOff(): void {
    this.#quietMono = null;
    this.#downMono = this.#options.clock.mono();
    this.#setState({ kind: "blind", code: "RADIO_ADAPTER_MISSING" }, "the adapter is down");
  }

  /** The watchdog on packets finds out whether it helped: an answer of the adapter proves nothing. */
  #onScanRefused(status: number): void {
    this.#options.log.debug(
      { event: "radio.scan-refused", receiverId: this.receiverId, status },
      "the adapter refused to scan; trying again",
    );
    this.#retry?.cancel();
    this.#retry = this.#options.clock.after(REFUSED_PAUSE_MS, `${this.name}.refused`, () => {
      this.#rearms += 1;
      this.#link?.arm();
    });
  }

  #watch(): void {
    this.#link?.pollPower();
    const nowMono = this.#options.clock.mono();
    if (this.#downMono !== null && nowMono - this.#downMono >= DOWN_MS) {
      this.#reopen();
    } else if (this.#quietMono !== null) {
      const silences = Math.floor((nowMono - this.#quietMono) / SILENCE_MS);
      if (silences > this.#remedies) this.#remedy();
    }
  }

  #remedy(): void {
    const remedy = REMEDIES[this.#remedies % REMEDIES.length] ?? "arm";
    this.#remedies += 1;
    this.#setState({ kind: "blind", code: "RADIO_SILENT" }, "no packet although scanning");
    this.#options.log.debug(
      { event: "radio.remedy", receiverId: this.receiverId, remedy },
      "the adapter is silent",
    );
    if (remedy === "reopen") this.#reopen();
    else if (remedy === "reset") {
      this.#resets += 1;
      this.#link?.resetAdapter();
    } else {
      this.#rearms += 1;
      this.#link?.arm();
    }
  }

  #reopen(): void {
    this.#resets += 1;
    this.#close();
    this.#open();
  }

  #onAdvertising(packet: Uint8Array): void {
    const atMono = this.#options.clock.mono();
    this.#packets += 1;
    this.#quietMono = atMono;
    this.#remedies = 0;
    if (this.#state?.kind !== "seeing") {
      this.#pauses = retryPauses(RETRY, this.#options.random);
      this.#setState({ kind: "seeing" });
    }
    this.#reader.push(packet, atMono);
  }

  #deliver(report: HciReport, atMono: MonoMs): void {
    this.#reports += 1;
    const view = this.#view;
    view.atMono = atMono;
    view.addressKind = addressKindOf(report.addressType, addressTopByte(report));
    view.payload = report.payload;
    view.rssiDbm = report.rssiDbm;
    view.source = report;
    this.onReport(view);
  }

  #setState(state: ReceiverState, why = ""): void {
    const before = this.#state;
    const code = state.kind === "blind" ? state.code : null;
    if (before?.kind === state.kind && (before.kind !== "blind" || before.code === code)) return;
    this.#state = state;
    const fields = { event: `radio.${state.kind}`, receiverId: this.receiverId, code };
    if (code !== null) this.#options.log.warn(fields, `radio receiver is blind: ${why}`);
    else this.#options.log.info(fields, `radio receiver is ${state.kind}`);
    this.onState(state);
  }
}
