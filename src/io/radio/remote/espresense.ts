import { tagId } from "../../../core/brand.ts";
import type { BeaconIdentity } from "../../../core/site.ts";
import { identityKey } from "../../../radio/tag-registry.ts";
import { altbeaconOfText, eddystoneOfText, ibeaconOfText } from "./beacon-texts.ts";
import {
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

/**
 * Reads `espresense/devices/<id>/<room>`. The id is in the message and in the topic; `tag:<id>` is an alias that
 * somebody gave a device in ESPresense, with the id it has in our site plan. All other ids (addresses, names, makers)
 * are nobody. `rssi` is ESPresense's own smoothed level of the last seconds, the adjustment of the node included; it
 * tells no time. The address in `mac` is not read.
 * @source ESPresense, BleFingerprint.cpp, setId and fill.
 */
export const readEspresense: ScannerAdapter = (value, device) => {
  if (!isFields(value)) return refusal(faultAt("", value, "an object"));
  const id = typeof value["id"] === "string" ? value["id"] : device;
  const named = whoIs(id.slice(0, MAX_ID_LENGTH));
  if (named === null) return nobody();
  const rssiDbm = value["rssi"];
  if (!isLevelDbm(rssiDbm)) return refusal(faultAt("rssi", rssiDbm, LEVEL_EXPECTED));
  const telemetry = foreignTelemetry(value["batt"], value["mV"], value["temp"]);
  const time = { statedMs: null, stepMs: 1, ageMs: 0 };
  return reportOf({ ...named, rssiDbm, packets: 1, telemetry, ...time });
};

const MAX_ID_LENGTH = 128;

function whoIs(id: string): Pick<HeardTag, "who" | "whoKey"> | null {
  const at = id.indexOf(":");
  if (at < 0) return null;
  const rest = id.slice(at + 1);
  switch (id.slice(0, at)) {
    case "iBeacon":
      return byIdentity(ibeaconOfText(rest));
    case "altBeacon":
      return byIdentity(altbeaconOfText(rest));
    case "eddy":
      return byIdentity(eddystoneOfText(rest));
    case "tag":
      return { who: { kind: "tag", tagId: tagId(rest) }, whoKey: `tag ${rest}` };
    default:
      return null;
  }
}

function byIdentity(identity: BeaconIdentity | null): Pick<HeardTag, "who" | "whoKey"> | null {
  return identity === null
    ? null
    : { who: { kind: "identity", identity }, whoKey: identityKey(identity) };
}
