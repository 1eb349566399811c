import type { Command } from "commander";
import { destroyKey, keptKeys } from "../../central/loyalty/key-shelf.ts";
import { GatewayError } from "../../core/errors.ts";
import { isoTime } from "../../wire/cloud-event.ts";
import { createSystemClock } from "../system-clock.ts";
import type { Terminal } from "../terminal.ts";
import { withStore } from "./central-keys.ts";

const EXAMPLE = `
Example, after gateway shop-017-a was stolen (deploy/README.md says what else to do):
  vitrine central template-keys destroy shop-017-a --store sqlite:central.db

The centre may run meanwhile. The templates of that gateway can then not be read any more, by nobody, and it is never
given another key: call its replacement by another id. Backups of the store that are older still hold the key, sealed.`;

/** Adds `vitrine central template-keys list|destroy`: keys that the centre keeps for gateways' templates. */
export function addCentralTemplateKeys(central: Command, terminal: Terminal): void {
  const keys = central
    .command("template-keys")
    .description("Keys of the templates of gateways with loyalty.keyLevel: centre");
  const store = "store of the centre, as for `vitrine central` (default: sqlite:central.db)";
  keys
    .command("list")
    .description("Gateways that have a key, or had one; never the key")
    .option("--store <store>", store)
    .option("--json", "for programs")
    .action((_flags: object, command: Command) =>
      withStore(command, terminal, async (repository, flags) => {
        const all = await keptKeys(repository, null);
        if (flags.json === true) return terminal.print(JSON.stringify({ keys: all }));
        for (const { tenantId, gatewayId, isDestroyed, at } of all)
          terminal.print(
            `${gatewayId}  ${tenantId}  ${isDestroyed ? "destroyed" : "made"} ${isoTime(at)}`,
          );
      }),
    );
  keys
    .command("destroy <gateway>")
    .description("Destroy the key of a gateway for good: its templates can not be read any more")
    .option("--store <store>", store)
    .addHelpText("after", EXAMPLE)
    .action((gateway: string, _flags: object, command: Command) =>
      withStore(command, terminal, async (repository) => {
        const own = (await keptKeys(repository, null)).filter((one) => one.gatewayId === gateway);
        if (own.length === 0)
          throw new GatewayError("USAGE", `there is no key of a gateway named ${gateway}`);
        const by = { actor: "command line", at: createSystemClock().now() };
        for (const key of own) await destroyKey(repository, key, by);
        terminal.note(`the key of ${gateway} is destroyed`);
      }),
    );
}
