import { cameraId, type GatewayId, type MonoMs, type StoreId } from "../../core/brand.ts";
import { epochAt, type TimeAnchor } from "../../core/clock.ts";
import { GatewayError, type InputFault, type Result } from "../../core/errors.ts";
import type { SensorEvent, SensorState } from "../../core/events.ts";
import type { CameraPlan, SitePlan } from "../../core/site.ts";
import { type CameraPipeline, createCameraPipeline } from "../../vision/camera-pipeline.ts";
import { createDetections, type Detections } from "../../vision/ports.ts";
import {
  type LogHeader,
  type LogLine,
  parseLogHeader,
  parseLogLine,
} from "../../wire/detections-log.ts";
import { planFingerprint } from "../record/recording.ts";
import type { CameraInput } from "./inputs.ts";
import { lineFault, type TextLine, textLines } from "./text-lines.ts";

/** Where a replayed event comes from: whose it is, and how its monotonic time becomes wall time. */
export interface EventOriginContext {
  readonly anchor: TimeAnchor;
  readonly storeId: StoreId;
  readonly gatewayId: GatewayId;
  readonly boot: string;
}

/** Takes what a log turns into. */
export interface LogSink {
  /** An event the gateway told too, in the order in which it told them. */
  onEvent(event: SensorEvent, context: EventOriginContext): void;
  /** What the figures must know and the gateway did not say: how the camera stood at both ends of the log. */
  onStanding(event: SensorEvent, context: EventOriginContext): void;
  /** Something a person should know about this log. */
  onNote(note: string): void;
}

/** Most people of one frame a log may hold, as its format says. */
const MAX_PER_FRAME = 4096;

/**
 * Runs a recorded detections log through the stages of the live camera: the same events, under the same ids. Returns
 * the wall-clock time at which it ends.
 * @throws INPUT_INVALID naming file and line, USAGE for a camera the site plan does not know
 */
export async function replayDetectionsLog(
  input: CameraInput,
  site: SitePlan,
  sink: LogSink,
): Promise<{ readonly from: number; readonly to: number }> {
  let replay: LogReplay | null = null;
  for await (const line of textLines(input.path)) {
    if (replay === null) replay = begin(input, site, sink, line);
    else replay.feed(checked(parseLogLine(line.text), input.path, line), line);
  }
  if (replay === null)
    throw new GatewayError("INPUT_INVALID", `${input.path}:1: expected a header, found nothing`);
  return replay.finish();
}

function begin(input: CameraInput, site: SitePlan, sink: LogSink, line: TextLine): LogReplay {
  const header = checked(parseLogHeader(line.text), input.path, line);
  if (header.cameraId !== input.cameraId) {
    throw lineFault(input.path, line, `a log of camera ${input.cameraId}, not ${header.cameraId}`);
  }
  const plan = site.cameras.find((camera) => camera.id === cameraId(input.cameraId));
  if (plan === undefined) {
    throw new GatewayError("USAGE", `the site plan has no camera ${input.cameraId}`);
  }
  return new LogReplay(input.path, header, plan, sink);
}

function checked<T>(outcome: Result<T, readonly InputFault[]>, path: string, line: TextLine): T {
  if (outcome.ok) return outcome.value;
  const fault = outcome.error[0];
  throw lineFault(path, line, `${fault?.path ?? ""} ${fault?.expected ?? "a line"}`.trim());
}

class LogReplay {
  readonly #path: string;
  readonly #header: LogHeader;
  readonly #plan: CameraPlan;
  readonly #sink: LogSink;
  readonly #detections = createDetections(MAX_PER_FRAME);
  #pipeline: CameraPipeline;
  #context: EventOriginContext;
  #lastMono: MonoMs | null = null;
  #state: SensorState;
  #isOver = false;

  constructor(path: string, header: LogHeader, plan: CameraPlan, sink: LogSink) {
    this.#path = path;
    this.#header = header;
    this.#plan = plan;
    this.#sink = sink;
    const { storeId, gatewayId, boot, anchor, nextSeq, nextTrackId } = header;
    this.#context = { storeId, gatewayId, boot, anchor };
    this.#state = header.standing.state;
    this.#pipeline = this.#createPipeline(header, { nextSeq, nextTrackId });
    if (!header.exact) {
      sink.onNote(
        `${path} began in the middle of a scene: its events are not those of the gateway`,
      );
    }
    if (header.plan !== planFingerprint(plan)) {
      sink.onNote(`${path} was recorded with another plan of camera ${plan.id}: events may differ`);
    }
  }

  feed(line: LogLine, at: TextLine): void {
    if (this.#isOver) throw lineFault(this.#path, at, "nothing after the end");
    if ("t" in line) this.#look(line.t, line.d);
    else if ("blind" in line) this.#pipeline.blind(this.#reach(line.blind));
    else if ("over" in line) this.#pipeline.end(this.#reach(line.over));
    else if ("open" in line) this.#pipeline = this.#createPipeline(line.open, null);
    else if ("anchor" in line) this.#context = { ...this.#context, anchor: line.anchor };
    else if ("event" in line) this.#tell(line.event);
    else this.#close(line);
  }

  finish(): { readonly from: number; readonly to: number } {
    const { startedAt } = this.#header;
    const endMono = this.#lastMono;
    if (!this.#isOver) this.#sink.onNote(`${this.#path} has no end: its recorder was cut off`);
    if (endMono === null) return { from: startedAt, to: startedAt };
    if (this.#state === "seeing") this.#stand("stopped", 1, endMono);
    return { from: startedAt, to: epochAt(this.#context.anchor, endMono) };
  }

  #look(t: MonoMs, rows: readonly (readonly (number | null)[])[]): void {
    const isFirst = this.#lastMono === null;
    if (isFirst && this.#state === "seeing") this.#stand("seeing", 0, t);
    fill(this.#detections, rows);
    this.#pipeline.push(this.#detections, this.#reach(t));
  }

  #tell(event: SensorEvent): void {
    this.#reach(event.atMono);
    if (event.kind === "sensor-changed") this.#state = event.state;
    this.#sink.onEvent(event, this.#context);
  }

  #close(line: Extract<LogLine, { end: MonoMs } | { cut: unknown }>): void {
    this.#isOver = true;
    if ("end" in line) this.#reach(line.end);
    else {
      const at = new Date(epochAt(this.#context.anchor, this.#reach(line.cut.t))).toISOString();
      this.#sink.onNote(`${this.#path} breaks off at ${at} (${line.cut.why})`);
    }
  }

  #stand(state: SensorState, seq: number, atMono: MonoMs): void {
    const event = {
      kind: "sensor-changed",
      source: `log-standing:${this.#plan.id}#${this.#header.run}`,
      seq,
      atMono,
      sensorId: this.#plan.id,
      sensorKind: "camera",
      state,
      code: null,
    } as const;
    this.#sink.onStanding(event, this.#context);
  }

  #createPipeline(
    life: Pick<LogHeader, "run" | "picture" | "bands">,
    from: { readonly nextSeq: number; readonly nextTrackId: number } | null,
  ): CameraPipeline {
    const { run, picture, bands } = life;
    return createCameraPipeline({
      plan: this.#plan,
      picture,
      run,
      bands,
      ...(from === null ? {} : { firstSeq: from.nextSeq, firstTrackId: from.nextTrackId }),
      onEvent: (event) => this.#sink.onEvent(event, this.#context),
      onPeople: () => undefined,
    });
  }

  #reach(at: MonoMs): MonoMs {
    if (this.#lastMono === null || at > this.#lastMono) this.#lastMono = at;
    return at;
  }
}

/** Writes a frame's rows into `out`; null stands for what was not a number. */
function fill(out: Detections, rows: readonly (readonly (number | null)[])[]): void {
  out.count = Math.min(rows.length, out.score.length);
  for (let i = 0; i < out.count; i += 1) {
    const row = rows[i] ?? [];
    for (let k = 0; k < 4; k += 1) out.xyxy[4 * i + k] = row[k] ?? Number.NaN;
    out.score[i] = row[4] ?? Number.NaN;
  }
}
