import { isDeepStrictEqual } from "node:util";
import type { CloudEvent } from "../../wire/cloud-event.ts";
import { lineFault, textLines } from "./text-lines.ts";

/** How replayed events stand against those a gateway told. */
export interface EventComparison {
  /** Events on both sides that agree in everything but `recordedtime`, which says when a gateway noted them. */
  readonly same: number;
  /** Ids of events on both sides that do not. */
  readonly different: readonly string[];
  /** Ids of events only the gateway told, and only the replay. */
  readonly onlyLive: readonly string[];
  readonly onlyReplayed: readonly string[];
}

/** Whether nothing was found that differs. Pure. */
export const isSame = ({ different, onlyLive, onlyReplayed }: EventComparison): boolean =>
  different.length + onlyLive.length + onlyReplayed.length === 0;

/**
 * Compares events by their ids. Replayed events of origins that the gateway's list does not know at all are left out
 * when it names any: it is the list of one camera, and a replay may hold more. Pure.
 */
export function compareEvents(
  live: readonly CloudEvent[],
  replayed: readonly CloudEvent[],
): EventComparison {
  const cameras = new Set(live.map(cameraOf));
  const theirs = new Map(live.map((event) => [event.id, event]));
  const ours = replayed.filter((event) => cameras.size === 0 || cameras.has(cameraOf(event)));
  const ids = new Set(ours.map(({ id }) => id));
  const both = ours.filter(({ id }) => theirs.has(id));
  const isEqual = (event: CloudEvent): boolean =>
    isDeepStrictEqual(bare(event), bare(theirs.get(event.id)));
  const different = both.filter((event) => !isEqual(event)).map(({ id }) => id);
  return {
    same: both.length - different.length,
    different,
    onlyLive: live.filter(({ id }) => !ids.has(id)).map(({ id }) => id),
    onlyReplayed: ours.filter(({ id }) => !theirs.has(id)).map(({ id }) => id),
  };
}

/**
 * Reads events, one CloudEvent a line.
 * @throws INPUT_INVALID naming file and line
 */
export async function readEvents(path: string): Promise<readonly CloudEvent[]> {
  const events: CloudEvent[] = [];
  for await (const line of textLines(path)) {
    const event = parseEvent(line.text);
    if (event === null) throw lineFault(path, line, "a CloudEvent");
    events.push(event);
  }
  return events;
}

function parseEvent(text: string): CloudEvent | null {
  try {
    const value: unknown = JSON.parse(text);
    const isEvent = typeof value === "object" && value !== null && "id" in value;
    return isEvent && "source" in value ? (value as CloudEvent) : null;
  } catch {
    // JSON.parse reports bad text only by throwing; the caller names the line.
    return null;
  }
}

/** The camera in an origin such as `camera-state:door#3fa9`; the whole origin where there is none. */
function cameraOf({ source }: CloudEvent): string {
  const origin = decodeURIComponent(source.slice(source.lastIndexOf("/") + 1));
  return /^camera(?:-[a-z]+)?:([^#]+)#/.exec(origin)?.[1] ?? origin;
}

/** Through JSON, so that an event still in memory equals one read from a file. */
function bare(event: CloudEvent | undefined): unknown {
  const { recordedtime: _, ...rest } = event ?? { recordedtime: "" };
  return JSON.parse(JSON.stringify(rest));
}
