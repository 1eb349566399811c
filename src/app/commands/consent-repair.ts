import { type Command, InvalidArgumentError } from "commander";
import { GatewayError } from "../../core/errors.ts";
import { isoTime } from "../../wire/cloud-event.ts";
import { resetClock } from "../consent/open-consent.ts";
import { acceptLedger, ledgerGateway, ledgerPathOf, withLedger } from "../consent/staff-ledger.ts";
import type { Terminal } from "../terminal.ts";

const CONFIG = "config/gateway.yaml";

const CLOCK_HELP = `
Example:
  vitrine consent clock
  vitrine consent clock --reset --by "Ada Holm, store manager"

Consents end by the latest time that was ever seen, so that a clock that is set back stretches none. When that time was
wrong, nobody is matched until it comes. --reset says that the clock of this machine is right now; a running gateway takes
it up within a second, and the ledger notes who said so.`;

const RESTORED_HELP = `
Example:
  vitrine consent restored --by "Ada Holm, store manager"
  vitrine consent restored --ledger /var/lib/vitrine-centre/acme/consent.db

After a backup of consent.db was put back, while the gateway is stopped. Its end is older than the one that is noted beside
it, so it is not believed before somebody with a name says that it is the right one. CONSENTS THAT WERE TAKEN BACK AFTER THE
BACKUP LIVE AGAIN: take them back anew with \`vitrine consent revoke\`. With --ledger the end of that file is noted alone.`;

interface ClockFlags {
  readonly config: string;
  readonly reset?: boolean;
  readonly by?: string;
}

interface RestoredFlags {
  readonly config: string;
  readonly by?: string;
  readonly ledger?: string;
}

/** Adds `vitrine consent clock` and `vitrine consent restored`: what a named person puts right. */
export function addConsentRepair(consent: Command, terminal: Terminal): void {
  consent
    .command("clock")
    .description("The time by which consents end, and a way back from one that was wrong")
    .option("--config <file>", "gateway file", CONFIG)
    .option("--reset", "go by the clock of this machine from now on")
    .option("--by <name>", "name and role of who says so", nameOf)
    .addHelpText("after", CLOCK_HELP)
    .action((flags: ClockFlags) => runClock(flags, terminal));
  consent
    .command("restored")
    .description("Say that a ledger that was put back from a backup is the right one")
    .option("--config <file>", "gateway file", CONFIG)
    .option("--ledger <file>", "a ledger file, instead of the one of the gateway")
    .option("--by <name>", "name and role of who says so", nameOf)
    .addHelpText("after", RESTORED_HELP)
    .action((flags: RestoredFlags) => runRestored(flags, terminal));
}

async function runClock({ config, reset, by }: ClockFlags, terminal: Terminal): Promise<void> {
  if (reset === true && by === undefined)
    throw new GatewayError("USAGE", "--reset needs --by NAME: the ledger notes who said so");
  await withLedger(await ledgerGateway(config), (open) => {
    const { clock } = open;
    const seen = clock.latest;
    if (reset === true && by !== undefined) {
      resetClock(open, by);
      const why = clock.isSure() ? "" : "; it is not believed yet: it waits to be set";
      terminal.print(`consents go by ${isoTime(clock.wall())} from now on${why}`);
      return;
    }
    const isSure = clock.isSure() ? "is believed" : "is not believed";
    terminal.print(`latest time seen ${isoTime(seen)}; the clock says ${isoTime(clock.wall())}`);
    terminal.print(`the clock ${isSure}`);
  });
}

async function runRestored(flags: RestoredFlags, terminal: Terminal): Promise<void> {
  const { config, by, ledger } = flags;
  if (ledger === undefined && by === undefined)
    throw new GatewayError("USAGE", "give --by NAME: the ledger notes who said so");
  const { seq, sha256 } = acceptLedger(ledger ?? (await ledgerPathOf(config)));
  terminal.print(`the ledger ends with entry ${seq}:${sha256}`);
  if (ledger === undefined && by !== undefined)
    await withLedger(await ledgerGateway(config), (open) => open.ledger.attest(`restored: ${by}`));
  terminal.note("consents that were taken back after the backup live again: take them back anew");
}

function nameOf(text: string): string {
  // The ledger holds it behind what was done, in 128 characters.
  if (/^[^\p{C}]{1,100}$/u.test(text) && text.trim() !== "") return text;
  throw new InvalidArgumentError("Expected name and role, 1 to 100 printable characters.");
}
