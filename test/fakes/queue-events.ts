import { cameraId, type EpochMs, monoMs, tagId, trackId, zoneId } from "../../src/core/brand.ts";
import type {
  BasketChange,
  BasketChangeRecorded,
  JourneyHead,
  QueueJoined,
  QueueLeft,
  QueueOutcome,
} from "../../src/core/events.ts";

/** Makes events of one queue, `queue`, and of one basket, numbered from 0. */
export class QueueMaker {
  #seq = 0;

  joined(at: EpochMs, track = 1): QueueJoined {
    return { ...this.#head(at), ...who(track), kind: "queue-joined", zoneId: zoneId("queue") };
  }

  left(at: EpochMs, outcome: QueueOutcome, waitMs: number, track = 1): QueueLeft {
    const zone = zoneId("queue");
    return { ...this.#head(at), ...who(track), kind: "queue-left", zoneId: zone, waitMs, outcome };
  }

  basket(at: EpochMs, change: BasketChange, units = 1): BasketChangeRecorded {
    return {
      ...this.#head(at),
      kind: "basket-changed",
      tagId: tagId("basket-1"),
      change,
      sku: "boot",
      units,
      zoneId: null,
    };
  }

  #head(at: EpochMs): JourneyHead {
    const seq = this.#seq;
    this.#seq += 1;
    return { source: "visits#queue", seq, at, atMono: monoMs(at), clock: "synced" };
  }
}

const who = (track: number): Pick<QueueJoined, "cameraId" | "trackId" | "tagId"> => ({
  cameraId: cameraId("floor"),
  trackId: trackId(track),
  tagId: null,
});
