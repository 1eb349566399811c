import { BoundedMap } from "../../../core/bounded-map.ts";
import type { MonoMs, ReceiverId, TagId } from "../../../core/brand.ts";
import type { RadioMessage } from "../../../wire/radio-message.ts";

type Summaries = RadioMessage["sightings"];

interface Sum {
  packets: number;
  /** Sum of levels, dBm. */
  levelsDbm: number;
  /** Sum of instants, ms since `fromMono`: small numbers, so that the mean is exact. */
  offsetsMs: number;
  readonly fromMono: MonoMs;
}

/** Most tags summed up at a time, over all receivers; the one heard longest ago is left out. */
const TAG_CAP = 8192;
/** Readings of one message: with the longest ids it stays below 64 KiB. */
const PART_SIZE = 400;

/** Sums up what each receiver hears of each tag until it is taken. Bounded. */
export class SecondSummary {
  readonly #receivers = new Map<ReceiverId, BoundedMap<number, Sum>>();

  add(receiver: ReceiverId, tag: number, rssiDbm: number, atMono: MonoMs): void {
    const tags =
      this.#receivers.get(receiver) ??
      new BoundedMap<number, Sum>({ cap: TAG_CAP, idleMs: Number.POSITIVE_INFINITY });
    this.#receivers.set(receiver, tags);
    const sum = tags.get(tag, atMono) ?? {
      packets: 0,
      levelsDbm: 0,
      offsetsMs: 0,
      fromMono: atMono,
    };
    sum.packets += 1;
    sum.levelsDbm += rssiDbm;
    sum.offsetsMs += atMono - sum.fromMono;
    if (sum.packets === 1) tags.set(tag, sum, atMono);
  }

  /**
   * What this receiver heard since it was taken last, in parts that fit into a message; empty when nothing. `at` is the
   * age of the mean instant, ms.
   */
  take(
    receiver: ReceiverId,
    nowMono: MonoMs,
    tagOf: (tag: number) => TagId | null,
  ): readonly Summaries[] {
    const parts: Summaries[] = [];
    let part: Summaries = [];
    for (const [tag, sum] of this.#receivers.get(receiver)?.entries() ?? []) {
      const id = tagOf(tag);
      if (id === null) continue;
      if (part.length === 0) parts.push(part);
      part.push({
        tag: id,
        rssi: Math.round((sum.levelsDbm / sum.packets) * 10) / 10,
        count: sum.packets,
        at: Math.max(0, Math.round(nowMono - sum.fromMono - sum.offsetsMs / sum.packets)),
      });
      if (part.length === PART_SIZE) part = [];
    }
    this.#receivers.delete(receiver);
    return parts;
  }
}
