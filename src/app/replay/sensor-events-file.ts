import type { SensorEvent } from "../../core/events.ts";
import { lineFault, textLines } from "./text-lines.ts";

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
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // JSON.parse reports bad text only by throwing; the caller names the line.
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const { kind, source, seq, atMono } = value as Record<string, unknown>;
  const isNamed = typeof kind === "string" && typeof source === "string";
  return isNamed && Number.isInteger(seq) && Number.isFinite(atMono)
    ? (value as SensorEvent)
    : null;
}
