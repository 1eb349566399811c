import { resolve } from "node:path";
import type { Command } from "commander";
import type { EpochMs } from "../../core/brand.ts";
import type { JourneyEvent } from "../../core/events.ts";
import type { SitePlan } from "../../core/site.ts";
import { loadSiteFile } from "../config-files.ts";
import { beginningNow } from "../demo/demo-day.ts";
import { prepareDemo } from "../demo/demo-setting.ts";
import { runDemo } from "../demo/run-demo.ts";
import { createLogger, type LogLevel } from "../logger.ts";
import { profileName, wholeNumber } from "../option-values.ts";
import { packagePath } from "../package-path.ts";
import { type DemoHistoryOptions, demoHistory } from "../simulate/demo-history.ts";
import { createSystemClock } from "../system-clock.ts";
import type { Terminal } from "../terminal.ts";

interface DemoFlags {
  readonly video?: string;
  readonly site?: string;
  readonly port?: number;
  readonly models: string;
  readonly profile: "default" | "permissive";
  readonly seed: number;
  readonly generated?: boolean;
  /** False leaves out the simulated days before today. */
  readonly history: boolean;
  readonly log: LogLevel;
}

const DEFAULT_PORT = 8080;
/** Enough for the same weekday, a month, and what is learned from closed days. */
const PAST_DAYS = 28;

const EXAMPLE = `
Examples:
  vitrine demo
  vitrine demo --video entrance.mp4 --site entrance.json --port 9000`;

/** Adds `vitrine demo`. */
export function addDemo(program: Command, terminal: Terminal): void {
  program
    .command("demo")
    .description("Gateway, broker, centre and dashboard in one process, with sample inputs")
    .option("--video <source>", "file, rtsp://... or /dev/videoN instead of the sample footage")
    .option("--site <file>", "site plan; its first camera is used")
    .option(
      "--port <number>",
      `port of the dashboard (default ${DEFAULT_PORT}, or a free one)`,
      wholeNumber,
    )
    .option("--models <dir>", "folder of the models", "models")
    .option("--profile <name>", "default or permissive", profileName, "default")
    .option("--seed <number>", "seed of the generated inputs", wholeNumber, 1)
    .option("--generated", "generated people instead of footage; needs no model")
    .option("--no-history", "begin without the simulated days before today")
    .option("--log <level>", "error, warn, info or debug", "warn")
    .addHelpText("after", EXAMPLE)
    .action((flags: DemoFlags) => demo(flags, terminal));
}

async function demo(flags: DemoFlags, terminal: Terminal): Promise<void> {
  const site = await demoSite(flags.site);
  const modelsDir = resolve(flags.models);
  const setting = await prepareDemo(
    {
      video: flags.video ?? null,
      generated: flags.generated ?? false,
      modelsDir,
      profile: flags.profile,
    },
    terminal,
  );
  const days = flags.history && flags.site === undefined ? PAST_DAYS : 0;
  const { notices } = setting;
  const told = days === 0 ? notices : [...notices, "The days before today are simulated."];
  const now = createSystemClock().now();
  const options = {
    site,
    setting: { ...setting, notices: told },
    past: pastEvents(site, now, { seed: flags.seed, days }),
    modelsDir,
    profile: flags.profile,
    port: flags.port ?? DEFAULT_PORT,
    mayMovePort: flags.port === undefined,
    seed: flags.seed,
    log: createLogger(flags.log, process.stderr),
  };
  await runDemo(options, terminal);
}

/** What happened in the simulated days; made up while it is read. */
function* pastEvents(
  site: SitePlan,
  now: EpochMs,
  options: DemoHistoryOptions,
): Generator<JourneyEvent> {
  if (options.days === 0) return;
  for (const { events } of demoHistory(site, now, options)) yield* events;
}

/** A plan somebody named is taken as it is; ours belongs to wherever it is started. */
async function demoSite(file: string | undefined): Promise<SitePlan> {
  if (file !== undefined) return loadSiteFile(file);
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  const site = await loadSiteFile(packagePath("config/demo/site.json"));
  return beginningNow(site, timeZone, createSystemClock().now());
}
