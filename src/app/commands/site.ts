import type { Command } from "commander";
import { loadSiteFile } from "../config-files.ts";
import type { Terminal } from "../terminal.ts";
import { addSiteConvert } from "./site-convert.ts";
import { addSiteTags } from "./site-tags.ts";
import { addSiteWalk } from "./site-walk.ts";

/** Adds `vitrine site` with its parts. */
export function addSite(program: Command, terminal: Terminal): void {
  const site = program.command("site").description("Work with site plans");
  addSiteTags(site, terminal);
  addSiteConvert(site, terminal);
  addSiteWalk(site, terminal);
  site
    .command("validate")
    .description("Check a site plan; prints every fault with its path")
    .argument("<file>", "site plan (JSON or YAML)")
    .option("--json", "print one JSON object")
    .addHelpText("after", "\nExample:\n  vitrine site validate config/site.example.json")
    .action(async (file: string, options: { json?: boolean }) => {
      const plan = await loadSiteFile(file);
      const summary = {
        store: plan.store.id,
        cameras: plan.cameras.length,
        lines: plan.cameras.reduce((sum, camera) => sum + camera.lines.length, 0),
        zones: plan.cameras.reduce((sum, camera) => sum + camera.zones.length, 0),
        receivers: plan.receivers.length,
        tags: plan.tags.length,
      };
      if (options.json) terminal.print(JSON.stringify(summary));
      else {
        const { store, ...counts } = summary;
        const words = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
        terminal.print(`${file} is valid: store ${store}, ${words.join(", ")}`);
      }
    });
}
