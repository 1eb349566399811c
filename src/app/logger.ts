import pino from "pino";
import type { Log } from "../core/lifecycle.ts";

export type LogLevel = "error" | "warn" | "info" | "debug";

/**
 * Keys that must never carry a value into a log line. This is the second fence: the first is that no stage
 * passes such a value to a log call at all.
 */
const REDACTED_KEYS = [
  "address",
  "mac",
  "payload",
  "embedding",
  "template",
  "image",
  "password",
  "token",
  "key",
  "secret",
];

/** A log whose level may be changed while it is used. */
export interface LevelledLog extends Log {
  level: string;
}

/** Where log lines go; `process.stdout` and any stream satisfy it. */
export interface LogSink {
  write(line: string): void;
}

/**
 * Structured log to one sink, one JSON object per line. journald rotates; nothing is written to files here.
 * Credentials inside URLs are cut out of every string.
 */
export function createLogger(level: LogLevel, sink: LogSink): LevelledLog {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: maskStrings },
      redact: {
        paths: REDACTED_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]),
        censor: "[redacted]",
      },
    },
    sink,
  );
}

const CREDENTIALS = /\b([a-z][a-z0-9+.-]*:\/\/)[^/\s:@]*:[^/\s@]*@/gi;
const RADIO_ADDRESS = /\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/gi;

/** Cuts user names, passwords and radio addresses out of a text. Pure. */
export function maskText(text: string): string {
  return text.replace(CREDENTIALS, "$1***@").replace(RADIO_ADDRESS, "[radio address]");
}

function maskStrings(fields: Record<string, unknown>): Record<string, unknown> {
  const masked: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) masked[key] = maskValue(value);
  return masked;
}

function maskValue(value: unknown): unknown {
  if (typeof value === "string") return maskText(value);
  if (value instanceof Error)
    return { message: maskText(value.message), stack: maskText(value.stack ?? "") };
  return value;
}
