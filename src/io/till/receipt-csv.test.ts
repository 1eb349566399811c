import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { epochMs } from "../../core/brand.ts";
import { RECEIPT_CSV_TEMPLATE, type ReceiptCsvOptions, readReceiptCsv } from "./receipt-csv.ts";

/** A shop two hours ahead of UTC. */
const SHOP: ReceiptCsvOptions = {
  currency: "EUR",
  instantOfWall: (wallMs) => epochMs(wallMs - 7_200_000),
};
const read = (...lines: readonly string[]) => readReceiptCsv(lines.join("\n"), SHOP);

test("the template reads as it says: rows of one receipt are its lines", () => {
  const { receipts, refused } = readReceiptCsv(RECEIPT_CSV_TEMPLATE, SHOP);
  assert.deepEqual(refused, []);
  assert.deepEqual(
    receipts.map(({ receipt }) => [receipt.receiptId, receipt.transactionKind, receipt.netMinor]),
    [
      ["1001", "sale", 2499],
      ["1002", "refund", -1999],
    ],
  );
  const [sale, refund] = receipts.map(({ receipt }) => receipt);
  assert.equal(sale?.paidAt, Date.UTC(2026, 4, 1, 8, 12, 30));
  assert.equal(sale?.units, 3);
  assert.deepEqual(
    sale?.lines?.map((line) => [line.units, line.netMinor]),
    [
      [1, 1999],
      [2, 500],
    ],
  );
  assert.equal(refund?.relatedReceiptId, "1001");
});

test("a plain export with semicolons and decimal commas is read", () => {
  const { receipts, refused } = read(
    "receipt;paid_at;net",
    "7;2026-05-01 09:00;1.234,50",
    "8;2026-05-01T07:30:00Z;-5,00",
  );
  assert.deepEqual(refused, []);
  assert.deepEqual(
    receipts.map(({ receipt }) => [receipt.transactionKind, receipt.netMinor, receipt.units]),
    [
      ["sale", 123_450, 1],
      ["refund", -500, 1],
    ],
  );
});

test("what is wrong is told by line and column, and never half a receipt is read", () => {
  const { receipts, refused } = read(
    "receipt,kind,paid_at,net,units,sku,currency",
    "1,sale,yesterday,5.00,1,a,EUR",
    "2,sale,2026-05-01 10:00,5.00,1,a,USD",
    "3,gift,2026-05-01 10:00,5.00,1,a,EUR",
    "4,sale,2026-05-01 10:00,-5.00,1,a,EUR",
    "5,sale,2026-05-01 10:00,1.500,1,a,EUR",
    "6,sale,2026-05-01 10:00,5.00,1,a,EUR",
    "6,sale,2026-05-01 10:00,five,1,b,EUR",
    "7,sale,2026-05-01 10:00,5.00,1,a,EUR",
  );
  assert.deepEqual(
    receipts.map(({ receipt }) => receipt.receiptId),
    ["7"],
  );
  assert.deepEqual(
    refused.map(({ line, column }) => [line, column]),
    [
      [2, "paid_at"],
      [3, "currency"],
      [4, "kind"],
      [5, "net"],
      [6, "net"],
      [8, "net"],
    ],
  );
});

test("a header without what is needed, or with a misspelt column, is refused as a whole", () => {
  assert.deepEqual(
    read("receipt,paid_at,net,colour", "1,2026-05-01 10:00,5.00,red").refused.map((r) => r.column),
    ["colour"],
  );
  assert.deepEqual(
    read("receipt,net", "1,5.00").refused.map((row) => row.column),
    ["paid_at"],
  );
  assert.equal(read("").refused.length, 1);
});

test("no text throws, and what is read has whole hundredths", () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { maxLength: 6 }), fc.boolean(), (cells, hasHead) => {
      const text = `${hasHead ? "receipt,paid_at,net\n" : ""}${cells.join(",")}`;
      const { receipts } = readReceiptCsv(text, SHOP);
      return receipts.every(({ receipt }) => Number.isInteger(receipt.netMinor));
    }),
  );
});
