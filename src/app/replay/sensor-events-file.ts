import type { SensorEvent } from "../../core/events.ts";
import { lineFault, objectIn, textLines } from "./text-lines.ts";

/**
 * Reads what sensors told, one event a line, as `vitrine simulate --level crossings` writes it; `atMono` counts from the
 * start of the recording. Lines are our own and are checked no further than that they are events.
 * @throws INPUT_INVALID naming file and line
 */
export async function* readSensorEvents(path: string): AsyncGenerator<SensorEvent> {
  for await (const line of textLines(path)) {
    const event = parseEvent(line.text);
    if (event === null) throw lineFault(path, line, '{"kind","source","seq","atMono",...}');
    yield event;
  }
}

function parseEvent(text: string): SensorEvent | null {
  const value = objectIn(text);
  if (value === null) return null;
  const { kind, source, seq, atMono } = value;
  const isNamed = typeof kind === "string" && typeof source === "string";
  const isNumbered = Number.isInteger(seq) && Number.isFinite(atMono);
  return isNamed && isNumbered ? (value as unknown as SensorEvent) : null;
}
