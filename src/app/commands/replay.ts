import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import { type EpochMs, epochMs, type GatewayId, gatewayId } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";
import type { SitePlan } from "../../core/site.ts";
import type { PictureSize } from "../../vision/ports.ts";
import { loadSiteFile } from "../config-files.ts";
import { modelForVideo } from "../models-at-hand.ts";
import { collect, wholeNumber } from "../option-values.ts";
import {
  compareEvents,
  type EventComparison,
  isSame,
  readEvents,
} from "../replay/compare-events.ts";
import { type CameraInput, parseCameraInput, parseDetectionsInput } from "../replay/inputs.ts";
import { type ReplayResult, replay } from "../replay/replay.ts";
import { createSystemClock } from "../system-clock.ts";
import type { Terminal } from "../terminal.ts";

interface ReplayFlags {
  readonly site: string;
  readonly video: readonly string[];
  readonly detections: readonly string[];
  readonly tracks: readonly string[];
  readonly radio: readonly string[];
  readonly pos: readonly string[];
  readonly sensorEvents: readonly string[];
  readonly picture: readonly string[];
  readonly start?: string;
  readonly models: string;
  readonly events?: string;
  readonly metrics?: string;
  readonly gateway?: string;
  readonly lagMs?: number;
  readonly compare?: string;
  readonly json?: boolean;
}

const EXAMPLE = `
Example:
  vitrine replay --site site.json --detections door=det.txt@7 --pos receipts.jsonl --events out.jsonl --metrics out.json
  vitrine replay --site site.json --detections door=audit/door.jsonl --compare audit/door.events.jsonl

Formats:
  --video       any file ffmpeg reads; needs an installed model
  --detections  MOTChallenge 2D: frame,-1,left,top,width,height,score (frame from 1, Px)
                or a log of \`vitrine record\`: cam=FILE.jsonl, with its own times, ids and gateway
  --tracks      one line a person and instant: {"tMs":0,"id":7,"xNorm":0.4,"yNorm":0.8,"heightNorm":0.2}
  --radio       {"t":EPOCH_MS,"receiver":"counter","hci":"043e..."} a line, or RECEIVER.btsnoop
  --pos         one in/pos message a line`;

/** Adds `vitrine replay`. */
export function addReplay(program: Command, terminal: Terminal): void {
  program
    .command("replay")
    .description("Run recorded input through the gateway: same input, byte-identical events")
    .requiredOption("--site <file>", "site plan")
    .option("--video <cam=FILE>", "video of a camera; may be repeated", collect, [])
    .option("--detections <cam=FILE>", "FILE@FPS or FILE.jsonl; may be repeated", collect, [])
    .option("--tracks <cam=FILE>", "recorded tracks; may be repeated", collect, [])
    .option("--radio <file>", "recorded HCI packets; may be repeated", collect, [])
    .option("--lag-ms <number>", "positioning.lagMs of the recorded gateway", wholeNumber)
    .option("--pos <file>", "receipts; may be repeated", collect, [])
    .option("--sensor-events <file>", "what simulated sensors told", collect, [])
    .option("--picture <cam=WxH>", "picture size of detections without seqinfo.ini", collect, [])
    .option("--start <time>", "wall-clock time of the first frame, RFC 3339")
    .option("--models <dir>", "folder of the models", "models")
    .option("--events <file>", "write the events here, one CloudEvent a line")
    .option("--metrics <file>", "write the figures here, one JSON document")
    .option("--gateway <id>", "make the events those of this gateway")
    .option("--compare <file>", "compare with events a gateway told; fails when they differ")
    .option("--json", "print a summary as one JSON object")
    .addHelpText("after", EXAMPLE)
    .action((flags: ReplayFlags) => runReplay(flags, terminal));
}

async function runReplay(flags: ReplayFlags, terminal: Terminal): Promise<void> {
  const { video, detections, tracks, radio, pos, sensorEvents } = flags;
  const inputs = [video, detections, tracks, radio, pos, sensorEvents].flat();
  if (inputs.length === 0) throw new GatewayError("USAGE", "nothing to replay was named");
  const site = await loadSiteFile(flags.site);
  const cameras = (option: string, texts: readonly string[]): CameraInput[] =>
    texts.map((text) => parseCameraInput(option, text));
  const clock = createSystemClock();
  const result = await replay({
    site,
    videos: cameras("--video", flags.video),
    detections: flags.detections.map((text) => parseDetectionsInput("--detections", text)),
    tracks: cameras("--tracks", flags.tracks),
    radios: flags.radio,
    ...(flags.lagMs === undefined ? {} : { lagMs: lagOf(flags.lagMs) }),
    receipts: flags.pos,
    sensorEvents,
    pictures: new Map(flags.picture.map(parsePicture)),
    start: flags.start === undefined ? null : parseStart(flags.start),
    gatewayId: flags.gateway === undefined ? null : parseGateway(flags.gateway),
    modelFor: (input) => modelForVideo(input.path, resolve(flags.models), clock),
    clock,
    signal: terminal.signal,
  });
  await writeResult(flags, site, result);
  for (const note of result.notes) terminal.note(`note: ${note}`);
  const comparison =
    flags.compare === undefined
      ? null
      : compareEvents(await readEvents(flags.compare), result.events);
  const { events, days, notes } = result;
  const summary = { events: events.length, days: days.length, notes, comparison };
  if (flags.json) terminal.print(JSON.stringify(summary));
  else terminal.print(`${summary.events} events over ${summary.days} trading day(s)`);
  if (comparison === null) return;
  if (!flags.json) terminal.print(describeComparison(comparison));
  if (!isSame(comparison)) process.exitCode = 1;
}

function describeComparison(comparison: EventComparison): string {
  const { same, different, onlyLive, onlyReplayed } = comparison;
  if (isSame(comparison)) {
    return `all ${same} events are the same, in everything but when they were noted (recordedtime)`;
  }
  const list = (word: string, ids: readonly string[]): readonly string[] =>
    ids.length === 0 ? [] : [`${ids.length} ${word}, the first is ${ids[0]}`];
  return [
    `${same} events are the same`,
    ...list("differ", different),
    ...list("were told by the gateway only", onlyLive),
    ...list("came out of the replay only", onlyReplayed),
  ].join("\n  ");
}

function lagOf(lagMs: number): number {
  if (lagMs <= 15_000) return lagMs;
  throw new GatewayError("USAGE", `--lag-ms: expected 0 to 15000, found ${lagMs}`);
}

function parseGateway(text: string): GatewayId {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(text)) {
    throw new GatewayError(
      "USAGE",
      `--gateway: expected 1 to 64 letters, digits, - or _, found ${text}`,
    );
  }
  return gatewayId(text);
}

async function writeResult(
  flags: ReplayFlags,
  site: SitePlan,
  result: ReplayResult,
): Promise<void> {
  if (flags.events !== undefined) {
    await writeFile(
      flags.events,
      result.events.map((event) => `${JSON.stringify(event)}\n`).join(""),
    );
  }
  if (flags.metrics !== undefined) {
    const { days, recording } = result;
    const document = { v: 1, store: site.store, recording, days };
    await writeFile(flags.metrics, `${JSON.stringify(document, null, 2)}\n`);
  }
}

function parseStart(text: string): EpochMs {
  const value = Date.parse(text);
  if (Number.isNaN(value)) {
    throw new GatewayError(
      "USAGE",
      `--start: expected a time such as 2026-05-01T10:00:00Z, found ${text}`,
    );
  }
  return epochMs(value);
}

function parsePicture(text: string): [string, PictureSize] {
  const match = /^([^=]+)=(\d+)x(\d+)$/.exec(text);
  if (match === null)
    throw new GatewayError("USAGE", `--picture: expected cam=WIDTHxHEIGHT, found ${text}`);
  return [match[1] ?? "", { widthPx: Number(match[2]), heightPx: Number(match[3]) }];
}
