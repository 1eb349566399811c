import { STREAMS, type StreamName } from "../../wire/cloud-event.ts";
import type { KeptFile } from "./kept-file.ts";
import { cannotWrite } from "./open-database.ts";
import type { OutboxOptions } from "./outbox-contract.ts";
import { byStream, type OutboxFile, type OutboxRecord } from "./outbox-file.ts";
import type { Refusal } from "./refusals.ts";
import { forgetAcknowledged, freeBytes, type ShedTerms, shedAged } from "./shedding.ts";

const GROUP_OVERHEAD_BYTES = 16_384;
const SHRINK_PAGES = 256;

/**
 * Keeps the outbox's file below its cap and its events below their age: what the centre has is forgotten first, then the
 * least important is shed, and never what may have reached the centre.
 */
export class OutboxRoom {
  readonly #kept: KeptFile;
  readonly #options: OutboxOptions;
  readonly #handedOut = byStream(() => 0);
  /** Lower bound of the room below the cap, so that the file need not be measured at every commit. */
  #roomBytes = 0;
  #poweredMono: number;
  /** Called after each step that shed something for the cap. */
  onShed: () => void = () => undefined;

  constructor(kept: KeptFile, options: OutboxOptions) {
    this.#kept = kept;
    this.#options = options;
    this.#poweredMono = options.clock.mono();
  }

  get #file(): OutboxFile {
    return this.#kept.file;
  }

  /** Another file took the place of the one before: none of its rows was handed out. */
  begin(): void {
    this.#roomBytes = 0;
    for (const stream of STREAMS) this.#handedOut[stream] = 0;
  }

  /** Rows up to `seq` may have reached the centre: they are not shed any more. */
  markSent(stream: StreamName, seq: number): void {
    this.#handedOut[stream] = Math.max(this.#handedOut[stream], seq);
  }

  /** Commits records, making room for them where it is short; returns the number given to the first of each stream. */
  commit(group: readonly OutboxRecord[], refused: readonly Refusal[]): Record<StreamName, number> {
    this.#makeRoom(group);
    const append = (): Record<StreamName, number> =>
      this.#file.append(group, refused, this.#options.clock.now());
    try {
      return append();
    } catch (error) {
      if (!cannotWrite(error) || this.#file.isStandIn) throw error;
      // Either the page cap (bodies larger than estimated) or the disk: make room once more, then wait.
      const target = this.#file.usedBytes - slackBytes(this.#options.capBytes);
      const isNearCap = target > this.#options.capBytes / 2;
      if (!(isNearCap && this.#freeBytes(target)) && !this.#forgetAll()) throw error;
      return append();
    }
  }

  /** On a full disk the day's record goes before anything new is refused; false when the centre has none of it. */
  #forgetAll(): boolean {
    const at = this.#options.clock.now();
    return this.#kept.runOnFullDisk((file) => forgetAcknowledged(file, at, SHRINK_PAGES)) > 0;
  }

  #makeRoom(group: readonly OutboxRecord[]): void {
    const { capBytes } = this.#options;
    const limit = capBytes - 2 * slackBytes(capBytes);
    const wanted = group.reduce(
      (sum, record) => sum + 2 * record.body.length,
      GROUP_OVERHEAD_BYTES,
    );
    this.#roomBytes -= wanted;
    if (this.#roomBytes > 0) return;
    this.#roomBytes = limit - this.#file.usedBytes - wanted;
    if (this.#roomBytes > 0) return;
    this.#freeBytes(limit - wanted - slackBytes(capBytes));
  }

  /** Forgets the day's acknowledged events, then sheds, until at most `targetBytes` are used; false when it freed none. */
  #freeBytes(targetBytes: number): boolean {
    const { onShed } = this;
    return freeBytes(this.#file, targetBytes, { ...this.#shedTerms(), onShed });
  }

  #shedTerms(): ShedTerms {
    const at = this.#options.clock.now();
    return { handedOut: this.#handedOut, at, onShed: () => undefined };
  }

  /** Counts the time switched on, and from time to time sheds what waited too long. */
  passTime(isLast = false): void {
    const mono = this.#options.clock.mono();
    const isDue = this.#file.powered.pass(mono - this.#poweredMono);
    this.#poweredMono = mono;
    if (!isDue && !isLast) return;
    try {
      this.#kept.run(({ powered }) =>
        powered.mark(byStream((name) => this.#file.position(name).next)),
      );
      if (!isLast) this.#shedAged();
    } catch (error) {
      // A full disk: the next mark counts this time as well.
      if (!cannotWrite(error)) throw error;
    }
  }

  #shedAged(): void {
    const { maxAgeMs, log } = this.#options;
    if (maxAgeMs === undefined) return;
    const events = this.#kept.run((file) => shedAged(file, maxAgeMs, this.#shedTerms()));
    if (events === 0) return;
    log.warn({ event: "outbox.aged", events }, "events that waited too long were shed");
  }
}

/** Room kept free below the cap, so that deletes and gap records always fit. */
function slackBytes(capBytes: number): number {
  return Math.min(Math.floor(capBytes / 50), 2_097_152);
}
