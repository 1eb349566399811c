import type { ActiveLoyalty } from "../../config/loyalty.ts";
import type { GatewayId, SubjectRef } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import type { Purpose } from "../../core/consent.ts";
import type { Log } from "../../core/lifecycle.ts";
import { LEASE_MS } from "../../privacy/consent/consent-gate.ts";
import { type Eraser, eraseAll } from "./erasure-duty.ts";
import { keepSeen, type OpenConsent } from "./open-consent.ts";

interface RetentionParts {
  readonly open: OpenConsent;
  readonly gatewayId: GatewayId;
  readonly loyalty: Pick<ActiveLoyalty, "tenantId">;
  readonly erasers: readonly Eraser[];
  readonly clock: Clock;
  readonly log: Log;
}

/** The jobs that end what nobody agrees to any more. Each that did something leaves a receipt. */
export interface Retention {
  /** All jobs. @throws the ledger's faults */
  run(): void;
  /** Erases for the requests of this ledger that wait for this gateway, and notes that it did. */
  answerOpen(): number;
  /** Keeps the latest time that was seen. */
  keepSeen(): void;
}

/** A time that is kept wears the card: so often is enough to find a clock that was set back by more. */
const KEEP_SEEN_MS = 600_000;

/** Builds the jobs. */
export function createRetention(parts: RetentionParts): Retention {
  const { open, clock } = parts;
  let keptMono = clock.mono();
  const receipt = (job: string, counts: Readonly<Record<string, number>>): void => {
    if (Object.values(counts).every((count) => count === 0)) return;
    open.file.addReceipt({ at: open.clock.now(), job, counts });
    parts.log.info({ event: "consent.retention", job, ...counts }, "retention did its work");
  };
  const answerOpen = (): number => {
    const { answered, erased } = answerErasures(parts);
    receipt("erasures", { answered, ...erased });
    return answered;
  };
  return {
    run() {
      open.ledger.recheck();
      open.file.keepHead();
      tidy(parts);
      receipt("expiry", { expired: open.ledger.expireDue() });
      answerOpen();
      receipt("orphans", eraseOrphans(parts));
      const { lease } = open.file;
      if (open.centre !== null)
        receipt("centre", { forgotten: lease.forgetEnded((id) => open.ledger.book.isLive(id)) });
      if (clock.mono() - keptMono < KEEP_SEEN_MS) return;
      keptMono = clock.mono();
      keepSeen(open);
    },
    answerOpen,
    keepSeen: () => keepSeen(open),
  };
}

/** What a place could not overwrite when it was erased is tried again. */
function tidy({ erasers, log }: RetentionParts): void {
  for (const { name, tidy } of erasers) {
    try {
      tidy?.();
    } catch (error) {
      const fields = { event: "consent.erase-failed", place: name, err: error };
      log.error(fields, "what is left of a member could not be overwritten; it is tried again");
    }
  }
}

function answerErasures({ open, gatewayId, erasers, log }: RetentionParts): {
  readonly answered: number;
  readonly erased: Readonly<Record<string, number>>;
} {
  const { ledger } = open;
  const total: Record<string, number> = {};
  let answered = 0;
  for (const { erasureId, waiting, failed } of ledger.book.openErasures()) {
    const wish = ledger.book.erasure(erasureId);
    if (wish === null || !waiting.includes(gatewayId)) continue;
    const { outcome, erased } = eraseAll(erasers, { ...wish, aliases: [] }, log);
    for (const [place, count] of Object.entries(erased)) total[place] = (total[place] ?? 0) + count;
    // A failure is noted once, or an eraser that keeps failing would fill the ledger.
    if (outcome === "failed" && failed.includes(gatewayId)) continue;
    if (ledger.answer(erasureId, gatewayId, outcome) && outcome !== "failed") answered += 1;
  }
  return { answered, erased: total };
}

/**
 * Erases what is held of members without a live grant. While the centre has a say and is not heard, a grant that is not
 * known may be one that was not told yet: then only what is known to have ended is erased.
 */
function eraseOrphans(parts: RetentionParts): Readonly<Record<string, number>> {
  const { erasers, loyalty, log } = parts;
  const counts: Record<string, number> = {};
  for (const eraser of erasers) {
    const { holders } = eraser;
    for (const subjectRef of holders?.subjects() ?? []) {
      if (holders === undefined || mayHold(parts, subjectRef, holders.purpose)) continue;
      const who = { tenantId: loyalty.tenantId, subjectRef, purposes: [holders.purpose] };
      const { erased } = eraseAll([eraser], { ...who, aliases: [] }, log);
      for (const [place, count] of Object.entries(erased))
        counts[place] = (counts[place] ?? 0) + count;
    }
  }
  return counts;
}

function mayHold({ open }: RetentionParts, subject: SubjectRef, purpose: Purpose): boolean {
  const { book, clock, centre, ledger } = open;
  if (ledger.isBroken) return true;
  const booked = book.find(subject, purpose);
  const lease = centre?.leaseMono ?? null;
  const isAllKnown = lease === null || (lease !== "never" && clock.mono() - lease <= LEASE_MS);
  if (booked === null) return !isAllKnown;
  if (booked.isRevoked) return false;
  return !clock.isSettled() || clock.now() < booked.grant.expiresAt;
}
