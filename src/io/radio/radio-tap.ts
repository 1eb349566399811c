import { type EpochMs, epochMs, type MonoMs, type ReceiverId } from "../../core/brand.ts";
import type { AdvertisingReport } from "../../radio/source.ts";
import type { RecordedPacket } from "./recording.ts";
import { SIGN_OF_LIFE, tagPacket } from "./tag-packet.ts";

/** A receiver is blind after ten seconds without a packet; a sign every second tells a replay when within a second. */
const LIFE_SIGN_MS = 1_000;

/**
 * Hands what is heard of registered tags to those who record it, without any address of a device (see `tagPacket`).
 * Of devices that are not registered nothing is recorded but that the receiver heard something, once a second at most:
 * without it a replay could not tell a tag that went from a receiver that went blind. Costs nothing while nobody records.
 */
export class RadioTap {
  readonly #epochAt: (atMono: MonoMs) => EpochMs;
  readonly #listeners = new Set<(recorded: RecordedPacket) => void>();
  #newest = epochMs(Number.NEGATIVE_INFINITY);
  /** When something of each receiver was last recorded; as many as there are receivers. */
  readonly #recordedMono = new Map<ReceiverId, MonoMs>();
  #tooLong = 0;

  constructor(epochAt: (atMono: MonoMs) => EpochMs) {
    this.#epochAt = epochAt;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /** Reports left out since the start because they fit into no single packet. */
  get tooLong(): number {
    return this.#tooLong;
  }

  /** Adds a listener; returns the function that removes it. */
  add(listener: (recorded: RecordedPacket) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes a report of the tag at this position of the registry. */
  take(tag: number, report: AdvertisingReport): void {
    if (this.#listeners.size === 0) return;
    const packet = tagPacket(tag, report);
    if (packet === null) {
      this.#tooLong += 1;
      this.heard(report);
    } else this.#tell(report, packet);
  }

  /** Takes that a receiver heard something, whatever it was. */
  heard(report: Pick<AdvertisingReport, "receiverId" | "atMono">): void {
    if (this.#listeners.size === 0) return;
    const lastMono = this.#recordedMono.get(report.receiverId);
    if (lastMono !== undefined && report.atMono - lastMono < LIFE_SIGN_MS) return;
    this.#tell(report, SIGN_OF_LIFE);
  }

  #tell(
    { receiverId, atMono }: Pick<AdvertisingReport, "receiverId" | "atMono">,
    packet: Uint8Array,
  ): void {
    this.#recordedMono.set(receiverId, atMono);
    // A recording is in order of time even when the wall clock is set back.
    this.#newest = epochMs(Math.max(this.#newest, this.#epochAt(atMono)));
    const recorded = { at: this.#newest, receiverId, packet };
    for (const listener of [...this.#listeners]) listener(recorded);
  }
}
