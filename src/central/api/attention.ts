import type { Attention, StoreTile } from "../../wire/central-answers.ts";

/** What decides whether somebody should look at a store. */
export type StoreState = Pick<
  StoreTile,
  "gateways" | "online" | "freshness" | "blindSensors" | "shed" | "completeness" | "driftingDoors"
> & { readonly hasPlan: boolean };

/** Below this share of a day arrived, its figures are not to be compared. */
export const ENOUGH_COMPLETENESS = 0.9;

const plural = (n: number, one: string): string => `${n} ${one}${n === 1 ? "" : "s"}`;

/** What needs attention in a store, worst first, each as a code and a sentence. Pure. */
export function attentionOf(state: StoreState): readonly Attention[] {
  const { gateways, online, freshness, blindSensors, shed, completeness, driftingDoors } = state;
  const found: Attention[] = [];
  const add = (code: Attention["code"], text: string): number => found.push({ code, text });
  const away = gateways - online;
  if (away > 0) add("offline", `${plural(away, "gateway")} offline`);
  else if (freshness === "silent") add("offline", "No health for more than ten minutes");
  if (blindSensors > 0) add("blind", `${plural(blindSensors, "sensor")} not seeing`);
  if (away === 0 && freshness === "late") add("late", "Health is some minutes late");
  if (shed > 0) add("gaps", `${plural(shed, "event")} lost in the last 24 h`);
  if (completeness !== null && completeness < ENOUGH_COMPLETENESS)
    add("incomplete", `${Math.floor(completeness * 100)} % of today has arrived`);
  if (driftingDoors > 0) add("drifting", `${plural(driftingDoors, "door")} drifting`);
  if (!state.hasPlan) add("no-plan", "No site plan, so no figures");
  return found;
}

const ORDER: readonly Attention["code"][] = [
  ...(["offline", "blind", "late", "gaps", "incomplete", "drifting", "no-plan"] as const),
];

/** Stores that need attention first, worst first, then the rest by name. Pure. */
export function byAttention(a: StoreTile, b: StoreTile): number {
  const rank = ({ attention }: StoreTile): number => {
    const first = attention[0];
    return first === undefined ? ORDER.length : ORDER.indexOf(first.code);
  };
  const name = ({ name: known, storeId }: StoreTile): string => known ?? storeId;
  return (
    rank(a) - rank(b) ||
    b.attention.length - a.attention.length ||
    name(a).localeCompare(name(b), "en", { numeric: true })
  );
}
