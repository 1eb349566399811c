import type { StoreTile } from "../../../wire/central-answers.ts";
import { EN_DASH, formatAge } from "../format.ts";

const COUNT = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const SHARE = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });
const WHOLE = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 0 });

/** A number of people or things; an en dash when it is not known. */
export const countText = (value: number | null): string =>
  value === null ? EN_DASH : COUNT.format(value);

/** A share with one decimal; an en dash when it is not known. */
export const shareText = (value: number | null): string =>
  value === null ? EN_DASH : SHARE.format(value);

/** How complete something is, rounded down so that 100 % means all of it. */
export const completeText = (value: number | null): string =>
  value === null ? EN_DASH : WHOLE.format(Math.floor(value * 100) / 100);

/** How long ago; an en dash for never. */
export const agoText = (at: number | null, now: number): string =>
  at === null ? EN_DASH : `${formatAge(now - at)} ago`;

/** Below this completeness a comparison would compare what arrived, not what happened. */
const COMPARABLE = 0.9;

/** The change against the same weekday up to the same time in words; null when they are not to be compared. Pure. */
export function changeText({ today, completeness }: StoreTile): string | null {
  if (today === null || (completeness ?? 0) < COMPARABLE) return null;
  const { entrantsSoFar: now, entrantsBefore: before } = today;
  if (now === null || before === null || before === 0) return null;
  const change = now / before - 1;
  const arrow = change > 0 ? "\u25b2" : change < 0 ? "\u25bc" : "\u2013";
  return `${arrow} ${change > 0 ? "+" : ""}${WHOLE.format(change)}`;
}

/** What a store is called. */
export const storeName = ({ name, storeId }: Pick<StoreTile, "name" | "storeId">): string =>
  name ?? storeId;

/** Stores that fit the filter: words of name or id, and those in need only when wished. Pure. */
export function filtered(
  stores: readonly StoreTile[],
  words: string,
  isNeedOnly: boolean,
): readonly StoreTile[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return stores.filter((store) => {
    if (isNeedOnly && store.attention.length === 0) return false;
    const text = `${store.name ?? ""} ${store.storeId}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}
