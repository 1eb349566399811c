import type { TimeFixed } from "../core/events.ts";
import type { SteadyAnchor } from "./steady-anchor.ts";

/** What telling a fix of the time needs. */
export interface TimeFixDeps {
  readonly boot: string;
  readonly anchor: SteadyAnchor;
  readonly onEvent: (event: TimeFixed) => void;
}

/**
 * Checks the reading of both clocks, in place of `anchor.check`, and tells once when the wall clock, not set when this
 * life began, is known for the first time.
 */
export function createTimeFix({ boot, anchor, onEvent }: TimeFixDeps): () => void {
  let isTold = anchor.read().clock !== "unsynced";
  return () => {
    const before = anchor.read();
    anchor.check();
    const now = anchor.read();
    if (isTold || now.clock === "unsynced") return;
    isTold = true;
    const offsetMs = Math.round(now.epoch - before.epoch - (now.mono - before.mono));
    const head = { source: `clock:${boot}`, seq: 0, at: now.epoch, atMono: now.mono };
    onEvent({ kind: "time-fix", ...head, clock: now.clock, boot, offsetMs });
  };
}
