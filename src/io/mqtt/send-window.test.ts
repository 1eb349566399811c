import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { gatewayId, storeId } from "../../core/brand.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import type { StreamName } from "../../wire/cloud-event.ts";
import {
  type AckMessage,
  type BatchMessage,
  batchSchema,
  LARGEST_PAYLOAD_BYTES,
} from "../../wire/envelopes.ts";
import { type Outbox, openOutbox } from "../outbox/outbox.ts";
import { eventHash } from "./event-hash.ts";
import { SendWindow } from "./send-window.ts";

let dir = "";
let clock = new FakeClock();
let outbox: Outbox;
let window: SendWindow;
let sent: BatchMessage[] = [];
let largestBytes = 0;
let epochs = 0;
let dead: string[] = [];
let isClockUnset = false;
/** What the broker does with a batch. */
let answer: (onDone: (error: Error | null) => void) => void = (onDone) => onDone(null);

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "vitrine-window-"));
  clock = new FakeClock();
  sent = [];
  largestBytes = 0;
  epochs = 0;
  dead = [];
  isClockUnset = false;
  answer = (onDone) => onDone(null);
  outbox = openOutbox({
    path: join(dir, "outbox.db"),
    capBytes: 8_388_608,
    commitMs: 250,
    clock,
    log: SILENT_LOG,
    random: () => 0,
  });
  window = windowOn(outbox);
});

function windowOn(store: Outbox): SendWindow {
  return new SendWindow({
    outbox: store,
    clock,
    gatewayId: gatewayId("gw1"),
    storeId: storeId("shop1"),
    boot: "b1",
    hash: eventHash,
    send: (text, onDone) => {
      sent.push(batchSchema.parse(JSON.parse(text)));
      largestBytes = Math.max(largestBytes, Buffer.byteLength(text));
      answer(onDone);
    },
    onEpoch: () => {
      epochs += 1;
    },
    onDead: (why) => dead.push(why),
    isClockUnset: () => isClockUnset,
  });
}
afterEach(() => {
  outbox.close();
  rmSync(dir, { recursive: true, force: true });
});

function add(events: number, stream: StreamName = "journey", bytes = 100): void {
  for (let n = 0; n < events; n += 1) {
    outbox.append({
      stream,
      body: JSON.stringify({ x: "é".repeat(bytes / 2) }),
      urgent: false,
      receiptId: null,
    });
  }
  outbox.flush();
}

function ack(seq: Record<string, number>, more: Partial<AckMessage> = {}): boolean {
  return window.take({ v: 1, epoch: outbox.epoch, seq, need: null, pauseMs: 0, ...more });
}

const firstAndCount = (): number[][] => sent.map((batch) => [batch.first, batch.ev.length]);
const firsts = (): number[] => sent.map((batch) => batch.first);

test("nothing is sent before the link is up, then journeys go first", () => {
  add(3, "zone");
  add(2, "journey");
  window.pump();
  assert.equal(sent.length, 0);
  window.open();
  assert.deepEqual(
    sent.map((b) => [b.stream, b.first, b.ev.length]),
    [
      ["journey", 1, 2],
      ["zone", 1, 3],
    ],
  );
});

test("a backlog begins with eight batches of at most 64 KiB under way, and quick acknowledgements let out more", () => {
  add(3000, "journey", 1000);
  window.open();
  assert.equal(sent.length, 8);
  assert.ok(largestBytes <= LARGEST_PAYLOAD_BYTES, `${largestBytes} bytes`);
  ack({ journey: (sent[1]?.first ?? 0) - 1 });
  assert.equal(sent.length, 10);
});

test("acknowledgements that stood in a queue let out less, in smaller batches", () => {
  add(3000, "journey", 1000);
  window.open();
  clock.advance(20);
  ack({ journey: (sent[1]?.first ?? 0) - 1 });
  const before = window.budgetBytes;
  for (let n = 0; n < 12; n += 1) {
    clock.advance(900);
    ack({ journey: (sent.at(-1)?.first ?? 0) - 1 });
  }
  assert.ok(window.budgetBytes < before / 4, `${window.budgetBytes} of ${before}`);
  assert.ok((sent.at(-1)?.ev.length ?? 0) < (sent[0]?.ev.length ?? 0) / 2);
});

test("a broker that takes few messages unacknowledged is not given more", () => {
  answer = () => undefined;
  add(3000, "journey", 1000);
  window.open(7);
  assert.equal(sent.length, 1, "four places for others, two for what is fresh");
});

test("while a backlog is brought in, what happens now goes before it", () => {
  add(2000, "journey", 1000);
  assert.equal(window.streamFor("journey"), "journey", "without a line it is the backlog");
  window.open();
  ack({ journey: 1 });
  assert.deepEqual(
    (["journey", "zone", "audit", "raw"] as const).map((name) => window.streamFor(name)),
    ["fresh", "fresh", "audit", "raw"],
  );
  add(1, "fresh");
  window.pump();
  assert.equal(sent.at(-1)?.stream, "fresh", "although the window is full of backlog");
  ack({ journey: 1500 });
  assert.equal(window.streamFor("zone"), "zone", "the rest is no backlog any more");
});

test("a broker that does not answer either is given up after the first stall", () => {
  answer = () => undefined;
  add(1);
  window.open();
  for (let s = 0; s < 6; s += 1) {
    clock.advance(1000);
    window.tick();
  }
  assert.deepEqual(dead, ["silent"]);
});

test("a broker that answers while the centre is away is left alone for five minutes", () => {
  add(1);
  window.open();
  const tickFor = (seconds: number): void => {
    for (let s = 0; s < seconds; s += 1) {
      clock.advance(1000);
      window.tick();
    }
  };
  tickFor(290);
  assert.deepEqual(dead, []);
  tickFor(70);
  assert.deepEqual(dead, ["deaf"]);
});

test("rows are given up only on the centre's acknowledgement", () => {
  add(3, "audit");
  window.open();
  assert.equal(
    outbox.read("audit", 0, 10_000).length,
    3,
    "sent and acknowledged by the broker only",
  );
  ack({ audit: 2 });
  clock.advance(250);
  assert.deepEqual(
    outbox.read("audit", 0, 10_000).map((row) => row.seq),
    [3],
  );
});

test("an acknowledgement of another epoch is ignored", () => {
  add(1);
  window.open();
  const foreign = "00000000-0000-4000-8000-000000000000";
  assert.equal(ack({ journey: 1 }, { epoch: foreign }), false);
  assert.equal(outbox.acked("journey"), 0);
});

test("a request goes back to the missing number once, however often it is repeated", () => {
  add(1000);
  window.open();
  const before = sent.length;
  assert.ok(before > 2);
  const need = { journey: sent[1]?.first ?? 0 };
  ack({ journey: need.journey - 1 }, { need });
  const after = sent.length;
  assert.equal(firsts().slice(before)[0], need.journey);
  ack({ journey: need.journey - 1 }, { need });
  assert.equal(sent.length, after);
});

test("numbers that were forgotten are answered with a gap, so that the stream goes on", () => {
  add(5, "audit");
  window.open();
  ack({ audit: 5 });
  clock.advance(250);
  add(1, "audit");
  window.pump();
  sent = [];
  ack({ audit: 2 }, { need: { audit: 3 } });
  const [batch] = sent;
  assert.equal(batch?.first, 3);
  assert.deepEqual(batch?.ev[0]?.["data"], { stream: "audit", from: 3, to: 5, n: 3, why: "gone" });
  assert.equal(batch?.ev.length, 2);
});

test("without acknowledgement the window goes back after five seconds, then ever more rarely", () => {
  add(1);
  window.open();
  const tickFor = (seconds: number): void => {
    for (let s = 0; s < seconds; s += 1) {
      clock.advance(1000);
      window.tick();
    }
  };
  tickFor(5);
  assert.deepEqual([sent.length, window.isStalled], [1, false]);
  tickFor(1);
  assert.deepEqual([sent.length, window.isStalled], [2, true]);
  tickFor(10);
  assert.equal(sent.length, 2);
  tickFor(1);
  assert.equal(sent.length, 3);
  ack({ journey: 1 });
  assert.equal(window.isStalled, false);
});

test("an idle window does not stall", () => {
  add(1);
  window.open();
  ack({ journey: 1 });
  clock.advance(600_000);
  window.tick();
  add(1);
  window.pump();
  window.tick();
  assert.deepEqual([firsts(), window.isStalled], [[1, 2], false]);
});

test("a pause the centre asks for is kept", () => {
  add(1);
  window.open();
  ack({ journey: 1 }, { pauseMs: 3000 });
  add(1);
  window.pump();
  assert.equal(sent.length, 1);
  clock.advance(3000);
  window.tick();
  assert.equal(sent.length, 2);
});

test("after a lost connection everything not acknowledged is sent again", () => {
  add(10);
  window.open();
  ack({ journey: 4 });
  window.close();
  add(1);
  window.pump();
  sent = [];
  window.open();
  assert.deepEqual(
    sent.map((b) => [b.first, b.ev.length]),
    [[5, 7]],
  );
});

test("an old copy of the outbox begins a new epoch instead of reusing numbers", () => {
  add(2);
  window.open();
  const { epoch } = outbox;
  ack({ journey: 50 });
  assert.notEqual(outbox.epoch, epoch);
  assert.equal(epochs, 1);
  assert.deepEqual(
    [sent.at(-1)?.epoch, sent.at(-1)?.first, sent.at(-1)?.ev.length],
    [outbox.epoch, 1, 2],
  );
});

test("a backlog is marked as history, fresh events are not", () => {
  add(1);
  clock.advance(31_000);
  window.open();
  ack({ journey: 1 });
  add(1);
  window.pump();
  assert.deepEqual(
    sent.map((b) => b.hist),
    [true, false],
  );
});

test("what is recorded before the clock is set waits for it, and nothing else does", () => {
  add(2);
  isClockUnset = true;
  const later = windowOn(outbox);
  add(3);
  later.open();
  assert.deepEqual(firstAndCount(), [[1, 2]], "what an earlier life recorded goes out");
  isClockUnset = false;
  later.tick();
  assert.deepEqual(firstAndCount(), [
    [1, 2],
    [3, 3],
  ]);
});

test("held rows are not called gone when numbers before them are asked for again", () => {
  isClockUnset = true;
  add(100, "raw");
  const held = windowOn(outbox);
  held.open();
  const take = (seq: number | null, need: number | null): boolean =>
    held.take({
      ...{ v: 1, epoch: outbox.epoch, seq: seq === null ? {} : { raw: seq }, pauseMs: 0 },
      need: need === null ? null : { raw: need },
    });
  take(100, null);
  clock.advance(5000);
  add(5, "raw");
  held.pump();
  sent = [];
  take(null, 95);
  assert.equal(sent.length, 0, "a late answer to a batch that was sent twice");
  take(94, 95);
  const [gap] = sent.flatMap((batch) => batch.ev);
  const { from, to, why } = (gap as { data: Record<string, unknown> }).data;
  assert.deepEqual([sent.length, from, to, why], [1, 95, 100, "gone"]);
});

test("a centre that has other events under these numbers makes the outbox begin a new epoch", () => {
  add(10);
  window.open();
  const { epoch } = outbox;
  ack({ journey: 10 }, { renew: true });
  assert.notEqual(outbox.epoch, epoch);
  assert.deepEqual([epochs, outbox.acked("journey")], [1, 0]);
  assert.deepEqual(firstAndCount(), [
    [1, 10],
    [1, 10],
  ]);
});

test("of a pause that has no end ten minutes are kept", () => {
  add(1);
  window.open();
  ack({ journey: 1 }, { pauseMs: 1e15 });
  add(1);
  clock.advance(599_999);
  window.tick();
  assert.equal(sent.length, 1);
  clock.advance(1);
  window.tick();
  assert.equal(sent.length, 2);
});

test("a clock that is never set holds events for ten minutes", () => {
  isClockUnset = true;
  window.open();
  add(1);
  clock.advance(599_999);
  window.tick();
  assert.equal(sent.length, 0);
  clock.advance(1);
  window.tick();
  assert.equal(sent.length, 1);
});
