import type { Command } from "commander";
import { openGatewayFile } from "../fleet/open-gateway.ts";
import { runGateway } from "../run-gateway.ts";
import type { Terminal } from "../terminal.ts";

/** Adds `vitrine run`. */
export function addRun(program: Command, terminal: Terminal): void {
  program
    .command("run")
    .description("The gateway: cameras and radios in, events and figures out")
    .option("--config <file>", "gateway file", "config/gateway.yaml")
    .addHelpText("after", "\nExample:\n  vitrine run --config /etc/vitrine/gateway.yaml")
    .action(async (flags: { config: string }) => {
      const { loaded, fleet } = await openGatewayFile(flags.config);
      await runGateway(loaded, terminal, {}, fleet);
    });
}
