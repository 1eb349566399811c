import { readFile, rm, writeFile } from "node:fs/promises";
import { extname } from "node:path";
import type { Command } from "commander";
import { epochMs, subjectRef } from "../../core/brand.ts";
import type { ConsentProof } from "../../core/consent.ts";
import { GatewayError } from "../../core/errors.ts";
import { shownNotice } from "../../privacy/consent/notice.ts";
import { isoTime } from "../../wire/cloud-event.ts";
import { loyalGateway } from "../consent/staff-ledger.ts";
import { type CarriedFiles, readCarried } from "../members/carried-files.ts";
import { memberCard } from "../members/member-card.ts";
import { exportMember } from "../members/member-export.ts";
import {
  carry,
  erase,
  found,
  type GivenConsent,
  list,
  register,
  withMembers,
} from "../members/staff-members.ts";
import { collect, wholeNumber } from "../option-values.ts";
import type { Terminal } from "../terminal.ts";
import { proofOf, purposesOf, refOf, subjectOf } from "./consent-values.ts";

interface CommonFlags {
  readonly config: string;
  readonly json?: boolean;
}

interface NamedFlags extends CommonFlags {
  readonly reference: string;
}

interface RegisterFlags extends NamedFlags, CarriedFiles {
  readonly subject?: string;
  readonly purposes?: readonly string[];
  readonly noticeId?: string;
  readonly noticeVersion?: number;
  readonly language?: string;
  readonly noticeFile?: string;
  readonly proof?: ConsentProof;
  readonly minor?: boolean;
}

const REGISTER_HELP = `
Example:
  vitrine members register --reference 20417 --purposes loyalty-beacon --new-app-key 20417.key --notice-id loyalty-card \\
    --notice-version 3 --language da --notice-file notices/loyalty-card.da.txt --proof signature:form-2026-0418
  vitrine members register --reference 20418 --subject q3Vb0m1Yk2sF7tZr9wXcPA --eid-file tag-20418.json

For a shop without a centre (loyalty.authority: gateway). --reference is your own number of the customer; it is kept sealed,
apart from consents and templates. Somebody who agreed at a station is named with --subject. Nobody is registered without a
consent, and what a customer carries is kept only with one to loyalty-beacon. A file of --eid-file holds {"key": 16 bytes as
hexadecimal digits, "rotation", "counter", "counterAt": time}. Files with keys need mode 0600. Run it as the user of the
gateway; a running one takes it within seconds.`;

const EXPORT_HELP = `
Example:
  vitrine members export --reference 20417 --by staff-17 --out 20417.json

Consents, ledger entries, visits, and who of staff looked; never a key. A gateway that runs is asked for its visits.`;

const ERASE_HELP = `
Example:
  vitrine members erase --reference 20417 --by request-2026-31

Takes every consent back and forgets who it was. A running gateway matches no more within a second and erases what it
holds; one that is off does so when it starts.`;

/** Adds `vitrine members register|carry|list|export|erase|card`. */
export function addMembers(program: Command, terminal: Terminal): void {
  const members = program.command("members").description("Members of a shop without a centre");
  const registering = carrying(named(members.command("register")))
    .description("Register a customer who agreed")
    .option("--subject <ref>", "who agreed at a station: 22 characters of base64url", subjectOf)
    .option("--purposes <purpose...>", "what the customer agreed to, each asked for by itself")
    .option("--notice-id <id>", "the notice that was shown")
    .option("--notice-version <n>", "its version", wholeNumber)
    .option("--language <tag>", "the language it was shown in, such as da")
    .option("--notice-file <file>", "its text in that language, word for word")
    .option("--proof <kind:ref>", "how it can be shown later", proofOf)
    .option("--minor", "the person said to be below the age of consent (is refused)");
  registering
    .addHelpText("after", REGISTER_HELP)
    .action((flags: RegisterFlags) => runRegister(flags, terminal));
  carrying(named(members.command("carry")))
    .description("Set what a member carries from now on: all of it; without files, nothing")
    .addHelpText("after", "\nExample:\n  vitrine members carry --reference 20417 --app-key-file k")
    .action((flags: NamedFlags & CarriedFiles) => runCarry(flags, terminal));
  common(members.command("list"))
    .description("References and live consents; never a key")
    .addHelpText("after", "\nExample:\n  vitrine members list --json")
    .action((flags: CommonFlags) => runList(flags, terminal));
  named(members.command("export"))
    .description("Everything that is kept about a customer, as JSON")
    .requiredOption("--by <ref>", "who does it: a staff id or the number of a request", refOf)
    .requiredOption("--out <file>", "written for the owner's eyes only")
    .addHelpText("after", EXPORT_HELP)
    .action((flags: NamedFlags & { by: string; out: string }) => runExport(flags, terminal));
  named(members.command("erase"))
    .description("Take all consents back and forget the customer")
    .requiredOption("--by <ref>", "who does it: a staff id or the number of a request", refOf)
    .addHelpText("after", ERASE_HELP)
    .action((flags: NamedFlags & { by: string }) => runErase(flags, terminal));
  named(members.command("card"))
    .description("Write the member's code as a QR code to print")
    .requiredOption("--out <file>", "a file that ends in .svg or .html")
    .addHelpText("after", "\nExample:\n  vitrine members card --reference 20417 --out card.svg")
    .action((flags: NamedFlags & { out: string }) => runCard(flags, terminal));
}

const common = (command: Command): Command =>
  command
    .option("--config <file>", "gateway file", "config/gateway.yaml")
    .option("--json", "print one JSON object");

const named = (command: Command): Command =>
  common(command).requiredOption("--reference <text>", "your own number of the customer");

const carrying = (command: Command): Command =>
  command
    .option("--app-key-file <file>", "key of the customer's app, 16 bytes")
    .option("--new-app-key <file>", "draw a key for the app and write it there")
    .option("--eid-file <file>", "an Eddystone-EID tag or card; may be repeated", collect, []);

async function runRegister(flags: RegisterFlags, terminal: Terminal): Promise<void> {
  const gateway = await loyalGateway(flags.config);
  const consent = await consentOf(flags);
  const wish = { reference: flags.reference, carried: await readCarried(flags), consent };
  const given = flags.subject === undefined ? null : subjectRef(flags.subject);
  const subject = await withMembers(gateway, (desk) =>
    register(desk, { ...wish, subject: given }),
  ).catch(async (error: unknown) => {
    // A key that belongs to nobody is not left behind.
    if (flags.newAppKey !== undefined) await rm(flags.newAppKey, { force: true });
    throw error;
  });
  if (flags.json) terminal.print(JSON.stringify({ subjectRef: subject }));
  else terminal.print(`registered as ${subject}`);
}

/** @throws USAGE, CONFIG_UNREADABLE */
async function consentOf(flags: RegisterFlags): Promise<GivenConsent | null> {
  const { noticeId, noticeVersion, language, noticeFile, proof } = flags;
  const purposes = purposesOf(flags.purposes ?? []);
  if (purposes.length === 0) return null;
  if (
    noticeId === undefined ||
    noticeVersion === undefined ||
    language === undefined ||
    noticeFile === undefined ||
    proof === undefined
  )
    throw new GatewayError(
      "USAGE",
      "--purposes needs --notice-id, --notice-version, --language, --notice-file and --proof",
    );
  const text = await readFile(noticeFile, "utf8").catch((cause: unknown) => {
    throw new GatewayError("CONFIG_UNREADABLE", `cannot read ${noticeFile}`, { cause });
  });
  const notice = shownNotice(noticeId, noticeVersion, language, text);
  return { purposes, notice, text, proof, isMinor: flags.minor === true };
}

async function runCarry(flags: NamedFlags & CarriedFiles, terminal: Terminal): Promise<void> {
  const gateway = await loyalGateway(flags.config);
  const carried = await readCarried(flags);
  await withMembers(gateway, (desk) => carry(desk, flags.reference, carried));
  const count = { app: carried.appKey !== null, tags: carried.tags.length };
  if (flags.json) terminal.print(JSON.stringify(count));
  else terminal.print(`carries ${carriedText(count)}`);
}

const carriedText = ({ app, tags }: { readonly app: boolean; readonly tags: number }): string =>
  [app ? "the app" : "no app", `${tags} tag(s)`].join(", ");

async function runList(flags: CommonFlags, terminal: Terminal): Promise<void> {
  const members = await withMembers(await loyalGateway(flags.config), list);
  if (flags.json) {
    const rows = members.map((one) => ({
      ...{ ...one, registeredAt: isoTime(epochMs(one.registeredAt)) },
    }));
    return terminal.print(JSON.stringify({ members: rows }));
  }
  for (const { reference, subjectRef: subject, purposes, ...carried } of members) {
    const agreed = purposes.length === 0 ? "no live consent" : purposes.join(", ");
    const name = reference ?? "(damaged entry)";
    terminal.print(`${name}  ${subject}  ${agreed}  ${carriedText(carried)}`);
  }
  terminal.note(`${members.length} member(s)`);
}

async function runExport(
  flags: NamedFlags & { readonly by: string; readonly out: string },
  terminal: Terminal,
): Promise<void> {
  const { reference, by, out } = flags;
  const document = await exportMember(await loyalGateway(flags.config), { reference, by });
  await writeFile(out, `${JSON.stringify(document, null, 2)}\n`, { mode: 0o600 });
  for (const sentence of document.missing) terminal.note(`not in it: ${sentence}`);
  if (flags.json) terminal.print(JSON.stringify({ file: out, missing: document.missing }));
  else terminal.print(out);
  if (document.missing.length > 0) process.exitCode = 1;
}

async function runErase(flags: NamedFlags & { readonly by: string }, terminal: Terminal) {
  const { reference, by } = flags;
  const gateway = await loyalGateway(flags.config);
  const outcome = await withMembers(gateway, (desk) => erase(desk, reference, by));
  if (flags.json) return terminal.print(JSON.stringify(outcome));
  const asked = outcome.erasureId === null ? "" : `; request to erase ${outcome.erasureId}`;
  terminal.print(`forgotten, ${outcome.revoked.length} consent(s) taken back${asked}`);
}

async function runCard(
  flags: NamedFlags & { readonly out: string },
  terminal: Terminal,
): Promise<void> {
  const form = extname(flags.out).slice(1);
  if (form !== "svg" && form !== "html")
    throw new GatewayError("USAGE", "--out: expected a file that ends in .svg or .html");
  const gateway = await loyalGateway(flags.config);
  const subject = await withMembers(gateway, (desk) => found(desk, flags.reference).subject);
  await writeFile(flags.out, memberCard(subject, form), { mode: 0o600 });
  if (flags.json) terminal.print(JSON.stringify({ file: flags.out }));
  else terminal.print(flags.out);
}
