/** Place of the chosen theme in the browser's storage. */
export const THEME_KEY = "vitrine.theme";
/** Place of the switch for single-key shortcuts. */
export const SHORTCUTS_KEY = "vitrine.shortcuts";

export type Theme = "light" | "dark";

/** Reads a stored choice; null when there is none or storage is forbidden. */
export function readChoice(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    // Storage may be forbidden (private window): the default applies.
    return null;
  }
}

/** Keeps a choice for the next visit, where the browser allows it. */
export function keepChoice(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Storage may be forbidden (private window): the choice lasts until the page is closed.
  }
}

/** The theme in force: the chosen one, else the system's. */
export function currentTheme(): Theme {
  const chosen = document.documentElement.dataset["theme"];
  if (chosen === "light" || chosen === "dark") return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** Applies and keeps the other theme; returns it. */
export function switchTheme(): Theme {
  const next = currentTheme() === "dark" ? "light" : "dark";
  document.documentElement.dataset["theme"] = next;
  keepChoice(THEME_KEY, next);
  return next;
}
