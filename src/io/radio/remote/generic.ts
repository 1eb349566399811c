import { tagId } from "../../../core/brand.ts";
import type { InputFault } from "../../../core/errors.ts";
import type { BeaconIdentity } from "../../../core/site.ts";
import { bytesOfHex } from "../../../radio/bytes.ts";
import { identityKey } from "../../../radio/tag-registry.ts";
import {
  RADIO_AGE_LIMIT_MS,
  RADIO_MESSAGE_SIGHTINGS,
  type RadioSighting,
  radioEnvelopeSchema,
  radioSightingSchema,
} from "../../../wire/radio-message.ts";
import { plainUuid } from "./beacon-texts.ts";
import {
  type Fields,
  faultAt,
  type HeardTag,
  isFields,
  type ScannerAdapter,
  type ScannerMessage,
} from "./scanner-report.ts";
import { readStatedTime } from "./stated-time.ts";

interface Issue {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/**
 * Reads the generic form of `in/radio/<receiver>`: one message or a list. Every reading is checked by itself, so that a
 * bad one costs no other; a time that cannot be read refuses the message, since nobody knows when then.
 */
export const readGeneric: ScannerAdapter = (value) => {
  const faults: InputFault[] = [];
  const messages: ScannerMessage[] = [];
  const isList = Array.isArray(value);
  let room = RADIO_MESSAGE_SIGHTINGS;
  for (const [index, entry] of (isList ? value : [value]).entries()) {
    const message = readMessage(entry, isList ? `[${index}]` : "", faults, room);
    if (message === null) continue;
    room -= message.heard.length;
    messages.push(message);
  }
  return { messages, faults: faults.slice(0, MAX_FAULTS), ignored: 0 };
};

/** Beyond this the rest of one message is the same again. */
const MAX_FAULTS = 64;

function readMessage(
  value: unknown,
  path: string,
  faults: InputFault[],
  room: number,
): ScannerMessage | null {
  const outcome = radioEnvelopeSchema.safeParse(value);
  if (!outcome.success) {
    for (const issue of outcome.error.issues) faults.push(faultOf(issue, value, path));
    return null;
  }
  const { time, sentAt, seq, session, seeing, sightings } = outcome.data;
  if (sightings.length > room) {
    const expected = `at most ${RADIO_MESSAGE_SIGHTINGS} sightings together`;
    faults.push(faultAt(joined(path, "sightings"), sightings, expected));
    return null;
  }
  const timeMs = readStatedTime(time)?.ms ?? null;
  const heard = readSightings(sightings, timeMs, joined(path, "sightings"), faults);
  return {
    sentMs: readStatedTime(sentAt)?.ms ?? newestOf(heard, timeMs),
    key: seq === undefined ? null : `${session ?? ""} ${seq} ${timeMs ?? ""}`,
    isSeeing: seeing !== false,
    heard,
  };
}

function readSightings(
  sightings: readonly unknown[],
  timeMs: number | null,
  path: string,
  faults: InputFault[],
): readonly HeardTag[] {
  return sightings.flatMap((entry, index) => {
    const one = radioSightingSchema.safeParse(entry);
    if (one.success) return [heardOf(one.data, timeMs)];
    for (const issue of one.error.issues) faults.push(faultOf(issue, entry, `${path}[${index}]`));
    return [];
  });
}

function heardOf(sighting: RadioSighting, timeMs: number | null): HeardTag {
  const { rssi, at, count, battery, moving } = sighting;
  const isAge = typeof at === "number" && at <= RADIO_AGE_LIMIT_MS;
  const ageMs = isAge ? at : 0;
  const instantMs = at === undefined || isAge ? null : (readStatedTime(at)?.ms ?? null);
  const isSaid = battery !== undefined || moving !== undefined;
  return {
    ...whoIs(sighting),
    rssiDbm: rssi,
    packets: count ?? 1,
    telemetry: isSaid
      ? {
          batteryRatio: battery ?? null,
          batteryMv: null,
          isMoving: moving ?? null,
          motionCount: null,
          isPressed: null,
          temperatureC: null,
        }
      : null,
    statedMs: instantMs ?? (timeMs === null ? null : timeMs - ageMs),
    stepMs: 1,
    ageMs,
  };
}

function whoIs(sighting: RadioSighting): Pick<HeardTag, "who" | "whoKey"> {
  const { tag, ibeacon, eddystone, altbeacon, payload } = sighting;
  if (tag !== undefined) return { who: { kind: "tag", tagId: tagId(tag) }, whoKey: `tag ${tag}` };
  if (payload !== undefined) {
    const bytes = bytesOfHex(payload) ?? new Uint8Array(0);
    return { who: { kind: "payload", payload: bytes }, whoKey: payload.toLowerCase() };
  }
  const identity = identityOf(ibeacon, eddystone, altbeacon ?? "");
  return { who: { kind: "identity", identity }, whoKey: identityKey(identity) };
}

function identityOf(
  ibeacon: RadioSighting["ibeacon"],
  eddystone: RadioSighting["eddystone"],
  altbeacon: string,
): BeaconIdentity {
  if (ibeacon !== undefined) {
    const { uuid, major, minor } = ibeacon;
    return { format: "ibeacon", uuid: plainUuid(uuid) ?? uuid, major, minor };
  }
  if (eddystone !== undefined) {
    const { namespace, instance } = eddystone;
    return {
      format: "eddystone-uid",
      namespace: namespace.toLowerCase(),
      instance: instance.toLowerCase(),
    };
  }
  return { format: "altbeacon", id: altbeacon.toLowerCase() };
}

function newestOf(heard: readonly HeardTag[], timeMs: number | null): number | null {
  let newestMs = timeMs;
  for (const { statedMs } of heard)
    if (statedMs !== null) newestMs = Math.max(newestMs ?? statedMs, statedMs);
  return newestMs;
}

/** A key that should not be there is not named: a sender may choose it, and may put an address there. */
function faultOf({ code, path, message }: Issue, input: unknown, at: string): InputFault {
  const where = path.reduce<string>(
    (text, step) => (typeof step === "number" ? `${text}[${step}]` : joined(text, String(step))),
    at,
  );
  if (code === "unrecognized_keys")
    return { path: where, found: "a key that should not be there", expected: "only known keys" };
  const expected = message.replace(/^Invalid [a-z]+: expected /, "").replace(/, received .*$/, "");
  return faultAt(where, valueAt(input, path), expected);
}

const joined = (parent: string, key: string): string => (parent === "" ? key : `${parent}.${key}`);

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const step of path) {
    if (Array.isArray(value)) value = value[Number(step)];
    else if (isFields(value)) value = (value as Fields)[String(step)];
    else return undefined;
  }
  return value;
}
