import type { ReceiptLine } from "../../core/events.ts";
import { between, chance, pick, poisson, type Random } from "./draws.ts";
import type { ShopLayout } from "./layout.ts";
import type { Look } from "./shopping.ts";
import type { TrueBasketChange } from "./true-day.ts";

const ARTICLES_PER_DEPARTMENT = 20;
/** Who looked for less took nothing into the hand. */
const SHORTEST_LOOK_MS = 15_000;
/** Mean time of looking per article taken. */
const ADD_EVERY_MS = 150_000;
const REMOVED_RATIO = 0.12;
const TO_SHELF_RATIO = 0.6;

/** What goes into a basket during these looks and out of it again, in time. */
export function fillBasket(
  looks: readonly Look[],
  layout: ShopLayout,
  until: number,
  random: Random,
): TrueBasketChange[] {
  const changes = looks.flatMap((look) => {
    const department = layout.zones[look.zone]?.department ?? null;
    return department === null ? [] : takenDuring(look, department, until, random);
  });
  return changes.sort((a, b) => a.at - b.at);
}

function takenDuring(
  { zone, from, to }: Look,
  department: string,
  until: number,
  random: Random,
): TrueBasketChange[] {
  const changes: TrueBasketChange[] = [];
  if (to - from < SHORTEST_LOOK_MS) return changes;
  for (let n = poisson(random, (to - from) / ADD_EVERY_MS); n > 0; n -= 1) {
    const at = between(random, from, to);
    const sku = skuOf(department, random);
    changes.push({ at, change: "add", sku, units: 1, zone });
    if (!chance(random, REMOVED_RATIO)) continue;
    const change = chance(random, TO_SHELF_RATIO) ? "return-to-shelf" : "remove";
    const removedAt = Math.min(at + between(random, 10_000, 60_000), until - 1_000);
    if (removedAt > at) changes.push({ at: removedAt, change, sku, units: 1, zone });
  }
  return changes;
}

/** What of a basket comes to the till. Pure. */
export function contentOf(changes: readonly TrueBasketChange[]): ReceiptLine[] {
  const pieces = new Map<string, number>();
  for (const { sku, change, units } of changes)
    pieces.set(sku, (pieces.get(sku) ?? 0) + (change === "add" ? units : -units));
  return [...pieces].flatMap(([sku, units]) => (units > 0 ? [lineOf(sku, units)] : []));
}

/** What somebody without a basket brings to the till: mostly from where they looked longest. At least one line. */
export function drawLines(
  looks: readonly Look[],
  layout: ShopLayout,
  random: Random,
): ReceiptLine[] {
  const departments = layout.zones.map(({ department }) => department);
  const weights = layout.zones.map((_, i) =>
    looks.reduce((sum, look) => sum + (look.zone === i ? look.to - look.from : 0), 1),
  );
  const sold = departments.flatMap((department, i) => (department === null ? [] : [i]));
  const pieces = new Map<string, number>();
  for (let n = 1 + poisson(random, 0.9); n > 0; n -= 1) {
    const zone = sold.length === 0 ? -1 : pick(random, sold, (i) => weights[i] ?? 0);
    const sku = skuOf(departments[zone] ?? "SHOP", random);
    pieces.set(sku, (pieces.get(sku) ?? 0) + 1);
  }
  return [...pieces].map(([sku, units]) => lineOf(sku, units));
}

const skuOf = (department: string, random: Random): string =>
  `${department}-${1 + Math.floor(ARTICLES_PER_DEPARTMENT * random())}`;

function lineOf(sku: string, units: number): ReceiptLine {
  const [department = "SHOP", number = "1"] = splitSku(sku);
  const priceMinor = 995 + ((Number(number) * 37) % 60) * 100;
  return { sku, department, units, netMinor: units * priceMinor };
}

function splitSku(sku: string): [string, string] {
  const dash = sku.lastIndexOf("-");
  return [sku.slice(0, dash), sku.slice(dash + 1)];
}
