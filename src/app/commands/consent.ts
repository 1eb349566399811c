import { readFile, writeFile } from "node:fs/promises";
import { type Command, InvalidArgumentError, Option } from "commander";
import { epochMs, type SubjectRef, subjectRef } from "../../core/brand.ts";
import { type ConsentProof, PURPOSES, type Purpose } from "../../core/consent.ts";
import { GatewayError } from "../../core/errors.ts";
import type { ChainHead } from "../../privacy/consent/hash-chain.ts";
import { shownNotice } from "../../privacy/consent/notice.ts";
import { isoTime } from "../../wire/cloud-event.ts";
import { newConsentId, sentenceOf } from "../consent/open-consent.ts";
import {
  checkLedger,
  entriesOf,
  granted,
  type LedgerCheck,
  ledgerGateway,
  ledgerPathOf,
  loyalGateway,
  noticesOf,
  withLedger,
} from "../consent/staff-ledger.ts";
import { collect, wholeNumber } from "../option-values.ts";
import type { Terminal } from "../terminal.ts";
import { addConsentDocuments } from "./consent-documents.ts";
import { addConsentRepair } from "./consent-repair.ts";
import { proofOf, purposesOf, refOf, subjectOf } from "./consent-values.ts";

const CONFIG = "config/gateway.yaml";

interface CommonFlags {
  readonly config: string;
  readonly json?: boolean;
}

interface VerifyFlags extends CommonFlags {
  readonly ledger?: string;
  readonly head?: ChainHead;
}

interface GrantFlags extends CommonFlags {
  readonly subject?: string;
  readonly new?: boolean;
  readonly purpose: Purpose;
  readonly noticeId: string;
  readonly noticeVersion: number;
  readonly language: string;
  readonly noticeFile: string;
  readonly proof: ConsentProof;
  readonly minor?: boolean;
}

interface RevokeFlags extends CommonFlags {
  readonly subject: string;
  readonly purpose: readonly string[];
  readonly by: string;
}

const VERIFY_HELP = `
Example:
  vitrine consent verify --config /etc/vitrine/gateway.yaml
  vitrine consent verify --ledger backup/consent.db --head 1204:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08

Checks every entry and names the first broken one. A chain cannot show that it was written anew from the start: compare
with a head that was noted elsewhere, such as at the centre. Exit code 1 when something is wrong.`;

const GRANT_HELP = `
Example:
  vitrine consent grant --new --purpose loyalty-beacon --notice-id loyalty-card --notice-version 3 --language da \\
    --notice-file notices/loyalty-card.da.txt --proof signature:form-2026-0418

One purpose at a time: each is an act of its own. --proof is KIND:REF, the kind signature, screen, operator or device; REF
names the evidence and never the shopper. Run it as the user of the gateway.`;

const REVOKE_HELP = `
Example:
  vitrine consent revoke --subject q3Vb0m1Yk2sF7tZr9wXcPA --by staff-17
  vitrine consent revoke --subject q3Vb0m1Yk2sF7tZr9wXcPA --purpose loyalty-face --by staff-17

A running gateway matches no more within a second and erases what it holds; everyone else is asked to. Without --purpose
all consents of the member end. Where there is no consent, what may be left of the member is erased all the same.`;

/** Adds `vitrine consent verify|list|grant|revoke|export|receipts|clock|restored|documents`. */
export function addConsent(program: Command, terminal: Terminal): void {
  const consent = program.command("consent").description("The consent ledger of a gateway");
  common(consent.command("verify"))
    .description("Check the whole ledger; names the first entry that is not as it was written")
    .option("--ledger <file>", "a ledger file, instead of the one of the gateway")
    .option("--head <seq:sha256>", "a head noted elsewhere, which the ledger must hold", headOf)
    .addHelpText("after", VERIFY_HELP)
    .action((flags: VerifyFlags) => runVerify(flags, terminal));
  common(consent.command("list"))
    .description(
      "Live consents and open requests to erase; members by the beginning of their reference",
    )
    .addHelpText("after", "\nExample:\n  vitrine consent list --json")
    .action((flags: CommonFlags) => runList(flags, terminal));
  common(consent.command("grant"))
    .description("Write a consent that was given on paper or to staff")
    .option("--subject <ref>", "the member: 22 characters of base64url", subjectOf)
    .option("--new", "a new member, whose reference is printed")
    .addOption(new Option("--purpose <purpose>").choices(PURPOSES).makeOptionMandatory())
    .requiredOption("--notice-id <id>", "the notice that was shown")
    .requiredOption("--notice-version <n>", "its version", wholeNumber)
    .requiredOption("--language <tag>", "the language it was shown in, such as da")
    .requiredOption("--notice-file <file>", "its text in that language, word for word")
    .requiredOption("--proof <kind:ref>", "how it can be shown later", proofOf)
    .option("--minor", "the person said to be below the age of consent (is refused)")
    .addHelpText("after", GRANT_HELP)
    .action((flags: GrantFlags) => runGrant(flags, terminal));
  common(consent.command("revoke"))
    .description("Take consents of a member back and ask everyone to erase")
    .requiredOption("--subject <ref>", "the member: 22 characters of base64url", subjectOf)
    .option("--purpose <purpose>", `one of ${PURPOSES.join(", ")}; may be repeated`, collect, [])
    .requiredOption("--by <ref>", "who does it: a staff id or the number of a request", refOf)
    .addHelpText("after", REVOKE_HELP)
    .action((flags: RevokeFlags) => runRevoke(flags, terminal));
  common(consent.command("export"))
    .description("Everything the ledger holds about a member, as JSON")
    .requiredOption("--subject <ref>", "the member: 22 characters of base64url", subjectOf)
    .option("--out <file>", "write there instead of printing")
    .addHelpText("after", "\nExample:\n  vitrine consent export --subject q3Vb0m1Yk2sF7tZr9wXcPA")
    .action((flags: CommonFlags & { subject: string; out?: string }) => runExport(flags, terminal));
  common(consent.command("receipts"))
    .description("What retention did: counts only, newest first")
    .addHelpText("after", "\nExample:\n  vitrine consent receipts --json")
    .action((flags: CommonFlags) => runReceipts(flags, terminal));
  addConsentRepair(consent, terminal);
  addConsentDocuments(consent, terminal);
}

const common = (command: Command): Command =>
  command
    .option("--config <file>", "gateway file", CONFIG)
    .option("--json", "print one JSON object");

async function runVerify(flags: VerifyFlags, terminal: Terminal): Promise<void> {
  const path = flags.ledger ?? (await ledgerPathOf(flags.config));
  const isCopy = flags.ledger !== undefined;
  const found = checkLedger(path, flags.head ?? null, { isCopy });
  const { isSound, entries, head } = found;
  if (flags.json) terminal.print(JSON.stringify(found));
  else if (isSound)
    terminal.print(`${path} is sound: ${entries} entries, head ${head.seq}:${head.sha256}`);
  if (isSound) return;
  if (flags.json) process.exitCode = 1;
  else throw new GatewayError("CONSENT_LEDGER_DAMAGED", `${path}: ${wrongWith(found)}`);
}

const wrongWith = ({ broken, database }: LedgerCheck): string =>
  broken === null ? `the file is damaged (${database})` : sentenceOf(broken);

async function runList(flags: CommonFlags, terminal: Terminal): Promise<void> {
  await withLedger(await ledgerGateway(flags.config), ({ ledger, clock }) => {
    const now = clock.now();
    const consents = [...ledger.book.live()].map((grant) => ({
      ...{ grantId: grant.grantId, member: shortOf(grant.subjectRef), purpose: grant.purpose },
      ...{ jurisdiction: grant.jurisdiction, notice: grant.notice },
      grantedAt: isoTime(grant.grantedAt),
      expiresAt: isoTime(grant.expiresAt),
    }));
    const erasures = ledger.book.openErasures().map(({ askedAt, ...open }) => ({
      ...{ ...open, askedAt: isoTime(askedAt), ageMs: Math.max(0, now - askedAt) },
    }));
    if (flags.json) return terminal.print(JSON.stringify({ consents, erasures }));
    for (const { member, purpose, grantedAt, expiresAt } of consents)
      terminal.print(`${member}  ${purpose.padEnd(14)}  ${grantedAt}  until ${expiresAt}`);
    for (const { erasureId, ageMs, waiting } of erasures)
      terminal.print(
        `erasure ${erasureId}  open for ${hours(ageMs)} h  waits for ${waiting.join(", ")}`,
      );
    terminal.note(
      `${consents.length} live consent(s), ${erasures.length} open request(s) to erase`,
    );
  });
}

/** Enough to tell members apart: the whole reference is a member's card, and a list must not be a list of cards. */
const shortOf = (subject: SubjectRef): string => `${subject.slice(0, 8)}\u2026`;

const hours = (ms: number): string => (ms / 3_600_000).toFixed(1);

async function runGrant(flags: GrantFlags, terminal: Terminal): Promise<void> {
  if ((flags.subject === undefined) === (flags.new !== true))
    throw new GatewayError("USAGE", "give --subject REF or --new, and not both");
  const gateway = await loyalGateway(flags.config);
  const text = await readFile(flags.noticeFile, "utf8").catch((cause: unknown) => {
    throw new GatewayError("CONFIG_UNREADABLE", `cannot read ${flags.noticeFile}`, { cause });
  });
  const { noticeId, noticeVersion, language, purpose, proof } = flags;
  const notice = shownNotice(noticeId, noticeVersion, language, text);
  const grant = await withLedger(gateway, ({ ledger, file }) => {
    if (!file.notices.keep({ ...notice, text }))
      throw new GatewayError(
        "CONSENT_REFUSED",
        `refused: version ${noticeVersion} of ${noticeId} (${language}) was shown with other words; raise its version`,
      );
    return granted(
      ledger.grant({
        tenantId: gateway.loyalty.tenantId,
        subjectRef: subjectRef(flags.subject ?? newConsentId()),
        ...{ purpose, proof, notice, isMinor: flags.minor === true },
      }),
    );
  });
  const { grantId, subjectRef: who, expiresAt } = grant;
  const until = isoTime(expiresAt);
  if (flags.json)
    terminal.print(JSON.stringify({ grantId, subjectRef: who, purpose, expiresAt: until }));
  else terminal.print(`${who} agreed to ${purpose} until ${until} (${grantId})`);
}

async function runRevoke(flags: RevokeFlags, terminal: Terminal): Promise<void> {
  const wanted = flags.purpose.length === 0 ? PURPOSES : purposesOf(flags.purpose);
  const subject = subjectRef(flags.subject);
  const outcome = await withLedger(await ledgerGateway(flags.config), ({ ledger, book }) => {
    const grants = book.liveOf(subject).filter(({ purpose }) => wanted.includes(purpose));
    const wish = { subjectRef: subject, grants, by: "staff", ref: flags.by } as const;
    // Without a consent too: nothing may be left of somebody who asks to be forgotten.
    const erasureId = ledger.revoke(wish) ?? ledger.askToErase(subject, wanted);
    return { revoked: grants.map(({ grantId, purpose }) => ({ grantId, purpose })), erasureId };
  });
  const { revoked, erasureId } = outcome;
  if (erasureId === null)
    throw new GatewayError("CONSENT_LEDGER_DAMAGED", "run `vitrine consent verify`");
  if (flags.json) return terminal.print(JSON.stringify(outcome));
  const ended = revoked.map(({ purpose }) => purpose).join(", ");
  const what = ended === "" ? "the member has no such live consent" : `${ended} taken back`;
  terminal.print(`${what}; request to erase ${erasureId}`);
}

async function runExport(
  flags: CommonFlags & { readonly subject: string; readonly out?: string },
  terminal: Terminal,
): Promise<void> {
  const subject = subjectRef(flags.subject);
  const document = await withLedger(await ledgerGateway(flags.config), ({ file }) => {
    const entries = entriesOf(file, subject);
    const head = { v: 1, subjectRef: subject, ledgerId: file.ledgerId };
    return { ...head, entries, notices: noticesOf(file, entries) };
  });
  if (document.entries.length === 0)
    throw new GatewayError("CONSENT_REFUSED", "the ledger holds nothing about this member");
  const text = JSON.stringify(document, null, flags.json ? 0 : 2);
  if (flags.out === undefined) terminal.print(text);
  else {
    await writeFile(flags.out, `${text}\n`, { mode: 0o600 });
    terminal.note(`${document.entries.length} entries written to ${flags.out}`);
  }
}

async function runReceipts(flags: CommonFlags, terminal: Terminal): Promise<void> {
  const receipts = await withLedger(await ledgerGateway(flags.config), ({ file }) =>
    file.receipts(100).map(({ at, ...rest }) => ({ at: isoTime(epochMs(at)), ...rest })),
  );
  if (flags.json) return terminal.print(JSON.stringify({ receipts }));
  for (const { at, job, counts } of receipts) {
    const words = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
    terminal.print(`${at}  ${job}: ${words.join(", ")}`);
  }
  if (receipts.length === 0) terminal.note("retention had nothing to do yet");
}

function headOf(text: string): ChainHead {
  const [, seq, sha256] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq === undefined || sha256 === undefined)
    throw new InvalidArgumentError("Expected NUMBER:SHA256.");
  return { seq: Number(seq), sha256 };
}
