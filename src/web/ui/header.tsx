import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { TodayView } from "../../metrics/reports/today.ts";
import { useNow, usePage } from "./context.ts";
import { formatAge } from "./format.ts";
import type { Connection } from "./live-store.ts";
import { searchOf } from "./period/view-address.ts";
import { currentTheme, switchTheme } from "./theme-choice.ts";

interface HeaderProps {
  readonly storeName: string;
  /** Path of the page in view. */
  readonly path: string;
  readonly today: TodayView;
  readonly connection: Connection;
  readonly timeZone: string;
  readonly onHelp: () => void;
  readonly onSearch: () => void;
  readonly onTheme: () => void;
}

const PAGES = [
  ["/", "Today"],
  ["/journeys", "Journeys"],
  ["/compare", "Compare"],
  ["/definitions", "Definitions"],
  ["/set-up", "Set-up"],
] as const;

/** Name of the shop, the pages, pulse of the data, and the few things one can do. Links keep the period in view. */
export function Header(props: HeaderProps): JSX.Element {
  const { view } = usePage();
  return (
    <header class="top">
      <div class="top-row">
        <a class="brand" href="/" data-link>
          <Mark />
          <span class="visually-hidden">Vitrine, </span>
          <span class="brand-name">{props.storeName}</span>
        </a>
        <div class="top-actions">
          <button
            type="button"
            class="quiet-button"
            onClick={props.onSearch}
            aria-haspopup="dialog"
            aria-keyshortcuts="/"
          >
            Search
          </button>
          <ThemeButton onTheme={props.onTheme} />
          <button type="button" class="quiet-button" onClick={props.onHelp} aria-haspopup="dialog">
            Help
          </button>
          <SignOut />
        </div>
      </div>
      <nav class="tabs" aria-label="Pages">
        {PAGES.map(([path, name]) => (
          <a
            key={path}
            class="tab"
            href={`${path}${searchOf(view)}`}
            data-link
            aria-current={path === props.path ? "page" : undefined}
          >
            {name}
          </a>
        ))}
      </nav>
      <StatusLine {...props} />
    </header>
  );
}

function StatusLine({ today, connection, timeZone }: HeaderProps): JSX.Element {
  const { formats } = usePage();
  const isLost = connection.kind === "lost";
  return (
    <div class={`status-line${isLost ? " is-lost" : ""}`}>
      {connection.kind === "lost" ? (
        <p class="status-text" data-testid="stale">
          <strong>Connection lost since {formats.timeWithSeconds(connection.lostAt)}</strong>,
          figures from {formats.time(today.now)}. This page keeps trying.
        </p>
      ) : (
        <p class="status-text">
          <strong>{formats.day(today.dayStart)}</strong>
          <span class="quiet">
            {" "}
            since {formats.time(today.dayStart)} · times in {timeZone.replaceAll("_", " ")}
          </span>
        </p>
      )}
      <Pulse newestAt={today.newestEventAt} connection={connection} />
    </div>
  );
}

const PULSE_WORDS = {
  connecting: "Connecting",
  live: "Live",
  reconnecting: "Reconnecting",
  lost: "Not live",
} as const;

function Pulse(props: { newestAt: number | null; connection: Connection }): JSX.Element {
  const { store } = usePage();
  const now = useNow(store);
  const age =
    props.newestAt === null
      ? "no event yet"
      : `newest event ${formatAge(now - props.newestAt)} ago`;
  return (
    <p class={`pulse is-${props.connection.kind}`} data-testid="pulse">
      <span class="pulse-dot" aria-hidden="true" />
      <strong>{PULSE_WORDS[props.connection.kind]}</strong>
      <span class="pulse-age">{age}</span>
    </p>
  );
}

function ThemeButton({ onTheme }: { onTheme: () => void }): JSX.Element {
  const [theme, setTheme] = useState(currentTheme());
  const flip = (): void => {
    setTheme(switchTheme());
    onTheme();
  };
  const other = theme === "dark" ? "light" : "dark";
  return (
    <button type="button" class="quiet-button" onClick={flip} aria-label={`Use the ${other} theme`}>
      {other === "dark" ? "Dark" : "Light"}
    </button>
  );
}

/** Shown only where a password is set; the server marks the document. */
function SignOut(): JSX.Element | null {
  if (document.documentElement.dataset["session"] === undefined) return null;
  return (
    <form method="post" action="/logout">
      <button type="submit" class="quiet-button">
        Sign out
      </button>
    </form>
  );
}

function Mark(): JSX.Element {
  return (
    <svg class="mark" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
      <rect class="mark-ground" width="32" height="32" rx="8" />
      <path class="mark-glass" d="M7 13h18v11a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1z" />
      <path
        class="mark-ink"
        d="M8.4 7h15.2L26 13a3.33 3.33 0 0 1-6.67 0 3.33 3.33 0 0 1-6.66 0A3.33 3.33 0 0 1 6 13z"
      />
      <circle class="mark-ink" cx="13" cy="20.5" r="1.8" />
      <circle class="mark-ink" cx="19" cy="20.5" r="1.8" />
    </svg>
  );
}
