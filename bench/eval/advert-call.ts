import { hexBytes, isRecord } from "./advert-case.ts";

/** Reasons for which a vector is not compared. */
export const NOT_CLAIMED = {
  interface: "tests how the library plugs processors together; there is no advertisement in it",
  argument: "tests how the library refuses an argument that is not bytes",
  directory: "looks a page up in a directory of products; nothing of it is in the advertisement",
  linkLayer:
    "a link-layer packet of which only header and addresses are expected: a controller never hands those on",
  stricter: "the library discards what stands before a fault; here it is kept, with intent",
  phones:
    "content of phones (Apple, exposure notification): recognised and never read, with intent",
} as const;

/** Arguments of a recorded call, told apart by their names. */
export interface AdvlibCall {
  readonly data: Uint8Array | null;
  /** The data argument is there and is not hexadecimal. */
  readonly hasOtherData: boolean;
  readonly uuid: string | null;
  readonly companyId: number | null;
  readonly hasLibraries: boolean;
  readonly isPayloadOnly: boolean;
}

const NO_CALL: AdvlibCall = {
  data: null,
  hasOtherData: false,
  uuid: null,
  companyId: null,
  hasLibraries: false,
  isPayloadOnly: false,
};

/** Reads the arguments of a recorded call; one that is named a UUID is one when `hasUuid`, else data. Pure. */
export function argumentsOf(
  inputs: Readonly<Record<string, unknown>>,
  hasUuid: boolean,
): AdvlibCall {
  const parts = Object.entries(inputs).map(([name, value]) => argumentOf(name, value, hasUuid));
  return Object.assign({}, NO_CALL, ...parts);
}

function argumentOf(name: string, value: unknown, hasUuid: boolean): Partial<AdvlibCall> {
  const held = isRecord(value) && "buffer_hex" in value ? value["buffer_hex"] : value;
  if (name.includes("LIBRAR")) return { hasLibraries: true };
  if (isRecord(held)) return { isPayloadOnly: held["isPayloadOnly"] === true };
  if (name.includes("COMPANY") && typeof held === "number") return { companyId: held };
  const data = hexBytes(held);
  if (data === null) return { hasOtherData: true };
  return hasUuid && name.includes("UUID") ? { uuid: String(held) } : { data };
}
