import { AD_TYPE, adEnd } from "../ad-structures.ts";
import { proximityFormat } from "./proximity.ts";
import { shortServiceUuid } from "./service-uuid.ts";

/**
 * What phones say of themselves to other phones. It is recognised in order to be left alone: nothing in it is decoded,
 * kept, logged or handed to a library, since it could be used to follow somebody. It may be counted.
 */
export type WithheldKind = "apple-continuity" | "find-my" | "exposure-notification";

/** How often each kind was heard. */
export type WithheldCounts = Record<WithheldKind, number>;

/** Counts to hand to `countWithheld`. */
export const createWithheldCounts = (): WithheldCounts => ({
  "apple-continuity": 0,
  "find-my": 0,
  "exposure-notification": 0,
});

const FIND_MY_TYPE = 0x12;
const EXPOSURE_UUID = 0xfd6f;

/**
 * Which kind of the withheld an AD structure with the value `[from, end)` is; null when it is none. Of Apple's
 * manufacturer data everything is withheld but iBeacon. Pure, allocates nothing, never throws.
 * @source Martin et al., PETS 2019 (continuity types); Apple and Google, Exposure Notification Bluetooth Spec 1.2
 */
export function withheldKind(
  p: Uint8Array,
  adType: number | undefined,
  from: number,
  end: number,
): WithheldKind | null {
  if (adType === AD_TYPE.manufacturer) {
    if (end - from < 2 || p[from] !== 0x4c || p[from + 1] !== 0x00) return null;
    if (proximityFormat(p, from, end) !== null) return null;
    return end - from > 2 && p[from + 2] === FIND_MY_TYPE ? "find-my" : "apple-continuity";
  }
  return shortServiceUuid(p, adType, from, end) === EXPOSURE_UUID ? "exposure-notification" : null;
}

/** Adds what is withheld in one payload to `counts`. Allocates nothing, never throws. */
export function countWithheld(payload: Uint8Array, counts: WithheldCounts): void {
  for (let at = 0, end = adEnd(payload, 0); end > 0; at = end, end = adEnd(payload, at)) {
    const kind = withheldKind(payload, payload[at + 1], at + 2, end);
    if (kind !== null) counts[kind] += 1;
  }
}
