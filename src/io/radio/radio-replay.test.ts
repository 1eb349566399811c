import assert from "node:assert/strict";
import test from "node:test";
import { BASKET, basketPacket, FLOOR, RECEIVERS } from "../../../test/fakes/floor-shop.ts";
import { epochMs, monoMs } from "../../core/brand.ts";
import type { SensorEvent } from "../../core/events.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import { createSteppedClock } from "../../core/stepped-clock.ts";
import { createRadioReplay, type RadioReplay } from "./radio-replay.ts";

interface Replayed {
  readonly replay: RadioReplay;
  readonly events: SensorEvent[];
}

function open(lagMs = 10_000): Replayed {
  const events: SensorEvent[] = [];
  const replay = createRadioReplay({
    tags: [BASKET],
    plan: { receivers: RECEIVERS, cameras: [], floor: FLOOR },
    lagMs,
    run: "walk",
    clock: createSteppedClock(epochMs(0)),
    log: SILENT_LOG,
    onEvent: (event) => events.push(event),
  });
  return { replay, events };
}

/** Level at each receiver of a basket that lies still in the middle of the left room. */
const levelAt = (place: number): number => {
  const at = RECEIVERS[place];
  return Math.round(-59 - 20 * Math.log10(Math.hypot((at?.xM ?? 0) - 3, (at?.yM ?? 0) - 4, 1.3)));
};

/** The same sightings, by our own adapters or by scanners on the network that are `lateMs` late. */
function feed({ replay }: Replayed, way: "adapters" | "scanners", lateMs = 0): void {
  for (let ms = 0; ms < 60_000; ms += 500)
    RECEIVERS.forEach((receiver, place) => {
      const { id: receiverId } = receiver;
      const rssiDbm = levelAt(place);
      if (way === "adapters") {
        replay.feed({ at: epochMs(ms), receiverId, packet: basketPacket(rssiDbm) }, monoMs(ms));
        return;
      }
      const sighting = {
        receiverId,
        atMono: monoMs(ms),
        who: { kind: "identity", identity: BASKET.beacon },
        rssiDbm,
        packets: 1,
        telemetry: null,
      } as const;
      replay.sight(sighting, monoMs(ms + lateMs));
    });
}

const whereabouts = (events: readonly SensorEvent[]): readonly SensorEvent[] =>
  events.filter((e) => e.source === "radio:fused#walk");

test("what adapters heard and what scanners on the network told gives the same events", async () => {
  const [own, told] = [open(), open()];
  feed(own, "adapters");
  feed(told, "scanners");
  await own.replay.finish();
  await told.replay.finish();
  assert.ok(whereabouts(own.events).length >= 4);
  assert.equal(JSON.stringify(whereabouts(told.events)), JSON.stringify(whereabouts(own.events)));
});

test("sightings that come eight seconds late tell the same stays", async () => {
  const [prompt, late] = [open(), open()];
  feed(prompt, "scanners");
  feed(late, "scanners", 8_000);
  await prompt.replay.finish();
  await late.replay.finish();
  const stays = ({ events }: Replayed) =>
    events.flatMap((e) => (e.kind === "tag-zone-entered" ? [e] : []));
  const zones = (replayed: Replayed) => stays(replayed).map(({ zoneId }) => zoneId);
  assert.ok(zones(prompt).length > 0);
  assert.deepEqual(zones(late), zones(prompt));
  // What is decided after ten seconds has then been heard for two of them only: a beginning may be seen a second later.
  stays(late).forEach(({ atMono }, i) => {
    assert.ok(Math.abs(atMono - (stays(prompt)[i]?.atMono ?? Number.NaN)) <= 1_000);
  });
});

for (const lagMs of [0, 10_000, 15_000])
  test(`the end of a recording is told whatever the lag: ${lagMs / 1000} s`, async () => {
    const walk = open(lagMs);
    feed(walk, "adapters");
    await walk.replay.finish();
    const exited = walk.events.find((e) => e.kind === "tag-zone-exited");
    assert.ok(exited?.censored && exited.zoneId === "left");
    assert.ok(exited.atMono >= 58_000 && exited.atMono <= 60_000, `ends at ${exited.atMono}`);
    const told = walk.events.length;
    await walk.replay.finish();
    assert.equal(walk.events.length, told);
  });

test("a tag that is present at the end of a recording did not leave", async () => {
  const walk = open();
  feed(walk, "adapters");
  await walk.replay.finish();
  const states = walk.events.flatMap((e) => (e.kind === "tag-changed" ? [e.state] : []));
  assert.deepEqual(states, ["passing", "inside"]);
});
