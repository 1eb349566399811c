import { execFile } from "node:child_process";
import type { Log } from "../../core/lifecycle.ts";

/** The line to the service manager that started this process. */
export interface SystemdNotify {
  /** How often a sign of life is due at the latest; null when nobody waits for one. */
  readonly watchdogMs: number | null;
  /** Sends one assignment such as `READY=1`; resolves when it was sent or could not be. Never rejects. */
  send(assignment: string): Promise<void>;
}

export interface SystemdNotifyOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  /** The program to use; default `systemd-notify`, which is part of systemd. */
  readonly program?: string;
}

const SEND_MS = 5000;

/**
 * Speaks to systemd through its own program, one short child per message, since Node has no datagram sockets for files.
 * The unit therefore needs `NotifyAccess=all`. Without NOTIFY_SOCKET nothing is started. A message that cannot be sent
 * is said once in the log: when it was a sign of life, systemd will act.
 */
export function createSystemdNotify(options: SystemdNotifyOptions): SystemdNotify {
  const { environment, log, program = "systemd-notify" } = options;
  const socket = environment["NOTIFY_SOCKET"];
  const micros = Number(environment["WATCHDOG_USEC"]);
  const isSupervised = socket !== undefined && socket !== "";
  let wasSaid = false;
  return {
    watchdogMs: isSupervised && Number.isFinite(micros) && micros > 0 ? micros / 1000 : null,
    send: (assignment) =>
      new Promise((resolve) => {
        if (!isSupervised) return resolve();
        const env = { NOTIFY_SOCKET: socket, PATH: environment["PATH"] ?? "/usr/bin:/bin" };
        execFile(program, [assignment], { env, timeout: SEND_MS }, (error) => {
          if (error !== null && !wasSaid) {
            wasSaid = true;
            const fields = { event: "systemd.unheard", assignment, cause: error.message };
            log.warn(fields, "systemd could not be told");
          }
          resolve();
        });
      }),
  };
}
