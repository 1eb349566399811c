import type { MonoMs, ReceiverId } from "../../core/brand.ts";
import { type FaultCode, GatewayError } from "../../core/errors.ts";

const AGAIN_MS = 60_000;

/**
 * Tells when a radio has died: it was heard since the process began, and has now been blind and without a packet for
 * `deadAfterMs` (0: never), through every remedy. One that was never heard cannot die: an adapter that is missing from
 * the start must not make the gateway start over and over. While it lasts it is told again every minute, because whoever
 * listens may not be ready to act.
 */
export class DeathWatch {
  readonly #receiverId: ReceiverId;
  readonly #deadAfterMs: number;
  readonly #onDead: (fault: GatewayError) => void;
  #heardMono: MonoMs | null = null;
  #toldMono: MonoMs | null = null;

  constructor(receiverId: ReceiverId, deadAfterMs: number, onDead: (fault: GatewayError) => void) {
    this.#receiverId = receiverId;
    this.#deadAfterMs = deadAfterMs;
    this.#onDead = onDead;
  }

  heard(atMono: MonoMs): void {
    this.#heardMono = atMono;
  }

  /** To be called about once a second while the radio is blind, with the reason. */
  look(nowMono: MonoMs, code: FaultCode): void {
    if (this.#deadAfterMs === 0 || this.#heardMono === null) return;
    const silentMs = nowMono - this.#heardMono;
    if (silentMs < this.#deadAfterMs) return;
    if (this.#toldMono !== null && nowMono - this.#toldMono < AGAIN_MS) return;
    this.#toldMono = nowMono;
    const message = `receiver ${this.#receiverId} has heard nothing for ${Math.floor(silentMs / 60_000)} min`;
    const context = { receiverId: this.#receiverId, code, silentMs: Math.round(silentMs) };
    this.#onDead(new GatewayError("RADIO_DEAD", message, { context }));
  }
}
