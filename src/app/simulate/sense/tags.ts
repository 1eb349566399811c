import { type LineId, type TagId, tagId, type ZoneId } from "../../../core/brand.ts";
import type { CrossingDirection, TagState } from "../../../core/events.ts";
import { normalDraw } from "../../../core/random.ts";
import type { TagKind } from "../../../core/site.ts";
import { between, chance, exponential, type Random } from "../draws.ts";
import type { ShopLayout } from "../layout.ts";
import type { SensorModel, ShopModel } from "../model.ts";
import type { TrueDay, TrueStay, TrueVisit } from "../true-day.ts";
import type { Notice, SenseContext } from "./notices.ts";

/** The tags of a shop, in the order in which the model numbers them. */
export interface ShopTags {
  readonly staff: readonly TagId[];
  /** Baskets, then carts. */
  readonly baskets: readonly { readonly id: TagId; readonly kind: "basket" | "cart" }[];
  /** Cards by number of the member, from 1. */
  readonly cardOf: (member: number) => TagId | undefined;
}

/** What radios hear of somebody or something at best: stays shorter than this are not told. */
const SHORTEST_STAY_MS = 4_000;
/** How late estimates, presence and passages are told. */
const ZONE_LAG_MS = 10_000;
const PRESENT_LAG_MS = 4_000;
const SILENT_LAG_MS = 30_000;
const PASSAGE_LAG_MS = 25_000;
const BORDER_SD_MS = 1_500;
const CARD_LEFT_MS = 8_000;
/** When staff look after baskets at the till, and how long they are on the way with them. */
const COLLECTED_MS = 600_000;
const TO_STACK_MS = 25_000;

/** What the radio tells of the tags of a day. */
export class TagSense {
  readonly #day: TrueDay;
  readonly #layout: ShopLayout;
  readonly #sensor: SensorModel;
  readonly #tags: ShopTags;
  readonly #context: SenseContext;
  readonly #random: Random;
  readonly #notices: Notice[] = [];
  readonly #identified = new Set<number>();

  constructor(
    day: TrueDay,
    shop: { readonly layout: ShopLayout; readonly sensor: SensorModel; readonly tags: ShopTags },
    context: SenseContext,
    random: Random,
  ) {
    this.#day = day;
    this.#layout = shop.layout;
    this.#sensor = shop.sensor;
    this.#tags = shop.tags;
    this.#context = context;
    this.#random = random;
  }

  get notices(): readonly Notice[] {
    return this.#notices;
  }

  /** Ids of visits whose card was heard. */
  get identified(): ReadonlySet<number> {
    return this.#identified;
  }

  /** Tags of staff: at the doors, and inside or not. */
  hearStaff(): void {
    for (const visit of this.#day.visits) {
      if (visit.staff === null) continue;
      const tag = this.#tags.staff[visit.staff - 1];
      const isForgotten = chance(this.#random, this.#sensor.forgottenRatio);
      if (tag === undefined || isForgotten) continue;
      for (const crossing of visit.crossings) {
        const state = crossing.direction === "in" ? "inside" : "outside";
        this.#tellState(tag, "staff", state, crossing.at, PRESENT_LAG_MS);
        const line = this.#layout.doors[crossing.door]?.lineId;
        const isMissed = chance(this.#random, this.#sensor.passageMissRatio);
        if (line !== undefined && !isMissed)
          this.#tellPassage(tag, line, crossing.at, crossing.direction);
      }
    }
  }

  /** Cards of members, baskets and carts. */
  hearCustomers(): void {
    for (const visit of this.#day.visits) {
      const card = visit.card === null ? undefined : this.#tags.cardOf(visit.card);
      if (card !== undefined) this.#hearCard(visit, card);
      if (visit.basket !== null) this.#hearBasket(visit, visit.basket);
    }
  }

  /** The baskets stand at the rack when the shop opens. */
  hearRack(at: number): void {
    for (const { id, kind } of this.#tags.baskets)
      this.#tellState(id, kind, "inside", at, PRESENT_LAG_MS);
  }

  #hearCard(visit: TrueVisit, tag: TagId): void {
    const heardAt = visit.enteredAt + exponential(this.#random, this.#sensor.hearingMs);
    const leftMs = between(this.#random, 0, CARD_LEFT_MS);
    if (heardAt > visit.exitedAt - 3_000) return;
    this.#identified.add(visit.id);
    const kind = "loyalty-card";
    let since = heardAt;
    const outings = visit.crossings.slice(1, -1);
    for (let i = 0; i + 1 < outings.length; i += 2) {
      const out = outings[i]?.at ?? 0;
      const back = outings[i + 1]?.at ?? 0;
      if (out <= since || back - out < SILENT_LAG_MS) continue;
      this.#hearInside(visit, tag, kind, since, out);
      since = back + exponential(this.#random, this.#sensor.hearingMs);
    }
    this.#hearInside(visit, tag, kind, since, visit.exitedAt + leftMs);
  }

  #hearInside(visit: TrueVisit, tag: TagId, kind: TagKind, from: number, to: number): void {
    if (to <= from) return;
    this.#tellState(tag, kind, "inside", from, PRESENT_LAG_MS);
    this.#hearStays(visit.stays, tag, kind, from, to);
    this.#tellState(tag, kind, "outside", to, SILENT_LAG_MS);
  }

  #hearBasket(visit: TrueVisit, basket: NonNullable<TrueVisit["basket"]>): void {
    const plan = this.#tags.baskets[basket.tag];
    if (plan === undefined) return;
    const { id, kind } = plan;
    const { stack, zones, till } = this.#layout;
    const leftIn = basket.isLeftAtTill ? (zones[till]?.id ?? null) : stack;
    this.#tellMovement(id, kind, "picked-up", basket.takenAt + 1_500, this.#located(stack));
    this.#hearStays(visit.stays, id, kind, basket.takenAt, basket.returnedAt);
    this.#tellMovement(id, kind, "put-back", basket.returnedAt, this.#located(leftIn));
    if (basket.isLeftAtTill) this.#hearCollected(basket, plan, leftIn);
    for (const { at, change, sku, units, zone } of basket.changes) {
      const zoneId = this.#layout.zones[zone]?.id ?? null;
      this.#tell(`basket:${id}`, at, at + 500, {
        kind: "basket-reported",
        tagId: id,
        change,
        sku,
        units,
        zoneId,
      });
    }
  }

  /** Staff bring it back to the stack after a while, and in any case before it is taken again. */
  #hearCollected(
    { tag, returnedAt }: NonNullable<TrueVisit["basket"]>,
    { id, kind }: ShopTags["baskets"][number],
    from: ZoneId | null,
  ): void {
    let at = returnedAt + COLLECTED_MS;
    for (const { basket } of this.#day.visits)
      if (basket?.tag === tag && basket.takenAt > returnedAt)
        at = Math.min(at, (returnedAt + basket.takenAt) / 2);
    this.#tellMovement(id, kind, "picked-up", at, this.#located(from));
    const back = this.#located(this.#layout.stack);
    this.#tellMovement(id, kind, "put-back", at + TO_STACK_MS, back);
  }

  /** Where a tag is found to be that is in this zone: sometimes in another. */
  #located(zone: ZoneId | null): ZoneId | null {
    if (zone === null || !chance(this.#random, this.#sensor.zoneConfusedRatio)) return zone;
    const { zones } = this.#layout;
    const other = zones[Math.floor(this.#random() * zones.length)];
    return other === undefined || other.kind === "window" ? null : other.id;
  }

  #hearStays(
    stays: readonly TrueStay[],
    tag: TagId,
    kind: TagKind,
    from: number,
    to: number,
  ): void {
    let until = from;
    for (const stay of stays) {
      const zone = this.#layout.zones[stay.zone];
      const begin = Math.max(until, stay.from + BORDER_SD_MS * normalDraw(this.#random), from);
      const end = Math.min(to, stay.to + BORDER_SD_MS * normalDraw(this.#random));
      const isConfused = chance(this.#random, this.#sensor.zoneConfusedRatio);
      const other = this.#layout.zones[Math.floor(this.#random() * this.#layout.zones.length)];
      const told = isConfused ? other : zone;
      if (told === undefined || told.kind === "window" || end - begin < SHORTEST_STAY_MS) continue;
      this.#tellStay(tag, kind, told.id, begin, end);
      until = end;
    }
  }

  #tellStay(tag: TagId, tagKind: TagKind, zone: ZoneId, from: number, to: number): void {
    const who = { tagId: tag, tagKind, zoneId: zone };
    const confidence = 0.85;
    const begin = { kind: "tag-zone-entered", ...who, confidence };
    this.#tell("tags:floor", from, from + ZONE_LAG_MS, begin);
    const dwellMs = Math.round(to) - Math.round(from);
    const end = { kind: "tag-zone-exited", ...who, dwellMs, confidence: 0.85, censored: false };
    this.#tell("tags:floor", to, to + ZONE_LAG_MS, end);
  }

  #tellState(tag: TagId, tagKind: TagKind, state: TagState, at: number, lagMs: number): void {
    const previous = state === "inside" ? "outside" : "inside";
    const what = { kind: "tag-changed", tagId: tag, tagKind, state, previous };
    this.#tell("tags:presence", at, at + lagMs, what);
  }

  #tellMovement(
    tag: TagId,
    tagKind: TagKind,
    movement: "picked-up" | "put-back",
    at: number,
    zoneId: ZoneId | null,
  ): void {
    const what = { kind: "tag-moved", tagId: tag, tagKind, movement, zoneId };
    this.#tell("tags:motion", at, at + ZONE_LAG_MS, what);
  }

  #tellPassage(tag: TagId, line: LineId, trueAt: number, direction: CrossingDirection): void {
    const at = trueAt + 1_200 * normalDraw(this.#random);
    const { mono } = this.#context;
    this.#tell("tags:doors", at, at + PASSAGE_LAG_MS, {
      kind: "tag-at-door",
      tagId: tag,
      tagKind: "staff",
      lineId: line,
      fromMono: mono(at - 4_000),
      toMono: mono(at + 4_000),
      probability: 0.92,
      direction,
    });
  }

  #tell(
    source: string,
    at: number,
    toldAt: number,
    what: Record<string, unknown> & { readonly kind: string },
  ): void {
    const { mono, run } = this.#context;
    const event = { source: `${source}#${run}`, seq: 0, atMono: mono(at), ...what };
    this.#notices.push({ toldAt, event: event as Notice["event"] });
  }
}

/** Names of the tags in the simulated shop's own plan. */
export function simulatedTags(
  counts: Pick<ShopModel, "baskets" | "carts" | "staffTags">,
): ShopTags {
  const named = (name: string, count: number): TagId[] =>
    Array.from({ length: count }, (_, i) => tagId(`${name}-${i + 1}`));
  return {
    staff: named("staff", counts.staffTags),
    baskets: [
      ...named("basket", counts.baskets).map((id) => ({ id, kind: "basket" as const })),
      ...named("cart", counts.carts).map((id) => ({ id, kind: "cart" as const })),
    ],
    cardOf: (member) => tagId(`card-${member}`),
  };
}
