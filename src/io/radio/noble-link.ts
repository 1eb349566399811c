import { type FaultCode, GatewayError } from "../../core/errors.ts";
import type { HciSocket } from "./hci-socket.ts";
import { HciTap } from "./hci-tap.ts";
import { buildNoble, type NobleStack } from "./noble-stack.ts";

/** What an adapter driven by noble tells. */
export interface LinkEvents {
  /** The adapter is up and set up: scanning may be armed. Also after it had been down. */
  readonly onPowerOn: () => void;
  readonly onPowerOff: () => void;
  readonly onAdvertising: (packet: Uint8Array) => void;
  /** The adapter refused to scan; the number is the HCI status. */
  readonly onScanRefused: (status: number) => void;
  readonly onMalformed: () => void;
  /** The link is of no use any more; the owner closes it. */
  readonly onFault: (fault: GatewayError) => void;
}

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

  constructor(socket: HciSocket, adapter: number, events: LinkEvents) {
    this.#events = events;
    this.#tap = new HciTap(socket, {
      onAdvertising: events.onAdvertising,
      onMalformed: events.onMalformed,
      onScanEnabled: (status) => {
        if (status !== 0) events.onScanRefused(status);
      },
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

  /** Asks whether the adapter is up and acts on a change; to be called about once a second. */
  pollPower(): void {
    const up = this.#tap.isDevUp();
    if (up === this.#up) return;
    this.#up = up;
    const { _hci: hci } = this.#stack.bindings;
    if (!up) {
      hci.emit("stateChange", "poweredOff");
      return;
    }
    hci.setSocketFilter();
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

  /** Resets the adapter and arms scanning again. */
  resetAdapter(): void {
    if (!this.#poweredOn) return;
    this.#stack.noble.reset();
    this.arm();
  }

  /** Stops scanning and lets go of the socket. Idempotent. */
  close(): void {
    if (this.#poweredOn) this.#stack.noble.stopScanning();
    this.#poweredOn = false;
    this.#stack.noble.removeAllListeners();
    this.#tap.close();
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
