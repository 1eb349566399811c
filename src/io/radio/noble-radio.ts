import type { MonoMs, ReceiverId } from "../../core/brand.ts";
import type { Clock, Timer } from "../../core/clock.ts";
import { GatewayError } from "../../core/errors.ts";
import type { Log, Service } from "../../core/lifecycle.ts";
import { retryPauses } from "../../core/retry.ts";
import { HciReader } from "../../radio/hci-reader.ts";
import type { HciReport } from "../../radio/hci-report.ts";
import type {
  AdvertisementSource,
  AdvertisingReport,
  ReceiverState,
  ScanMode,
  SourceCounts,
} from "../../radio/source.ts";
import { DeathWatch } from "./death-watch.ts";
import { type HciSocket, openAdapterSocket } from "./hci-socket.ts";
import { NobleLink } from "./noble-link.ts";
import { ReportView } from "./report-view.ts";

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
  /** Whether devices are asked for scan responses; default `passive` (see docs/radio.md). */
  readonly scan?: ScanMode["style"];
  /** How long a radio that was heard before may give no packet until it counts as dead; default 0: for ever. */
  readonly deadAfterMs?: number;
  /** The whole ladder of remedies has failed for so long: RADIO_DEAD. Called again every minute while it lasts. */
  readonly onDead?: (fault: GatewayError) => void;
}

/** A receiver with a life of its own: after `start` it never fails, it reports its state. */
export interface NobleRadio extends Service, AdvertisementSource {
  /** Devices in noble's own cache; always 0 (see the contract test). */
  readonly cachedPeripherals: number;
}

const POLL_MS = 1_000;
/** A place with people is never silent this long on an adapter that works. */
const SILENCE_MS = 10_000;
/** Pause before scanning is armed again after the adapter refused, or somebody else switched it. */
const REFUSED_PAUSE_MS = 1_000;
/** A refusal that asking again does not end may end with a reset: at the third in a row, and then now and then. */
const RESET_AT_REFUSAL = 3;
const RESET_EVERY_REFUSALS = 30;
/** Another program at the adapter is said once an hour. */
const TAKEOVER_LOG_MS = 3_600_000;
/** An adapter that stays down this long may have been unplugged: the socket is then bound anew. */
const DOWN_MS = 30_000;
const RETRY = { baseMs: 1_000, capMs: 60_000, factor: 2, jitterRatio: 0.5 };
/** What is tried on each further silence, over and over. */
const REMEDIES = ["arm", "arm", "reset", "reopen"] as const;

/**
 * Creates a receiver on a Bluetooth adapter: noble drives it, every advertising report is delivered, stamped on arrival
 * and with its address kind; nothing is kept of it. `start` resolves at once; without adapter or permission the state is
 * `blind` with RADIO_ADAPTER_MISSING or RADIO_UNAUTHORIZED, and it tries again for ever with growing pauses. Silence,
 * refusal, an adapter that went down, was reset or switched by another program: scanning is armed again. Scans extended
 * where the adapter can, else with the commands of Bluetooth 4.
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
  readonly #death: DeathWatch;
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
  #takeoverMono: MonoMs | null = null;
  /** Packets over the link that is open now. */
  #linkPackets = 0;
  #refusalsInRow = 0;
  #remedies = 0;
  readonly #counts = {
    packets: 0,
    reports: 0,
    malformed: 0,
    rearms: 0,
    resets: 0,
    refusals: 0,
    takeovers: 0,
  };

  constructor(options: NobleRadioOptions) {
    this.#options = options;
    this.receiverId = options.receiverId;
    this.name = `radio:${options.receiverId}`;
    this.#pauses = retryPauses(RETRY, options.random);
    this.#view = new ReportView(options.receiverId);
    const { deadAfterMs = 0, onDead = () => undefined } = options;
    this.#death = new DeathWatch(options.receiverId, deadAfterMs, onDead);
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
      ...this.#counts,
      malformed: this.#counts.malformed + this.#reader.malformed,
      drops: this.#reader.drops,
      scan: this.#link?.mode ?? null,
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
    this.#linkPackets = 0;
    return new NobleLink(socket, adapter, this.#options.scan ?? "passive", {
      onSetUp: () => {
        this.#remedies = 0;
        this.#quietMono = this.#options.clock.mono();
      },
      onPowerOn: () => this.#onPowerOn(),
      onPowerOff: () => this.#onPowerOff(),
      onAdvertising: (packet) => this.#onAdvertising(packet),
      onScanAnswer: (status) => this.#onScanAnswer(status),
      onFallBack: (status) => this.#onFallBack(status),
      onTakeover: (what) => this.#onTakeover(what),
      onMalformed: () => {
        this.#counts.malformed += 1;
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
    this.#refusalsInRow = 0;
    this.#quietMono = this.#options.clock.mono();
    // A radio opened anew because it was silent has to prove itself with a packet.
    if (this.#state?.kind === "blind" && this.#state.code !== "RADIO_SILENT")
      this.#setState({ kind: "starting" });
    this.#link?.arm();
  }

  #onPowerOff(): void {
    this.#quietMono = null;
    this.#downMono = this.#options.clock.mono();
    this.#setState(
      { kind: "blind", code: "RADIO_ADAPTER_MISSING" },
      "the adapter is down or was reset",
    );
  }

  /** Done proves nothing: the watchdog on packets finds out whether it helped. */
  #onScanAnswer(status: number): void {
    if (status === 0) {
      this.#refusalsInRow = 0;
      return;
    }
    this.#counts.refusals += 1;
    this.#refusalsInRow += 1;
    this.#options.log.debug(
      { event: "radio.scan-refused", receiverId: this.receiverId, status },
      "the adapter refused to scan; trying again",
    );
    const n = this.#refusalsInRow;
    if (n === RESET_AT_REFUSAL) this.#soon(() => this.#resetAdapter());
    else if (n % RESET_EVERY_REFUSALS === 0) this.#soon(() => this.#tryOtherwise());
    else this.#soon(() => this.#arm());
  }

  #onFallBack(status: number): void {
    this.#counts.resets += 1;
    this.#options.log.info(
      { event: "radio.scan-fallback", receiverId: this.receiverId, status },
      "the adapter cannot scan extended although it says so; it scans with the commands of Bluetooth 4",
    );
  }

  #onTakeover(what: "scan" | "reset"): void {
    this.#counts.takeovers += 1;
    const nowMono = this.#options.clock.mono();
    const saidMono = this.#takeoverMono;
    if (saidMono === null || nowMono - saidMono >= TAKEOVER_LOG_MS) {
      this.#takeoverMono = nowMono;
      this.#options.log.warn(
        { event: "radio.shared", receiverId: this.receiverId, what },
        "another program drives this adapter too: stop bluetoothd or give the gateway an adapter of its own",
      );
    }
    if (what === "scan") this.#soon(() => this.#arm());
  }

  #soon(run: () => void): void {
    this.#retry?.cancel();
    this.#retry = this.#options.clock.after(REFUSED_PAUSE_MS, `${this.name}.refused`, run);
  }

  #arm(): void {
    this.#counts.rearms += 1;
    this.#link?.arm();
  }

  #resetAdapter(): void {
    this.#counts.resets += 1;
    this.#link?.resetAdapter();
  }

  /** A chip that says it scans extended and has given nothing yet is tried with the commands of Bluetooth 4. */
  #tryOtherwise(): void {
    const isHollow = this.#linkPackets === 0 && this.#link?.mode?.commands === "extended";
    this.#counts.resets += 1;
    if (isHollow) this.#link?.fallBack();
    else this.#link?.resetAdapter();
  }

  #watch(): void {
    this.#link?.pollPower();
    const nowMono = this.#options.clock.mono();
    if (this.#state?.kind === "blind") this.#death.look(nowMono, this.#state.code);
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
    this.#setState({ kind: "blind", code: "RADIO_SILENT" }, "no packet arrives");
    this.#options.log.debug(
      { event: "radio.remedy", receiverId: this.receiverId, remedy },
      "the adapter is silent",
    );
    if (remedy === "reopen") this.#reopen();
    else if (remedy === "reset") this.#tryOtherwise();
    else this.#arm();
  }

  #reopen(): void {
    this.#counts.resets += 1;
    this.#close();
    this.#open();
  }

  #onAdvertising(packet: Uint8Array): void {
    const atMono = this.#options.clock.mono();
    this.#counts.packets += 1;
    this.#linkPackets += 1;
    this.#quietMono = atMono;
    this.#death.heard(atMono);
    this.#remedies = 0;
    if (this.#state?.kind !== "seeing") {
      this.#pauses = retryPauses(RETRY, this.#options.random);
      this.#setState({ kind: "seeing" });
    }
    this.#reader.push(packet, atMono);
  }

  #deliver(report: HciReport, atMono: MonoMs): void {
    this.#counts.reports += 1;
    this.onReport(this.#view.show(report, atMono));
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
