import { execFile } from "node:child_process";

/**
 * How a child is tied to the life of this process. `setpriv`: the kernel kills it the moment this process is gone,
 * whatever ended it. Without it a child notices only at its next write, which on a silent network never comes.
 */
export type Leash = "setpriv";

/** A program with its arguments, as `spawn` takes them. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
}

const PROBE_TIMEOUT_MS = 5000;

/**
 * Said by a shell between the leash and the program: had this process died before the leash was on, the child would
 * have another parent by now and must not start. `exec` keeps the process id, so signals reach the program itself.
 */
const ONLY_WITH_PARENT = '[ "$PPID" = "$0" ] && exec "$@"';

/** Finds out whether this system can tie a child to its parent; null where it cannot (no util-linux). */
export function findLeash(): Promise<Leash | null> {
  return new Promise((resolve) => {
    const { program, args } = leashed("setpriv", "true", []);
    execFile(program, [...args], { timeout: PROBE_TIMEOUT_MS }, (error) => {
      resolve(error === null ? "setpriv" : null);
    });
  });
}

/**
 * The command that starts a program on the leash; the program alone when there is none. To be spawned from the main
 * thread: the kernel watches the thread that started the child. Pure apart from reading the own process id.
 * @source prctl(2), PR_SET_PDEATHSIG; kept over execve of a program without privileges of its own.
 */
export function leashed(leash: Leash | null, program: string, args: readonly string[]): Command {
  if (leash === null) return { program, args };
  const guard = ["--pdeathsig", "KILL", "sh", "-c", ONLY_WITH_PARENT, String(process.pid)];
  return { program: leash, args: [...guard, program, ...args] };
}
