import { execFile } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { Clock, ClockState, Timer } from "../../core/clock.ts";
import type { Service } from "../../core/lifecycle.ts";

/** What the operating system tells about its wall clock. */
export interface ClockSigns {
  /** When the clock was last set by a time server, on the wall clock; null when nobody keeps note of it. */
  readonly setAt: EpochMs | null;
  /** Whether chrony says that it is in step; null without chrony. */
  readonly isInStep: boolean | null;
  /** Whether anything on this machine sets its clock; in a container the host does, unseen from inside. */
  readonly isServed: boolean;
}

/** systemd-timesyncd asks at least every 34 minutes; missing five times in a row it has lost its server. */
const HOLDOVER_MS = 10_800_000;
const PERIOD_MS = 30_000;
const TIMESYNC_MARKER = "/run/systemd/timesync/synchronized";
const CHRONY_SOCKET = "/run/chrony/chronyd.sock";
const CHRONY_LIMIT_MS = 2000;

/**
 * The state of the wall clock that follows from the state before and the signs now: in step with a time server, coasting
 * since it was, or never set since the machine started. Pure.
 */
export function clockState(
  before: ClockState,
  signs: Omit<ClockSigns, "isServed">,
  now: EpochMs,
): ClockState {
  const { setAt, isInStep } = signs;
  if (isInStep === true) return "synced";
  if (setAt !== null) return now - setAt <= HOLDOVER_MS ? "synced" : "holdover";
  return before === "unsynced" ? "unsynced" : "holdover";
}

/** Watches the wall clock; `refresh` once before the state is used for the first time. */
export interface ClockWatch extends Service {
  readonly state: ClockState;
  /** Whether the clock was never set and a time service of this machine may yet set it. */
  readonly isAwaited: boolean;
  refresh(): Promise<void>;
}

/** Builds the watch; it asks the system every half minute between start and end. */
export function createClockWatch(
  clock: Clock,
  read: () => Promise<ClockSigns> = readClockSigns,
): ClockWatch {
  let state: ClockState = "unsynced";
  let isServed = false;
  let timer: Timer | null = null;
  const refresh = async (): Promise<void> => {
    const signs = await read();
    state = clockState(state, signs, clock.now());
    isServed = signs.isServed;
  };
  return {
    name: "clock watch",
    get state() {
      return state;
    },
    get isAwaited() {
      return isServed && state === "unsynced";
    },
    refresh,
    async start() {
      timer ??= clock.every(PERIOD_MS, "clock watch", () => void refresh());
    },
    async [Symbol.asyncDispose]() {
      timer?.cancel();
    },
  };
}

/** Asks this machine: systemd-timesyncd by the file it touches, chrony by its own client. Never throws. */
export async function readClockSigns(): Promise<ClockSigns> {
  const marker = statSync(TIMESYNC_MARKER, { throwIfNoEntry: false });
  const setAt = marker === undefined ? null : epochMs(Math.floor(marker.mtimeMs));
  const isInStep = existsSync(CHRONY_SOCKET) ? await askChrony() : null;
  const isServed = isInStep !== null || existsSync(dirname(TIMESYNC_MARKER));
  return { setAt, isInStep, isServed };
}

/** The last of the comma-separated fields is the leap status: `Normal`, `Insert second`, `Not synchronised`. */
function askChrony(): Promise<boolean | null> {
  return new Promise((resolve) => {
    execFile("chronyc", ["-c", "tracking"], { timeout: CHRONY_LIMIT_MS }, (error, stdout) => {
      resolve(error === null ? chronyInStep(stdout) : null);
    });
  });
}

/** Reads the answer of `chronyc -c tracking`; null when it is none. Pure. */
export function chronyInStep(text: string): boolean | null {
  const leap = text.trim().split(",").at(-1) ?? "";
  if (/^Not synchroni[sz]ed$/.test(leap)) return false;
  return /^(Normal|Insert second|Delete second)$/.test(leap) ? true : null;
}
