import type { Attention, StoreTile } from "../../wire/central-answers.ts";

/** What decides whether somebody should look at a store. */
export type StoreState = Pick<
  StoreTile,
  "gateways" | "online" | "freshness" | "blindSensors" | "shed" | "completeness" | "driftingDoors"
> & {
  readonly hasPlan: boolean;
  /** Gateways that replaced their outbox file lately, which was damaged or a copy; absent = none. */
  readonly replacedOutboxes?: number;
  /** Gateways with hardly any room on the disk, and such whose clock was never set; absent = none. */
  readonly fullDisks?: number;
  readonly unsetClocks?: number;
  /** Gateways whose certificate ends soon; absent = none. */
  readonly endingCertificates?: number;
  /** Requests to erase that its gateways have not answered for more than a day; absent = none. */
  readonly overdueErasures?: number;
  /** It has a plan, and nothing was ever heard of it; absent = something was. */
  readonly isUnheard?: boolean;
};

/** Below this share of a day arrived, its figures are not to be compared. */
const ENOUGH_COMPLETENESS = 0.9;

const plural = (n: number, one: string): string => `${n} ${one}${n === 1 ? "" : "s"}`;

/** What needs attention in a store, worst first, each as a code and a sentence. Pure. */
export function attentionOf(state: StoreState): readonly Attention[] {
  const { gateways, online, freshness, shed, completeness } = state;
  const found: Attention[] = [];
  const add = (code: Attention["code"], text: string): number => found.push({ code, text });
  const count = (n: number | undefined, code: Attention["code"], one: string, rest = ""): void => {
    if (n !== undefined && n > 0) add(code, `${plural(n, one)}${rest}`);
  };
  count(state.overdueErasures, "erasure", "request", " to erase open for more than a day");
  const away = gateways - online;
  if (away > 0) add("offline", `${plural(away, "gateway")} offline`);
  else if (freshness === "silent") add("offline", "No health for more than ten minutes");
  count(state.replacedOutboxes, "damaged", "gateway", " replaced a damaged outbox file");
  count(state.fullDisks, "disk", "gateway", " with a full disk");
  count(state.blindSensors, "blind", "sensor", " not seeing");
  count(state.unsetClocks, "clock", "gateway", " with a clock that was never set");
  count(state.endingCertificates, "certificate", "gateway", " with a certificate that ends soon");
  if (away === 0 && freshness === "late") add("late", "Health is some minutes late");
  count(shed, "gaps", "event", " lost in the last 24 h");
  if (completeness !== null && completeness < ENOUGH_COMPLETENESS)
    add("incomplete", `${Math.floor(completeness * 100)} % of today has arrived`);
  count(state.driftingDoors, "drifting", "door", " drifting");
  if (state.isUnheard === true) add("no-gateway", "No gateway has ever told of this store");
  if (!state.hasPlan) add("no-plan", "No site plan, so no figures");
  return found;
}

const ORDER: readonly Attention["code"][] = [
  ...([
    "erasure",
    "offline",
    "damaged",
    "disk",
    "blind",
    "clock",
    "certificate",
    "late",
    "gaps",
    "incomplete",
    "drifting",
    "no-gateway",
    "no-plan",
  ] as const),
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
