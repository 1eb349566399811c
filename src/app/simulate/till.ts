import type { QueueOutcome, TransactionKind } from "../../core/events.ts";
import { chance, exponential, lognormal, type Random } from "./draws.ts";
import { contentOf, drawLines, fillBasket } from "./goods.ts";
import { type LayoutZone, type ShopLayout, spotIn } from "./layout.ts";
import type { ShopModel } from "./model.ts";
import type { Shopping } from "./shopping.ts";
import type { TrueBasketChange, TrueReceipt } from "./true-day.ts";
import { goTo } from "./way.ts";

/** What came of a party's errand. */
export interface Errands {
  readonly outcome: QueueOutcome | null;
  readonly receipts: readonly Omit<TrueReceipt, "visit">[];
  readonly changes: readonly TrueBasketChange[];
  /** When the basket was left at the till; null = it is brought back on the way out. */
  readonly basketLeftAt: number | null;
}

/** Seconds somebody hesitates before a queue too long for them. */
const HESITATION_MS = 7_000;

/**
 * One till with one queue: parties come up in order of time, turn back before a long queue, wait as long as they have
 * patience, and are served one after the other.
 */
export class Till {
  readonly #model: ShopModel;
  readonly #layout: ShopLayout;
  readonly #random: Random;
  readonly #prefix: string;
  readonly #waitingUntil: number[] = [];
  #freeAt = Number.NEGATIVE_INFINITY;
  #receipts = 0;

  constructor(model: ShopModel, layout: ShopLayout, prefix: string, random: Random) {
    this.#model = model;
    this.#layout = layout;
    this.#random = random;
    this.#prefix = prefix;
  }

  /** Does the party's errand. Call in order of `arrivalOf`. */
  serve(shopping: Shopping): Errands {
    const { party, walk, looks, takenAt } = shopping;
    const changes = takenAt === null ? [] : fillBasket(looks, this.#layout, walk.now, this.#random);
    if (party.errand === "collect") return this.#handOver(shopping, changes);
    if (party.errand === "look") return { ...NOTHING, changes };
    const came = this.#queueUp(shopping);
    if (came !== "served") return { ...NOTHING, outcome: came, changes };
    const { serviceMedianMs, serviceSigma } = this.#model;
    const servedMs = lognormal(this.#random, serviceMedianMs, serviceSigma);
    this.#freeAt = walk.now + servedMs;
    const paidAt = walk.now + 0.85 * servedMs;
    walk.restUntil(this.#freeAt);
    const basketLeftAt = takenAt === null ? null : walk.now;
    return {
      outcome: came,
      receipts: [this.#receipt(shopping, changes, paidAt)],
      changes,
      basketLeftAt,
    };
  }

  /** A receipt of staff, at the till at this time. */
  staffSale(at: number): TrueReceipt {
    const receipt = this.#make("staff-sale", at, drawLines([], this.#layout, this.#random));
    return { ...receipt, visit: null };
  }

  #queueUp({ walk }: Shopping): QueueOutcome {
    const { balkLength, balkRatio, patienceMeanMs } = this.#model;
    const { approach, queue, till } = this.#layout;
    const length = this.#waitingUntil.filter((until) => until > walk.now).length;
    const isLong = length >= balkLength && chance(this.#random, balkRatio);
    const patienceMs = exponential(this.#random, patienceMeanMs);
    if (isLong && approach >= 0) {
      walk.restUntil(walk.now + HESITATION_MS);
      return "balked";
    }
    if (queue >= 0) goTo(walk, this.#layout, this.#placeIn(queue));
    const servedAt = Math.max(walk.now, this.#freeAt);
    const leavesAt = Math.min(servedAt, walk.now + patienceMs);
    this.#waitingUntil.push(leavesAt);
    if (this.#waitingUntil.length > 64) this.#waitingUntil.shift();
    walk.restUntil(leavesAt);
    if (leavesAt < servedAt) {
      if (approach >= 0) goTo(walk, this.#layout, this.#placeIn(approach));
      return "abandoned";
    }
    goTo(walk, this.#layout, this.#placeIn(till));
    return "served";
  }

  #handOver({ walk }: Shopping, changes: readonly TrueBasketChange[]): Errands {
    walk.restUntil(walk.now + lognormal(this.#random, 80_000, 0.4));
    const lines = drawLines([], this.#layout, this.#random);
    const handOver = this.#make("click-collect", walk.now, lines);
    if (!chance(this.#random, this.#model.attachRatio))
      return { ...NOTHING, receipts: [handOver], changes };
    walk.restUntil(walk.now + 20_000);
    const sale = this.#make("sale", walk.now, drawLines([], this.#layout, this.#random));
    const receipts = [handOver, { ...sale, relatedReceiptId: handOver.receiptId }];
    return { ...NOTHING, receipts, changes };
  }

  #receipt(
    { party, looks }: Shopping,
    changes: readonly TrueBasketChange[],
    at: number,
  ): Omit<TrueReceipt, "visit"> {
    const inBasket = contentOf(changes);
    const lines = inBasket.length > 0 ? inBasket : drawLines(looks, this.#layout, this.#random);
    if (party.errand === "buy") return this.#make("sale", at, lines);
    const back = lines.map((line) => ({ ...line, netMinor: -line.netMinor }));
    if (party.errand === "refund") return this.#make("refund", at, back);
    // Something else of the same price is taken along.
    return this.#make("exchange", at, [...back, ...lines]);
  }

  #make(
    kind: TransactionKind,
    at: number,
    lines: TrueReceipt["lines"],
  ): Omit<TrueReceipt, "visit"> {
    this.#receipts += 1;
    return {
      receiptId: `${this.#prefix}-${this.#receipts}`,
      kind,
      at,
      netMinor: lines.reduce((sum, line) => sum + line.netMinor, 0),
      units: lines.reduce((sum, line) => sum + line.units, 0),
      lines,
      relatedReceiptId: null,
    };
  }

  #placeIn(zone: number): ReturnType<typeof spotIn> {
    const place: LayoutZone | undefined = this.#layout.zones[zone];
    return place === undefined ? this.#layout.backOffice : spotIn(place, this.#random, 0.8);
  }
}

const NOTHING: Errands = { outcome: null, receipts: [], changes: [], basketLeftAt: null };

/** Brings a party to where its errand begins: before the queue, or to the collection point. */
export function goToErrand(shopping: Shopping, layout: ShopLayout, random: Random): void {
  const { party, walk } = shopping;
  if (party.errand === "look") return;
  const first = layout.approach >= 0 ? layout.approach : layout.till;
  const zone = layout.zones[party.errand === "collect" ? layout.collect : first];
  if (zone !== undefined) goTo(walk, layout, spotIn(zone, random, 0.8));
}
