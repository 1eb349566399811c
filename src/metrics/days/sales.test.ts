import assert from "node:assert/strict";
import { test } from "node:test";
import { EventMaker, utc } from "../../../test/fakes/journey-events.ts";
import { epochMs, tagId } from "../../core/brand.ts";
import type { TransactionKind, TransactionRecorded } from "../../core/events.ts";
import { SalesDay } from "./sales.ts";

const DAY = utc("2026-11-20T04:00:00Z");
const WHOLE = { from: 0, to: 1440 };
const LINES = [
  { sku: "boot", department: "shoes", units: 2, netMinor: 4000 },
  { sku: "lace", department: null, units: 1, netMinor: 300 },
];

/** Takes receipts in as the metrics do. */
function dayWith(...events: readonly TransactionRecorded[]): SalesDay {
  const day = new SalesDay(1440, { dayStart: DAY });
  for (const event of events) {
    if (day.has(event)) day.repeat(event);
    else day.add(event, Math.floor((event.at - DAY) / 60_000), false);
  }
  return day;
}

function receipt(
  minute: number,
  id: string,
  kind: TransactionKind = "sale",
  more: Partial<TransactionRecorded> = {},
): TransactionRecorded {
  const at = epochMs(DAY + minute * 60_000);
  return { ...new EventMaker().receipt(at, id, 1000, kind), ...more };
}

test("a receipt is told with everything the till told of it, by time of payment", () => {
  const details = { tillId: "till-2", tagId: tagId("basket-1"), relatedReceiptId: "a", units: 3 };
  const day = dayWith(
    receipt(20, "b", "refund", { ...details, netMinor: -4300, lines: LINES }),
    receipt(10, "a"),
  );
  const rows = [...day.receipts(WHOLE)].map((row) => ({ ...row, lines: row.lines }));
  assert.deepEqual(rows, [
    {
      receiptId: "a",
      kind: "sale",
      at: DAY + 600_000,
      netMinor: 1000,
      units: 1,
      lines: null,
      tillId: null,
      tagId: null,
      relatedReceiptId: null,
    },
    {
      receiptId: "b",
      kind: "refund",
      at: DAY + 1_200_000,
      netMinor: -4300,
      lines: LINES,
      ...details,
    },
  ]);
  assert.deepEqual([...day.receipts({ from: 10, to: 20 })].length, 1);
});

test("kinds are counted apart, and only sales are purchases with pieces", () => {
  const day = dayWith(
    receipt(1, "a", "sale", { units: 2 }),
    receipt(2, "a", "refund", { netMinor: -500 }),
    receipt(3, "b", "click-collect", { units: 9 }),
    receipt(4, "c", "staff-sale"),
  );
  const kinds = ["sale", "refund", "click-collect", "staff-sale", "exchange"] as const;
  assert.deepEqual(
    kinds.map((kind) => day.count(kind, WHOLE)),
    [1, 1, 1, 1, 0],
  );
  assert.deepEqual([day.transactions(WHOLE), day.units(WHOLE), day.netMinor(WHOLE)], [1, 2, 500]);
  assert.equal(day.netMinorOf("click-collect", WHOLE), 1000);
});

test("a receipt that comes again counts once, and with another content it is a conflict", () => {
  const day = dayWith(
    receipt(1, "a", "sale", { lines: LINES }),
    receipt(1, "a", "sale", { lines: LINES }),
    // Its time may be told better, and its lines not at all.
    receipt(5, "a"),
  );
  assert.deepEqual([day.transactions(WHOLE), day.conflicts], [1, 0]);
  day.repeat(receipt(1, "a", "sale", { netMinor: 1 }));
  day.repeat(receipt(1, "a", "sale", { lines: LINES.slice(1) }));
  assert.deepEqual([day.transactions(WHOLE), day.netMinor(WHOLE), day.conflicts], [1, 1000, 2]);
});

test("beyond the room for lines receipts count without them, and that is told", () => {
  const many = Array.from({ length: 60_000 }, () => LINES[0] ?? assert.fail());
  const day = dayWith(
    receipt(1, "a", "sale", { lines: many }),
    receipt(2, "b", "sale", { lines: many }),
  );
  const [first, second] = [...day.receipts(WHOLE)];
  assert.deepEqual([first?.lines?.length, second?.lines], [60_000, null]);
  assert.deepEqual([day.transactions(WHOLE), day.linesDropped], [2, 1]);
});
