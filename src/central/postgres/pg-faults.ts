import { type FaultCode, GatewayError } from "../../core/errors.ts";

const REFUSED = "the central database refused the user, the database name or a privilege";
const NO_SPACE = "the disk of the central database is full";
const UNREACHABLE = "the central database does not answer";

/** SQLSTATE classes and socket errors; the first that fits counts. */
const CODES: readonly (readonly [RegExp, FaultCode, string])[] = [
  [/^(28|3D000|42501|3F000)/, "STORE_REFUSED", REFUSED],
  [/^(53100|ENOSPC)/, "DISK_FULL", NO_SPACE],
  [/^(22|23|54)[0-9A-Z]{3}$/, "RECORD_REFUSED", "the central database refuses a record"],
  [/^(08|57P0[1-3]|53300|E[A-Z]+)/, "STORE_UNREACHABLE", UNREACHABLE],
];
/** What the server says of a full disk under another code: the latter when a new connection finds no room for its cache. */
const FULL = /no space left on device|could not write init file/i;
/** What `pg` says without a code when a connection ends or does not come. */
const LOST = /terminat|timeout|not queryable|closed the connection/i;

/** SQLSTATE or system code of an error; empty when it has none. Pure. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : "";

/** Whether the same transaction may succeed when it is tried again at once: deadlock, serialisation. Pure. */
export const isPassing = (error: unknown): boolean => /^(40P01|40001)$/.test(codeOf(error));

/** Says what an error of the driver or the server is; bugs and coded faults are thrown on as they are. Pure. */
export function codedFault(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  const code = codeOf(error);
  if (error instanceof TypeError || error instanceof RangeError || code.startsWith("ERR_"))
    throw error;
  if (error instanceof Error && FULL.test(error.message))
    return new GatewayError("DISK_FULL", NO_SPACE, { cause: error });
  const found = CODES.find(([pattern]) => pattern.test(code));
  if (found !== undefined) return new GatewayError(found[1], found[2], { cause: error });
  const isLost = code === "" && error instanceof Error && LOST.test(error.message);
  if (isLost) return new GatewayError("STORE_UNREACHABLE", UNREACHABLE, { cause: error });
  return new GatewayError("STORE_FAILED", "the central database failed", { cause: error });
}
