import { type JSX, render } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { MetricValue } from "../../core/metric-value.ts";
import type { TodayView } from "../../metrics/reports/today.ts";
import { attentionOf } from "./attention.ts";
import { ComparePage } from "./compare/compare-page.tsx";
import { keyOf, type Page, PageContext, useLiveState, usePage } from "./context.ts";
import { Definitions } from "./definitions.tsx";
import { Details } from "./details.tsx";
import { createFormats } from "./format.ts";
import { Header } from "./header.tsx";
import { Help } from "./help.tsx";
import { JourneysPage } from "./journeys/journeys-page.tsx";
import { createLiveStore, type LiveState, type LiveStore } from "./live-store.ts";
import { usePlace } from "./navigate.ts";
import { dateIn } from "./period/dates.ts";
import { readView } from "./period/view-address.ts";
import { PeriodPage } from "./period-page.tsx";
import { Search } from "./search.tsx";
import { findsOf } from "./search-index.ts";
import { SetUp } from "./set-up.tsx";
import { useShortcuts } from "./shortcuts.ts";
import { Today } from "./today.tsx";
import { Walk } from "./walk.tsx";

function App({ store }: { readonly store: LiveStore }): JSX.Element {
  const state = useLiveState(store);
  if (state.fault !== null) return <Fault text={state.fault} onRetry={() => store.open()} />;
  const { site, today, status } = state;
  if (site === null || today === null || status === null) return <Loading />;
  return <Shell store={store} state={{ ...state, site, today, status }} />;
}

type Known = LiveState & {
  readonly [Key in "site" | "today" | "status"]: NonNullable<LiveState[Key]>;
};

/** The one panel that is open. */
type Panel =
  | {
      readonly kind: "figure";
      readonly metric: MetricValue;
      readonly scopeName: string | null;
    }
  | { readonly kind: "help" | "search" };

function Shell(props: { readonly store: LiveStore; readonly state: Known }): JSX.Element {
  const { store, state } = props;
  const { site, today, connection } = state;
  const [panel, setPanel] = useState<Panel | null>(null);
  const [themeTick, setThemeTick] = useState(0);
  const { path, search } = usePlace();
  const page = usePageOf(store, state, search, themeTick, (metric, scopeName) =>
    setPanel({ kind: "figure", metric, scopeName: scopeName ?? null }),
  );
  useShortcuts(page.today, {
    onHelp: () => setPanel({ kind: "help" }),
    onSearch: () => setPanel({ kind: "search" }),
  });
  // A panel belongs to the page it was opened on, also when the reader goes back.
  useLayoutEffect(() => setPanel(null), [path, search]);
  useSystemTheme(() => setThemeTick((tick) => tick + 1));
  useEffect(() => {
    document.title = `${PAGE_NAMES[path] ?? "Today"} \u2013 ${site.store.name}`;
  }, [path, site.store.name]);
  return (
    <PageContext.Provider value={page}>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Header
        storeName={site.store.name}
        path={path}
        today={today}
        connection={connection}
        timeZone={site.store.timeZone}
        onHelp={() => setPanel({ kind: "help" })}
        onSearch={() => setPanel({ kind: "search" })}
        onTheme={() => setThemeTick(themeTick + 1)}
      />
      <main id="main" tabIndex={-1}>
        <PageBody path={path} state={state} />
      </main>
      <Announcer text={announcementOf(state)} />
      <OpenPanel panel={panel} state={state} onClose={() => setPanel(null)} />
    </PageContext.Provider>
  );
}

/** What the parts of the page share, made anew only when one of it changes. */
function usePageOf(
  store: LiveStore,
  state: Known,
  search: string,
  themeTick: number,
  show: Page["show"],
): Page {
  const { site, definitions } = state;
  const { timeZone, currency } = site.store;
  const today = dateIn(timeZone, state.today.dayStart);
  const shown = useRef(show);
  shown.current = show;
  const formats = useMemo(() => createFormats(undefined, timeZone, currency), [timeZone, currency]);
  return useMemo((): Page => {
    const units = new Map(definitions.map(({ metric, unit }) => [metric, unit]));
    return {
      ...{ store, formats, timeZone, today, themeTick },
      view: readView(search),
      unitOf: (metric) => units.get(metric) ?? "count",
      show: (metric, scopeName) => shown.current(metric, scopeName),
    };
  }, [store, formats, timeZone, today, themeTick, search, definitions]);
}

interface OpenPanelProps {
  readonly panel: Panel | null;
  readonly state: Known;
  readonly onClose: () => void;
}

function OpenPanel({ panel, state, onClose }: OpenPanelProps): JSX.Element | null {
  const { view } = usePage();
  const { site, today, definitions } = state;
  switch (panel?.kind) {
    case undefined:
      return null;
    case "help":
      return <Help onClose={onClose} />;
    case "search":
      return <Search finds={findsOf(site, today.tiles, definitions, view)} onClose={onClose} />;
    case "figure": {
      const metric = liveOf(panel.metric, today);
      const definition = definitions.find((one) => one.metric === metric.metric) ?? null;
      return (
        <Details
          key={keyOf(metric)}
          metric={metric}
          scopeName={panel.scopeName}
          definition={definition}
          onClose={onClose}
        />
      );
    }
  }
}

const PAGE_NAMES: Readonly<Record<string, string>> = {
  "/journeys": "Journeys",
  "/compare": "Compare",
  "/definitions": "Definitions",
  "/set-up": "Set-up",
  "/set-up/walk": "Walk",
};

function PageBody(props: { readonly path: string; readonly state: Known }): JSX.Element {
  const { view, today: date } = usePage();
  const { site, today, status, connection, definitions } = props.state;
  switch (props.path) {
    case "/definitions":
      return <Definitions definitions={definitions} />;
    case "/set-up/walk":
      return <Walk />;
    case "/set-up":
      return <SetUp site={site} status={status} />;
    case "/journeys":
      return <JourneysPage />;
    case "/compare":
      return <ComparePage />;
    default: {
      const { period } = view;
      const isToday = period.kind === "day" && (period.date ?? date) === date;
      if (!isToday) return <PeriodPage />;
      return (
        <Today site={site} today={today} status={status} isLive={connection.kind !== "lost"} />
      );
    }
  }
}

function Loading(): JSX.Element {
  return (
    <p class="boot" role="status">
      Loading today’s figures…
    </p>
  );
}

function Fault(props: { readonly text: string; readonly onRetry: () => void }): JSX.Element {
  const isOffline = !navigator.onLine;
  return (
    <main class="boot-fault">
      <h1>{isOffline ? "This device is offline" : "The figures could not be loaded"}</h1>
      <p>
        {isOffline
          ? "Connect it to the shop\u2019s network, then try again."
          : `${props.text} Check that the gateway is on and that this device is in the shop\u2019s network.`}
      </p>
      <button type="button" class="button" onClick={props.onRetry}>
        Try again
      </button>
    </main>
  );
}

/** Tells a screen reader what changed for the worse or the better; figures that only move are not read out. */
function Announcer({ text }: { readonly text: string }): JSX.Element {
  return (
    <p class="visually-hidden" aria-live="polite" data-testid="announcer">
      {text}
    </p>
  );
}

function announcementOf(state: Known): string {
  if (state.connection.kind === "lost") return "Connection lost. The figures are not live.";
  const items = attentionOf(state.status);
  if (items.length === 0) return "";
  return `Needs attention: ${items.map((item) => item.title).join("; ")}.`;
}

/** An open panel goes on showing the live value where there is one of the same interval. */
function liveOf(metric: MetricValue, today: TodayView): MetricValue {
  const zones = today.zones.flatMap((z) => [z.peopleNow, z.visits, z.dwellMedian, z.dwellTotal]);
  const key = keyOf(metric);
  const live = [...today.tiles, ...zones].find((one) => keyOf(one) === key);
  return live !== undefined && live.from === metric.from ? live : metric;
}

function useSystemTheme(onChange: () => void): void {
  useEffect(() => {
    const query = matchMedia("(prefers-color-scheme: dark)");
    query.addEventListener("change", onChange);
    return () => query.removeEventListener("change", onChange);
  }, []);
}

const root = document.getElementById("app");
if (root !== null) {
  const store = createLiveStore();
  root.textContent = "";
  render(<App store={store} />, root);
  store.open();
}
