import { type EpochMs, epochMs } from "../../core/brand.ts";
import { LATENESS_GRACE_MS, SLOT_MS } from "../calendar/slots.ts";

const NEVER = epochMs(Number.NEGATIVE_INFINITY);

/** How far time has come, as events and questions tell. Pure: there is no clock in it. */
export class StoreTime {
  #horizon = NEVER;
  #watermark = NEVER;
  #newestEventAt: EpochMs | null = null;

  /** Newest time known to be real: asked for, or of a trusted event. Days far beyond it are a wrong clock's. */
  get horizon(): EpochMs {
    return this.#horizon;
  }

  /** Newest time of a sensor's event; slots well before it are closed. */
  get watermark(): EpochMs {
    return this.#watermark;
  }

  /** Newest time of either. */
  get known(): EpochMs {
    return epochMs(Math.max(this.#horizon, this.#watermark));
  }

  /** Time of the newest event taken in; null before the first. */
  get newestEventAt(): EpochMs | null {
    return this.#newestEventAt;
  }

  /** Whether the slot of an instant has closed: its events were to have come by now. */
  isClosed(at: EpochMs): boolean {
    return Math.floor(at / SLOT_MS + 1) * SLOT_MS + LATENESS_GRACE_MS <= this.#watermark;
  }

  noteReal(at: EpochMs): void {
    this.#horizon = epochMs(Math.max(this.#horizon, at));
  }

  noteWatermark(at: EpochMs): void {
    this.#watermark = epochMs(Math.max(this.#watermark, at));
  }

  noteEvent(at: EpochMs): void {
    this.#newestEventAt = epochMs(Math.max(at, this.#newestEventAt ?? at));
  }
}
