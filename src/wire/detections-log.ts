import { z } from "zod";
import { cameraId, epochMs, gatewayId, type MonoMs, monoMs, storeId } from "../core/brand.ts";
import type { TimeAnchor } from "../core/clock.ts";
import { fail, type InputFault, ok, type Result } from "../core/errors.ts";
import type { SensorChanged, SensorConditionChanged } from "../core/events.ts";
import { faultsOf } from "../core/input-faults.ts";
import { EVENT_FIELDS } from "./event-fields.ts";
import { count, levelText } from "./vocabulary.ts";

/**
 * The detections log: what a camera's detector found, frame by frame, as JSON Lines without any image. It holds all
 * that the pure part of a camera needs, so `vitrine replay` makes the very events the gateway made.
 */

const mono = z.number().transform(monoMs);
const px = z.number().int().min(1).max(16_384);
const picture = z.strictObject({ widthPx: px, heightPx: px });
const share = z.number().min(0).max(1);
const run = z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, "1 to 64 letters, digits, -, _ or .");
const anchor = z.strictObject({
  mono,
  epoch: z.number().transform(epochMs),
  clock: z.enum(["synced", "holdover", "unsynced"]),
});
const source = z.string().min(1).max(128);
const eventHead = { source, seq: count, atMono: mono };
const sensorChanged = z.strictObject({
  kind: z.literal("sensor-changed"),
  ...eventHead,
  ...EVENT_FIELDS["sensor-changed"].shape,
});
const sensorCondition = z.strictObject({
  kind: z.literal("sensor-condition"),
  ...eventHead,
  ...EVENT_FIELDS["sensor-condition"].shape,
});

/** News about the camera itself, kept in the log because it did not come out of the detections. */
export type LoggedSensorEvent = SensorChanged | SensorConditionChanged;

/** First line of a log. */
export const logHeaderSchema = z.strictObject({
  v: z.literal(1),
  kind: z.literal("detections"),
  storeId: levelText.transform(storeId),
  gatewayId: levelText.transform(gatewayId),
  boot: levelText,
  version: z.string().max(64).meta({ description: "Version of the gateway that recorded" }),
  cameraId: levelText.transform(cameraId),
  run: run.meta({ description: "Life of the camera; with the camera's id the source of events" }),
  picture,
  nextSeq: count.meta({ description: "Number of the first event to come" }),
  nextTrackId: count.meta({ description: "Id of the first track to come" }),
  exact: z.boolean().meta({
    description:
      "True when the recording began with an empty scene: then a replay makes the same events under the same ids",
  }),
  bands: z
    .strictObject({ high: share, low: share, newTrack: share })
    .meta({ description: "How the tracker uses this detector's scores" }),
  plan: levelText.meta({ description: "Fingerprint of the camera's part of the site plan" }),
  startedAt: z.number().transform(epochMs).meta({ description: "Wall clock at the first frame" }),
  anchor: anchor.meta({ description: "Ties `t` to the wall clock until the next anchor line" }),
  standing: z
    .strictObject({
      state: EVENT_FIELDS["sensor-changed"].shape.state,
      code: EVENT_FIELDS["sensor-changed"].shape.code,
    })
    .meta({ description: "State of the camera when the recording began" }),
});
export type LogHeader = z.output<typeof logHeaderSchema>;

const figure = z.number().nullable();
/** A frame: `t` is its capture time, `d` one [left, top, right, bottom, score] a person, Px; null = not a number. */
const frame = z.strictObject({
  t: mono,
  d: z.array(z.tuple([figure, figure, figure, figure, figure])).max(4096),
});

/** Why a log ends before its end: reader or disk were too slow, or the connection to the gateway broke. */
export const CUT_REASONS = ["slow-reader", "connection-lost"] as const;
export type CutReason = (typeof CUT_REASONS)[number];

const LINES = {
  t: frame,
  blind: z.strictObject({ blind: mono }),
  over: z.strictObject({ over: mono }),
  open: z.strictObject({
    open: z.strictObject({ run, picture, bands: logHeaderSchema.shape.bands }),
  }),
  anchor: z.strictObject({ anchor }),
  event: z.strictObject({ event: z.discriminatedUnion("kind", [sensorChanged, sensorCondition]) }),
  end: z.strictObject({ end: mono }),
  cut: z.strictObject({ cut: z.strictObject({ t: mono, why: z.enum(CUT_REASONS) }) }),
} as const;

/** One line after the header; `LINE_MEANINGS` says what each is. */
export type LogLine = {
  readonly [Key in keyof typeof LINES]: z.output<(typeof LINES)[Key]>;
}[keyof typeof LINES];

/** Meaning of each line by its key, for people. */
export const LINE_MEANINGS: Readonly<Record<keyof typeof LINES, string>> = {
  t: "a frame: capture time and detections",
  blind: "the camera does not see any more: open stays end as censored, tracks are dropped",
  over: "this life of the camera is over: what was kept back is told",
  open: "a new life of the camera begins, with its picture; numbers begin at 0",
  anchor: "from here on another reading of the wall clock holds",
  event: "news about the camera itself, as it was told",
  end: "the recording was stopped here in good order; nothing ends by it",
  cut: "the recording broke off here; nothing after it is known",
};

/** Reads the first line of a log. Never throws. Pure. */
export function parseLogHeader(text: string): Result<LogHeader, readonly InputFault[]> {
  const value = parsed(text);
  if (value === undefined) return notJson(text);
  const outcome = logHeaderSchema.safeParse(value);
  return outcome.success ? ok(outcome.data) : fail(faultsOf(outcome.error.issues, value));
}

/** Reads a line after the header; which kind it is follows from its first key. Never throws. Pure. */
export function parseLogLine(text: string): Result<LogLine, readonly InputFault[]> {
  const value = parsed(text);
  if (value === undefined) return notJson(text);
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  const key = isObject ? Object.keys(value)[0] : undefined;
  const schema = lineSchema(key);
  if (schema === null) {
    const known = Object.keys(LINES).join(", ");
    return fail([{ path: "", found: key ?? "no key", expected: `one of ${known} as first key` }]);
  }
  const outcome = schema.safeParse(value);
  return outcome.success ? ok(outcome.data) : fail(faultsOf(outcome.error.issues, value));
}

const lineSchema = (key: string | undefined): z.ZodType<LogLine> | null =>
  key !== undefined && Object.hasOwn(LINES, key) ? LINES[key as keyof typeof LINES] : null;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // JSON.parse reports bad text only by throwing; undefined is no JSON value, so it says just that.
    return undefined;
  }
}

const notJson = (text: string): Result<never, readonly InputFault[]> =>
  fail([{ path: "", found: `${text.length} characters`, expected: "one JSON object" }]);

/** Writes the first line. Pure. */
export const headerLine = (header: LogHeader): string => JSON.stringify(header);

/** Writes the line of an anchor. Pure. */
export const anchorLine = ({ mono, epoch, clock }: TimeAnchor): string =>
  JSON.stringify({ anchor: { mono, epoch, clock } });

/** Writes the line of a sensor's news. Pure. */
export const eventLine = (event: LoggedSensorEvent): string => JSON.stringify({ event });

/** Writes one of the plain marks. Pure. */
export const markLine = (mark: "blind" | "over" | "end", at: MonoMs): string =>
  JSON.stringify({ [mark]: at });

/** Writes the last line of a log that broke off. Pure. */
export const cutLine = (t: MonoMs, why: CutReason): string => JSON.stringify({ cut: { t, why } });

/**
 * Writes a frame. `boxes` is flat [n, 5]: left, top, right, bottom in Px and score, as 32-bit floats; each is written
 * with the fewest digits that read back as the same float. What is not a finite number becomes null. Pure.
 */
export function frameLine(t: MonoMs, boxes: Float32Array): string {
  const rows: string[] = [];
  for (let i = 0; i + 4 < boxes.length; i += 5) {
    const row: string[] = [];
    for (let k = 0; k < 5; k += 1) row.push(shortFloat(boxes[i + k] ?? 0));
    rows.push(`[${row.join(",")}]`);
  }
  return `{"t":${t},"d":[${rows.join(",")}]}`;
}

/** A 32-bit float has at most nine significant decimal digits. @source IEEE 754-2019, section 5.12.2 */
const FLOAT_DIGITS = 9;

function shortFloat(value: number): string {
  if (!Number.isFinite(value)) return "null";
  for (let digits = 4; digits < FLOAT_DIGITS; digits += 1) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return JSON.stringify(short);
  }
  return JSON.stringify(Number(value.toPrecision(FLOAT_DIGITS)));
}
