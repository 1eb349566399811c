import type { InputFault } from "../../core/errors.ts";

/** Where documents go; neither ever throws. */
export interface PushTarget {
  /** The text of one document; false when nothing in it could be used. */
  take(text: string): boolean;
  /** Something that came was no document. */
  refuse(fault: InputFault): void;
}

/** An open port at which a counter delivers. */
export interface PushListener {
  /** `host:port` while it listens, else null. */
  readonly address: string | null;
  /** Connections turned away since the start: too many, not allowed, or without the token. */
  readonly turnedAway: number;
  /** @throws PORT_IN_USE, LISTEN_FAILED */
  start(target: PushTarget): Promise<void>;
  /** Closes the port and all connections; idempotent, safe before `start`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Limits of the ports. */
export const PUSH_LIMITS = {
  /** Largest document, bytes. */
  documentBytes: 1_048_576,
  /** A counter has one connection; a few more while it comes back after a fault. */
  connections: 8,
  /** A request must be complete within this. */
  requestMs: 10_000,
  /** A connection without a word for so long is closed. */
  idleMs: 120_000,
} as const;

/** The fault of a document beyond the limit. */
export const TOO_LARGE: InputFault = {
  path: "",
  found: "more",
  expected: `a document of at most ${PUSH_LIMITS.documentBytes} bytes`,
};

/** The fault of bytes between documents. Pure. */
export function strayBytes(count: number): InputFault {
  return {
    path: "",
    found: `${count} bytes`,
    expected: "JSON objects or lists, one after the other",
  };
}
