import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { dateText } from "../../core/civil-date.ts";
import { consentDocuments } from "../consent/documents/consent-documents.ts";
import { loyalGateway } from "../consent/staff-ledger.ts";
import { siteLooks } from "../station/site-looks.ts";
import { createSystemClock } from "../system-clock.ts";
import type { Terminal } from "../terminal.ts";

const HELP = `
Example:
  vitrine consent documents --config /etc/vitrine/gateway.yaml --out documents

Signs to print, the public retention policy, a record of processing and an impact assessment to complete, filled from the
gateway file and the site plan. They are a beginning and no legal advice; what only you can know is marked.`;

const DAY_MS = 86_400_000;

/** Adds `vitrine consent documents`. */
export function addConsentDocuments(consent: Command, terminal: Terminal): void {
  consent
    .command("documents")
    .description("Write signs and documents, filled from the configuration")
    .requiredOption("--out <dir>", "folder to write to")
    .option("--config <file>", "gateway file", "config/gateway.yaml")
    .option("--json", "print one JSON object")
    .addHelpText("after", HELP)
    .action(async (flags: { out: string; config: string; json?: boolean }) => {
      const { loaded, loyalty, ledgerPath } = await loyalGateway(flags.config);
      const { site, config } = loaded;
      const date = dateText(Math.floor(createSystemClock().now() / DAY_MS));
      const { store } = site;
      const gatewayId = config.gateway.id;
      const mqtt = config.mqtt ?? null;
      const looks = siteLooks(ledgerPath);
      const pages = consentDocuments({ loyalty, store, gatewayId, mqtt, date, looks });
      await mkdir(flags.out, { recursive: true });
      for (const { name, html } of pages) await writeFile(join(flags.out, name), html);
      const files = pages.map(({ name }) => join(flags.out, name));
      if (loyalty.controller.noticeUrl === undefined)
        terminal.note("loyalty.controller.noticeUrl is not set: the signs carry no QR code");
      if (flags.json) terminal.print(JSON.stringify({ files }));
      else for (const file of files) terminal.print(file);
    });
}
