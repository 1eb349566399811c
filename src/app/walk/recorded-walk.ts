import { epochMs, type MonoMs, monoMs, type TagId } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import type { SitePlan } from "../../core/site.ts";
import { createSteppedClock } from "../../core/stepped-clock.ts";
import { createRadioReplay } from "../../io/radio/radio-replay.ts";
import { mergeRecordings, openRecording } from "../../io/radio/recording.ts";
import { type WalkRecord, WalkSession } from "../../radio/walk/walk-session.ts";
import type { RecordedTap } from "./taps-file.ts";

interface HeardReading {
  readonly receiver: number;
  readonly rssiDbm: number;
  readonly atMono: MonoMs;
}

/**
 * A walk out of recordings of the radio and the taps made meanwhile: the packets go through the same chain as live.
 * Wall-clock time of the recording is the time of the walk. Deterministic.
 * @throws INPUT_INVALID when nothing of the tag is in the recordings or there is no tap
 */
export async function walkOfRecording(
  site: SitePlan,
  tagId: TagId,
  recordings: readonly string[],
  taps: readonly RecordedTap[],
): Promise<WalkRecord> {
  const readings = await readingsOf(site, tagId, recordings);
  const [first] = taps;
  if (first === undefined) throw new GatewayError("INPUT_INVALID", "the taps file has no tap");
  if (readings.length === 0) {
    const message = `nothing of the tag ${tagId} is in the recording`;
    throw new GatewayError("INPUT_INVALID", message);
  }
  const plan = { zones: site.floor?.zones.length ?? 0, receivers: site.receivers.length };
  const session = new WalkSession(plan, monoMs(first.at));
  for (const { receiver, rssiDbm, atMono } of readings) session.reading(receiver, rssiDbm, atMono);
  for (const { at, zone } of taps) {
    const outcome = zone === null ? session.pause(monoMs(at)) : session.tap(zone, monoMs(at));
    if (outcome === "over" || outcome === "too-many")
      throw new GatewayError("INPUT_INVALID", "a walk lasts an hour at most, with 500 taps");
  }
  const end = readings.reduce((latest, { atMono }) => Math.max(latest, atMono), 0);
  return session.record(monoMs(end));
}

async function readingsOf(
  site: SitePlan,
  tagId: TagId,
  recordings: readonly string[],
): Promise<readonly HeardReading[]> {
  const clock = createSteppedClock(epochMs(0));
  const { tags } = site;
  const replay = createRadioReplay({
    tags,
    run: "walk",
    clock,
    log: SILENT_LOG,
    onEvent: () => undefined,
  });
  const position = replay.input.tags.indexOfId(tagId);
  const places = new Map(site.receivers.map(({ id }, index) => [id, index]));
  const readings: HeardReading[] = [];
  replay.input.onReading((tag, receiver, rssiDbm, atMono) => {
    if (tag !== position) return;
    readings.push({ receiver: places.get(receiver) ?? -1, rssiDbm, atMono });
  });
  for await (const recorded of mergeRecordings(recordings.map((path) => openRecording(path))))
    replay.feed(recorded, monoMs(recorded.at));
  await replay.finish();
  return readings;
}
