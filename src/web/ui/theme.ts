import { readChoice, THEME_KEY } from "./theme-choice.ts";

// Loaded before the style sheet, so that a chosen theme is there at first paint.
const chosen = readChoice(THEME_KEY);
if (chosen === "dark" || chosen === "light") document.documentElement.dataset["theme"] = chosen;
