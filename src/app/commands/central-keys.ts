import type { Command } from "commander";
import { addKey, listKeys, revokeKey } from "../../central/api/api-keys.ts";
import { openRepository } from "../../central/open-repository.ts";
import type { CentralStore } from "../../central/repository.ts";
import { GatewayError } from "../../core/errors.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import { API_SCOPES, type ApiScope } from "../../wire/central-operations.ts";
import { isoTime } from "../../wire/cloud-event.ts";
import { createSystemClock } from "../system-clock.ts";
import type { Terminal } from "../terminal.ts";

interface KeyFlags {
  readonly store?: string;
  readonly scopes?: string;
  readonly json?: boolean;
}

const EXAMPLE = `
Example:
  vitrine central keys add head-office --scopes read,loyalty --store sqlite:central.db

Scopes: read (figures, journeys, events), ops (fleet, quarantine, audit), loyalty (ids of loyalty cards).
The centre may run meanwhile: it knows a new key, and refuses one that was revoked, from the next request on.`;

/** Adds `vitrine central keys add|list|revoke`. */
export function addCentralKeys(central: Command, terminal: Terminal): void {
  const keys = central.command("keys").description("API keys of the centre");
  const store = "store of the centre, as for `vitrine central` (default: sqlite:central.db)";
  keys
    .command("add <name>")
    .description("Make a key; it is shown this once")
    .option(
      "--scopes <list>",
      "of read, ops, loyalty and loyalty:write, with commas between them",
      "read",
    )
    .option("--store <store>", store)
    .option("--json", "for programs")
    .addHelpText("after", EXAMPLE)
    .action((name: string, _flags: KeyFlags, command: Command) =>
      withStore(command, terminal, async (repository, flags) => {
        const scopes = scopesOf(flags.scopes ?? "read");
        const key = await addKey(repository, name, scopes, createSystemClock().now());
        terminal.print(flags.json === true ? JSON.stringify({ name, scopes, key }) : key);
      }),
    );
  keys
    .command("list")
    .description("Names and scopes of all keys")
    .option("--store <store>", store)
    .option("--json", "for programs")
    .action((_flags: KeyFlags, command: Command) =>
      withStore(command, terminal, async (repository, flags) => {
        const all = await listKeys(repository);
        if (flags.json === true) return terminal.print(JSON.stringify({ keys: all }));
        for (const { name, scopes, createdAt } of all)
          terminal.print(`${name}  ${scopes.join(",")}  since ${isoTime(createdAt)}`);
      }),
    );
  keys
    .command("revoke <name>")
    .description("Take a key away; it is refused from the next request on")
    .option("--store <store>", store)
    .action((name: string, _flags: KeyFlags, command: Command) =>
      withStore(command, terminal, async (repository) => {
        if (!(await revokeKey(repository, name, createSystemClock().now())))
          throw new GatewayError("USAGE", `there is no key named ${name}`);
        terminal.note(`${name} is revoked`);
      }),
    );
}

/** Options that `vitrine central` has too are read from both: which of them gets `--store` is commander's choice. */
export async function withStore(
  command: Command,
  { environment }: Terminal,
  work: (repository: CentralStore, flags: KeyFlags) => Promise<void>,
): Promise<void> {
  const flags = command.optsWithGlobals<KeyFlags>();
  const store = flags.store ?? environment["VITRINE_STORE"] ?? "sqlite:central.db";
  const repository = await openRepository(store, SILENT_LOG, "command");
  try {
    await work(repository, flags);
  } finally {
    await repository.close();
  }
}

/** @throws USAGE */
function scopesOf(text: string): readonly ApiScope[] {
  const isScope = (one: string): one is ApiScope => (API_SCOPES as readonly string[]).includes(one);
  const given = [...new Set(text.split(","))];
  const scopes = given.filter(isScope);
  if (scopes.length === given.length) return scopes;
  throw new GatewayError("USAGE", `--scopes: expected of ${API_SCOPES.join(", ")}, found ${text}`);
}
