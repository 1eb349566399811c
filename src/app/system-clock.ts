import { existsSync } from "node:fs";
import { epochMs, monoMs } from "../core/brand.ts";
import type { Clock, ClockState, TimeAnchor } from "../core/clock.ts";

/** Files whose existence says that the wall clock is in step with a time server. */
const SYNC_MARKERS = ["/run/systemd/timesync/synchronized", "/run/chrony/chronyd.sock"];

/** The clocks of this machine. Timers do not keep the process alive: services do. */
export function createSystemClock(): Clock {
  return {
    now: () => epochMs(Date.now()),
    mono: () => monoMs(performance.now()),
    after: (delayMs, _name, run) => {
      const handle = setTimeout(run, delayMs);
      return { cancel: () => clearTimeout(handle) };
    },
    every: (periodMs, _name, run) => {
      const handle = setInterval(run, periodMs);
      return { cancel: () => clearInterval(handle) };
    },
  };
}

/** Reads both clocks at once, with the state of the wall clock as the operating system reports it. */
export function anchorOf(clock: Clock, state: ClockState): TimeAnchor {
  return { mono: clock.mono(), epoch: clock.now(), clock: state };
}

/** Whether the operating system says that its wall clock is synchronised; never guessed from the year. */
export function readClockState(exists: (path: string) => boolean = existsSync): ClockState {
  return SYNC_MARKERS.some(exists) ? "synced" : "unsynced";
}
