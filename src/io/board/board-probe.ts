import { readFile, statfs } from "node:fs/promises";
import { monitorEventLoopDelay } from "node:perf_hooks";

/** Where the machine tells about itself; other paths are for tests. */
export interface BoardPaths {
  readonly processIo: string;
  readonly temperature: string;
  readonly throttled: string;
}

/** Figures of the machine; null where it does not tell. */
export interface BoardFigures {
  /** Free for this user on the partition of the state folder. */
  readonly freeBytes: number | null;
  /** What this process had written to disks since its start. */
  readonly writtenBytes: number | null;
  readonly temperatureC: number | null;
  readonly throttledBits: number | null;
}

/** Figures of this process. */
export interface ProcessFigures {
  readonly rssBytes: number;
  /** Since the start of the process, of all its threads. */
  readonly cpuMs: number;
  /** Longest delay of the event loop since the call before. */
  readonly loopLagMs: number;
}

/** Linux, and the firmware of a Raspberry Pi. */
export const BOARD_PATHS: BoardPaths = {
  processIo: "/proc/self/io",
  temperature: "/sys/class/thermal/thermal_zone0/temp",
  throttled: "/sys/devices/platform/soc/soc:firmware/get_throttled",
};

/** Reads what the machine tells. A file that is not there, or is not what it should be, gives null. */
export async function readBoard(
  stateDir: string,
  paths: BoardPaths = BOARD_PATHS,
): Promise<BoardFigures> {
  const [free, io, temperature, throttled] = await Promise.all([
    statfs(stateDir).then(
      ({ bavail, bsize }) => bavail * bsize,
      () => null,
    ),
    textOf(paths.processIo),
    textOf(paths.temperature),
    textOf(paths.throttled),
  ]);
  const written = /^write_bytes: (\d+)$/m.exec(io)?.[1];
  const milli = /^-?\d+$/.exec(temperature.trim())?.[0];
  const bits = /^(?:0x)?[0-9a-f]{1,8}$/i.exec(throttled.trim())?.[0];
  return {
    freeBytes: free,
    writtenBytes: written === undefined ? null : Number(written),
    temperatureC: milli === undefined ? null : Number(milli) / 1000,
    throttledBits: bits === undefined ? null : Number.parseInt(bits, 16),
  };
}

/** Empty where there is nothing to read: that is the answer of a machine without it. */
const textOf = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");

/** Measures this process; `close` ends the measurement of the event loop. */
export interface ProcessProbe {
  read(): ProcessFigures;
  close(): void;
}

const RESOLUTION_MS = 20;

/** Begins to measure the event loop. */
export function createProcessProbe(): ProcessProbe {
  const loop = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  loop.enable();
  return {
    read() {
      const { user, system } = process.cpuUsage();
      // The histogram tells the time between its ticks, of which it wants RESOLUTION_MS itself.
      const loopLagMs = Math.max(0, loop.max / 1e6 - RESOLUTION_MS);
      loop.reset();
      return {
        rssBytes: process.memoryUsage.rss(),
        cpuMs: (user + system) / 1000,
        loopLagMs: Math.round(loopLagMs * 10) / 10,
      };
    },
    close: () => loop.disable(),
  };
}
