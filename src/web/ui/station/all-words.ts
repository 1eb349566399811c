import type { StationLanguageCode } from "../../station/station-view.ts";
import type { StationWords } from "./words.ts";
import { da } from "./words-da.ts";
import { de } from "./words-de.ts";
import { en } from "./words-en.ts";

/** The words by language. */
export const WORDS: Readonly<Record<StationLanguageCode, StationWords>> = { en, da, de };
