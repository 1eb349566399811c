import type { RadioTap } from "../../io/radio/radio-tap.ts";
import { jsonlLine } from "../../io/radio/recording.ts";
import type { RecordingHandle } from "../../web/dashboard-source.ts";

/**
 * Begins a recording of what registered tags send: lines as `vitrine replay --radio` reads them, and at the end one
 * line that is for the reader and not for the file: `{"end":{}}`, or `{"cut":{}}` for a reader that lagged.
 */
export function recordRadio(tap: RadioTap, onLine: (line: string) => void): RecordingHandle {
  let isOver = false;
  const leave = tap.add((recorded) => onLine(jsonlLine(recorded)));
  const finish = (line: string): void => {
    if (isOver) return;
    isOver = true;
    leave();
    onLine(line);
  };
  return { end: () => finish('{"end":{}}'), cut: () => finish('{"cut":{}}') };
}
