import assert from "node:assert/strict";
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import fc from "fast-check";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { epochMs } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import { STREAMS, type StreamName } from "../../wire/cloud-event.ts";
import { type Outbox, openOutbox } from "./outbox.ts";
import type { OutboxEntry } from "./outbox-contract.ts";

let dir = "";
let clock = new FakeClock();
const opened: Outbox[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "vitrine-outbox-"));
  clock = new FakeClock();
});
afterEach(() => {
  for (const outbox of opened.splice(0)) outbox.close();
  rmSync(dir, { recursive: true, force: true });
});

function open(capBytes = 64 * 1024 * 1024, maxAgeMs = 86_400_000): Outbox {
  const path = join(dir, "outbox.db");
  const common = { commitMs: 250, clock, log: SILENT_LOG, random: () => 0 };
  const options = { path, capBytes, maxAgeMs, ...common };
  const outbox = openOutbox(options);
  outbox.noteLine(true);
  opened.push(outbox);
  return outbox;
}

function entry(body: unknown, stream: StreamName = "journey", urgent = false): OutboxEntry {
  return { stream, body: JSON.stringify(body), urgent, receiptId: null };
}

const seqsOf = (outbox: Outbox, stream: StreamName = "journey", after = 0): number[] =>
  outbox.read(stream, after, 1_000_000).map((row) => row.seq);

test("an ordinary event is accepted only when its group is committed", () => {
  const outbox = open();
  const accepted: number[] = [];
  outbox.append(entry(1), (_, seq) => accepted.push(seq));
  outbox.append(entry(2), (_, seq) => accepted.push(seq));
  clock.advance(249);
  assert.deepEqual([accepted, seqsOf(outbox)], [[], []]);
  clock.advance(1);
  assert.deepEqual(
    [accepted, seqsOf(outbox)],
    [
      [1, 2],
      [1, 2],
    ],
  );
});

test("the sixty-fourth event commits the group at once", () => {
  const outbox = open();
  let accepted = 0;
  for (let n = 0; n < 63; n += 1) outbox.append(entry(n), () => (accepted += 1));
  assert.equal(accepted, 0);
  outbox.append(entry(63), () => (accepted += 1));
  assert.equal(accepted, 64);
});

test("an urgent event is on the disk before append returns, with what waited before it", () => {
  const outbox = open();
  const accepted: string[] = [];
  outbox.append(entry(1, "zone"), (stream, seq) => accepted.push(`${stream} ${seq}`));
  outbox.append(entry(2, "journey", true), (stream, seq) => accepted.push(`${stream} ${seq}`));
  assert.deepEqual(accepted, ["zone 1", "journey 1"]);
});

test("sequence numbers go on after a restart and after every row was deleted", () => {
  let outbox = open();
  const { epoch } = outbox;
  for (const n of [1, 2, 3]) outbox.append(entry(n, "audit", true));
  assert.equal(outbox.acknowledge("audit", 3), "new");
  clock.advance(250);
  assert.deepEqual(seqsOf(outbox, "audit"), []);
  outbox.close();
  outbox = open();
  assert.equal(outbox.epoch, epoch);
  outbox.append(entry(4, "audit", true));
  assert.deepEqual(seqsOf(outbox, "audit"), [4]);
  assert.equal(outbox.stats().streams.audit.acked, 3);
});

test("acknowledged events of the day stay readable until the day is purged", () => {
  const outbox = open();
  outbox.append(entry("old"));
  clock.advance(60_000);
  const dayStart = clock.now();
  outbox.append(entry("a", "zone"));
  outbox.append(entry("b", "journey"));
  outbox.append(entry("c", "zone", true));
  outbox.acknowledge("journey", 2);
  outbox.acknowledge("zone", 2);
  clock.advance(250);
  assert.equal(outbox.stats().waiting, 0);
  assert.deepEqual(
    [...outbox.since(dayStart)].map((body) => JSON.parse(body)),
    ["a", "b", "c"],
  );
  assert.equal([...outbox.since(epochMs(0))].length, 4);
  outbox.purge(dayStart);
  clock.advance(250);
  assert.deepEqual(
    [...outbox.since(epochMs(0))].map((body) => JSON.parse(body)),
    ["a", "b", "c"],
  );
});

test("an unacknowledged event survives the purge of its day", () => {
  const outbox = open();
  outbox.append(entry("waits", "journey", true));
  clock.advance(86_400_000);
  outbox.purge(clock.now());
  clock.advance(250);
  assert.deepEqual(seqsOf(outbox), [1]);
});

test("a read stops at the byte limit but always gives one row", () => {
  const outbox = open();
  for (let n = 0; n < 10; n += 1) outbox.append(entry("x".repeat(1000), "journey", true));
  assert.equal(outbox.read("journey", 0, 3500).length, 3);
  assert.equal(outbox.read("journey", 0, 10).length, 1);
});

test("at the cap the lowest class is shed first and stands as one gap", () => {
  const outbox = open(1_048_576);
  const body = "x".repeat(900);
  for (let n = 0; n < 400; n += 1) {
    outbox.append(entry(body, "raw"));
    outbox.append(entry(body, "journey"));
  }
  for (let n = 0; n < 400; n += 1) outbox.append(entry(body, "journey"));
  outbox.flush();
  const stats = outbox.stats();
  assert.ok(stats.streams.raw.shed > 0, "raw events were shed");
  assert.equal(stats.streams.journey.shed, 0);
  const [gap] = outbox.read("raw", 0, 1_000_000);
  assert.equal(gap?.kind, "gap");
  assert.ok(gap?.kind === "gap" && gap.last - gap.seq + 1 === stats.streams.raw.shed);
  assert.deepEqual(outbox.state.kind === "fault" && outbox.state.code, "OUTBOX_FULL");
  assert.ok(stats.bytes <= 1_048_576);
  outbox.acknowledge("raw", 1 + stats.streams.raw.shed - 1);
  assert.equal(outbox.state.kind, "ok");
});

test("acknowledged events of the day make room before anything is shed", () => {
  const outbox = open(1_048_576);
  const body = "x".repeat(900);
  for (let n = 0; n < 900; n += 1) {
    outbox.append(entry(body));
    outbox.flush();
    outbox.acknowledge("journey", n + 1);
  }
  for (let n = 0; n < 300; n += 1) outbox.append(entry(body));
  outbox.flush();
  assert.equal(outbox.stats().shed, 0);
  assert.equal(outbox.stats().waiting, 300);
});

interface Step {
  readonly stream: StreamName;
  readonly events: number;
  readonly bodyBytes: number;
  readonly ackShare: number;
  readonly isSent: boolean;
  readonly passedMs: number;
}

function takeStep(
  outbox: Outbox,
  { stream, events, bodyBytes, ackShare, isSent, passedMs }: Step,
): void {
  for (let n = 0; n < events; n += 1) outbox.append(entry("x".repeat(bodyBytes), stream));
  outbox.flush();
  const { next, acked } = outbox.stats().streams[stream];
  if (isSent) outbox.markSent(stream, Math.min(acked + 20, next - 1));
  outbox.acknowledge(stream, acked + Math.floor((next - 1 - acked) * ackShare));
  clock.advance(250 + passedMs);
}

/** Reads a stream to its end; fails on a hole. Returns the events left and the last number covered. */
function walk(outbox: Outbox, stream: StreamName): { events: number; covered: number } {
  let events = 0;
  let covered = outbox.stats().streams[stream].acked;
  for (;;) {
    const rows = outbox.read(stream, covered, 1_000_000);
    for (const row of rows) {
      assert.equal(row.seq, covered + 1, `${stream}: no hole`);
      events += row.kind === "event" ? 1 : 0;
      covered = row.kind === "gap" ? row.last : row.seq;
    }
    if (rows.length === 0) return { events, covered };
  }
}

test("produced = stored + shed, to the unit, whatever is appended, sent and acknowledged", () => {
  const step: fc.Arbitrary<Step> = fc.record({
    stream: fc.constantFrom(...STREAMS),
    events: fc.integer({ min: 1, max: 300 }),
    bodyBytes: fc.integer({ min: 10, max: 1500 }),
    ackShare: fc.constantFrom(0, 0, 0.5, 1),
    isSent: fc.boolean(),
    passedMs: fc.constantFrom(0, 0, 600_000, 3_600_000),
  });
  const shed = new Map<string, number>();
  const holds = (steps: readonly Step[]): void => {
    for (const name of readdirSync(dir)) rmSync(join(dir, name));
    const first = open(393_216, 7_200_000);
    for (const each of steps) takeStep(first, each);
    first.close();
    const outbox = open(393_216);
    const { streams, waiting, shedBy } = outbox.stats();
    let left = 0;
    for (const stream of STREAMS) {
      const produced = steps
        .filter((each) => each.stream === stream)
        .reduce((sum, each) => sum + each.events, 0);
      const { events, covered } = walk(outbox, stream);
      assert.deepEqual([covered, streams[stream].next - 1], [produced, produced], stream);
      left += events;
      let reasons = 0;
      for (const [why, n] of Object.entries(shedBy[stream])) {
        shed.set(why, (shed.get(why) ?? 0) + n);
        reasons += n;
      }
      assert.equal(reasons, streams[stream].shed, `${stream}: every shed event has a reason`);
    }
    assert.equal(left, waiting);
    outbox.close();
  };
  fc.assert(fc.property(fc.array(step, { minLength: 5, maxLength: 25 }), holds), {
    numRuns: 12,
    seed: 7,
  });
  assert.deepEqual([...shed.keys()].sort(), ["age", "cap"], "the property saw shedding");
});

test("events that waited too long while the gateway was on are shed, told as age; time without power does not count", () => {
  const hour = 3_600_000;
  let outbox = open(undefined, 24 * hour);
  outbox.append(entry("old", "zone", true));
  outbox.append(entry("old", "audit", true));
  outbox.append(entry("sent", "journey", true));
  outbox.markSent("journey", 1);
  const passHours = (hours: number): void => {
    for (let n = 0; n < hours; n += 1) {
      clock.advance(hour);
      outbox.append(entry(n, "health", true));
    }
  };
  passHours(20);
  outbox.close();
  clock = new FakeClock({ epoch: clock.now() + 1000 * hour });
  outbox = open(undefined, 24 * hour);
  passHours(3);
  assert.equal(outbox.stats().shed, 0, "23 hours of power in a thousand");
  outbox.markSent("journey", 1);
  passHours(3);
  const { shedBy } = outbox.stats();
  assert.deepEqual([shedBy.zone, shedBy.audit, shedBy.journey], [{ age: 1 }, { age: 1 }, {}]);
  const [gap] = outbox.read("zone", 0, 1000);
  assert.deepEqual([gap?.kind, gap?.kind === "gap" && gap.why], ["gap", "age"]);
  assert.equal(outbox.state.kind, "ok");
});

test("rows that may have reached the centre are not shed", () => {
  const outbox = open(1_048_576);
  const body = "x".repeat(900);
  for (let n = 0; n < 100; n += 1) outbox.append(entry(body));
  outbox.flush();
  outbox.markSent("journey", 50);
  for (let n = 0; n < 1500; n += 1) outbox.append(entry(body));
  outbox.flush();
  const rows = outbox.read("journey", 0, 1_000_000);
  assert.ok(rows.slice(0, 50).every((row) => row.kind === "event"));
  assert.equal(rows[50]?.kind, "gap");
});

test("a receipt is remembered with its event and over a restart", () => {
  let outbox = open();
  outbox.append({ ...entry("r"), receiptId: "R-1" });
  assert.equal(outbox.hasReceipt("R-1"), true, "while pending");
  outbox.close();
  outbox = open();
  assert.deepEqual([outbox.hasReceipt("R-1"), outbox.hasReceipt("R-2")], [true, false]);
});

test("a file that is no database is set aside and a new epoch begins", () => {
  writeFileSync(join(dir, "outbox.db"), "this is not a database, not even nearly".repeat(200));
  const outbox = open();
  outbox.append(entry(1, "journey", true));
  assert.deepEqual(seqsOf(outbox), [1]);
  assert.ok(readdirSync(dir).includes("outbox.db.bad-1"));
});

test("readable events of a damaged file are taken over under a new epoch", () => {
  let outbox = open();
  const { epoch } = outbox;
  for (let n = 0; n < 500; n += 1) outbox.append(entry({ n, pad: "x".repeat(200) }));
  const told = { data: { receiptId: "R-9", transactionKind: "sale" } };
  outbox.append({ ...entry(told, "audit"), receiptId: "sale R-9" });
  outbox.close();
  const file = openSync(join(dir, "outbox.db"), "r+");
  writeSync(file, Buffer.alloc(4096, 0xff), 0, 4096, 30 * 4096);
  closeSync(file);
  outbox = open();
  assert.notEqual(outbox.epoch, epoch);
  const { waiting, streams } = outbox.stats();
  assert.ok(waiting > 450 && waiting < 501, `${waiting} of 501 taken over`);
  assert.equal(streams.audit.next, 2);
  assert.equal(outbox.hasReceipt("sale R-9"), true);
  assert.ok(readdirSync(dir).includes("outbox.db.bad-1"));
});

test("an acknowledgement of numbers never given is called ahead, and a new epoch keeps the events", () => {
  const outbox = open();
  outbox.append(entry("x", "journey", true));
  const { epoch } = outbox;
  assert.equal(outbox.acknowledge("journey", 5), "ahead");
  outbox.beginNewEpoch("restored from a backup");
  assert.notEqual(outbox.epoch, epoch);
  assert.deepEqual(seqsOf(outbox), [1]);
  assert.deepEqual(
    [outbox.acknowledge("journey", 1), outbox.acknowledge("journey", 1)],
    ["new", "known"],
  );
});

test("events stamped by a clock that was ahead are forgotten with their day", () => {
  const outbox = open();
  const right = clock.now();
  clock.setWall(right + 730 * 86_400_000);
  for (let n = 0; n < 10; n += 1) outbox.append(entry(n));
  outbox.flush();
  clock.setWall(right);
  for (let n = 0; n < 500; n += 1) outbox.append(entry(n));
  outbox.append(entry("stays", "fresh"));
  outbox.flush();
  outbox.acknowledge("journey", 510);
  outbox.acknowledge("fresh", 1);
  clock.advance(3 * 86_400_000);
  outbox.append(entry("today"));
  outbox.purge(epochMs(clock.now() - 3_600_000));
  clock.advance(250);
  assert.deepEqual(
    [...outbox.since(epochMs(0))].map((body) => JSON.parse(body)),
    ["today"],
  );
});

test("events stamped by a clock that was ahead, and none behind them, are forgotten after two days switched on", () => {
  const outbox = open();
  const right = clock.now();
  clock.setWall(right + 730 * 86_400_000);
  outbox.append(entry("ahead"));
  outbox.flush();
  clock.setWall(right);
  outbox.acknowledge("journey", 1);
  const held: number[] = [];
  for (let hour = 0; hour < 50; hour += 1) {
    clock.advance(3_600_000);
    outbox.append(entry(hour, "health", true));
    outbox.purge(clock.now());
    clock.advance(250);
    held.push([...outbox.since(epochMs(0))].filter((body) => body.includes("ahead")).length);
  }
  assert.deepEqual([held[0], held[46], held[49]], [1, 1, 0]);
});

test("of the present day, nothing is forgotten because of a clock that was ahead before it", () => {
  const outbox = open();
  const dayStart = clock.now();
  const right = clock.now();
  clock.setWall(right + 730 * 86_400_000);
  outbox.append(entry("ahead"));
  outbox.flush();
  clock.setWall(right + 1000);
  outbox.append(entry("today"));
  outbox.flush();
  outbox.acknowledge("journey", 2);
  outbox.purge(dayStart);
  clock.advance(250);
  assert.equal([...outbox.since(epochMs(0))].length, 2);
});

test("an event larger than a message is refused, told in a gap, and holds nothing up", () => {
  const lines: unknown[] = [];
  const log = { ...SILENT_LOG, error: (fields: unknown) => lines.push(fields) };
  const options = { path: join(dir, "outbox.db"), capBytes: 1e8, commitMs: 250 };
  const outbox = openOutbox({ ...options, clock, log, random: () => 0 });
  opened.push(outbox);
  outbox.append(entry("before"));
  assert.equal(outbox.append(entry("x".repeat(140_000), "journey", true)), false);
  clock.advance(250);
  assert.equal(outbox.append(entry("é".repeat(40_000), "zone")), false);
  clock.advance(250);
  outbox.append(entry("after", "journey", true));
  const [first, gap, last] = outbox.read("journey", 0, 1_000_000);
  assert.deepEqual(
    [first?.kind, gap?.kind === "gap" && [gap.seq, gap.last, gap.why], last?.seq],
    ["event", [2, 2, "size"], 3],
  );
  const { shedBy, streams } = outbox.stats();
  assert.deepEqual([shedBy.journey, shedBy.zone], [{ size: 1 }, { size: 1 }]);
  assert.deepEqual([streams.journey.next, streams.zone.next], [4, 2]);
  assert.equal(lines.length, 2);
  assert.ok(!JSON.stringify(lines).includes("xxx"));
});

test("a second process cannot open the same outbox", () => {
  open().append(entry(1, "journey", true));
  assert.throws(
    () => open(),
    (error) => error instanceof GatewayError && error.code === "OUTBOX_LOCKED",
  );
});

test("closing commits what is pending and leaves no timer", () => {
  let outbox = open();
  outbox.append(entry(1));
  outbox.close();
  assert.equal(clock.pending, 0);
  outbox = open();
  assert.deepEqual(seqsOf(outbox), [1]);
});
