import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { GatewayError } from "../../core/errors.ts";
import { RECEIPT_CSV_TEMPLATE } from "../../io/till/receipt-csv.ts";
import type { ReceiptImportView } from "../../web/till-view.ts";
import { readSecret } from "../config-files.ts";
import { connectGateway, refusalOf } from "../record/gateway-api.ts";
import type { Terminal } from "../terminal.ts";

interface ImportFlags {
  readonly url: string;
  readonly passwordFile?: string;
  readonly dryRun?: boolean;
  readonly skipInvalid?: boolean;
  readonly json?: boolean;
}

const NAMED_ROWS = 20;

const IMPORT_HELP = `
Example:
  vitrine pos template > receipts.csv
  vitrine pos import receipts.csv --dry-run
  vitrine pos import receipts.csv --url http://127.0.0.1:8080

One row is a receipt, or with a column "sku" one line of it. Times without a zone are the shop's local time. A receipt
that is there already changes nothing, so the same file may be imported again. All or nothing, unless --skip-invalid.
The dashboard's password is taken from VITRINE_WEB_PASSWORD or --password-file.`;

/** Adds `vitrine pos import|template`. */
export function addPos(program: Command, terminal: Terminal): void {
  const pos = program.command("pos").description("Receipts of shops whose till has no interface");
  pos
    .command("import")
    .description("Bring receipts of a CSV file into a running gateway")
    .argument("<file>", "CSV file with a header; `template` prints one")
    .option("--url <url>", "dashboard of the gateway", "http://127.0.0.1:8080")
    .option("--password-file <file>", "file holding the dashboard's password")
    .option("--dry-run", "say what would be done and do nothing")
    .option("--skip-invalid", "import the good receipts when others are refused")
    .option("--json", "print one JSON object")
    .addHelpText("after", IMPORT_HELP)
    .action((file: string, flags: ImportFlags) => runImport(file, flags, terminal));
  pos
    .command("template")
    .description("Print a CSV file to begin with")
    .addHelpText("after", "\nExample:\n  vitrine pos template > receipts.csv")
    .action(() => terminal.print(RECEIPT_CSV_TEMPLATE.trimEnd()));
}

async function runImport(file: string, flags: ImportFlags, terminal: Terminal): Promise<void> {
  const csv = await readFile(file).catch((cause: unknown) => {
    throw new GatewayError("CONFIG_UNREADABLE", `cannot read ${file}`, { cause });
  });
  const { url, passwordFile, dryRun, skipInvalid } = flags;
  const password = await readSecret(passwordFile, terminal.environment["VITRINE_WEB_PASSWORD"]);
  const api = await connectGateway(url, password, terminal.signal);
  const query = [...(dryRun ? ["dry-run"] : []), ...(skipInvalid ? ["skip-invalid"] : [])];
  const path = `/api/pos/import?${query.join("&")}`;
  const { status, answer } = await api.change("POST", path, csv);
  if (status !== 200 && status !== 422) throw refusalOf(status, answer);
  const outcome = answer as ReceiptImportView;
  if (flags.json) terminal.print(JSON.stringify(outcome));
  else tell(outcome, terminal);
  if (!outcome.isAccepted) process.exitCode = 1;
}

function tell(outcome: ReceiptImportView, terminal: Terminal): void {
  const { isDryRun, isAccepted, receipts, taken, known, conflicting, refused } = outcome;
  for (const { line, column, value, expected } of refused.slice(0, NAMED_ROWS)) {
    const cell = column === null ? "" : ` ${column}`;
    terminal.note(`  line ${line}${cell}: expected ${expected}, found ${JSON.stringify(value)}`);
  }
  if (refused.length > NAMED_ROWS)
    terminal.note(`  and ${refused.length - NAMED_ROWS} more; --json lists them`);
  const rows = `${outcome.refusedRows} row(s) refused`;
  if (!isAccepted) {
    terminal.note(`INPUT_INVALID: nothing was imported (${receipts} receipt(s) good, ${rows})`);
    terminal.note("  Correct the rows above, or import the good ones with --skip-invalid.");
  } else if (isDryRun)
    terminal.print(`${receipts} receipt(s) can be imported; nothing was written`);
  else
    terminal.print(
      `${taken} imported, ${known} there already, ${conflicting} there with another content, ${rows}`,
    );
}
