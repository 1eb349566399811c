import type { JourneyEvent } from "../../core/events.ts";
import type { VisitAnswer } from "../../wire/central-answers.ts";
import { isGoneName } from "../named-events.ts";
import { type Access, pseudonymOf } from "./api-keys.ts";

type Completed = Extract<JourneyEvent, { readonly kind: "completed" }>;

/** A completed visit without who made it: a card's id only for who may see names, a receipt's never. Pure. */
export function visitAnswer(event: Completed, access: Access, maySeeNames: boolean): VisitAnswer {
  // Of a member who was erased a visit is left, and nobody is called as stands there.
  const isCard =
    event.tagKind === "loyalty-card" && event.tagId !== null && !isGoneName(event.tagId);
  return {
    visit: pseudonymOf(access, event.visitId),
    customer: isCard && maySeeNames ? event.tagId : null,
    ...{ revision: event.revision, isWithdrawn: event.isWithdrawn, method: event.method },
    ...{ endedBy: event.endedBy, enteredAt: event.enteredAt, exitedAt: event.exitedAt },
    ...{ isEntrySeen: event.isEntrySeen, isExitSeen: event.isExitSeen },
    ...{ reentries: event.reentries, staysDropped: event.staysDropped },
    stays: event.stays.map((stay) => ({ ...stay })),
    queues: event.queues.map((queue) => ({ ...queue })),
    basket: event.basket === null ? null : { ...event.basket },
    receipts: event.receipts.map(({ transactionKind, paidAt, netMinor, units }) => ({
      ...{ kind: transactionKind, paidAt, netMinor, units },
    })),
  };
}

type Json = Readonly<Record<string, unknown>>;

/**
 * A stored event for a key: for one that may not see names every tag, receipt and visit is a pseudonym of that key, so that
 * events still join each other and nothing else. Pure.
 */
export function eventAnswer(event: Json, access: Access, maySeeNames: boolean): Json {
  if (maySeeNames) return event;
  const { subject } = event;
  const plain = masked(event, access) as Json;
  return typeof subject === "string"
    ? { ...plain, subject: maskedSubject(subject, access) }
    : plain;
}

const IDS: ReadonlySet<string> = new Set([
  ...["tagId", "receiptId", "relatedReceiptId", "visitId", "subjectId"],
  ...["subjectRef", "pseudonym", "grantId", "ref"],
]);
/** Subjects that are places and devices of the shop. */
const PLACES: ReadonlySet<string> = new Set(["line", "zone", "camera", "sensor", "boot", "staff"]);

/** `tag/ID` and the like name somebody's thing as `data` does. */
function maskedSubject(subject: string, access: Access): string {
  const slash = subject.indexOf("/");
  if (slash < 0 || PLACES.has(subject.slice(0, slash))) return subject;
  return `${subject.slice(0, slash)}/${pseudonymOf(access, subject.slice(slash + 1))}`;
}

function masked(value: unknown, access: Access): unknown {
  if (Array.isArray(value)) return value.map((one) => masked(one, access));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      IDS.has(name) && typeof inner === "string"
        ? pseudonymOf(access, inner)
        : masked(inner, access),
    ]),
  );
}
