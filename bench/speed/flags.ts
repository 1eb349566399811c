import { parseArgs } from "node:util";
import { GatewayError } from "../../src/core/errors.ts";

/** Common arguments of the benchmarks that run a camera. */
export interface CameraFlags {
  readonly video: string | undefined;
  readonly models: string;
  readonly fps: number;
  readonly seconds: number;
  readonly threads: number;
}

/** Reads `--video --models --fps --seconds --threads`. @throws USAGE naming the argument and what was expected */
export function readFlags(
  args: readonly string[],
  defaults: Pick<CameraFlags, "fps" | "seconds" | "threads">,
): CameraFlags {
  const text = { type: "string" } as const;
  const options = { video: text, models: text, fps: text, seconds: text, threads: text };
  let values: Readonly<Partial<Record<keyof typeof options, string | undefined>>>;
  try {
    ({ values } = parseArgs({ args: [...args], options }));
  } catch (cause) {
    throw new GatewayError("USAGE", (cause as Error).message, { cause });
  }
  return {
    video: values.video,
    models: values.models ?? "models",
    fps: positive("fps", values.fps, defaults.fps),
    seconds: positive("seconds", values.seconds, defaults.seconds),
    threads: positive("threads", values.threads, defaults.threads),
  };
}

function positive(name: string, text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new GatewayError("USAGE", `expected a number above 0 for --${name}, found ${text}`);
}
