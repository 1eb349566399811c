import type { MetricValue } from "../../core/metric-value.ts";
import type { DefinitionView, SiteView } from "../views.ts";
import { searchOf, type View } from "./period/view-address.ts";
import { METRIC_NAMES } from "./words.ts";

/** One thing that can be found: what it is, and where it leads. */
export interface Find {
  readonly id: string;
  readonly name: string;
  readonly kind: "Figure" | "Definition" | "Zone" | "Page";
  /** Everything it may be found by. */
  readonly words: string;
  /** Address to go to; a figure that is in view opens its details instead. */
  readonly href: string;
  readonly metric: MetricValue | null;
}

/** Most finds that are listed. */
const MAX_FINDS = 12;

const PAGES: readonly (readonly [name: string, path: string, words: string])[] = [
  ["Today", "/", "overview figures live"],
  ["Journeys", "/journeys", "funnel paths zones transitions queue"],
  ["Compare", "/compare", "periods side by side difference"],
  ["Definitions", "/definitions", "formula meaning glossary"],
  ["Set-up", "/set-up", "cameras receivers lines tags walk"],
];

/** All that can be found: figures in view first, then zones, pages, and definitions. Pure. */
export function findsOf(
  site: SiteView,
  tiles: readonly MetricValue[],
  definitions: readonly DefinitionView[],
  view: View,
): readonly Find[] {
  const search = searchOf(view);
  const meanings = new Map(definitions.map((d) => [d.metric, `${d.name} ${d.meaning}`]));
  const figures = tiles.map((metric): Find => {
    const name = METRIC_NAMES[metric.metric];
    const words = `${name} ${metric.metric} ${meanings.get(metric.metric) ?? ""}`;
    return { id: `figure-${metric.metric}`, name, kind: "Figure", words, href: "", metric };
  });
  const zones = zonesOf(site).map(([id, name]): Find => {
    const href = `/${searchOf({ ...view, zone: id })}`;
    return { id: `zone-${id}`, name, kind: "Zone", words: `${name} ${id}`, href, metric: null };
  });
  const pages = PAGES.map(([name, path, words]): Find => {
    const href = `${path}${search}`;
    return {
      id: `page-${name}`,
      name,
      kind: "Page",
      words: `${name} ${words}`,
      href,
      metric: null,
    };
  });
  const rest = definitions.map((definition): Find => {
    const name = METRIC_NAMES[definition.metric];
    const words = `${name} ${definition.metric} ${definition.name} ${definition.meaning}`;
    const href = `/definitions${search}#${definition.metric}`;
    return { id: `def-${definition.metric}`, name, kind: "Definition", words, href, metric: null };
  });
  return [...figures, ...zones, ...pages, ...rest];
}

/** The best finds for what was typed: names that begin with it, names that hold it, then everything else. Pure. */
export function search(finds: readonly Find[], typed: string): readonly Find[] {
  const wanted = typed.trim().toLowerCase();
  if (wanted === "") return finds.filter(({ kind }) => kind !== "Definition").slice(0, MAX_FINDS);
  const rank = ({ name, words }: Find): number => {
    const lower = name.toLowerCase();
    if (lower.startsWith(wanted)) return 0;
    if (lower.includes(wanted)) return 1;
    return matches(words, wanted) ? 2 : 3;
  };
  return finds
    .map((find) => ({ find, rank: rank(find) }))
    .filter((one) => one.rank < 3)
    .sort((a, b) => a.rank - b.rank)
    .slice(0, MAX_FINDS)
    .map(({ find }) => find);
}

/** Whether a text holds every word that was typed. Pure. */
export function matches(text: string, typed: string): boolean {
  const lower = text.toLowerCase();
  return typed
    .toLowerCase()
    .split(/\s+/)
    .every((word) => lower.includes(word));
}

/** Zones of pictures and of the floor, each once: one may be in both. */
function zonesOf(site: SiteView): readonly (readonly [id: string, name: string])[] {
  const zones = [...site.cameras.flatMap((camera) => camera.zones), ...site.floorZones];
  return [...new Map(zones.map(({ id, name }) => [String(id), name]))];
}
