import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import type { MetricValue } from "../../core/metric-value.ts";
import type { Formats } from "./format.ts";
import type { LiveState, LiveStore } from "./live-store.ts";

/** What every part of the page may use. */
export interface Page {
  readonly store: LiveStore;
  readonly formats: Formats;
  /** Opens the details of a figure. */
  readonly show: (metric: MetricValue) => void;
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
