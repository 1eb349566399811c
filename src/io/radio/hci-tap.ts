import { EventEmitter } from "node:events";
import { isAdvertisingEvent } from "../../radio/hci-reader.ts";
import type { HciSocket } from "./hci-socket.ts";

/** What the tap tells about the traffic between adapter and noble. */
export interface TapEvents {
  /** A packet with advertising reports; its bytes are only valid during the call. Noble does not see it. */
  readonly onAdvertising: (packet: Uint8Array) => void;
  /** The adapter answered "enable scanning"; 0 = done, anything else = refused. */
  readonly onScanEnabled: (status: number) => void;
  /** The adapter is too old for Bluetooth Low Energy. */
  readonly onUnsupported: () => void;
  /** A packet was cut short. */
  readonly onMalformed: () => void;
  readonly onError: (error: NodeJS.ErrnoException) => void;
}

const COMMAND = 0x01;
const EVENT = 0x04;
const COMMAND_COMPLETE = 0x0e;
const COMMAND_STATUS = 0x0f;
const READ_LOCAL_VERSION = 0x1001;
const SCAN_ENABLE = 0x200c;
/** Bluetooth 4.0. @source Bluetooth Assigned Numbers 2.1, Core Specification version. */
const FIRST_LE_VERSION = 6;
/** Shortest answers noble can read without running past the end, whole packet, per command. */
const ANSWER_BYTES: Readonly<Record<number, number>> = {
  [READ_LOCAL_VERSION]: 15,
  4101: 14,
  4105: 13,
  8194: 10,
  3180: 9,
  5125: 10,
};
/** Scan commands awaiting their answer; the adapter answers in order. */
const AWAITED_CAP = 16;

/**
 * Sits between an HCI socket and noble. Noble gets the answers to its commands and nothing else: advertising reports
 * go to our reader (noble misreads several kinds and keeps 1.4 kB per address for ever), packets of connections are of
 * other programs, and a packet that is cut short would make noble throw out of the socket's callback.
 */
export class HciTap implements HciSocket {
  readonly #inner: HciSocket;
  readonly #events: TapEvents;
  readonly #listeners = new EventEmitter();
  readonly #awaited: boolean[] = [];
  #closed = false;

  constructor(inner: HciSocket, events: TapEvents) {
    this.#inner = inner;
    this.#events = events;
    inner.on("data", (packet) => this.#onData(packet));
    inner.on("error", (error) => {
      if (!this.#closed) events.onError(error);
    });
  }

  /** Lets go of the inner socket, which may be tapped again later. */
  close(): void {
    this.#closed = true;
    this.#listeners.removeAllListeners();
    this.#inner.removeAllListeners();
    // Without a listener a late "error" would be thrown as an exception of the process.
    this.#inner.on("error", () => undefined);
    this.#inner.stop();
  }

  bindRaw(adapter?: number): number {
    try {
      return this.#inner.bindRaw(adapter);
    } catch (error) {
      // The socket is kept over reopenings (closing it is not possible): bound already is as good as bound.
      if ((error as NodeJS.ErrnoException).code === "EALREADY") return adapter ?? 0;
      throw error;
    }
  }

  bindUser(adapter?: number): number {
    return this.#inner.bindUser(adapter);
  }

  isDevUp(): boolean {
    return !this.#closed && this.#inner.isDevUp();
  }

  setFilter(filter: Uint8Array): void {
    if (!this.#closed) this.#inner.setFilter(filter);
  }

  start(): void {
    this.#inner.start();
  }

  stop(): void {
    this.#inner.stop();
  }

  reset(): void {
    this.#inner.reset();
  }

  write(packet: Uint8Array): void {
    if (this.#closed) return;
    if (packet[0] === COMMAND && opcodeAt(packet, 1) === SCAN_ENABLE) {
      if (this.#awaited.length >= AWAITED_CAP) this.#awaited.shift();
      this.#awaited.push(packet[4] === 1);
    }
    this.#inner.write(packet);
  }

  on(
    event: "data" | "error",
    listener: ((packet: Uint8Array) => void) | ((error: Error) => void),
  ): unknown {
    return this.#listeners.on(event, listener);
  }

  removeAllListeners(): unknown {
    return this.#listeners.removeAllListeners();
  }

  #onData(packet: Uint8Array): void {
    if (this.#closed) return;
    if (isAdvertisingEvent(packet)) this.#events.onAdvertising(packet);
    else if (isAnswer(packet) && this.#mayPass(packet)) this.#listeners.emit("data", packet);
  }

  #mayPass(packet: Uint8Array): boolean {
    if (packet.length < 7 || packet.length < 3 + (packet[2] ?? 0)) {
      this.#events.onMalformed();
      return false;
    }
    if (packet[1] === COMMAND_STATUS) return true;
    const opcode = opcodeAt(packet, 4);
    const status = packet[6] ?? 0;
    if (opcode === SCAN_ENABLE && this.#awaited.shift() === true)
      this.#events.onScanEnabled(status);
    if (packet.length < (ANSWER_BYTES[opcode] ?? 7)) {
      this.#events.onMalformed();
      return false;
    }
    if (opcode === READ_LOCAL_VERSION && (packet[7] ?? 0) < FIRST_LE_VERSION) {
      this.#events.onUnsupported();
      return false;
    }
    return true;
  }
}

const isAnswer = (packet: Uint8Array): boolean =>
  packet[0] === EVENT && (packet[1] === COMMAND_COMPLETE || packet[1] === COMMAND_STATUS);

const opcodeAt = (packet: Uint8Array, at: number): number =>
  (packet[at] ?? 0) | ((packet[at + 1] ?? 0) << 8);
