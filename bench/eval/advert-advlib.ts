import { adEnd, adIntegrity } from "../../src/radio/ad-structures.ts";
import { type GapFields, readGap } from "../../src/radio/formats/gap.ts";
import { argumentsOf, NOT_CLAIMED } from "./advert-call.ts";
import {
  type AdvertOutcome,
  differenceIn,
  isRecord,
  judged,
  notClaimed,
  toHex,
} from "./advert-case.ts";
import { judgeVendor, vendorPayload } from "./advert-vendor.ts";

/** One case of advlib.json: arguments of a call and what it returned. */
export interface AdvlibVector {
  readonly package: string;
  readonly file: string;
  readonly function: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly expected: Readonly<Record<string, unknown>> | null;
  readonly expected_name: string;
}

const BASE_TAIL = "-0000-1000-8000-00805f9b34fb";
/** By AD type. */
const LIST_UUID_BYTES = [1, 1, 2, 2, 4, 4, 16, 16];
/** Bytes of a link-layer packet before its AD structures: header 2, address 6. */
const LINK_HEADER_BYTES = 8;
const LINK_FIELDS = new Set([
  "rxAdd",
  "txAdd",
  "type",
  "length",
  "advA",
  "targetA",
  "initA",
  "scanA",
]);

/** Compares every vector of a claimed format by value. */
export const judgeAdvlib = (vectors: readonly AdvlibVector[]): readonly AdvertOutcome[] =>
  vectors.map(judgeOne);

function judgeOne(vector: AdvlibVector): AdvertOutcome {
  const name = `${vector.package} ${vector.file} ${vector.expected_name} ${Object.keys(vector.inputs).join("+")}`;
  const kind = kindOf(vector);
  const call = argumentsOf(vector.inputs, kind === "service");
  if (kind !== null) return judgeVendor(name, vector.file, kind, call, vector.expected);
  const isFields = /^(advdata|advdatatypes|advlibble|header)\b/.test(vector.file);
  if (!vector.package.startsWith("advlib-ble") || !isFields || call.hasLibraries)
    return notClaimed(name, NOT_CLAIMED.interface);
  if (call.data === null) return notClaimed(name, NOT_CLAIMED.argument);
  const isLink = /^(header|advlibble)\b/.test(vector.file) && !call.isPayloadOnly;
  return isLink
    ? judgeLink(name, call.data, vector.expected)
    : judgeFields(name, call.data, vector.expected);
}

/** The vendor data of a vector in the AD structure in which it is sent; null when it has none. Pure. */
export function payloadOf(vector: AdvlibVector): Uint8Array | null {
  const kind = kindOf(vector);
  return kind === null
    ? null
    : vendorPayload(vector.file, kind, argumentsOf(vector.inputs, kind === "service"));
}

function kindOf(vector: AdvlibVector): "manufacturer" | "service" | null {
  if (vector.package.startsWith("advlib-ble-manufacturers")) return "manufacturer";
  return vector.package.startsWith("advlib-ble-services") ? "service" : null;
}

/** Of a link-layer packet only what it advertises is ours; the controller strips the rest. */
function judgeLink(
  name: string,
  packet: Uint8Array,
  expected: Readonly<Record<string, unknown>> | null,
): AdvertOutcome {
  const said = Object.entries(expected ?? {}).filter(
    ([key, value]) => !LINK_FIELDS.has(key) && !isLabel(key, value),
  );
  if (said.length === 0) return notClaimed(name, NOT_CLAIMED.linkLayer);
  return judgeFields(name, packet.subarray(LINK_HEADER_BYTES), Object.fromEntries(said));
}

/** Product pages in the directory of the library's authors are labels, not values of an advertisement. */
const isLabel = (key: string, value: unknown): boolean =>
  key === "uri" && typeof value === "string" && value.startsWith("https://sniffypedia.org/");

function judgeFields(
  name: string,
  payload: Uint8Array,
  expected: Readonly<Record<string, unknown>> | null,
): AdvertOutcome {
  const fields = inAdvlibWords(readGap([payload]));
  if (expected !== null && Object.keys(expected).length > 0) {
    const values = Object.entries(expected).filter(
      ([key, value]) => fields["uri"] !== null || !isLabel(key, value),
    );
    return values.length === 0
      ? notClaimed(name, NOT_CLAIMED.directory)
      : judged(name, differenceIn(toLongUuids(Object.fromEntries(values)), fields));
  }
  const said = Object.entries(fields).find(([, value]) => value !== null && !isEmptyList(value));
  if (said === undefined) return judged(name, null);
  if (expected === null && isFaulty(payload)) return notClaimed(name, NOT_CLAIMED.stricter);
  return judged(name, `expected nothing, got ${said[0]}`);
}

/** A length that points past the end, or a list of UUIDs with something left over. */
function isFaulty(payload: Uint8Array): boolean {
  if (adIntegrity(payload) === "cut") return true;
  for (let at = 0, end = adEnd(payload, 0); end > 0; at = end, end = adEnd(payload, at))
    if ((end - at - 2) % (LIST_UUID_BYTES[payload[at + 1] ?? 0] ?? 1) !== 0) return true;
  return false;
}

const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

/** Our fields under the names of the library; its flags are the numbers of the bits. */
const inAdvlibWords = (fields: GapFields): Readonly<Record<string, unknown>> => ({
  uuids: fields.serviceUuids,
  name: fields.localName,
  txPower: fields.txPowerDbm,
  serviceData: fields.serviceData.map(({ uuid, data }) => ({ uuid, data: toHex(data) })),
  manufacturerSpecificData: fields.manufacturerData.map(({ companyId, data }) => ({
    companyCode: companyId,
    data: toHex(data),
  })),
  flags:
    fields.flags === null ? null : [0, 1, 2, 3, 4].filter((i) => (fields.flags ?? 0) & (1 << i)),
  appearance: fields.appearance,
  uri: fields.uri,
});

/** Their UUIDs have the length that was sent; ours are always the long text. */
function toLongUuids(
  expected: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const { uuids, serviceData } = expected;
  return {
    ...expected,
    ...(Array.isArray(uuids) ? { uuids: uuids.map(longUuid) } : {}),
    ...(Array.isArray(serviceData)
      ? {
          serviceData: serviceData.map((s) =>
            isRecord(s) ? { ...s, uuid: longUuid(s["uuid"]) } : s,
          ),
        }
      : {}),
  };
}

function longUuid(text: unknown): unknown {
  if (typeof text !== "string") return text;
  if (text.length <= 8) return `${text.padStart(8, "0")}${BASE_TAIL}`;
  return text.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
