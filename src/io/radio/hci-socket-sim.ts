import { EventEmitter } from "node:events";
import type { HciSocket } from "./hci-socket.ts";

/** When the simulated controller answers a command: within the call, or in a later turn of the event loop. */
export type AnswerTime = "at-once" | "later";

const RESET = 0x0c03;
const READ_LOCAL_VERSION = 0x1001;
const READ_BD_ADDR = 0x1009;
const LE_READ_BUFFER_SIZE = 0x2002;
const READ_LE_HOST_SUPPORTED = 0x0c6c;
const LE_SET_SCAN_ENABLE = 0x200c;
const COMMAND_DISALLOWED = 0x0c;

/** Return parameters after the status byte, per command; the others return the status alone. Version 10 = Bluetooth 5.1. */
const ANSWERS: Readonly<Record<number, readonly number[]>> = {
  [READ_LOCAL_VERSION]: [0x0a, 0, 0, 0x0a, 0x0f, 0, 0, 0],
  [READ_BD_ADDR]: [1, 2, 3, 4, 5, 6],
  [LE_READ_BUFFER_SIZE]: [0xfb, 0, 8],
  [READ_LE_HOST_SUPPORTED]: [1, 0],
};

/**
 * A Bluetooth controller that exists only in memory: noble drives it with real HCI commands and it answers each as a
 * controller does. It hears only while it is up and scanning. For tests, replays and the demonstration.
 */
export class HciSocketSim implements HciSocket {
  readonly #emitter = new EventEmitter();
  readonly #answerTime: AnswerTime;
  #up = true;
  #started = false;
  #scanning = false;
  #refusing = false;
  #silent = false;
  #scanStarts = 0;
  #resets = 0;
  #bindError: NodeJS.ErrnoException | null = null;

  constructor(answerTime: AnswerTime = "at-once") {
    this.#answerTime = answerTime;
  }

  get scanning(): boolean {
    return this.#scanning;
  }

  /** How often scanning was enabled. */
  get scanStarts(): number {
    return this.#scanStarts;
  }

  /** How often the controller was reset by command. */
  get resets(): number {
    return this.#resets;
  }

  /** Takes the adapter down (it forgets that it was scanning) or up again, as `hciconfig` or a cable would. */
  setUp(up: boolean): void {
    this.#up = up;
    if (!up) this.#scanning = false;
  }

  /** Answers "enable scanning" with Command Disallowed from now on, or no longer. */
  setRefusing(refusing: boolean): void {
    this.#refusing = refusing;
  }

  /** Hears nothing from now on although it scans, as a hanging radio does, or hears again. */
  setSilent(silent: boolean): void {
    this.#silent = silent;
  }

  /** Makes binding fail with this error number from now on, e.g. `ENODEV`; null lets it succeed. */
  setBindError(code: string | null): void {
    this.#bindError = code === null ? null : Object.assign(new Error(code), { code });
  }

  /** Reports an error of the socket. */
  fail(code: string): void {
    this.#emitter.emit("error", Object.assign(new Error(code), { code }));
  }

  /** A packet from the air: handed on only while up and scanning. Returns whether it was. */
  deliver(packet: Uint8Array): boolean {
    if (!this.#up || !this.#started || !this.#scanning || this.#silent) return false;
    this.inject(packet);
    return true;
  }

  /** Hands a packet on whatever the state, as a socket would. */
  inject(packet: Uint8Array): void {
    this.#emitter.emit("data", asBuffer(packet));
  }

  bindRaw(adapter?: number): number {
    if (this.#bindError !== null) throw this.#bindError;
    return adapter ?? 0;
  }

  bindUser(adapter?: number): number {
    return this.bindRaw(adapter);
  }

  isDevUp(): boolean {
    return this.#up;
  }

  setFilter(): void {
    // The simulation sends nothing that a filter would hold back.
  }

  start(): void {
    this.#started = true;
  }

  stop(): void {
    this.#started = false;
  }

  reset(): void {
    this.#scanning = false;
  }

  write(packet: Uint8Array): void {
    if (!this.#up) {
      this.fail("ENETDOWN");
      return;
    }
    const opcode = (packet[1] ?? 0) | ((packet[2] ?? 0) << 8);
    const status = this.#obey(opcode, packet);
    const result = [status, ...(ANSWERS[opcode] ?? [])];
    const head = [0x04, 0x0e, 3 + result.length, 1, opcode & 255, opcode >> 8];
    const answer = Buffer.from([...head, ...result]);
    if (this.#answerTime === "at-once") this.#answer(answer);
    else setImmediate(() => this.#answer(answer));
  }

  on(
    event: "data" | "error",
    listener: ((packet: Uint8Array) => void) | ((error: Error) => void),
  ): unknown {
    return this.#emitter.on(event, listener);
  }

  removeAllListeners(): unknown {
    return this.#emitter.removeAllListeners();
  }

  #answer(packet: Buffer): void {
    if (this.#up && this.#started) this.#emitter.emit("data", packet);
  }

  #obey(opcode: number, packet: Uint8Array): number {
    if (opcode === RESET) {
      this.#resets += 1;
      this.#scanning = false;
    }
    if (opcode !== LE_SET_SCAN_ENABLE) return 0;
    const enable = packet[4] === 1;
    if (enable && this.#refusing) return COMMAND_DISALLOWED;
    this.#scanning = enable;
    if (enable) this.#scanStarts += 1;
    return 0;
  }
}

/** Noble reads packets with the methods of Buffer. */
const asBuffer = (packet: Uint8Array): Buffer =>
  Buffer.isBuffer(packet)
    ? packet
    : Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength);
