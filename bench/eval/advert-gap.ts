import { type GapFields, readGap } from "../../src/radio/formats/gap.ts";
import { type AdvertOutcome, difference, hexBytes, judged, toHex } from "./advert-case.ts";

/** One case of gap_parse.json: payloads of one device and what they say together. */
export interface GapVector {
  readonly segments: readonly string[];
  readonly expected: Readonly<Record<string, unknown>>;
}

/** Fields in the words of the recorded expectations: of repeated companies and services the last counts. Pure. */
export const inGapWords = (fields: GapFields): Readonly<Record<string, unknown>> => ({
  local_name: fields.localName,
  service_uuids: fields.serviceUuids,
  service_data: Object.fromEntries(fields.serviceData.map((s) => [s.uuid, toHex(s.data)])),
  manufacturer_data: Object.fromEntries(
    fields.manufacturerData.map((m) => [String(m.companyId), toHex(m.data)]),
  ),
  tx_power: fields.txPowerDbm,
});

/** Reads every payload with our parser and compares all fields. */
export function judgeGap(vectors: readonly GapVector[]): readonly AdvertOutcome[] {
  return vectors.map(({ segments, expected }) => {
    const name = `gap ${segments.join(" + ")}`;
    const payloads = segments.map((segment) => hexBytes(segment));
    if (payloads.some((payload) => payload === null)) return judged(name, "not hexadecimal");
    const fields = inGapWords(readGap(payloads.map((payload) => payload ?? new Uint8Array(0))));
    return judged(name, difference(expected, fields));
  });
}
