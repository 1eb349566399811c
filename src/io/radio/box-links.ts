import type { ReceiverPlan } from "../../core/site.ts";
import { createBeaconSpot, nextBeacon } from "../../radio/beacon.ts";
import { ReceiverLinks, sendingBoxes } from "../../radio/receiver-links.ts";
import type { AdvertisingReport } from "../../radio/source.ts";
import { createTagBook } from "../../radio/tag-registry.ts";
import type { RadioInput } from "./radio-input.ts";

/**
 * Collects how strongly receivers hear each other's boxes, from the reports that are no tag's. Only the identities that
 * the plan gives to its own boxes are looked for; everything else stays nobody. Nothing is subscribed when no box sends.
 */
export function followBoxes(
  input: Pick<RadioInput, "onUnknown">,
  receivers: readonly ReceiverPlan[],
): ReceiverLinks {
  const links = new ReceiverLinks(receivers.length);
  const { tags, senders } = sendingBoxes(receivers);
  if (tags.length === 0) return links;
  const book = createTagBook(tags);
  const places = new Map(receivers.map(({ id }, index) => [id, index]));
  const spot = createBeaconSpot();
  input.onUnknown(({ payload, receiverId, rssiDbm }: AdvertisingReport) => {
    if (rssiDbm === null) return;
    for (let at = nextBeacon(payload, 0, spot); at > 0; at = nextBeacon(payload, at, spot)) {
      const sender = senders[book.indexOf(payload, spot)];
      if (sender === undefined) continue;
      links.heard(sender, places.get(receiverId) ?? -1, rssiDbm);
      return;
    }
  });
  return links;
}
