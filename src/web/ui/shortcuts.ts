import { useEffect } from "preact/hooks";
import { changeView, goTo } from "./navigate.ts";
import { type IsoDate, step } from "./period/dates.ts";
import { readView, searchOf } from "./period/view-address.ts";
import { readChoice, SHORTCUTS_KEY } from "./theme-choice.ts";

/** Whether single-key shortcuts are on; they can be switched off for people who dictate or press keys by accident. */
export function areShortcutsOn(): boolean {
  return readChoice(SHORTCUTS_KEY) !== "off";
}

interface Panels {
  readonly onHelp: () => void;
  readonly onSearch: () => void;
}

const PERIODS: Readonly<Record<string, "day" | "week" | "month">> = {
  d: "day",
  w: "week",
  m: "month",
};
const PAGES: Readonly<Record<string, string>> = {
  x: "/compare",
  j: "/journeys",
  t: "/",
  s: "/set-up",
};
/** Pages that show a period. */
const PERIOD_PAGES: readonly string[] = ["/", "/journeys", "/compare"];

/**
 * D, W and M choose the present day, week or month, X, J, T and S a page, the arrows step, / searches and ? helps;
 * never while typing, in a panel, or with a modifier.
 */
export function useShortcuts(today: IsoDate, panels: Panels): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isBusy(event) || !areShortcutsOn()) {
        return;
      }
      if (act(event.key, today, panels)) event.preventDefault();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  });
}

/** Does what a key stands for; false for one that stands for nothing. */
function act(pressed: string, today: IsoDate, panels: Panels): boolean {
  const key = pressed.toLowerCase();
  const kind = PERIODS[key];
  const page = PAGES[key];
  if (key === "?") panels.onHelp();
  else if (key === "/") panels.onSearch();
  else if (kind !== undefined) goToPeriod(kind);
  else if (page !== undefined) goToPage(page);
  else if (pressed === "ArrowLeft") return stepPeriod(today, -1);
  else if (pressed === "ArrowRight") return stepPeriod(today, 1);
  else return false;
  return true;
}

function goToPeriod(kind: "day" | "week" | "month"): void {
  const { pathname, search } = window.location;
  const period = { kind, date: null };
  if (PERIOD_PAGES.includes(pathname)) changeView({ period });
  else goToPage("/", searchOf({ ...readView(search), period }));
}

function goToPage(path: string, search = searchOf(readView(window.location.search))): void {
  goTo(new URL(`${path}${search}`, window.location.href).href);
}

function stepPeriod(today: IsoDate, direction: -1 | 1): boolean {
  const { pathname, search } = window.location;
  if (!PERIOD_PAGES.includes(pathname)) return false;
  const next = step(readView(search).period, today, direction);
  if (next !== null) changeView({ period: next });
  return next !== null;
}

/** Keys belong to a field, to what scrolls by itself, and to an open panel. */
function isBusy(event: KeyboardEvent): boolean {
  const { target } = event;
  const isField =
    target instanceof HTMLInputElement ||
    target instanceof HTMLSelectElement ||
    target instanceof HTMLTextAreaElement;
  const isScrolled =
    event.key.startsWith("Arrow") &&
    target instanceof Element &&
    target.closest(".scroll-box") !== null;
  return isField || isScrolled || document.querySelector("dialog[open]") !== null;
}
