import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { GatewayError } from "../../core/errors.ts";
import { TAG_CSV_TEMPLATE, tagCsv } from "../../io/site/tag-csv.ts";
import type { TagImportView, TagListView } from "../../web/tags-view.ts";
import { loadSiteFile, readSecret } from "../config-files.ts";
import { connectGateway } from "../record/gateway-api.ts";
import { createSystemClock } from "../system-clock.ts";
import { fileTags } from "../tags/file-tags.ts";
import { gatewayTags } from "../tags/gateway-tags.ts";
import type { TagsAtHand } from "../tags/tags-at-hand.ts";
import type { Terminal } from "../terminal.ts";

/** Where the tags are that a command works on. */
interface WhereFlags {
  readonly site: string;
  readonly url?: string;
  readonly passwordFile?: string;
  readonly json?: boolean;
}

interface ImportFlags extends WhereFlags {
  readonly dryRun?: boolean;
  readonly skipInvalid?: boolean;
}

const SITE = "config/site.json";
const NAMED_ROWS = 20;

const IMPORT_HELP = `
Example:
  vitrine site tags template > tags.csv
  vitrine site tags import tags.csv --site config/site.json --dry-run
  vitrine site tags import tags.csv --url http://127.0.0.1:8080

Rows add tags and change those with the same id; tags the file does not name stay. With --url the running gateway
imports, and the tags are in effect at once; with --site the file is changed, and a gateway reads it when it starts.
All or nothing, unless --skip-invalid. The dashboard's password is taken from VITRINE_WEB_PASSWORD or --password-file.`;

/** Adds `vitrine site tags import|list|remove|export|template`. */
export function addSiteTags(site: Command, terminal: Terminal): void {
  const tags = site.command("tags").description("The registered tags of a site plan");
  where(tags.command("import"))
    .description("Add and change tags by a CSV file")
    .argument("<file>", "CSV file with a header; `template` prints one")
    .option("--dry-run", "say what would be done and do nothing")
    .option("--skip-invalid", "import the good rows when others are refused")
    .addHelpText("after", IMPORT_HELP)
    .action((file: string, flags: ImportFlags) => runImport(file, flags, terminal));
  where(tags.command("list"))
    .description("The registered tags; with --url also where they are and their batteries")
    .addHelpText("after", "\nExample:\n  vitrine site tags list --url http://127.0.0.1:8080")
    .action((flags: WhereFlags) => runList(flags, terminal));
  where(tags.command("remove"))
    .description("Take a tag out of the plan")
    .argument("<id>", "id of the tag")
    .addHelpText(
      "after",
      "\nExample:\n  vitrine site tags remove basket-07 --site config/site.json",
    )
    .action((id: string, flags: WhereFlags) => runRemove(id, flags, terminal));
  tags
    .command("export")
    .description("Print the tags of a plan as CSV, with their identities")
    .option("--site <file>", "site plan", SITE)
    .addHelpText(
      "after",
      "\nExample:\n  vitrine site tags export --site config/site.json > tags.csv",
    )
    .action(async (flags: { site: string }) =>
      terminal.print(tagCsv((await loadSiteFile(flags.site)).tags).trimEnd()),
    );
  tags
    .command("template")
    .description("Print a CSV file to begin with")
    .addHelpText("after", "\nExample:\n  vitrine site tags template > tags.csv")
    .action(() => terminal.print(TAG_CSV_TEMPLATE.trimEnd()));
}

const where = (command: Command): Command =>
  command
    .option("--site <file>", "site plan (JSON)", SITE)
    .option("--url <url>", "dashboard of a running gateway, instead of a file")
    .option("--password-file <file>", "file holding the dashboard's password")
    .option("--json", "print one JSON object");

async function runImport(file: string, flags: ImportFlags, terminal: Terminal): Promise<void> {
  const csv = await readFile(file).catch((cause: unknown) => {
    throw new GatewayError("CONFIG_UNREADABLE", `cannot read ${file}`, { cause });
  });
  const port = await tagsOf(flags, terminal);
  const isDryRun = flags.dryRun === true;
  const outcome = await port.importCsv(csv, { isDryRun, skipsInvalid: flags.skipInvalid === true });
  if (flags.json) terminal.print(JSON.stringify(outcome));
  else tellImport(outcome, terminal);
  if (!outcome.isAccepted) process.exitCode = 1;
}

function tellImport(outcome: TagImportView, terminal: Terminal): void {
  const { isDryRun, isAccepted, added, changed, unchanged, refused, refusedRows } = outcome;
  for (const { line, column, value, expected } of refused.slice(0, NAMED_ROWS)) {
    const cell = column === null ? "" : ` ${column}`;
    terminal.note(`  line ${line}${cell}: expected ${expected}, found ${JSON.stringify(value)}`);
  }
  if (refused.length > NAMED_ROWS)
    terminal.note(`  and ${refused.length - NAMED_ROWS} more; --json lists them`);
  const counts = `${added.length} added, ${changed.length} changed, ${unchanged} unchanged, ${refusedRows} refused`;
  if (!isAccepted) {
    terminal.note(`INPUT_INVALID: nothing was imported (${counts})`);
    terminal.note("  Correct the rows above, or import the good ones with --skip-invalid.");
  } else terminal.print(isDryRun ? `would be: ${counts}; nothing was written` : counts);
}

async function runList(flags: WhereFlags, terminal: Terminal): Promise<void> {
  const list = await (await tagsOf(flags, terminal)).list();
  if (flags.json) return terminal.print(JSON.stringify(list));
  for (const line of tableOf(list, flags.url !== undefined)) terminal.print(line);
  if (list.total === 0) terminal.note("no tag is registered; `vitrine site tags template` begins");
}

function tableOf({ tags }: TagListView, isLive: boolean): readonly string[] {
  const head = isLive
    ? ["id", "kind", "name", "state", "zone", "last seen", "battery"]
    : ["id", "kind", "name"];
  const rows = tags.map((tag) => {
    const { id, kind, name, state, zone, lastSeenAt } = tag;
    const seen = lastSeenAt === null ? "never" : new Date(lastSeenAt).toISOString();
    return isLive ? [id, kind, name, state, zone ?? "-", seen, batteryText(tag)] : [id, kind, name];
  });
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]?.length ?? 0)));
  return [head, ...rows].map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

function batteryText({
  batteryRatio,
  batteryMv,
  isBatteryLow,
}: TagListView["tags"][number]): string {
  const volts = batteryMv === null ? "-" : `${(batteryMv / 1000).toFixed(2)} V`;
  const text = batteryRatio === null ? volts : `${Math.round(batteryRatio * 100)} %`;
  return isBatteryLow ? `${text}, change it` : text;
}

async function runRemove(id: string, flags: WhereFlags, terminal: Terminal): Promise<void> {
  const isRemoved = await (await tagsOf(flags, terminal)).remove(id);
  if (!isRemoved) throw new GatewayError("USAGE", `no tag ${JSON.stringify(id)} is registered`);
  terminal.print(flags.json ? JSON.stringify({ removed: id }) : `${id} is removed`);
}

async function tagsOf(flags: WhereFlags, terminal: Terminal): Promise<TagsAtHand> {
  const { site, url, passwordFile } = flags;
  if (url === undefined) return fileTags(site, createSystemClock());
  const password = await readSecret(passwordFile, terminal.environment["VITRINE_WEB_PASSWORD"]);
  return gatewayTags(await connectGateway(url, password, terminal.signal));
}
