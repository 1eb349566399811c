import { mkdir } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import type { Clock } from "../../core/clock.ts";
import { GatewayError } from "../../core/errors.ts";
import { readSecret } from "../config-files.ts";
import { collect, positiveNumber } from "../option-values.ts";
import { connectGateway, type GatewayApi } from "../record/gateway-api.ts";
import { type CameraRecorder, recordCamera } from "../record/record-camera.ts";
import type { RadioRecorder } from "../record/record-radio.ts";
import { createSystemClock } from "../system-clock.ts";
import type { Terminal } from "../terminal.ts";
import { endInTime, openRadio, type Recorder, radioText, reportRadio } from "./record-radio.ts";

/** Flags of `vitrine record`. */
export interface RecordFlags {
  readonly url: string;
  readonly camera: readonly string[];
  readonly out: string;
  readonly minutes?: number;
  readonly now?: boolean;
  readonly events?: boolean;
  readonly radio?: boolean;
  readonly btsnoop?: boolean;
  readonly passwordFile?: string;
  readonly json?: boolean;
}

/** One camera and the recorder that works on it. */
interface Running {
  readonly cameraId: string;
  readonly file: string;
  readonly recorder: CameraRecorder;
}

const REDRAW_MS = 500;
/** Ids become names of files, and a gateway is not believed: nothing may lead out of the folder. */
const FILE_NAME = /^[A-Za-z0-9_-]{1,64}$/;

const HELP = `
Example:
  vitrine record --url http://127.0.0.1:8080 --camera door --out audit --events --minutes 30
  vitrine replay --site site.json --detections door=audit/door.jsonl --compare audit/door.events.jsonl

  vitrine record --radio --out audit --minutes 30
  vitrine replay --site site.json --radio audit/radio.jsonl

Writes one detections log a camera: boxes and times, never an image. A recording begins when nobody is in the picture,
so that a replay makes the same events under the same ids; --now does not wait. With --radio the packets of registered
tags are written as well (without --camera: they alone), never an address of a device nor anything of devices that are
not registered. Ctrl-C ends it and completes the files.
The dashboard's password is taken from VITRINE_WEB_PASSWORD or --password-file.`;

/** Adds `vitrine record`. */
export function addRecord(program: Command, terminal: Terminal): void {
  program
    .command("record")
    .description("Record what the cameras of a running gateway detect, for an audit; no images")
    .option("--url <url>", "dashboard of the gateway", "http://127.0.0.1:8080")
    .option("--camera <id>", "camera to record; may be repeated (all when absent)", collect, [])
    .requiredOption("--out <dir>", "folder for the logs, made when missing")
    .option("--minutes <number>", "end each recording after so long", positiveNumber)
    .option("--now", "begin at once, whoever is in the picture; the replay is then not exact")
    .option("--events", "keep the events told meanwhile beside each log")
    .option("--radio", "record what registered tags send")
    .option("--btsnoop", "with --radio: btsnoop files, one a receiver, instead of JSONL")
    .option("--password-file <file>", "file holding the dashboard's password")
    .option("--json", "print a summary as one JSON object")
    .addHelpText("after", HELP)
    .action((flags: RecordFlags) => runRecord(flags, terminal, createSystemClock()));
}

/**
 * Records until every stream has ended or the terminal's signal aborts; leaves no timer and no connection behind.
 * @throws USAGE, GATEWAY_UNREACHABLE, GATEWAY_REFUSED, MESSAGE_INVALID, DISK_FULL, CONFIG_UNREADABLE
 */
export async function runRecord(
  flags: RecordFlags,
  terminal: Terminal,
  clock: Clock,
): Promise<void> {
  const password = await readSecret(
    flags.passwordFile,
    terminal.environment["VITRINE_WEB_PASSWORD"],
  );
  const api = await connectGateway(flags.url, password, terminal.signal);
  await mkdir(resolve(flags.out), { recursive: true });
  const radio = flags.radio === true ? await openRadio(api, flags, terminal.signal) : null;
  const running = await openCameras(api, flags, terminal, radio);
  const stopAll = (): void => {
    for (const { recorder } of running) recorder.stop();
    radio?.stop();
  };
  terminal.signal.addEventListener("abort", stopAll, { once: true });
  const redraw = clock.every(REDRAW_MS, "record", () =>
    terminal.progress(
      [progressText(running), radioText(radio)].filter((t) => t !== "").join(" | "),
    ),
  );
  for (const one of running) void follow(one, flags, terminal, clock);
  if (radio !== null) void endInTime(radio, flags, clock);
  const recorders = [
    ...running.map(({ recorder }) => recorder),
    ...(radio === null ? [] : [radio]),
  ];
  try {
    await finishAll(recorders);
  } finally {
    redraw.cancel();
    terminal.progress("");
    terminal.signal.removeEventListener("abort", stopAll);
  }
  report(running, radio, flags, terminal);
}

/** All cameras that are wanted beside the radio; when one cannot be opened, the radio's stream is closed as well. */
async function openCameras(
  api: GatewayApi,
  flags: RecordFlags,
  terminal: Terminal,
  radio: RadioRecorder | null,
): Promise<readonly Running[]> {
  if (radio !== null && flags.camera.length === 0) return [];
  try {
    return await openAll(api, flags, terminal);
  } catch (error) {
    radio?.stop();
    await radio?.done;
    throw error;
  }
}

async function openAll(
  api: GatewayApi,
  flags: RecordFlags,
  terminal: Terminal,
): Promise<readonly Running[]> {
  const all = flags.camera.length === 0;
  const cameras = all ? await camerasOf(api) : [...new Set(flags.camera)];
  const streams = new Map<string, IncomingMessage>();
  try {
    for (const cameraId of cameras) {
      const stream = await openStream(api, cameraId, flags, terminal.signal);
      if (stream !== null) streams.set(cameraId, stream);
      else if (!all)
        throw new GatewayError("USAGE", `the gateway has no camera ${cameraId} that it looks at`);
    }
  } catch (error) {
    // Nothing was written yet; a stream left open would keep this process alive.
    for (const stream of streams.values()) stream.destroy();
    throw error;
  }
  if (streams.size === 0)
    throw new GatewayError("USAGE", "the gateway has no camera that could be recorded");
  return [...streams].map(([cameraId, stream]) => {
    const file = join(resolve(flags.out), `${cameraId}.jsonl`);
    const events = flags.events === true ? file.replace(/\.jsonl$/, ".events.jsonl") : null;
    return { cameraId, file, recorder: recordCamera(stream, { log: file, events }) };
  });
}

async function openStream(
  api: GatewayApi,
  cameraId: string,
  flags: RecordFlags,
  signal: AbortSignal,
): Promise<IncomingMessage | null> {
  if (!FILE_NAME.test(cameraId)) {
    const found = JSON.stringify(cameraId);
    const message = `camera: expected 1 to 64 letters, digits, - or _, found ${found}`;
    throw new GatewayError("USAGE", message);
  }
  const query = `now=${flags.now === true ? 1 : 0}&events=${flags.events === true ? 1 : 0}`;
  return await api.open(`/api/cameras/${cameraId}/detections?${query}`, signal);
}

async function camerasOf(api: GatewayApi): Promise<readonly string[]> {
  const site = (await api.json("/api/site")) as { cameras?: readonly { id?: unknown }[] };
  return (site.cameras ?? []).map(({ id }) => String(id));
}

/** Says when a recording begins, and ends it when its time is over. */
async function follow(
  { cameraId, recorder }: Running,
  flags: RecordFlags,
  terminal: Terminal,
  clock: Clock,
): Promise<void> {
  await recorder.begun;
  if (recorder.progress.state !== "running") return;
  terminal.progress("");
  const how = recorder.progress.exact ? "" : " in the middle of a scene";
  terminal.note(`${cameraId}: recording began${how}`);
  await endInTime(recorder, flags, clock);
}

/** Waits for all; the first fault stops the others in good order and is thrown. */
async function finishAll(recorders: readonly Recorder[]): Promise<void> {
  const outcomes = recorders.map((recorder) =>
    recorder.done.catch((error: unknown) => {
      for (const other of recorders) other.stop();
      throw error;
    }),
  );
  const settled = await Promise.allSettled(outcomes);
  for (const outcome of settled) if (outcome.status === "rejected") throw outcome.reason;
}

function progressText(running: readonly Running[]): string {
  return running
    .map(({ cameraId, recorder }) => {
      const { state, people, frames, events, lengthMs } = recorder.progress;
      if (state === "waiting") {
        const why = people === null ? "no frame yet" : `${people} in the picture`;
        return `${cameraId}: waiting for an empty scene (${why})`;
      }
      return `${cameraId}: ${(lengthMs / 1000).toFixed(0)} s, ${frames} frames, ${events} events`;
    })
    .join(" | ");
}

function report(
  running: readonly Running[],
  radio: RadioRecorder | null,
  flags: RecordFlags,
  terminal: Terminal,
): void {
  const recordings = running.map(({ cameraId, file, recorder }) => ({
    camera: cameraId,
    file: recorder.progress.state === "waiting" ? null : file,
    ...recorder.progress,
  }));
  const radioPart = radio === null ? {} : { radio: radio.progress };
  if (flags.json) terminal.print(JSON.stringify({ recordings, ...radioPart }));
  if (radio !== null) reportRadio(radio.progress, flags.json === true, terminal);
  for (const { camera, file, state, frames, events, lengthMs } of recordings) {
    const told = flags.events ? `, ${events} events` : "";
    const what = `${frames} frames over ${(lengthMs / 1000).toFixed(1)} s${told}`;
    if (file === null) {
      terminal.note(`${camera}: nothing was recorded, the scene was never empty; try --now`);
    } else if (!flags.json) terminal.print(`${camera}: ${what} in ${file}`);
    if (state === "cut") {
      terminal.note(`${camera}: the recording broke off; its last line says where and why`);
    }
  }
  if (recordings.some(({ state }) => state !== "ended")) process.exitCode = 1;
}
