import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import {
  type EpochMs,
  epochMs,
  type GatewayId,
  gatewayId,
  type MonoMs,
  monoMs,
} from "../../core/brand.ts";
import { type Clock, epochAt } from "../../core/clock.ts";
import type { SensorEvent } from "../../core/events.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import type { MetricValue } from "../../core/metric-value.ts";
import type { SitePlan } from "../../core/site.ts";
import { createSteppedClock } from "../../core/stepped-clock.ts";
import type { CameraModel } from "../../io/camera/camera-protocol.ts";
import { createRadioReplay } from "../../io/radio/radio-replay.ts";
import { mergeRecordings, openRecording, type RecordedPacket } from "../../io/radio/recording.ts";
import type { TodayView } from "../../metrics/reports/today.ts";
import type { PictureSize } from "../../vision/ports.ts";
import type { CloudEvent } from "../../wire/cloud-event.ts";
import type { PosReceipt } from "../../wire/pos-message.ts";
import { replayDetections, replayTracks, replayVideo } from "./camera-recordings.ts";
import {
  type EventOriginContext,
  type LogSink,
  replayDetectionsLog,
} from "./detections-log-file.ts";
import type { CameraInput, DetectionsInput } from "./inputs.ts";
import { readReceipts } from "./receipts-file.ts";
import { readSensorEvents } from "./sensor-events-file.ts";
import { CollectedEvents, tell } from "./tell.ts";

/** Begin of a recording that carries no wall-clock time of its own. */
export const DEFAULT_START = epochMs(Date.UTC(2026, 0, 5, 10));

export interface ReplayOptions {
  readonly site: SitePlan;
  readonly videos: readonly CameraInput[];
  readonly detections: readonly DetectionsInput[];
  readonly tracks: readonly CameraInput[];
  readonly radios: readonly string[];
  /** How late zones of tags are decided, 0..15000; absent = as a gateway that says nothing about it. */
  readonly lagMs?: number;
  readonly receipts: readonly string[];
  /** Files of what sensors told; absent = none. */
  readonly sensorEvents?: readonly string[];
  /** Picture sizes of detections whose file has no seqinfo.ini beside it, by camera. */
  readonly pictures: ReadonlyMap<string, PictureSize>;
  /** Wall-clock time of the first frame; null = the earliest time in the inputs, else DEFAULT_START. */
  readonly start: EpochMs | null;
  /** Dresses all events as those of this gateway; null = logs keep theirs, the rest is of `replay`. */
  readonly gatewayId: GatewayId | null;
  /** Finds the model for a video; only called when there is one. */
  readonly modelFor: (input: CameraInput) => Promise<CameraModel>;
  /** Real clock, for the deadlines of child processes only. */
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface ReplayResult {
  readonly events: readonly CloudEvent[];
  /** Store-level figures over the recorded span alone, `[from, to)`. */
  readonly recording: {
    readonly from: EpochMs;
    readonly to: EpochMs;
    readonly values: readonly MetricValue[];
  };
  /** One view per trading day that the recording touches, as it stands at the end of the day or of the recording. */
  readonly days: readonly TodayView[];
  /** What a person should know about the input: logs that broke off, lines drawn anew since. */
  readonly notes: readonly string[];
}

/**
 * Runs recorded input through the stages of the live gateway. The same input gives identical events and figures,
 * on any machine and however fast it is. A detections log carries its own time and identity; everything else begins
 * at `start`.
 * @throws INPUT_INVALID, USAGE, MODEL_* and CAMERA_* faults
 */
export async function replay(options: ReplayOptions): Promise<ReplayResult> {
  const { site, gatewayId: gateway } = options;
  const receipts = (await Promise.all(options.receipts.map(readReceipts))).flat();
  const packets = await readPackets(options.radios);
  const collected = new CollectedEvents();
  const notes: string[] = [];
  const logs = await replayLogs(options, collected, notes);
  const start = options.start ?? earliest(receipts, packets) ?? logs?.from ?? DEFAULT_START;
  const base: EventOriginContext = {
    anchor: { mono: monoMs(0), epoch: start, clock: "synced" },
    storeId: site.store.id,
    gatewayId: gatewayId("replay"),
    boot: "replay",
  };
  const onEvent = (event: SensorEvent): void => collected.add(event, base);
  let endMono = await replayCameras(options, onEvent);
  endMono = laterOf(endMono, await replaySensorEvents(options, onEvent));
  endMono = laterOf(endMono, await replayPackets(options, packets, start, onEvent));
  endMono = laterOf(endMono, await collectReceipts(options, receipts, start, onEvent));
  const span = {
    from: epochMs(Math.min(start, logs?.from ?? start)),
    to: epochMs(Math.max(epochAt(base.anchor, endMono), logs?.to ?? start)),
  };
  const { events, values, days } = tell(site, collected, { ...span, gatewayId: gateway });
  return { events, days, recording: { ...span, values }, notes };
}

/** Replays the detections logs; the span they cover together, null when there is none. */
async function replayLogs(
  options: ReplayOptions,
  collected: CollectedEvents,
  notes: string[],
): Promise<{ readonly from: EpochMs; readonly to: EpochMs } | null> {
  const sink: LogSink = {
    onEvent: (event, context) => collected.add(event, context),
    onStanding: (event, context) => collected.add(event, context, false),
    onNote: (note) => notes.push(note),
  };
  const spans: { readonly from: number; readonly to: number }[] = [];
  for (const input of options.detections) {
    if (input.format === "log") spans.push(await replayDetectionsLog(input, options.site, sink));
  }
  if (spans.length === 0) return null;
  const from = epochMs(Math.min(...spans.map((span) => span.from)));
  return { from, to: epochMs(Math.max(...spans.map((span) => span.to))) };
}

async function replayCameras(
  options: ReplayOptions,
  onEvent: (event: SensorEvent) => void,
): Promise<MonoMs> {
  const { site, clock, signal } = options;
  const context = { site, startMono: monoMs(0), sink: { onEvent } };
  const ends: MonoMs[] = [];
  for (const input of options.videos) {
    const model = await options.modelFor(input);
    ends.push(await replayVideo(input, context, { model, clock, signal }));
  }
  for (const input of options.detections) {
    if (input.format === "log") continue;
    const picture = options.pictures.get(input.cameraId) ?? null;
    ends.push(await replayDetections(input, picture, context));
  }
  for (const input of options.tracks) ends.push(await replayTracks(input, context));
  return ends.reduce(laterOf, monoMs(0));
}

async function replayPackets(
  options: ReplayOptions,
  packets: readonly RecordedPacket[],
  start: EpochMs,
  onEvent: (event: SensorEvent) => void,
): Promise<MonoMs> {
  if (packets.length === 0) return monoMs(0);
  const clock = createSteppedClock(start);
  const run = await contentOf(options.radios);
  const radio = createRadioReplay({
    tags: options.site.tags,
    plan: options.site,
    ...(options.lagMs === undefined ? {} : { lagMs: options.lagMs }),
    run,
    clock,
    log: SILENT_LOG,
    onEvent,
  });
  for (const packet of packets) radio.feed(packet, monoMs(packet.at - start));
  await radio.finish();
  return monoMs((packets.at(-1)?.at ?? start) - start);
}

async function replaySensorEvents(
  { sensorEvents = [] }: ReplayOptions,
  onEvent: (event: SensorEvent) => void,
): Promise<MonoMs> {
  let endMono = monoMs(0);
  for (const path of sensorEvents)
    for await (const event of readSensorEvents(path)) {
      onEvent(event);
      endMono = laterOf(endMono, event.atMono);
    }
  return endMono;
}

async function collectReceipts(
  options: ReplayOptions,
  receipts: readonly PosReceipt[],
  start: EpochMs,
  onEvent: (event: SensorEvent) => void,
): Promise<MonoMs> {
  if (receipts.length === 0) return monoMs(0);
  const source = `pos#${await contentOf(options.receipts)}`;
  receipts.forEach((receipt, seq) => {
    const atMono = monoMs(receipt.paidAt - start);
    onEvent({ kind: "transaction", source, seq, atMono, ...receipt });
  });
  return monoMs(Math.max(...receipts.map((receipt) => receipt.paidAt - start)));
}

async function readPackets(paths: readonly string[]): Promise<readonly RecordedPacket[]> {
  const packets: RecordedPacket[] = [];
  for await (const packet of mergeRecordings(paths.map((path) => openRecording(path)))) {
    packets.push(packet);
  }
  return packets;
}

function earliest(
  receipts: readonly PosReceipt[],
  packets: readonly RecordedPacket[],
): EpochMs | null {
  const times = [
    ...receipts.map((receipt) => receipt.paidAt),
    ...packets.slice(0, 1).map((p) => p.at),
  ];
  return times.length === 0 ? null : epochMs(Math.min(...times));
}

async function contentOf(paths: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const path of paths) hash.update(await readFile(path));
  return hash.digest("hex").slice(0, 12);
}

const laterOf = (a: MonoMs, b: MonoMs): MonoMs => (a > b ? a : b);
