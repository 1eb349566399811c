import { useEffect, useState } from "preact/hooks";
import { readView, searchOf, type View } from "./period/view-address.ts";

/** Where the reader is: path and query of the address. */
export interface Place {
  readonly path: string;
  readonly search: string;
}

/** Goes to another address of this page; open panels close, and the reader starts at its top. */
export function goTo(address: string): void {
  for (const panel of document.querySelectorAll("dialog")) panel.close();
  if (address !== window.location.href) history.pushState(null, "", address);
  tellOfChange();
  if (!address.includes("#")) window.scrollTo(0, 0);
}

/** Changes what is in view and keeps the place on the page. `replace` leaves no step in the history. */
export function changeView(patch: Partial<View>, how: "push" | "replace" = "push"): void {
  const { pathname, search } = window.location;
  const next = `${pathname}${searchOf({ ...readView(search), ...patch }, search)}`;
  if (next === `${pathname}${search}`) return;
  if (how === "push") history.pushState(null, "", next);
  else history.replaceState(history.state, "", next);
  tellOfChange();
}

/** The address, followed; links marked `data-link` change it without loading the page again. */
export function usePlace(): Place {
  const [place, setPlace] = useState(here());
  useEffect(() => {
    const follow = (): void => setPlace(here());
    document.addEventListener("click", followLink);
    window.addEventListener("popstate", follow);
    return () => {
      document.removeEventListener("click", followLink);
      window.removeEventListener("popstate", follow);
    };
  }, []);
  return place;
}

const here = (): Place => ({ path: window.location.pathname, search: window.location.search });

const tellOfChange = (): boolean => window.dispatchEvent(new PopStateEvent("popstate"));

/** A press that wants another tab or window is left to the browser. */
function followLink(event: MouseEvent): void {
  const link = event.target instanceof Element ? event.target.closest("a[data-link]") : null;
  const isPlain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  if (!(link instanceof HTMLAnchorElement) || !isPlain || event.button !== 0) return;
  event.preventDefault();
  goTo(link.href);
}
