import { type JSX, render } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { MetricValue } from "../../core/metric-value.ts";
import type { TodayView } from "../../metrics/today.ts";
import { attentionOf } from "./attention.ts";
import { keyOf, type Page, PageContext, useLiveState } from "./context.ts";
import { Definitions } from "./definitions.tsx";
import { Details } from "./details.tsx";
import { createFormats } from "./format.ts";
import { Header } from "./header.tsx";
import { areShortcutsOn, Help } from "./help.tsx";
import { createLiveStore, type LiveState, type LiveStore } from "./live-store.ts";
import { SetUp } from "./set-up.tsx";
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

function Shell(props: { readonly store: LiveStore; readonly state: Known }): JSX.Element {
  const { store, state } = props;
  const { site, today, connection } = state;
  const [shownKey, setShownKey] = useState<string | null>(null);
  const [isHelp, setHelp] = useState(false);
  const [themeTick, setThemeTick] = useState(0);
  const path = usePath();
  const { timeZone, currency } = site.store;
  const formats = useMemo(() => createFormats(undefined, timeZone, currency), [timeZone, currency]);
  const page: Page = useMemo(
    () => ({ store, formats, show: (metric) => setShownKey(keyOf(metric)) }),
    [store, formats],
  );
  useShortcuts(() => setHelp(true));
  useSystemTheme(() => setThemeTick((tick) => tick + 1));
  useEffect(() => {
    document.title = `${PAGE_NAMES[path] ?? "Today"} \u2013 ${site.store.name}`;
  }, [path, site.store.name]);
  const shown =
    shownKey === null ? null : (metricsOf(today).find((m) => keyOf(m) === shownKey) ?? null);
  return (
    <PageContext.Provider value={page}>
      <a class="skip" href="#main">
        Skip to the figures
      </a>
      <Header
        storeName={site.store.name}
        path={path}
        today={today}
        connection={connection}
        timeZone={timeZone}
        onHelp={() => setHelp(true)}
        onTheme={() => setThemeTick(themeTick + 1)}
      />
      <main id="main" tabIndex={-1}>
        <PageBody path={path} state={state} themeTick={themeTick} />
      </main>
      <Announcer text={announcementOf(state)} />
      {shown !== null && (
        <Details
          metric={shown}
          scopeName={scopeNameOf(shown, today)}
          definition={state.definitions.find((d) => d.metric === shown.metric) ?? null}
          onClose={() => setShownKey(null)}
        />
      )}
      {isHelp && <Help onClose={() => setHelp(false)} />}
    </PageContext.Provider>
  );
}

const PAGE_NAMES: Readonly<Record<string, string>> = {
  "/definitions": "Definitions",
  "/set-up": "Set-up",
  "/set-up/walk": "Walk",
};

function PageBody(props: {
  readonly path: string;
  readonly state: Known;
  readonly themeTick: number;
}): JSX.Element {
  const { site, today, status, connection, definitions } = props.state;
  if (props.path === "/definitions") return <Definitions definitions={definitions} />;
  if (props.path === "/set-up/walk") return <Walk />;
  if (props.path === "/set-up") return <SetUp site={site} status={status} />;
  return (
    <Today
      site={site}
      today={today}
      status={status}
      isLive={connection.kind !== "lost"}
      themeTick={props.themeTick}
    />
  );
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

function metricsOf(today: TodayView): readonly MetricValue[] {
  const zones = today.zones.flatMap((z) => [z.peopleNow, z.visits, z.dwellMedian, z.dwellTotal]);
  return [...today.tiles, ...zones];
}

function scopeNameOf(metric: MetricValue, today: TodayView): string | null {
  const { scope } = metric;
  if (scope.kind === "store") return null;
  if (scope.kind === "zone-pair") return `${scope.from} to ${scope.to}`;
  return today.zones.find((zone) => zone.zoneId === scope.id)?.name ?? scope.id;
}

/** The address's path; links marked `data-link` change it without loading the page again. */
function usePath(): string {
  const [path, setPath] = useState(window.location.pathname);
  useEffect(() => {
    const follow = (): void => setPath(window.location.pathname);
    const onClick = (event: MouseEvent): void => {
      const link = event.target instanceof Element ? event.target.closest("a[data-link]") : null;
      if (
        !(link instanceof HTMLAnchorElement) ||
        event.ctrlKey ||
        event.metaKey ||
        event.shiftKey
      ) {
        return;
      }
      event.preventDefault();
      goTo(link.href);
    };
    document.addEventListener("click", onClick);
    window.addEventListener("popstate", follow);
    return () => {
      document.removeEventListener("click", onClick);
      window.removeEventListener("popstate", follow);
    };
  }, []);
  return path;
}

function goTo(address: string): void {
  for (const panel of document.querySelectorAll("dialog")) panel.close();
  if (address !== window.location.href) history.pushState(null, "", address);
  window.dispatchEvent(new PopStateEvent("popstate"));
  if (!address.includes("#")) window.scrollTo(0, 0);
}

/** D goes to Today, S to Set-up, ? opens the help; never while typing, in a panel, or with a modifier. */
function useShortcuts(onHelp: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const isTyping = event.target instanceof HTMLInputElement;
      const isInPanel = document.querySelector("dialog[open]") !== null;
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping || isInPanel) return;
      if (!areShortcutsOn()) return;
      if (event.key === "?") onHelp();
      const path = PAGE_KEYS[event.key.toLowerCase()];
      if (path !== undefined) goTo(new URL(path, window.location.href).href);
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}

const PAGE_KEYS: Readonly<Record<string, string>> = { d: "/", s: "/set-up" };

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
