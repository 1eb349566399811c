import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, test } from "node:test";
import { BASKET, FLOOR, openFloorShop, RECEIVERS } from "../../test/fakes/floor-shop.ts";
import { epochMs, monoMs } from "../core/brand.ts";
import type { SensorEvent } from "../core/events.ts";
import { SILENT_LOG } from "../core/lifecycle.ts";
import { createSteppedClock } from "../core/stepped-clock.ts";
import { replayRadio } from "../io/radio/radio-replay.ts";
import { openRecording } from "../io/radio/recording.ts";
import { RadioDesk } from "./radio-desk.ts";
import { recordRadioStream } from "./record/record-radio.ts";

const dir = await mkdtemp(join(tmpdir(), "vitrine-radio-desk-"));
after(() => rm(dir, { recursive: true, force: true }));

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

for (const format of ["jsonl", "btsnoop"] as const)
  test(`a recording (${format}) replays to what the gateway told of a tag, its going included`, async () => {
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
    const told = toldOf(shop.events);
    assert.ok(told.some((text) => text.startsWith("outside")));
    const folder = join(dir, format);
    await mkdir(folder);
    const recorder = recordRadioStream(Readable.from(`${lines.join("\n")}\n`), folder, format);
    await recorder.done;
    const { state, files } = recorder.progress;
    assert.deepEqual([state, files.length], ["ended", format === "jsonl" ? 1 : RECEIVERS.length]);
    const replayed: SensorEvent[] = [];
    await replayRadio({
      tags: [BASKET],
      plan: { receivers: RECEIVERS, cameras: [], floor: FLOOR },
      run: "recorded",
      clock: createSteppedClock(epochMs(0), monoMs(7_300)),
      log: SILENT_LOG,
      onEvent: (event) => replayed.push(event),
      recordings: [...files].sort().map((file) => openRecording(file)),
    });
    assert.deepEqual(toldOf(replayed), told);
  });
