import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { SubjectRef } from "../../core/brand.ts";
import type { Grant } from "../../core/consent.ts";
import type { LedgerEntry } from "../../core/consent-ledger.ts";
import { GatewayError } from "../../core/errors.ts";
import { memberPseudonym, pseudonymTag } from "../../privacy/loyalty/pseudonym.ts";
import { isoTime } from "../../wire/cloud-event.ts";
import { entriesOf, type LoyalGateway, noticesOf } from "../consent/staff-ledger.ts";
import type { MemberTraces } from "./member-traces.ts";
import { openMembers } from "./members-at-hand.ts";
import { restingTraces } from "./resting-traces.ts";
import { found, MEMBERS_FILE, type StaffDesk, withMembers } from "./staff-members.ts";
import type { VisitAnswer } from "./visit-answers.ts";

/** Everything that a shop without a centre keeps about a customer, as JSON. */
export interface MemberExport {
  readonly v: 1;
  readonly customer: string | null;
  readonly subjectRef: SubjectRef;
  /** What the shop calls the customer in its events and figures. */
  readonly member: string;
  readonly exportedAt: string;
  readonly registeredAt: string;
  /** What the customer carries; never a key. */
  readonly carried: { readonly app: boolean; readonly tags: number };
  readonly grants: readonly ExportedGrant[];
  /** The ledger's entries about the customer, word for word. */
  readonly entries: readonly LedgerEntry[];
  /** The words of the notices that the customer was shown. */
  readonly notices: ReturnType<typeof noticesOf>;
  /** Visits and recognitions; null: they could not be read, and `missing` says why. */
  readonly visits: MemberTraces | null;
  /** Decisions that a program made about the customer; none are made here. */
  readonly decisions: readonly never[];
  readonly looks: readonly {
    readonly at: string;
    readonly actor: string;
    readonly action: string;
  }[];
  /** What is not in it although it is kept, as sentences. */
  readonly missing: readonly string[];
}

type ExportedGrant = Omit<Grant, "tenantId" | "subjectRef" | "grantedAt" | "expiresAt"> & {
  readonly grantedAt: string;
  readonly expiresAt: string;
  readonly state: "granted" | "revoked" | "expired";
};

/** How long a running gateway may take to look through its visits. */
const ANSWER_MS = 60_000;
const POLL_MS = 200;

/**
 * Gathers everything about a customer; the look is noted before anything is shown. `answerMs`: how long a running gateway
 * is waited for. @throws MEMBER_REFUSED, and the faults of ledger and members
 */
export async function exportMember(
  gateway: LoyalGateway,
  wish: { readonly reference: string; readonly by: string },
  answerMs: number = ANSWER_MS,
): Promise<MemberExport> {
  const base = await withMembers(gateway, (desk) => baseOf(desk, wish));
  const traces = await tracesOf(gateway, base.subjectRef, base.member, answerMs);
  if (typeof traces !== "string") return { ...base, visits: traces, missing: [] };
  return { ...base, visits: null, missing: [traces] };
}

function baseOf(
  desk: StaffDesk,
  { reference, by }: { readonly reference: string; readonly by: string },
): Omit<MemberExport, "visits" | "missing"> {
  const { subject, registeredAt, ...row } = found(desk, reference);
  const { file, seal } = desk.members;
  const { clock, file: ledger } = desk.consent;
  const now = clock.now();
  file.addLook(subject, { at: now, actor: by, action: "export" });
  const things = row.carried === null ? null : seal.openCarried(subject, row.carried);
  const key = seal.pseudonymKey();
  const entries = entriesOf(ledger, subject);
  return {
    ...{ v: 1, customer: seal.openReference(subject, row.reference), subjectRef: subject },
    member: pseudonymTag(memberPseudonym(key, desk.gateway.loyalty.storeGroup, subject)),
    ...{ exportedAt: isoTime(now), registeredAt: isoTime(registeredAt) },
    carried: { app: (things?.appKey ?? null) !== null, tags: things?.tags.length ?? 0 },
    grants: grantsOf(entries, now),
    entries,
    notices: noticesOf(ledger, entries),
    decisions: [],
    looks: file.looksOf(subject).map((look) => ({ ...look, at: isoTime(look.at) })),
  };
}

function grantsOf(entries: readonly LedgerEntry[], now: number): readonly ExportedGrant[] {
  const ended = new Map<string, "revoked" | "expired">();
  const until = new Map<string, Grant["expiresAt"]>();
  for (const entry of entries) {
    if (entry.kind === "revoked" || entry.kind === "expired") ended.set(entry.grantId, entry.kind);
    if (entry.kind === "extended") until.set(entry.grantId, entry.expiresAt);
  }
  return entries.flatMap((entry) => {
    if (entry.kind !== "granted") return [];
    const { tenantId, subjectRef, grantedAt, ...grant } = entry.grant;
    const expiresAt = until.get(grant.grantId) ?? grant.expiresAt;
    const state = ended.get(grant.grantId) ?? (expiresAt <= now ? "expired" : "granted");
    return [{ ...grant, grantedAt: isoTime(grantedAt), expiresAt: isoTime(expiresAt), state }];
  });
}

/** The visits, or a sentence that says why they are not there. */
async function tracesOf(
  { loaded, loyalty, ledgerPath }: LoyalGateway,
  subject: SubjectRef,
  pseudonym: string,
  answerMs: number,
): Promise<MemberTraces | string> {
  try {
    const resting = restingTraces(loaded.stateDir, pseudonym);
    if (resting !== "running") return resting;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return `visits: the files of this gateway cannot be read (${error.message})`;
  }
  const path = join(dirname(ledgerPath), MEMBERS_FILE);
  const { file, seal } = openMembers({ path, tenant: loyalty.tenantId });
  try {
    const n = file.ask(subject);
    for (let waitedMs = 0; waitedMs < answerMs; waitedMs += POLL_MS) {
      await pause(POLL_MS);
      const sealed = file.answerOf(n);
      if (sealed === null) continue;
      file.dropQuestion(n);
      const text = seal.openAnswer(subject, sealed);
      if (text === null) throw new GatewayError("MEMBERS_DAMAGED", "an answer was changed");
      const { traces } = JSON.parse(text) as VisitAnswer;
      return traces ?? "visits: the running gateway could not read them; its log says why";
    }
    file.dropQuestion(n);
    return "visits: the running gateway did not answer; try again, or stop it meanwhile";
  } finally {
    file.close();
  }
}
