import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { epochMs, gatewayId } from "../../core/brand.ts";
import type { TransactionReceived } from "../../core/events.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import type { LinkMessage, MessageHandler } from "../mqtt/link.ts";
import { receiptKey } from "../outbox/journey-entry.ts";
import { ReceiptDesk } from "./receipt-desk.ts";

/** A desk on an outbox that keeps receipts only while the disk has room. */
function openDesk() {
  const clock = new FakeClock();
  const disk = { hasRoom: true };
  const kept = new Set<string>();
  const told: TransactionReceived[] = [];
  const desk = new ReceiptDesk({
    gatewayId: gatewayId("gw"),
    boot: "b",
    currency: "EUR",
    outbox: {
      hasReceipt: (key) => kept.has(key),
      together: (run) => {
        run();
        return disk.hasRoom;
      },
    },
    onTransaction: (receipt) => {
      told.push(receipt);
      if (disk.hasRoom) kept.add(receiptKey(receipt));
    },
    anchor: () => ({ mono: clock.mono(), epoch: clock.now(), clock: "synced" }),
    clock,
    log: SILENT_LOG,
  });
  const text = (receiptId: string, more: object = {}): string => {
    const paidAt = new Date(clock.now()).toISOString();
    return JSON.stringify({ receiptId, kind: "sale", paidAt, netMinor: 100, units: 1, ...more });
  };
  return { desk, disk, told, text };
}

test("a receipt that could not be kept gives its number to no other", () => {
  const { desk, disk, told, text } = openDesk();
  disk.hasRoom = false;
  assert.throws(() => desk.takeText(text("r1")), { code: "DISK_FULL" });
  disk.hasRoom = true;
  for (const id of ["r2", "r1"]) assert.equal(desk.takeText(text(id)).kind, "taken");
  assert.deepEqual(
    told.map(({ receiptId, seq }) => [receiptId, seq]),
    [
      ["r1", 0],
      ["r2", 1],
      ["r1", 2],
    ],
  );
  assert.equal(desk.counts.received, 2);
});

test("a receipt by MQTT that could not be kept is left unacknowledged and throws at nobody", async () => {
  const { desk, disk, text } = openDesk();
  let handler: MessageHandler = () => undefined;
  const subscribe = (_filter: string, handle: MessageHandler): void => {
    handler = handle;
  };
  desk.attach({ subscribe }, "vitrine");
  const message = (id: string): LinkMessage => ({ topic: "", text: text(id), retained: false });
  await handler(message("r1"));
  disk.hasRoom = false;
  const outcome = handler(message("r2"));
  assert.ok(outcome instanceof Promise, "a throw out of the handler ends the process");
  await assert.rejects(outcome, { code: "DISK_FULL" });
});

test("a receipt that would not fit into a batch, or is of no year, is refused", () => {
  const { desk, text } = openDesk();
  const line = (sku: string) => ({ sku, department: sku, units: 1, netMinor: 100 });
  const lines = (sku: string) => ({ lines: Array.from({ length: 256 }, () => line(sku)) });
  assert.equal(desk.takeText(text("r1", lines("9".repeat(40)))).kind, "taken");
  assert.equal(desk.takeText(text("r2", lines("文".repeat(64)))).kind, "invalid");
  const paidAt = "0000-01-01T00:00:00+14:00";
  assert.equal(desk.takeText(text("r3", { paidAt })).kind, "invalid");
});

test("a receipt that is too large is refused with the field and the way out of it, and counted", () => {
  const { desk, text } = openDesk();
  const line = { sku: "x".repeat(64), department: "文".repeat(60), units: 1, netMinor: 1 };
  // The first is one that could be read, the second not even that.
  for (const count of [250, 4_000]) {
    const outcome = desk.takeText(text("r1", { lines: Array.from({ length: count }, () => line) }));
    assert.ok(outcome.kind === "invalid");
    assert.equal(outcome.faults[0]?.path, "lines");
    assert.match(outcome.faults[0].expected, /^at most 61440 bytes in all: fewer lines/);
  }
  assert.equal(desk.counts.invalid, 2);
  assert.match(desk.counts.lastFault ?? "", /^lines: expected at most 61440 bytes/);
  assert.equal(desk.takeText(text("r1")).kind, "taken", "without its lines it counts");
});

test("of an import that the disk did not take whole, nothing is told as taken, and it may be repeated", () => {
  const { desk, disk } = openDesk();
  const receipts = ["r1", "r2"].map((receiptId) => ({
    receiptId,
    transactionKind: "sale" as const,
    paidAt: epochMs(0),
    netMinor: 100,
    units: 1,
  }));
  disk.hasRoom = false;
  assert.throws(() => desk.takeImported(receipts), { code: "DISK_FULL" });
  disk.hasRoom = true;
  assert.deepEqual(
    desk.takeImported(receipts).map(({ kind }) => kind),
    ["taken", "taken"],
  );
  assert.deepEqual(
    desk.takeImported(receipts).map(({ kind }) => kind),
    ["known", "known"],
  );
});
