import { createInterface, type Interface } from "node:readline";
import type { Command } from "commander";
import { tagId as brandTag } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";
import type { SitePlan } from "../../core/site.ts";
import { sitePlanFile } from "../../io/site/site-plan-file.ts";
import { saveSurvey } from "../../io/walk/save-survey.ts";
import { reportWalk } from "../../radio/walk/walk-report.ts";
import { loadSiteFile, readSecret } from "../config-files.ts";
import { collect } from "../option-values.ts";
import { connectGateway } from "../record/gateway-api.ts";
import { createSystemClock } from "../system-clock.ts";
import type { Terminal } from "../terminal.ts";
import { walkOfRecording } from "../walk/recorded-walk.ts";
import { leadWalk, type NextLine } from "../walk/remote-walk.ts";
import { readTaps } from "../walk/taps-file.ts";
import { resultText } from "../walk/walk-print.ts";
import { resultView } from "../walk/walk-words.ts";

/** Flags of `vitrine site walk`. */
export interface SiteWalkFlags {
  readonly url?: string;
  readonly tag?: string;
  readonly recording: readonly string[];
  readonly taps?: string;
  readonly site?: string;
  readonly save?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
  readonly passwordFile?: string;
}

const HELP = `
Examples:
  vitrine site walk --url http://gateway:8080 --tag cart-07
  vitrine site walk --recording walk.jsonl --taps taps.csv --site site.json --tag cart-07 --save

Carry the tag and type the number of the zone you stand in; two minutes a zone. At the end it prints what each zone was
taken for before and with the walk, each half judged by the other, and asks whether to save. The same is on the
dashboard's page /set-up/walk. A taps file has the header time,zone; time is epoch ms or RFC 3339, an empty zone a pause.
The dashboard's password is taken from VITRINE_WEB_PASSWORD or --password-file.`;

/** Adds `vitrine site walk` to the command `vitrine site`. */
export function addSiteWalk(site: Command, terminal: Terminal): void {
  site
    .command("walk")
    .description("Walk through the zones with a tag, see the confusion, add survey points")
    .option("--url <url>", "dashboard of the running gateway")
    .option("--tag <id>", "the tag that is carried")
    .option("--recording <file>", "recorded packets instead; may be repeated", collect, [])
    .option("--taps <file>", "CSV of the taps made during the recording")
    .option("--site <file>", "site plan of the recording")
    .option("--save", "with a recording: add the survey points to the plan when they are better")
    .option("--yes", "with --url: save without asking when the walk is better")
    .option("--password-file <file>", "file holding the dashboard's password")
    .option("--json", "print the result as one JSON object")
    .addHelpText("after", HELP)
    .action(async (flags: SiteWalkFlags) => {
      const typed = openKeyboard(terminal.signal);
      await runSiteWalk(flags, terminal, typed.nextLine).finally(typed.close);
    });
}

/**
 * Leads a walk on a gateway, or works one out of recordings.
 * @throws USAGE for flags that do not belong together, and what the two ways throw
 */
export async function runSiteWalk(
  flags: SiteWalkFlags,
  terminal: Terminal,
  nextLine: NextLine,
): Promise<void> {
  if (flags.tag === undefined) throw usage("--tag is missing: which tag is carried?");
  const { url, recording, taps, site } = flags;
  if (url !== undefined) {
    if (recording.length > 0) throw usage("--url and --recording exclude each other");
    return await walkOnGateway(url, flags.tag, flags, terminal, nextLine);
  }
  if (recording.length === 0 || taps === undefined || site === undefined)
    throw usage("name a gateway with --url, or --recording, --taps and --site together");
  await walkOffline({ site, taps, recording, tag: flags.tag }, flags, terminal);
}

async function walkOnGateway(
  url: string,
  tagId: string,
  flags: SiteWalkFlags,
  terminal: Terminal,
  nextLine: NextLine,
): Promise<void> {
  const fromEnvironment = terminal.environment["VITRINE_WEB_PASSWORD"];
  const password = await readSecret(flags.passwordFile, fromEnvironment);
  const api = await connectGateway(url, password, terminal.signal);
  const wish = { tagId, yes: flags.yes ?? false, json: flags.json ?? false };
  await leadWalk({ api, terminal, clock: createSystemClock(), nextLine }, wish);
}

async function walkOffline(
  files: {
    readonly site: string;
    readonly taps: string;
    readonly recording: readonly string[];
    readonly tag: string;
  },
  flags: SiteWalkFlags,
  terminal: Terminal,
): Promise<void> {
  const site = await loadSiteFile(files.site);
  const floor = floorOf(site, files);
  const taps = await readTaps(files.taps, floor);
  const record = await walkOfRecording(site, brandTag(files.tag), files.recording, taps);
  const { receivers, survey = [] } = site;
  const report = reportWalk({ floor, receivers, survey }, record);
  const result = resultView(report, floor, receivers);
  const isSaved = flags.save === true && report.verdict === "better";
  if (isSaved)
    await saveSurvey(sitePlanFile(files.site, createSystemClock()), report.points, receivers);
  if (flags.json) {
    terminal.print(JSON.stringify({ ...result, isSaved, survey: report.points }));
  } else terminal.print(resultText(result));
  if (flags.save === true && !isSaved) terminal.note("not saved: the walk is no better");
  if (isSaved) terminal.note(`saved ${report.points.length} survey point(s) in ${files.site}`);
}

function floorOf(
  site: SitePlan,
  files: { readonly site: string; readonly tag: string },
): NonNullable<SitePlan["floor"]> {
  if (!site.tags.some(({ id }) => id === files.tag))
    throw usage(`--tag: ${files.site} has no tag ${JSON.stringify(files.tag)}`);
  if (site.floor === undefined || site.floor.zones.length === 0)
    throw usage(`--site: ${files.site} has no floor with zones`);
  return site.floor;
}

function usage(message: string): GatewayError {
  return new GatewayError("USAGE", message);
}

/** Lines typed at this process; standard input is opened when a line is first wanted. */
function openKeyboard(signal: AbortSignal): {
  readonly nextLine: NextLine;
  readonly close: () => void;
} {
  let input: Interface | null = null;
  let lines: AsyncIterator<string> | null = null;
  return {
    async nextLine() {
      input ??= createInterface({ input: process.stdin, signal });
      lines ??= input[Symbol.asyncIterator]();
      const { done, value } = await lines.next();
      return done === true ? null : value;
    },
    close: () => input?.close(),
  };
}
