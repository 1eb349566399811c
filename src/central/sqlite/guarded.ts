import { type FaultCode, GatewayError } from "../../core/errors.ts";

const CODES: readonly (readonly [RegExp, FaultCode, string])[] = [
  [/^(SQLITE_FULL|ENOSPC|EDQUOT)/, "DISK_FULL", "the disk of the central store is full"],
  [/^(SQLITE_NOTADB|SQLITE_CORRUPT)/, "STORE_UNREADABLE", "the central store is damaged"],
  [
    /^(SQLITE_CANTOPEN|SQLITE_READONLY|SQLITE_PERM|EACCES|EPERM|EROFS|ENOTDIR|EISDIR|EEXIST)/,
    "STORE_UNREADABLE",
    "the file of the central store cannot be opened for writing",
  ],
  [
    /^SQLITE_(CONSTRAINT|TOOBIG|MISMATCH|RANGE)/,
    "RECORD_REFUSED",
    "the central database refuses a record",
  ],
  [/^SQLITE_BUSY/, "STORE_FAILED", "another process uses the file of the central store"],
];

/**
 * Runs something on the database. Coded faults and bugs pass through.
 * @throws DISK_FULL, STORE_UNREADABLE, RECORD_REFUSED, else STORE_FAILED for what SQLite or the file system reports
 */
export function guarded<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    if (!(error instanceof Error) || !("code" in error)) throw error;
    const text = String(error.code);
    if (text.startsWith("ERR_")) throw error;
    const [, code, message] = CODES.find(([pattern]) => pattern.test(text)) ?? [
      null,
      "STORE_FAILED" as const,
      "the central database failed",
    ];
    throw new GatewayError(code, message, { cause: error });
  }
}
