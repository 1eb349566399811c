import assert from "node:assert/strict";
import { test } from "node:test";
import { BASKET, FLOOR, openFloorShop, RECEIVERS } from "../../test/fakes/floor-shop.ts";
import { epochMs, monoMs } from "../core/brand.ts";
import type { SensorEvent } from "../core/events.ts";
import { SILENT_LOG } from "../core/lifecycle.ts";
import { createSteppedClock } from "../core/stepped-clock.ts";
import { createRadioReplay } from "../io/radio/radio-replay.ts";
import { parseJsonlLine } from "../io/radio/recording.ts";
import { RadioDesk } from "./radio-desk.ts";

/** What was told of the tag: kind, zone or state, and when. */
const toldOf = (events: readonly SensorEvent[]): readonly string[] =>
  events.flatMap((event) => {
    if (event.kind === "tag-changed") return [`${event.state} ${event.atMono}`];
    const isZone = event.kind === "tag-zone-entered" || event.kind === "tag-zone-exited";
    return isZone ? [`${event.kind} ${event.zoneId} ${event.atMono}`] : [];
  });

/** A desk that counts nobody; the clock of the wall is that of the machine. */
const createDesk = (): RadioDesk =>
  new RadioDesk({
    unknownDevices: { count: false, minGroup: 10 },
    anchor: () => ({ mono: monoMs(0), epoch: epochMs(0), clock: "synced" }),
    fill: (bytes) => void bytes.fill(1),
  });

test("a recording replays to what the gateway told of a tag, its going included", async () => {
  const shop = await openFloorShop();
  const desk = createDesk();
  desk.follow(shop.input);
  const lines: string[] = [];
  const recording = desk.record((line) => lines.push(line));
  shop.carry([{ xM: 3, yM: 4, seconds: 60 }]);
  shop.wait(90);
  shop.carry([{ xM: 11, yM: 4, seconds: 40 }]);
  shop.wait(60);
  recording?.end();
  await shop.close();
  assert.equal(lines.pop(), '{"end":{}}');
  const told = toldOf(shop.events);
  assert.ok(told.some((text) => text.startsWith("outside")));
  const replayed: SensorEvent[] = [];
  const replay = createRadioReplay({
    tags: [BASKET],
    plan: { receivers: RECEIVERS, cameras: [], floor: FLOOR },
    run: "recorded",
    clock: createSteppedClock(epochMs(0), monoMs(7_300)),
    log: SILENT_LOG,
    onEvent: (event) => replayed.push(event),
  });
  for (const line of lines) {
    const recorded = parseJsonlLine(line, "recording");
    replay.feed(recorded, monoMs(recorded.at));
  }
  await replay.finish();
  assert.deepEqual(toldOf(replayed), told);
});
