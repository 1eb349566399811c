import type { ShownNotice } from "../../core/consent.ts";
import { sha256Of } from "./hash-chain.ts";

/**
 * What a consent notes about the notice that was shown: its hash is over the text in Unicode normal form C with line
 * ends as LF, so that the same words have the same hash wherever they were stored. Pure.
 */
export function shownNotice(
  id: string,
  version: number,
  language: string,
  text: string,
): ShownNotice {
  const words = text.replaceAll(/\r\n?/g, "\n").normalize("NFC");
  return { id, version, language, sha256: sha256Of(words) };
}
