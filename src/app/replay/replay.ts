import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type EpochMs, epochMs, gatewayId, type MonoMs, monoMs } from "../../core/brand.ts";
import { type Clock, epochAt, type TimeAnchor } from "../../core/clock.ts";
import type { JourneyEvent, SensorEvent } from "../../core/events.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import type { MetricValue } from "../../core/metric-value.ts";
import type { SitePlan } from "../../core/site.ts";
import { createSteppedClock } from "../../core/stepped-clock.ts";
import type { CameraModel } from "../../io/camera/camera-protocol.ts";
import { eventHash } from "../../io/mqtt/event-hash.ts";
import { createRadioReplay } from "../../io/radio/radio-replay.ts";
import { mergeRecordings, openRecording, type RecordedPacket } from "../../io/radio/recording.ts";
import { createJourney } from "../../journey/journey.ts";
import { createMetrics } from "../../metrics/metrics.ts";
import type { TodayView } from "../../metrics/today.ts";
import { TILES } from "../../metrics/today-view.ts";
import type { PictureSize } from "../../vision/ports.ts";
import { type CloudEvent, toCloudEvent } from "../../wire/cloud-event.ts";
import type { PosReceipt } from "../../wire/envelopes.ts";
import { replayDetections, replayTracks, replayVideo } from "./camera-recordings.ts";
import type { CameraInput, DetectionsInput } from "./inputs.ts";
import { readReceipts } from "./receipts-file.ts";

/** Begin of a recording that carries no wall-clock time of its own. */
export const DEFAULT_START = epochMs(Date.UTC(2026, 0, 5, 10));

export interface ReplayOptions {
  readonly site: SitePlan;
  readonly videos: readonly CameraInput[];
  readonly detections: readonly DetectionsInput[];
  readonly tracks: readonly CameraInput[];
  readonly radios: readonly string[];
  readonly receipts: readonly string[];
  /** Picture sizes of detections whose file has no seqinfo.ini beside it, by camera. */
  readonly pictures: ReadonlyMap<string, PictureSize>;
  /** Wall-clock time of the first frame; null = the earliest time in the inputs, else DEFAULT_START. */
  readonly start: EpochMs | null;
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
}

interface Timed {
  readonly order: number;
  readonly event: SensorEvent;
}

/**
 * Runs recorded input through the stages of the live gateway. The same input gives identical events and figures,
 * on any machine and however fast it is.
 * @throws INPUT_INVALID, USAGE, MODEL_* and CAMERA_* faults
 */
export async function replay(options: ReplayOptions): Promise<ReplayResult> {
  const receipts = (await Promise.all(options.receipts.map(readReceipts))).flat();
  const packets = await readPackets(options.radios);
  const start = options.start ?? earliest(receipts, packets) ?? DEFAULT_START;
  const anchor: TimeAnchor = { mono: monoMs(0), epoch: start, clock: "synced" };
  const collected: Timed[] = [];
  const onEvent = (event: SensorEvent): void => {
    collected.push({ order: collected.length, event });
  };
  let endMono = await replayCameras(options, onEvent);
  endMono = laterOf(endMono, await replayPackets(options, packets, start, onEvent));
  endMono = laterOf(endMono, await collectReceipts(options, receipts, start, onEvent));
  collected.sort((a, b) => a.event.atMono - b.event.atMono || a.order - b.order);
  return tell(options.site, collected, anchor, endMono);
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
    run,
    clock,
    log: SILENT_LOG,
    onEvent,
  });
  for (const packet of packets) radio.feed(packet, monoMs(packet.at - start));
  await radio.finish();
  return monoMs((packets.at(-1)?.at ?? start) - start);
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

/** Journey and metrics over everything collected, in order of time. */
function tell(
  site: SitePlan,
  collected: readonly Timed[],
  anchor: TimeAnchor,
  endMono: MonoMs,
): ReplayResult {
  const metrics = createMetrics({ site });
  const events: CloudEvent[] = [];
  const days: TodayView[] = [];
  let view: TodayView | null = null;
  const closeDayBefore = (at: EpochMs): void => {
    if (view !== null && at >= view.dayEnd) days.push(metrics.today(epochMs(view.dayEnd - 1)));
    if (view === null || at >= view.dayEnd) view = metrics.today(at);
  };
  const onEvent = (event: JourneyEvent): void => {
    closeDayBefore(event.at);
    metrics.ingest(event);
    const context = {
      gatewayId: gatewayId("replay"),
      storeId: site.store.id,
      boot: "replay",
      recordedAt: event.at,
      hash: eventHash,
    };
    events.push(toCloudEvent(event, context));
  };
  const journey = createJourney({ site, anchor: () => anchor, onEvent });
  // The figures are those of the last moment in which the sensors still saw.
  const isEnd = ({ event }: Timed): boolean =>
    event.kind === "sensor-changed" && event.state === "stopped" && event.atMono >= endMono;
  for (const { event } of collected.filter((timed) => !isEnd(timed))) journey.ingest(event);
  const [from, to] = [anchor.epoch, epochAt(anchor, endMono)];
  closeDayBefore(to);
  days.push(metrics.today(to));
  const values = TILES.map((metric) => metrics.value(metric, { kind: "store" }, from, to));
  for (const { event } of collected.filter(isEnd)) journey.ingest(event);
  return { events, days, recording: { from, to, values } };
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
