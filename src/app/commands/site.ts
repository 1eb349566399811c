import type { Command } from "commander";
import { loadSiteFile } from "../config-files.ts";
import type { Terminal } from "../terminal.ts";

/** Adds `vitrine site validate FILE`. */
export function addSite(program: Command, terminal: Terminal): void {
  program
    .command("site")
    .description("Work with site plans")
    .command("validate")
    .description("Check a site plan; prints every fault with its path")
    .argument("<file>", "site plan (JSON or YAML)")
    .option("--json", "print one JSON object")
    .addHelpText("after", "\nExample:\n  vitrine site validate config/site.example.json")
    .action(async (file: string, options: { json?: boolean }) => {
      const site = await loadSiteFile(file);
      const summary = {
        store: site.store.id,
        cameras: site.cameras.length,
        lines: site.cameras.reduce((sum, camera) => sum + camera.lines.length, 0),
        zones: site.cameras.reduce((sum, camera) => sum + camera.zones.length, 0),
        receivers: site.receivers.length,
        tags: site.tags.length,
      };
      if (options.json) terminal.print(JSON.stringify(summary));
      else {
        const { store, ...counts } = summary;
        const words = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
        terminal.print(`${file} is valid: store ${store}, ${words.join(", ")}`);
      }
    });
}
