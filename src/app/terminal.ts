import { type FaultCode, GatewayError } from "../core/errors.ts";

/** What a command may say to the person or program that started it. */
export interface Terminal {
  /** A result: stdout. */
  print(text: string): void;
  /** Progress or a remark: stderr, so that stdout stays machine-readable. */
  note(text: string): void;
  /** Redraws one progress line on a terminal; prints nothing where stderr is not one. */
  progress(text: string): void;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborts on the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
}

const SAME_PRESS_MS = 1_000;
/** 75 says "try again" (EX_TEMPFAIL of sysexits.h): the supervisor starts the gateway anew. */
const EXIT_CODES: Partial<Record<FaultCode, number>> = { USAGE: 2, RESTART_WANTED: 75 };

/** The terminal of this process. `environment` is read here and nowhere else. */
export function createTerminal(): Terminal {
  const abort = new AbortController();
  let askedMs: number | null = null;
  const stop = (): void => {
    const nowMs = performance.now();
    // A second request means the person does not want to wait for the drain; one key press may arrive twice, from
    // the terminal and through npm or tsx.
    if (askedMs !== null && nowMs - askedMs > SAME_PRESS_MS) process.exit(1);
    askedMs ??= nowMs;
    abort.abort();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return {
    print: (text) => void process.stdout.write(`${text}\n`),
    note: (text) => void process.stderr.write(`${text}\n`),
    progress: (text) => {
      if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
    },
    // biome-ignore lint/style/noProcessEnv: the one place where the environment enters the program
    environment: process.env,
    signal: abort.signal,
  };
}

/** Prints a fault as `CODE: sentence` with its hint, or a bug with its stack; returns the exit code. */
export function reportFailure(terminal: Terminal, error: unknown): number {
  if (error instanceof GatewayError) {
    const cause = error.cause instanceof Error ? ` (${error.cause.message.split("\n", 1)[0]})` : "";
    terminal.note(`${error.code}: ${error.message}${cause}\n  ${error.hint}`);
    return EXIT_CODES[error.code] ?? 1;
  }
  terminal.note(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return 1;
}
