import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { GatewayError } from "../../core/errors.ts";
import { jsonText } from "../../io/site/json-text.ts";
import { loadSiteFile, readDocument } from "../config-files.ts";
import type { Terminal } from "../terminal.ts";

/** Adds `vitrine site convert IN OUT`. */
export function addSiteConvert(site: Command, terminal: Terminal): void {
  site
    .command("convert")
    .description("Write a site plan as JSON, so that the gateway may change it; comments are lost")
    .argument("<from>", "site plan (YAML or JSON)")
    .argument("<to>", "new JSON file; an existing one is not overwritten")
    .addHelpText("after", "\nExample:\n  vitrine site convert config/site.yaml config/site.json")
    .action(async (from: string, to: string) => {
      await loadSiteFile(from);
      const text = jsonText(await readDocument(from));
      await writeFile(to, text, { flag: "wx" }).catch((cause: unknown) => {
        const isThere = cause instanceof Error && "code" in cause && cause.code === "EEXIST";
        if (isThere) throw new GatewayError("USAGE", `${to} exists already`);
        throw new GatewayError("SITE_UNWRITABLE", `cannot write ${to}`, { cause });
      });
      terminal.print(`${to} is written; name it as \`site\` in the gateway file`);
    });
}
