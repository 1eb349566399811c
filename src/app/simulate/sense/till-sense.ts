import { epochMs } from "../../../core/brand.ts";
import { normalDraw } from "../../../core/random.ts";
import type { Random } from "../draws.ts";
import type { SensorModel } from "../model.ts";
import type { TrueDay } from "../true-day.ts";
import type { Notice, SenseContext } from "./notices.ts";

/** How long a receipt takes to the gateway, and how well the gateway knows the till's clock. */
const DELIVERY_MS = 1_500;
const OFFSET_SD_MS = 400;

/** What the till sends in a day: its own times, and what the gateway knows of its clock. */
export function tellReceipts(
  day: TrueDay,
  sensor: SensorModel,
  { mono, run }: SenseContext,
  random: Random,
): Notice[] {
  const { tillAheadMs } = sensor;
  return day.receipts.map(({ receiptId, kind, at, netMinor, units, lines, relatedReceiptId }) => {
    const toldAt = at + DELIVERY_MS;
    // Tills tell whole seconds.
    const paidAt = epochMs(Math.round((at + tillAheadMs) / 1000) * 1000);
    const clockAheadMs = Math.round(tillAheadMs + OFFSET_SD_MS * normalDraw(random));
    return {
      toldAt,
      event: {
        kind: "transaction",
        source: `pos:till#${run}`,
        seq: 0,
        atMono: mono(toldAt),
        receiptId,
        transactionKind: kind,
        paidAt,
        netMinor,
        units,
        tillId: "till-1",
        lines,
        ...(tillAheadMs === 0 ? {} : { clockAheadMs }),
        ...(relatedReceiptId === null ? {} : { relatedReceiptId }),
      },
    };
  });
}
