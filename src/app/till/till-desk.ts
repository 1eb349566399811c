import type { EpochMs } from "../../core/brand.ts";
import type { SitePlan } from "../../core/site.ts";
import { csvText, type RefusedRow } from "../../io/csv/csv-records.ts";
import { RECEIPT_CSV_BYTES, readReceiptCsv } from "../../io/till/receipt-csv.ts";
import type { ReceiptDesk, ReceiptOutcome } from "../../io/till/receipt-desk.ts";
import type { TillClockReading } from "../../io/till/till-clock.ts";
import { createTradingCalendar } from "../../metrics/calendar/trading-day.ts";
import type { ReceiptAnswer, TillPort } from "../../web/till-view.ts";
import { type PosReceipt, readPosReceipt } from "../../wire/pos-message.ts";

/** As many faults as a person reads; the answer stays small whatever the file. */
const TOLD_FAULTS = 1_000;
/** A clock further off than this is worth a sentence. */
const TOLD_CLOCK_MS = 60_000;

/** What was paid later than this from now is a mistake in the file. */
const AHEAD_MS = 300_000;
/** Receipts that an import takes, and commits at once, before others have their turn. */
const SLICE = 32;

const refusedAhead = ({ line, receipt }: { line: number; receipt: PosReceipt }): RefusedRow => ({
  line,
  column: "paid_at",
  value: new Date(receipt.paidAt).toISOString(),
  expected: "a time that has been",
});

/** The way of receipts that do not come by MQTT. */
export function createTillPort(
  desk: ReceiptDesk,
  { store }: SitePlan,
  token: string | null,
  now: () => EpochMs,
): TillPort {
  const calendar = createTradingCalendar(store.timeZone, store.dayCutoverMin);
  const instantOfWall = (wallMs: number): EpochMs => calendar.instantOfWall(wallMs);
  const options = { currency: store.currency, instantOfWall };
  return {
    token,
    take(message) {
      const outcome = readPosReceipt(message, store.currency);
      return answerOf(
        outcome.ok ? desk.take(outcome.value, { isImported: false }) : desk.refuse(outcome.error),
      );
    },
    async importCsv(csv, { isDryRun, skipsInvalid }) {
      const text = csvText(csv, "the file", RECEIPT_CSV_BYTES);
      const table = readReceiptCsv(text, options);
      const latest = now() + AHEAD_MS;
      const receipts = table.receipts.filter(({ receipt }) => receipt.paidAt <= latest);
      const ahead = table.receipts.filter(({ receipt }) => receipt.paidAt > latest);
      const refused = [...table.refused, ...ahead.map(refusedAhead)];
      const isAccepted = receipts.length > 0 && (refused.length === 0 || skipsInvalid);
      const counts = { taken: 0, known: 0, conflict: 0, invalid: 0 };
      const taken = isAccepted && !isDryRun ? receipts : [];
      for (let i = 0; i < taken.length; i += SLICE) {
        const slice = taken.slice(i, i + SLICE).map(({ receipt }) => receipt);
        for (const { kind } of desk.takeImported(slice)) counts[kind] += 1;
        // Cameras and radios must not wait for a month of receipts.
        await new Promise((resolve) => setImmediate(resolve));
      }
      return {
        isDryRun,
        isAccepted,
        receipts: receipts.length,
        taken: counts.taken,
        known: counts.known,
        conflicting: counts.conflict,
        refused: refused.slice(0, TOLD_FAULTS),
        refusedRows: new Set(refused.map(({ line }) => line)).size,
      };
    },
  };
}

function answerOf(outcome: ReceiptOutcome): ReceiptAnswer {
  return outcome.kind === "invalid"
    ? { state: "invalid", faults: outcome.faults }
    : { state: outcome.kind, receiptId: outcome.receiptId };
}

/** What people should know about the tills; empty when nothing is wrong. */
export function tillNotices(desk: ReceiptDesk): readonly string[] {
  const { invalid, conflicting, lastFault } = desk.counts;
  return [
    ...(invalid === 0
      ? []
      : [
          `${invalid} message(s) from the till were refused since the start (MESSAGE_INVALID) and are not counted. The last: ${lastFault}.`,
        ]),
    ...(conflicting === 0
      ? []
      : [
          `${conflicting} receipt(s) came again with another content; the first of each counts. Do two tills use the same numbers?`,
        ]),
    ...desk.clocks().flatMap(clockNotice),
  ];
}

function clockNotice({ tillId, aheadMs }: TillClockReading): readonly string[] {
  if (Math.abs(aheadMs) < TOLD_CLOCK_MS) return [];
  const minutes = Math.round(Math.abs(aheadMs) / 60_000);
  const way = aheadMs > 0 ? "fast" : "slow";
  return [`The clock of ${tillId} is about ${minutes} min ${way}; times of payment are corrected.`];
}
