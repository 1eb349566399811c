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
  const values = readTexts(args, ["video", "models", "fps", "seconds", "threads"]);
  return {
    video: values.video,
    models: values.models ?? "models",
    fps: positive("fps", values.fps, defaults.fps),
    seconds: positive("seconds", values.seconds, defaults.seconds),
    threads: positive("threads", values.threads, defaults.threads),
  };
}

/** Reads arguments that all take a text. @throws USAGE for any other */
export function readTexts<Name extends string>(
  args: readonly string[],
  names: readonly Name[],
): Readonly<Partial<Record<Name, string | undefined>>> {
  const options = Object.fromEntries(names.map((name) => [name, { type: "string" } as const]));
  try {
    return parseArgs({ args: [...args], options }).values as Partial<Record<Name, string>>;
  } catch (cause) {
    throw new GatewayError("USAGE", (cause as Error).message, { cause });
  }
}

function positive(name: string, text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new GatewayError("USAGE", `expected a number above 0 for --${name}, found ${text}`);
}
