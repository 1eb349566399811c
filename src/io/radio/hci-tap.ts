import { EventEmitter } from "node:events";
import { isAdvertisingEvent } from "../../radio/hci-reader.ts";
import type { ScanMode } from "../../radio/source.ts";
import {
  ANSWER_EVENT,
  commandPacket,
  completePacket,
  HCI_STATUS,
  OPCODE,
  opcodeAt,
  PACKET_TYPE,
} from "./hci-commands.ts";
import type { HciSocket } from "./hci-socket.ts";
import { canScanExtended, inDialect, noblesOpcode } from "./scan-dialect.ts";

/** What the tap tells about the traffic between adapter and noble. */
export interface TapEvents {
  /** A packet with advertising reports; its bytes are only valid during the call. Noble does not see it. */
  readonly onAdvertising: (packet: Uint8Array) => void;
  /** The adapter said what it can; the tap speaks the right dialect from now on. */
  readonly onProbed: () => void;
  /** The adapter answered our "enable scanning"; 0 = done, anything else = refused. */
  readonly onScanEnabled: (status: number) => void;
  /** The adapter said that it can scan extended and refuses the parameters; the number is the HCI status. */
  readonly onExtendedRefused: (status: number) => void;
  /** Another program switched scanning on or off. */
  readonly onTakeover: () => void;
  /** Another program, or the kernel when the adapter came up, reset the adapter: nothing that was set holds. */
  readonly onForeignReset: () => void;
  /** The adapter is too old for Bluetooth Low Energy. */
  readonly onUnsupported: () => void;
  /** A packet was cut short. */
  readonly onMalformed: () => void;
  readonly onError: (error: NodeJS.ErrnoException) => void;
}

/** Bluetooth 4.0. @source Bluetooth Assigned Numbers 2.1, Core Specification version. */
const FIRST_LE_VERSION = 6;
/** Shortest answers that can be read without running past the end, whole packet, per command. */
const ANSWER_BYTES: Readonly<Record<number, number>> = {
  [OPCODE.readLocalVersion]: 15,
  [OPCODE.readBufferSize]: 14,
  [OPCODE.readBdAddr]: 13,
  [OPCODE.leReadBufferSize]: 10,
  [OPCODE.readLeHostSupported]: 9,
  [OPCODE.readRssi]: 10,
};
const RESULTS_AT = 7;
/** Commands awaiting their answer; the adapter answers in order. A set-up is about fifteen. */
const AWAITED_CAP = 64;

/** A command whose answer is to come. */
interface Awaited {
  readonly opcode: number;
  readonly isOurs: boolean;
  readonly packet: Uint8Array;
}

/** What the adapter said so far about what it can. */
interface Probe {
  left: number;
  features: Uint8Array;
  commands: Uint8Array;
}

const NOTHING = new Uint8Array(0);
/** Answers of which noble reads no more than the status. */
const NOBLE_SURVIVES: ReadonlySet<number> = new Set([
  OPCODE.reset,
  OPCODE.scanParameters,
  OPCODE.scanEnable,
]);

/**
 * Sits between an HCI socket and noble. Noble gets the answers to its own commands and nothing else: advertising reports
 * go to our reader (noble misreads several kinds and keeps 1.4 kB per address for ever), answers to other programs would
 * lead it astray (every raw socket sees them all), packets of connections are of other programs, and a packet that is
 * cut short would make noble throw out of the socket's callback. Noble's scan commands leave in the dialect of the
 * adapter (see `inDialect`).
 */
export class HciTap implements HciSocket {
  readonly #inner: HciSocket;
  readonly #events: TapEvents;
  readonly #style: ScanMode["style"];
  readonly #listeners = new EventEmitter();
  #awaited: Awaited[] = [];
  #probe: Probe | null = null;
  #mode: ScanMode;
  #closed = false;

  constructor(inner: HciSocket, style: ScanMode["style"], events: TapEvents) {
    this.#inner = inner;
    this.#events = events;
    this.#style = style;
    this.#mode = { commands: "legacy", style };
    inner.on("data", (packet) => this.#onData(packet));
    inner.on("error", (error) => {
      if (!this.#closed) events.onError(error);
    });
  }

  /** The dialect in which noble's scan commands leave. */
  get mode(): ScanMode {
    return this.#mode;
  }

  /** Asks the adapter what it can; `onProbed` tells when the tap knows. Needs the socket filter to be set. */
  probe(): void {
    this.#probe = { left: 2, features: NOTHING, commands: NOTHING };
    this.#send(commandPacket(OPCODE.leReadLocalFeatures));
    this.#send(commandPacket(OPCODE.readLocalCommands));
  }

  /** Ends a probe that the adapter does not answer: legacy commands then. */
  endProbe(): void {
    if (this.#probe === null) return;
    const { features, commands } = this.#probe;
    this.#probe = null;
    if (canScanExtended(features, commands))
      this.#mode = { commands: "extended", style: this.#style };
    else this.useLegacy();
    this.#events.onProbed();
  }

  /** Speaks the commands of Bluetooth 4 from now on, until the next probe. */
  useLegacy(): void {
    this.#mode = { commands: "legacy", style: this.#style };
  }

  /** Forgets the commands that were not answered: the adapter went down and will not. */
  forget(): void {
    this.#awaited = [];
    this.#probe = null;
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
    if (packet[0] === PACKET_TYPE.command) this.#send(inDialect(packet, this.#mode));
    else this.#inner.write(packet);
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

  #send(packet: Uint8Array): void {
    this.#await({ opcode: opcodeAt(packet, 1), isOurs: true, packet });
    this.#inner.write(packet);
  }

  #await(command: Awaited): void {
    if (this.#awaited.length >= AWAITED_CAP) this.#awaited.shift();
    this.#awaited.push(command);
  }

  #onData(packet: Uint8Array): void {
    if (this.#closed) return;
    if (isAdvertisingEvent(packet)) this.#events.onAdvertising(packet);
    else if (packet[0] === PACKET_TYPE.command) this.#onForeignCommand(packet);
    else if (packet[0] === PACKET_TYPE.event) this.#onAnswer(packet);
  }

  /** The kernel shows every raw socket the commands that other programs send to the adapter. */
  #onForeignCommand(packet: Uint8Array): void {
    const opcode = opcodeAt(packet, 1);
    if (noblesOpcode(opcode) !== OPCODE.scanEnable || packet.length < 5) return;
    const isEcho = this.#awaited.some((one) => one.isOurs && equal(one.packet, packet));
    if (!isEcho) this.#await({ opcode, isOurs: false, packet });
  }

  #onAnswer(packet: Uint8Array): void {
    const isComplete = packet[1] === ANSWER_EVENT.complete;
    if (!isComplete && packet[1] !== ANSWER_EVENT.status) return;
    if (packet.length < RESULTS_AT || packet.length < 3 + (packet[2] ?? 0)) {
      this.#events.onMalformed();
      return;
    }
    const opcode = opcodeAt(packet, isComplete ? 4 : 5);
    const status = packet[isComplete ? 6 : 3] ?? 0;
    // "Command status" with 0 means that the command is being worked on; none of ours ends that way.
    if (!isComplete && status === HCI_STATUS.done) return;
    const command = this.#answered(opcode);
    const isWhole = status !== HCI_STATUS.done || packet.length >= (ANSWER_BYTES[opcode] ?? 0);
    if (!isWhole) this.#events.onMalformed();
    else if (command?.isOurs === true) this.#onOurAnswer(command, status, packet);
    else if (status === HCI_STATUS.done) this.#onForeignDone(opcode, command !== undefined);
  }

  /** The oldest command with this opcode, which is not awaited any more. */
  #answered(opcode: number): Awaited | undefined {
    const index = this.#awaited.findIndex((one) => one.opcode === opcode);
    return this.#awaited.splice(index, index < 0 ? 0 : 1)[0];
  }

  #onForeignDone(opcode: number, isScan: boolean): void {
    if (opcode === OPCODE.reset) this.#events.onForeignReset();
    else if (isScan) this.#events.onTakeover();
  }

  #onOurAnswer(command: Awaited, status: number, packet: Uint8Array): void {
    const { opcode } = command;
    if (opcode === OPCODE.leReadLocalFeatures || opcode === OPCODE.readLocalCommands)
      this.#onProbeAnswer(opcode, status === HCI_STATUS.done ? packet : NOTHING);
    else if (status !== HCI_STATUS.done) this.#onRefusal(command, status);
    else if (opcode === OPCODE.readLocalVersion && (packet[RESULTS_AT] ?? 0) < FIRST_LE_VERSION)
      this.#events.onUnsupported();
    else {
      if (isScanOn(command)) this.#events.onScanEnabled(status);
      const known = noblesOpcode(opcode);
      this.#listeners.emit("data", known === opcode ? packet : completePacket(known, [status]));
    }
  }

  #onProbeAnswer(opcode: number, packet: Uint8Array): void {
    const probe = this.#probe;
    if (probe === null) return;
    const results = Uint8Array.from(packet.subarray(RESULTS_AT));
    if (opcode === OPCODE.readLocalCommands) probe.commands = results;
    else probe.features = results;
    probe.left -= 1;
    if (probe.left === 0) this.endProbe();
  }

  /** Of refusals noble hears only those on which it does not run past the end of the answer. */
  #onRefusal(command: Awaited, status: number): void {
    const { opcode } = command;
    const known = noblesOpcode(opcode);
    // Disallowed is a matter of the moment, or of who spoke which dialect since the last reset; the rest will not change.
    const isHopeless = known !== opcode && status !== HCI_STATUS.disallowed;
    if (isHopeless) this.#events.onExtendedRefused(status);
    else if (isScanOn(command)) this.#events.onScanEnabled(status);
    if (NOBLE_SURVIVES.has(known)) this.#listeners.emit("data", completePacket(known, [status]));
  }
}

/** Whether a command switches scanning on, in either dialect. */
const isScanOn = ({ opcode, packet }: Awaited): boolean =>
  noblesOpcode(opcode) === OPCODE.scanEnable && packet[4] === 1;

const equal = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);
