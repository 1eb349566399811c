import type { ActiveLoyalty } from "../../config/loyalty.ts";
import type { SubjectRef } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import { PURPOSES } from "../../core/consent.ts";
import type { FaultCode } from "../../core/errors.ts";
import type { Log } from "../../core/lifecycle.ts";
import { memberPseudonym, pseudonymTag } from "../../privacy/loyalty/pseudonym.ts";
import type { ConsentDesk } from "../consent/consent-desk.ts";
import type { Eraser, EraseWish } from "../consent/erasure-duty.ts";
import type { TableSource, TableSourceTerms } from "../loyalty/table-source.ts";
import { LocalTables } from "./local-tables.ts";
import type { MemberSeal } from "./member-seal.ts";
import type { TraceSources } from "./member-traces.ts";
import { MembersAtHand } from "./members-at-hand.ts";
import { VisitAnswers } from "./visit-answers.ts";

/** What the members of a shop without a centre need. */
export interface LocalMembersDeps {
  /** `members.db` of the state folder; its key lies beside it (`members-key`). */
  readonly path: string;
  readonly loyalty: Pick<ActiveLoyalty, "tenantId" | "storeGroup">;
  /** The consents; asked for when something is done, since they are opened after this. null: not yet. */
  readonly consents: () => Pick<ConsentDesk, "holds" | "status"> | null;
  /** Where visits are kept, for exports; absent or null = none are. */
  readonly traces?: () => TraceSources | null;
  readonly clock: Clock;
  readonly log: Log;
}

/** How the members' file stands; names nobody. */
export interface LocalMembersStatus {
  /** null: nothing is wrong with it. */
  readonly code: FaultCode | null;
  /** Members whose entry cannot be read. */
  readonly damaged: number;
}

/** The members of a shop without a centre, in a running gateway. */
export interface LocalMembers {
  /** What the shop calls a member in events; null while the key for it cannot be had. */
  pseudonymOf(subject: SubjectRef): string | null;
  /** For the consent desk: forgets what members carry, and who they are with the last consent. */
  readonly eraser: Eraser;
  /** Tables made in this process, for `openLoyalty`. */
  tables(terms: TableSourceTerms): TableSource;
  status(): LocalMembersStatus;
  /** What people on the dashboard should know; empty when nothing is wrong. */
  notices(): readonly string[];
  close(): void;
}

/** Opens the members; what is wrong with the file is a state and a line of the log, never an exception. */
export function openLocalMembers(deps: LocalMembersDeps): LocalMembers {
  const { path, loyalty, consents, clock, log } = deps;
  const hand = new MembersAtHand({ path, tenant: loyalty.tenantId }, clock, log);
  const names = new Pseudonyms(loyalty.storeGroup, hand);
  const answers = new VisitAnswers({
    hand,
    pseudonymOf: (subject) => names.of(subject),
    traces: deps.traces ?? (() => null),
    log,
  });
  let tables: LocalTables | null = null;
  const erase = (wish: EraseWish): number => {
    if (wish.tenantId !== loyalty.tenantId) return 0;
    const isLast = isLastConsent(consents(), wish);
    if (!isLast && !wish.purposes.includes("loyalty-beacon")) return 0;
    tables?.drop(wish.subjectRef);
    const isDone = hand.withFile((file) =>
      isLast ? file.remove(wish.subjectRef) : file.setCarried(wish.subjectRef, null),
    );
    return isDone === true ? 1 : 0;
  };
  const status = (): LocalMembersStatus => {
    const damaged = tables?.damaged ?? 0;
    return { code: hand.code ?? (damaged > 0 ? "MEMBERS_DAMAGED" : null), damaged };
  };
  return {
    pseudonymOf: (subject) => names.of(subject),
    eraser: {
      name: "members",
      erase,
      holders: {
        purpose: "loyalty-beacon",
        subjects: () => subjectsHeld(hand, consents()),
      },
    },
    tables: (terms) => {
      tables = new LocalTables(terms, hand, () => answers.advance());
      return tables;
    },
    status,
    notices: () => noticesOf(status()),
    close: () => hand.close(),
  };
}

/** Members of whom there is something that needs a consent to be recognised, or any consent at all. */
function subjectsHeld(
  hand: MembersAtHand,
  consents: Pick<ConsentDesk, "holds"> | null,
): readonly SubjectRef[] {
  const rows = hand.withFile((file) => file.holders()) ?? [];
  return rows.flatMap(({ subject, carries }) => {
    const isNeeded =
      !carries && PURPOSES.some((purpose) => consents?.holds(subject, purpose) === true);
    return isNeeded ? [] : [subject];
  });
}

/** Whether nothing is left that the shop may know somebody by. Unknown while the ledger cannot be believed. */
function isLastConsent(
  consents: Pick<ConsentDesk, "holds" | "status"> | null,
  { subjectRef, purposes }: EraseWish,
): boolean {
  if (PURPOSES.every((purpose) => purposes.includes(purpose))) return true;
  if (consents === null || consents.status().code !== null) return false;
  return !PURPOSES.some(
    (purpose) => !purposes.includes(purpose) && consents.holds(subjectRef, purpose),
  );
}

function noticesOf({ code, damaged }: LocalMembersStatus): readonly string[] {
  if (code === null) return [];
  const what = damaged > 0 ? `${damaged} member(s) are` : "nobody new is";
  return [`${code}: ${what} not recognised by what they carry; codes at the station work.`];
}

/** Pseudonyms of the shop, under a key that is kept in memory once it was had. */
class Pseudonyms {
  readonly #storeGroup: string;
  readonly #hand: MembersAtHand;
  #seal: MemberSeal | null = null;

  constructor(storeGroup: string, hand: MembersAtHand) {
    this.#storeGroup = storeGroup;
    this.#hand = hand;
  }

  of(subject: SubjectRef): string | null {
    // Drawn here too: who agreed at a station has no entry in the file, and is a member all the same.
    this.#seal = this.#hand.attempt(({ seal }) => seal, true) ?? this.#seal;
    if (this.#seal === null) return null;
    const key = this.#seal.pseudonymKey();
    const pseudonym = pseudonymTag(memberPseudonym(key, this.#storeGroup, subject));
    key.fill(0);
    return pseudonym;
  }
}
