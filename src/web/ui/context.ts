import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import type { MetricId, MetricUnit, MetricValue } from "../../core/metric-value.ts";
import type { Formats } from "./format.ts";
import type { LiveState, LiveStore } from "./live-store.ts";
import type { IsoDate } from "./period/dates.ts";
import type { View } from "./period/view-address.ts";

/** What every part of the page may use. */
export interface Page {
  readonly store: LiveStore;
  readonly formats: Formats;
  readonly timeZone: string;
  /** What the address says is in view. */
  readonly view: View;
  /** Trading day that is going on, by the shop's calendar. */
  readonly today: IsoDate;
  /** Changes with the theme, because canvases hold their colours. */
  readonly themeTick: number;
  /** Unit of a metric, from its definition. */
  readonly unitOf: (metric: MetricId) => MetricUnit;
  /** Opens the details of a figure; `scopeName` says what of the shop it is about, where it is not all of it. */
  readonly show: (metric: MetricValue, scopeName?: string) => void;
}

/** The page around a component. */
export const PageContext = createContext<Page | null>(null);

/** The page; a component outside of one is a bug. */
export function usePage(): Page {
  const page = useContext(PageContext);
  if (page === null) throw new Error("a component of the page was drawn outside of it");
  return page;
}

/** The state of the store, redrawn at each change. */
export function useLiveState(store: LiveStore): LiveState {
  const [state, setState] = useState(store.state());
  useEffect(() => {
    setState(store.state());
    return store.subscribe(() => setState(store.state()));
  }, [store]);
  return state;
}

/** Shop time, redrawn once a second. */
export function useNow(store: LiveStore): number {
  const [now, setNow] = useState(store.now());
  useEffect(() => {
    const timer = window.setInterval(() => setNow(store.now()), 1_000);
    return () => window.clearInterval(timer);
  }, [store]);
  return now;
}

/** Name of one value on the page: metric and scope. Pure. */
export function keyOf(metric: MetricValue): string {
  return `${metric.metric}:${metric.scope.kind}:${scopeKeyOf(metric.scope)}`;
}

function scopeKeyOf(scope: MetricValue["scope"]): string {
  switch (scope.kind) {
    case "store":
      return "";
    case "zone":
    case "line":
      return scope.id;
    case "zone-pair":
      return `${scope.from}>${scope.to}`;
  }
}
