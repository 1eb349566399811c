import { readdirSync, readFileSync } from "node:fs";

/**
 * Ends test files that do not end. Node's own `--test-timeout` asks with SIGTERM and leaves alone what a file has
 * started: whoever ignores that, or a program that still holds the file's output, then keeps the runner waiting for
 * ever. Reads `/proc`; where there is none, it does nothing.
 */
export interface WatchdogOptions {
  /** The runner; its children are the files. */
  readonly runner: number;
  readonly limitMs: number;
  readonly lookMs: number;
  /** Told before a file is ended. */
  readonly onLate: (file: string) => void;
}

interface Process {
  readonly pid: number;
  readonly parent: number;
}

/** Begins to watch; the function it returns ends that. */
export function watchFiles({ runner, limitMs, lookMs, onLate }: WatchdogOptions): () => void {
  const since = new Map<number, number>();
  const told = new Set<number>();
  const endFile = (pid: number, all: readonly Process[]): void => {
    // Once only: it may be seen again before the runner has taken note of its end.
    if (!told.has(pid)) onLate(fileOf(pid));
    told.add(pid);
    for (const each of [...descendants(pid, all), pid]) end(each);
  };
  const timer = setInterval(() => {
    const all = processes();
    const running = all.filter(({ parent }) => parent === runner).map(({ pid }) => pid);
    for (const pid of since.keys()) if (!running.includes(pid)) since.delete(pid);
    for (const pid of running) {
      const first = since.get(pid) ?? performance.now();
      since.set(pid, first);
      if (performance.now() - first >= limitMs) endFile(pid, all);
    }
  }, lookMs);
  return () => clearInterval(timer);
}

function processes(): readonly Process[] {
  const found: Process[] = [];
  try {
    for (const name of readdirSync("/proc")) {
      const pid = Number(name);
      const parent = Number.isInteger(pid) ? parentOf(pid) : null;
      if (parent !== null) found.push({ pid, parent });
    }
  } catch {
    // No /proc here: nobody is seen, and nobody ended.
  }
  return found;
}

function parentOf(pid: number): number | null {
  try {
    // After the name in brackets, which may hold anything: the state, and the parent.
    return Number(/\) \S (\d+)[^)]*$/.exec(readFileSync(`/proc/${pid}/stat`, "latin1"))?.[1]);
  } catch {
    return null;
  }
}

function descendants(pid: number, all: readonly Process[]): readonly number[] {
  const children = all.filter(({ parent }) => parent === pid).map((child) => child.pid);
  return children.flatMap((child) => [...descendants(child, all), child]);
}

/** The runner starts each file as the last argument of a process. */
function fileOf(pid: number): string {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").filter(Boolean);
    return words.at(-1) ?? String(pid);
  } catch {
    return String(pid);
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has left in the meantime.
  }
}
