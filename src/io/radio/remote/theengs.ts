import type { Sighted } from "../../../radio/sighting.ts";
import { identityKey } from "../../../radio/tag-registry.ts";
import { joinedAds, manufacturerAd, serviceAd } from "./ad-bytes.ts";
import { ibeaconOf } from "./beacon-texts.ts";
import {
  type Fields,
  faultAt,
  foreignTelemetry,
  type HeardTag,
  isFields,
  isLevelDbm,
  LEVEL_EXPECTED,
  nobody,
  refusal,
  reportOf,
  type ScannerAdapter,
} from "./scanner-report.ts";
import { readStatedTime } from "./stated-time.ts";

/** Fields in which the two gateways may tell when, best first. */
const TIME_FIELDS = ["UTCtime", "unixtime", "time"] as const;

/**
 * Reads `home/<gateway>/BTtoMQTT/<address>` of Theengs Gateway and OpenMQTTGateway. Raw manufacturer and service data,
 * where they are sent (pubadvdata), become AD structures again, so that our own decoder judges them; else a decoded
 * iBeacon is taken by its values. The address in topic, `id` and `mac` is not read.
 * @source OpenMQTTGateway, docs/use/ble.md; theengs/gateway, ble_gateway.py; notes of OpenMQTTGateway PR 1533 (times).
 */
export const readTheengs: ScannerAdapter = (value) => {
  if (!isFields(value)) return refusal(faultAt("", value, "an object"));
  const named = whoIs(value);
  if (named === null) return nobody();
  const rssiDbm = value["rssi"];
  if (!isLevelDbm(rssiDbm)) return refusal(faultAt("rssi", rssiDbm, LEVEL_EXPECTED));
  const volts = value["volt"];
  const batteryMv = typeof volts === "number" ? Math.round(volts * 1000) : null;
  const telemetry = foreignTelemetry(value["batt"], batteryMv, value["tempc"]);
  const time = TIME_FIELDS.map((field) => readStatedTime(value[field])).find((at) => at !== null);
  const stated = { statedMs: time?.ms ?? null, stepMs: time?.stepMs ?? 1, ageMs: 0 };
  return reportOf({ ...named, rssiDbm, packets: 1, telemetry, ...stated });
};

function whoIs(fields: Fields): Pick<HeardTag, "who" | "whoKey"> | null {
  const payload = payloadOf(fields);
  const { uuid, major, minor } = fields as Readonly<Record<"uuid" | "major" | "minor", unknown>>;
  if (payload !== null) {
    const who: Sighted = { kind: "payload", payload };
    return {
      who,
      whoKey: `payload ${textOf(fields["manufacturerdata"])} ${textOf(fields["servicedata"])}`,
    };
  }
  if (typeof uuid !== "string" || typeof major !== "number" || typeof minor !== "number")
    return null;
  const identity = ibeaconOf(uuid, major, minor);
  if (identity === null) return null;
  return { who: { kind: "identity", identity }, whoKey: identityKey(identity) };
}

/** Only text was made a payload of; to make text of anything else may even throw. */
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

function payloadOf(fields: Fields): Uint8Array | null {
  const ads: Uint8Array[] = [];
  const maker = fields["manufacturerdata"];
  const service = fields["servicedata"];
  const serviceUuid = fields["servicedatauuid"];
  if (typeof service === "string" && typeof serviceUuid === "string") {
    const ad = serviceAd(serviceUuid, service);
    if (ad !== null) ads.push(ad);
  }
  if (typeof maker === "string") {
    const ad = manufacturerAd(maker);
    if (ad !== null) ads.push(ad);
  }
  return ads.length === 0 ? null : joinedAds(ads);
}
