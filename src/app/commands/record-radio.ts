import { resolve } from "node:path";
import type { Clock } from "../../core/clock.ts";
import { GatewayError } from "../../core/errors.ts";
import type { GatewayApi } from "../record/gateway-api.ts";
import {
  type RadioProgress,
  type RadioRecorder,
  recordRadioStream,
} from "../record/record-radio.ts";
import type { Terminal } from "../terminal.ts";

/** What every recorder has in common. */
export interface Recorder {
  readonly done: Promise<void>;
  stop(): void;
}

/** Begins to record the radio of a gateway. @throws USAGE when it has no receiver, GATEWAY_REFUSED */
export async function openRadio(
  api: GatewayApi,
  flags: { readonly out: string; readonly btsnoop?: boolean },
  signal: AbortSignal,
): Promise<RadioRecorder> {
  const stream = await api.open("/api/radio/packets", signal);
  if (stream === null)
    throw new GatewayError("USAGE", "the gateway has no Bluetooth adapter of its own to record");
  return recordRadioStream(
    stream,
    resolve(flags.out),
    flags.btsnoop === true ? "btsnoop" : "jsonl",
  );
}

/** Ends a recorder when the wanted minutes are over; settles when it has ended, for whatever reason. */
export async function endInTime(
  recorder: Recorder,
  { minutes }: { readonly minutes?: number },
  clock: Clock,
): Promise<void> {
  if (minutes === undefined) return;
  const end = clock.after(minutes * 60_000, "record-end", () => recorder.stop());
  const cancel = (): void => end.cancel();
  // A stream that ends earlier must not leave the command waiting; its fault is told where all are awaited.
  await recorder.done.then(cancel, cancel);
}

/** One line of progress; empty when the radio is not recorded. */
export function radioText(radio: RadioRecorder | null): string {
  if (radio === null) return "";
  const { packets, lengthMs } = radio.progress;
  return `radio: ${(lengthMs / 1000).toFixed(0)} s, ${packets} packets`;
}

/** Says what was recorded; a recording that broke off, or heard nothing, sets the exit code. */
export function reportRadio(progress: RadioProgress, isJson: boolean, terminal: Terminal): void {
  const { state, packets, files, lengthMs } = progress;
  if (!isJson && files.length > 0) {
    const length = (lengthMs / 1000).toFixed(1);
    terminal.print(`radio: ${packets} packets over ${length} s in ${files.join(", ")}`);
  }
  if (packets === 0) terminal.note("radio: no registered tag was heard");
  if (state === "cut") terminal.note("radio: the recording broke off");
  if (state !== "ended" || packets === 0) process.exitCode = 1;
}
