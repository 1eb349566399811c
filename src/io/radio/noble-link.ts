import { type FaultCode, GatewayError } from "../../core/errors.ts";
import type { ScanMode } from "../../radio/source.ts";
import type { HciSocket } from "./hci-socket.ts";
import { HciTap } from "./hci-tap.ts";
import { buildNoble, type NobleStack } from "./noble-stack.ts";

/** What an adapter driven by noble tells. */
export interface LinkEvents {
  /** The adapter is up and is being set up; `onPowerOn` follows when it answers. */
  readonly onSetUp: () => void;
  /** The adapter is up and set up: scanning may be armed. Also after it had been down. */
  readonly onPowerOn: () => void;
  readonly onPowerOff: () => void;
  readonly onAdvertising: (packet: Uint8Array) => void;
  /** The adapter answered "scan": 0 = done, else it refused with this HCI status. */
  readonly onScanAnswer: (status: number) => void;
  /** The adapter cannot scan extended although it said so; it was reset and scans with the commands of Bluetooth 4. */
  readonly onFallBack: (status: number) => void;
  /** Another program on this machine switched scanning on or off, or reset the adapter. */
  readonly onTakeover: (what: "scan" | "reset") => void;
  readonly onMalformed: () => void;
  /** The link is of no use any more; the owner closes it. */
  readonly onFault: (fault: GatewayError) => void;
}

/** An adapter that says nothing for so many polls about what it can is treated as one of Bluetooth 4. */
const PROBE_POLLS = 2;

/**
 * One adapter driven by noble: noble sets it up, starts and stops scanning and resets it. Taken from noble's hands are
 * only the question whether the adapter is up (its timer cannot be stopped and would throw into the void), its hold
 * on SIGINT and on the process's exit, and the advertising reports (see `HciTap`).
 */
export class NobleLink {
  readonly #tap: HciTap;
  readonly #events: LinkEvents;
  readonly #stack: NobleStack;
  #up: boolean | null = null;
  #poweredOn = false;
  /** Polls since the adapter was asked what it can; null when it is not being asked. */
  #probePolls: number | null = null;

  constructor(socket: HciSocket, adapter: number, style: ScanMode["style"], events: LinkEvents) {
    this.#events = events;
    this.#tap = new HciTap(socket, style, {
      onAdvertising: events.onAdvertising,
      onMalformed: events.onMalformed,
      onScanEnabled: events.onScanAnswer,
      onProbed: () => this.#setUp(),
      onExtendedRefused: (status) => {
        this.fallBack();
        events.onFallBack(status);
      },
      onTakeover: () => events.onTakeover("scan"),
      onForeignReset: () => this.#onForeignReset(),
      onUnsupported: () =>
        events.onFault(fault("RADIO_ADAPTER_MISSING", "the adapter has no Bluetooth Low Energy")),
      onError: (error) => this.#onSocketError(error),
    });
    this.#stack = buildNoble(this.#tap, adapter);
    const { _hci: hci } = this.#stack.bindings;
    // Noble's gap layer keeps an object per address for ever: it must never hear a report, whoever sends one.
    hci.removeAllListeners("leAdvertisingReport");
    hci.removeAllListeners("leExtendedAdvertisingReport");
    hci.pollIsDevUp = () => this.pollPower();
    hci._userChannel = undefined;
    this.#stack.noble.initialized = true;
    this.#stack.noble.on("stateChange", (state) => this.#onNobleState(state));
  }

  /** Noble's cache of devices, for the test that it stays empty. */
  get cachedPeripherals(): number {
    return Object.keys(this.#stack.noble._peripherals).length;
  }

  /** Binds the socket and sets the adapter up if it is up. @throws RADIO_ADAPTER_MISSING, RADIO_UNAUTHORIZED */
  open(): void {
    const { bindings } = this.#stack;
    const before = new Set(process.listeners("exit"));
    try {
      bindings.init();
    } catch (cause) {
      throw faultOf(cause);
    } finally {
      // Noble would end the process on SIGINT and write to the adapter on exit; both are the supervisor's to decide.
      process.removeListener("SIGINT", bindings.onSigIntBinded);
      for (const listener of process.listeners("exit"))
        if (!before.has(listener)) process.removeListener("exit", listener);
    }
  }

  /** How the adapter scans; null while it is not set up. */
  get mode(): ScanMode | null {
    return this.#poweredOn ? this.#tap.mode : null;
  }

  /** Asks whether the adapter is up and acts on a change; to be called about once a second. */
  pollPower(): void {
    const up = this.#tap.isDevUp();
    if (up === this.#up) {
      if (this.#probePolls !== null) this.#awaitProbe();
      return;
    }
    this.#up = up;
    const { _hci: hci } = this.#stack.bindings;
    this.#tap.forget();
    this.#probePolls = up ? 0 : null;
    if (!up) {
      hci.emit("stateChange", "poweredOff");
      return;
    }
    this.#events.onSetUp();
    // Before the filter is set the kernel hands on nothing, not even answers.
    hci.setSocketFilter();
    this.#tap.probe();
  }

  #awaitProbe(): void {
    this.#probePolls = (this.#probePolls ?? 0) + 1;
    if (this.#probePolls >= PROBE_POLLS) this.#tap.endProbe();
  }

  #setUp(): void {
    this.#probePolls = null;
    const { _hci: hci } = this.#stack.bindings;
    hci.setEventMask();
    hci.setLeEventMask();
    hci.readLocalVersion();
    hci.writeLeHostSupported();
    hci.readLeHostSupported();
    hci.readLeBufferSize();
    hci.readBdAddr();
  }

  /** Starts scanning (again): off, parameters, on. Does nothing while the adapter is down. */
  arm(): void {
    if (this.#poweredOn) this.#stack.noble.startScanning([], true);
  }

  /** Resets the adapter and arms scanning again. Does nothing while the adapter is down. */
  resetAdapter(): void {
    if (this.#up !== true) return;
    this.#stack.noble.reset();
    this.arm();
  }

  /**
   * Leaves extended scanning until the adapter is set up anew. A reset comes with it: a controller that has had commands
   * of one dialect refuses those of the other until then.
   * @source Bluetooth Core 5.4, Vol 4 Part E, 3.1.1.
   */
  fallBack(): void {
    this.#tap.useLegacy();
    this.resetAdapter();
  }

  /** Stops scanning and lets go of the socket. Idempotent. */
  close(): void {
    if (this.#poweredOn) this.#stack.noble.stopScanning();
    this.#poweredOn = false;
    this.#stack.noble.removeAllListeners();
    this.#tap.close();
  }

  /** The next poll sets the adapter up anew, if it is up by then. */
  #onForeignReset(): void {
    if (this.#up !== true) return;
    this.#up = null;
    this.#events.onTakeover("reset");
    this.#stack.bindings._hci.emit("stateChange", "poweredOff");
  }

  #onNobleState(state: string): void {
    if (state === "poweredOn") {
      this.#poweredOn = true;
      this.#events.onPowerOn();
    } else if (state === "poweredOff") {
      this.#poweredOn = false;
      this.#events.onPowerOff();
    }
  }

  /** A write to an adapter that went down fails with ENETDOWN: the poll will see it. */
  #onSocketError(error: NodeJS.ErrnoException): void {
    if (error.code !== "ENETDOWN") this.#events.onFault(faultOf(error));
  }
}

const fault = (code: FaultCode, message: string, cause?: unknown): GatewayError =>
  new GatewayError(code, message, { cause });

function faultOf(cause: unknown): GatewayError {
  if (cause instanceof GatewayError) return cause;
  const code = (cause as NodeJS.ErrnoException | null)?.code;
  if (code === "EPERM" || code === "EACCES")
    return fault("RADIO_UNAUTHORIZED", "the raw Bluetooth socket is not permitted", cause);
  // The native module throws plain errors too; a TypeError or RangeError is a bug of ours and is not retried quietly.
  if (code === undefined && !(cause instanceof Error && cause.name === "Error")) throw cause;
  return fault("RADIO_ADAPTER_MISSING", "the Bluetooth adapter cannot be used", cause);
}
