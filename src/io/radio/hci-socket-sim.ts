import { EventEmitter } from "node:events";
import { commandPacket, completePacket, OPCODE, opcodeAt } from "./hci-commands.ts";
import type { HciSocket } from "./hci-socket.ts";
import { type ControllerKind, SimulatedController } from "./simulated-controller.ts";

const EXTENDED_REPORT = 0x0d;

/** When the simulated controller answers a command: within the call, or in a later turn of the event loop. */
export type AnswerTime = "at-once" | "later";

/**
 * A Bluetooth controller that exists only in memory: noble drives it with real HCI commands and it answers each as a
 * controller does (see `SimulatedController`). It hears only while it is up and scanning. For tests, replays and the demonstration.
 */
export class HciSocketSim implements HciSocket {
  readonly #emitter = new EventEmitter();
  readonly #answerTime: AnswerTime;
  readonly #controller: SimulatedController;
  #up = true;
  #started = false;
  #silent = false;
  #mute = false;
  #resets = 0;
  #bindError: NodeJS.ErrnoException | null = null;

  constructor(answerTime: AnswerTime = "at-once", kind: ControllerKind = "legacy") {
    this.#answerTime = answerTime;
    this.#controller = new SimulatedController(kind);
  }

  get scanning(): boolean {
    return this.#controller.scanning !== null;
  }

  /** How it scans, e.g. `extended passive`; null when it does not. */
  get scanMode(): string | null {
    const { scanning, active } = this.#controller;
    return scanning === null ? null : `${scanning} ${active ? "active" : "passive"}`;
  }

  /** How often scanning was enabled. */
  get scanStarts(): number {
    return this.#controller.scanStarts;
  }

  /** How often the controller was reset by command. */
  get resets(): number {
    return this.#resets;
  }

  /** Takes the adapter down (it forgets that it was scanning) or up again, as `hciconfig` or a cable would. */
  setUp(up: boolean): void {
    // The kernel sets an adapter up with a reset of its own, before it says that the adapter is up.
    if (up && !this.#up) this.#foreign(OPCODE.reset, []);
    else if (!up) this.#controller.reset();
    this.#up = up;
  }

  /** Another program on the machine sends this command: it is obeyed, and every raw socket sees it and the answer. */
  foreign(opcode: number, parameters: readonly number[]): void {
    if (this.#up) this.#foreign(opcode, parameters);
  }

  /** Answers "enable scanning" with Command Disallowed from now on, or no longer. */
  setRefusing(refusing: boolean): void {
    this.#controller.refusing = refusing;
  }

  /** Obeys without a word from now on, or answers again. */
  setMute(mute: boolean): void {
    this.#mute = mute;
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
    const isHeard = this.#controller.reports(packet[3] === EXTENDED_REPORT);
    if (!this.#up || !this.#started || !isHeard || this.#silent) return false;
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
    this.#controller.stopScanning();
  }

  write(packet: Uint8Array): void {
    if (!this.#up) {
      this.fail("ENETDOWN");
      return;
    }
    const opcode = opcodeAt(packet, 1);
    if (opcode === OPCODE.reset) this.#resets += 1;
    const answer = completePacket(opcode, this.#controller.obey(opcode, packet));
    if (this.#mute) return;
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

  #foreign(opcode: number, parameters: readonly number[]): void {
    const command = commandPacket(opcode, parameters);
    const answer = completePacket(opcode, this.#controller.obey(opcode, command));
    if (!this.#started) return;
    this.#emitter.emit("data", command);
    this.#emitter.emit("data", answer);
  }
}

/** Noble reads packets with the methods of Buffer. */
const asBuffer = (packet: Uint8Array): Buffer =>
  Buffer.isBuffer(packet)
    ? packet
    : Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength);
