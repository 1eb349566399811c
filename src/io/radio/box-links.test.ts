import assert from "node:assert/strict";
import { test } from "node:test";
import { monoMs, receiverId } from "../../core/brand.ts";
import type { ReceiverPlan } from "../../core/site.ts";
import type { AdvertisingReport } from "../../radio/source.ts";
import { identityBytes } from "../../radio/tag-registry.ts";
import { followBoxes } from "./box-links.ts";
import { ibeaconPayload } from "./hci-packets.ts";

const UUID = "3b8a1f70-52c4-4e19-9d06-c7f1a2e84b55";
const box = (id: string, minor: number | null): ReceiverPlan => ({
  id: receiverId(id),
  name: id,
  xM: 0,
  yM: 0,
  zM: 2,
  ...(minor === null ? {} : { beacon: { format: "ibeacon", uuid: UUID, major: 9, minor } }),
});

/** The part of the radio that hands on what is no tag's. */
class StrangeAir {
  listener: ((report: AdvertisingReport) => void) | null = null;
  onUnknown(listener: (report: AdvertisingReport) => void): () => void {
    this.listener = listener;
    return () => undefined;
  }
  hear(receiver: string, minor: number, rssiDbm: number | null): void {
    const identity = identityBytes({ format: "ibeacon", uuid: UUID, major: 9, minor });
    this.listener?.({
      receiverId: receiverId(receiver),
      atMono: monoMs(0),
      get address(): string {
        throw new Error("nobody asks for an address");
      },
      addressKind: "random-static",
      payload: ibeaconPayload(identity, -59),
      rssiDbm,
    });
  }
}

test("boxes that hear each other are told by the identities of the plan; everything else is nobody", () => {
  const air = new StrangeAir();
  const links = followBoxes(air, [box("a", 1), box("b", 2), box("c", null)]);
  for (let i = 0; i < 60; i += 1) {
    air.hear("b", 1, -70);
    air.hear("c", 2, -80);
    air.hear("a", 1, -40);
    air.hear("b", 77, -50);
    air.hear("b", 1, null);
    air.hear("elsewhere", 1, -60);
  }
  assert.deepEqual(links.levels(), [
    { sender: 0, receiver: 1, meanDbm: -70, readings: 60 },
    { sender: 1, receiver: 2, meanDbm: -80, readings: 60 },
  ]);
});

test("where no box sends, nobody listens", () => {
  const air = new StrangeAir();
  assert.deepEqual(followBoxes(air, [box("a", null)]).levels(), []);
  assert.equal(air.listener, null);
});
