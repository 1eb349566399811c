import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type BenchReport, benchModels } from "../../io/models/bench-models.ts";
import { pullModels } from "../../io/models/install.ts";
import type { PictureSize } from "../../vision/ports.ts";
import { progressLine } from "../progress-line.ts";
import type { Terminal } from "../terminal.ts";

/** Flags of `vitrine models bench`. */
export interface BenchFlags {
  readonly dir: string;
  readonly json?: boolean;
  readonly threads?: number;
  readonly size: readonly PictureSize[];
  readonly profile: "default" | "permissive";
  readonly fromDir?: string;
}

/** A board at rest gives nine of ten looks within this multiple of the median. */
const NOISY = 1.4;

/** Measures the installed models and those of the sizes asked for, which are gone again afterwards. */
export async function bench(flags: BenchFlags, terminal: Terminal): Promise<void> {
  const installed = resolve(flags.dir);
  if (flags.size.length === 0)
    return report(await measure([installed], flags, terminal), flags, terminal);
  const extra = await mkdtemp(join(tmpdir(), "vitrine-bench-"));
  try {
    const { profile, fromDir, size: sizes } = flags;
    await pullModels({
      dir: extra,
      profile,
      sizes,
      ...(fromDir === undefined ? {} : { fromDir: resolve(fromDir) }),
      onProgress: progressLine(terminal),
      signal: terminal.signal,
    });
    report(await measure([installed, extra], flags, terminal), flags, terminal);
  } finally {
    await rm(extra, { recursive: true, force: true });
  }
}

async function measure(
  dirs: readonly string[],
  { threads, profile }: BenchFlags,
  terminal: Terminal,
): Promise<BenchReport> {
  const result = await benchModels(dirs, {
    ...(threads === undefined ? {} : { threads: [Math.max(1, threads)] }),
    profile,
    signal: terminal.signal,
    onStep: (id, done, total) => terminal.progress(`measuring ${id} (${done + 1} of ${total})`),
  });
  terminal.progress("");
  return result;
}

function report(result: BenchReport, { json, dir }: BenchFlags, terminal: Terminal): void {
  if (json) {
    terminal.print(JSON.stringify(result));
    return;
  }
  const { cores, models, failed, recommendations } = result;
  terminal.print(`${cores} core(s); spinning off; one look = preparation, network, boxes`);
  terminal.print(`${"model".padEnd(34)} ${"input".padEnd(9)} threads  median     p90  frames/s`);
  for (const { id, widthPx, heightPx, threads, medianMs, p90Ms, fps } of models) {
    const size = `${widthPx}x${heightPx}`;
    const times = `${ms(medianMs)} ${ms(p90Ms)} ${fps.toFixed(1).padStart(9)}`;
    terminal.print(`${id.padEnd(34)} ${size.padEnd(9)} ${String(threads).padStart(7)} ${times}`);
  }
  if (models.some(({ medianMs, p90Ms }) => p90Ms > NOISY * medianMs)) {
    terminal.note("the times vary much: the board was busy; measure again while the gateway rests");
  }
  for (const { id, code, message } of failed) terminal.print(`${id}: ${code}: ${message}`);
  for (const { shape, id, threads, fps, reason } of recommendations) {
    const workers = `${threads} ${threads === 1 ? "thread" : "threads"}`;
    terminal.print(`\ncameras of ${shape}: ${id}, ${workers}, ${fps} frames per second`);
    terminal.print(`  ${reason}`);
  }
  terminal.note(`a size that is not in ${dir} yet: vitrine models pull --size WxH`);
}

function ms(value: number): string {
  return `${value.toFixed(1)}ms`.padStart(7);
}
