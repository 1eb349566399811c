import assert from "node:assert/strict";
import {
  closeSync,
  copyFileSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import { STREAMS, type StreamName } from "../../wire/cloud-event.ts";
import { openOutboxFile } from "./open-outbox-file.ts";
import { type Outbox, openOutbox } from "./outbox.ts";
import { OutboxFile } from "./outbox-file.ts";
import { Salvage } from "./salvage.ts";

const HOUR_MS = 3_600_000;
let dir = "";
let path = "";
let clock = new FakeClock();
const opened: Outbox[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "vitrine-salvage-"));
  path = join(dir, "outbox.db");
  clock = new FakeClock();
});
afterEach(() => {
  for (const outbox of opened.splice(0)) outbox.close();
  rmSync(dir, { recursive: true, force: true });
});

function open(capBytes = 64e6, maxAgeMs = 24 * HOUR_MS): Outbox {
  const common = { commitMs: 250, clock, log: SILENT_LOG, random: () => 0 };
  const outbox = openOutbox({ path, capBytes, maxAgeMs, ...common });
  outbox.noteLine(true);
  opened.push(outbox);
  return outbox;
}

function add(outbox: Outbox, events: number, stream: StreamName = "journey"): void {
  const { next } = outbox.stats().streams[stream];
  outbox.together(() => {
    for (let n = 0; n < events; n += 1) {
      const body = JSON.stringify({ n: next + n, pad: "x".repeat(300) });
      outbox.append({ stream, body, urgent: false, receiptId: null });
    }
  });
}

/** Fills pages of the (closed) file with rubbish; the first ones tell what it is. */
function damage(fromPage: number, pages = 1): void {
  const file = openSync(path, "r+");
  writeSync(file, Buffer.alloc(4096 * pages, 0x5a), 0, 4096 * pages, fromPage * 4096);
  closeSync(file);
}

interface Content {
  readonly events: readonly number[];
  /** Numbers that gaps stand for, by reason. */
  readonly gone: Readonly<Record<string, number>>;
}

/** Reads a stream behind what is acknowledged; fails on a hole. */
function contentOf(outbox: Outbox, stream: StreamName = "journey"): Content {
  const events: number[] = [];
  const gone: Record<string, number> = {};
  let after = outbox.acked(stream);
  for (;;) {
    const rows = outbox.read(stream, after, 1_000_000);
    for (const row of rows) {
      assert.equal(row.seq, after + 1, "no hole");
      after = row.kind === "gap" ? row.last : row.seq;
      if (row.kind === "event") events.push((JSON.parse(row.body) as { n: number }).n);
      else gone[row.why] = (gone[row.why] ?? 0) + row.last - row.seq + 1;
    }
    if (rows.length === 0) break;
  }
  assert.equal(after, outbox.committed(stream));
  return { events, gone };
}

test("what cannot be read of a damaged file is told in gaps, to the unit", () => {
  let outbox = open();
  add(outbox, 3000);
  const { epoch } = outbox;
  outbox.close();
  damage(100, 3);
  outbox = open();
  assert.notEqual(outbox.epoch, epoch);
  const { events, gone } = contentOf(outbox);
  assert.equal(new Set(events).size, events.length);
  assert.ok(events.length > 2900 && events.length < 3000, `${events.length} of 3000`);
  assert.equal(events.length + (gone["corrupt"] ?? 0), 3000);
  const { shed, shedBy, streams } = outbox.stats();
  assert.deepEqual([shed, shedBy.journey, streams.journey.next - 1], [gone["corrupt"], gone, 3000]);
  const { replaced } = outbox;
  assert.deepEqual(
    [replaced?.salvaged, replaced?.unreadable, replaced?.isEstimated],
    [events.length, gone["corrupt"], false],
  );
});

test("of a file whose newest rows cannot be read, their number is concluded and said to be", () => {
  let outbox = open();
  add(outbox, 2000);
  outbox.acknowledge("journey", 10);
  clock.advance(900_000);
  add(outbox, 1);
  outbox.close();
  // All pages but the first, where the schema is.
  const pages = Math.floor(statSync(path).size / 4096) - 20;
  damage(20, pages);
  outbox = open();
  const { events, gone } = contentOf(outbox);
  assert.equal(outbox.replaced?.isEstimated, true);
  assert.ok(events.length < 500);
  assert.ok(events.length + (gone["corrupt"] ?? 0) >= 1990, "a mark of the time told most of them");
});

test("a new epoch takes gaps, what was shed and the age of events along", () => {
  const outbox = open(1_048_576);
  add(outbox, 300, "zone");
  for (let n = 0; n < 20; n += 1) {
    clock.advance(HOUR_MS);
    add(outbox, 1, "health");
  }
  add(outbox, 3000);
  const before = outbox.stats();
  const gaps = contentOf(outbox).gone;
  assert.ok(before.shed > 0 && (gaps["cap"] ?? 0) > 0);
  outbox.beginNewEpoch("a test");
  const after = outbox.stats();
  assert.deepEqual(
    [after.waiting, after.shed, after.shedBy, contentOf(outbox).gone],
    [before.waiting, before.shed, before.shedBy, gaps],
  );
  for (let n = 0; n < 5; n += 1) {
    clock.advance(HOUR_MS);
    add(outbox, 1, "health");
  }
  const aged = outbox.stats().shedBy.zone["age"] ?? 0;
  assert.equal(aged + (before.shedBy.zone["cap"] ?? 0), 300, "25 hours after they came");
});

test("a gap that the centre was told in part is taken over without that part", () => {
  const outbox = open(400_000);
  add(outbox, 3000);
  const [gap] = outbox.read("journey", 0, 1000);
  assert.equal(gap?.kind, "gap");
  outbox.acknowledge("journey", 5);
  const { waiting, shed } = outbox.stats();
  const before = contentOf(outbox);
  outbox.beginNewEpoch("a test");
  assert.deepEqual(contentOf(outbox), before);
  assert.deepEqual([outbox.stats().waiting, outbox.stats().shed], [waiting, shed]);
});

/** Leaves the files as they are when the taking over is cut off after so many steps. */
function cutOff(steps: number): void {
  const options = { path, capBytes: 64e6, clock };
  let left = steps;
  assert.throws(
    () =>
      openOutboxFile({
        ...options,
        onStep: () => {
          if (left === 0) throw new RangeError("cut off");
          left -= 1;
        },
      }),
    RangeError,
  );
}

test("a taking over that was cut off goes on where it was", () => {
  let outbox = open();
  add(outbox, 6000);
  add(outbox, 700, "zone");
  outbox.close();
  damage(150);
  cutOff(3);
  cutOff(5);
  outbox = open();
  const { events, gone } = contentOf(outbox);
  assert.equal(new Set(events).size, events.length);
  assert.equal(events.length + (gone["corrupt"] ?? 0), 6000);
  assert.equal(contentOf(outbox, "zone").events.length, 700);
  assert.equal(outbox.stats().waiting, events.length + 700);
});

test("a file damaged before all was taken over into it leaves the rest to the next one", () => {
  let outbox = open();
  add(outbox, 6000);
  outbox.close();
  damage(150);
  cutOff(6);
  damage(60);
  outbox = open();
  const { events, gone } = contentOf(outbox);
  assert.equal(new Set(events).size, events.length);
  assert.equal(events.length + (gone["corrupt"] ?? 0), 6000);
  assert.ok(events.length > 5900);
});

for (const where of ["made in part", "made", "journal moved", "file moved"] as const) {
  test(`a change of files that was cut off is brought to its end: ${where}`, () => {
    let outbox = open();
    add(outbox, 2000);
    // As after a loss of power: with a journal beside the file.
    for (const suffix of ["", "-wal"]) copyFileSync(path + suffix, join(dir, `cut${suffix}`));
    outbox.close();
    for (const suffix of ["", "-wal"]) renameSync(join(dir, `cut${suffix}`), path + suffix);
    if (where === "made in part") {
      writeFileSync(`${path}.new`, Buffer.alloc(8192, 1));
    } else {
      cutOffBeforeRenames();
      if (where !== "made") renameSync(`${path}-wal`, `${path}.bad-1-wal`);
      if (where === "file moved") renameSync(path, `${path}.bad-1`);
    }
    outbox = open();
    assert.equal(contentOf(outbox).events.length, 2000);
    assert.ok(!readdirSync(dir).includes("outbox.db.new"));
  });
}

/** Makes the new file as a replacement does, and leaves the old ones where they are. */
function cutOffBeforeRenames(): void {
  const file = new OutboxFile(`${path}.new`, 64e6);
  const work = { aside: "outbox.db.bad-1", stream: 0, after: null, shift: {}, used: 0, base: 0 };
  const tally = { at: 0, why: "x", salvaged: 0, unreadable: 0, isEstimated: false };
  file.saveNote("salvage", JSON.stringify({ ...tally, works: [work] }));
  assert.notEqual(Salvage.of(file, dir, 64e6), null);
  file.close();
}

test("a copy of the outbox that was brought back knows that the centre has more than it ever sent", () => {
  let outbox = open();
  add(outbox, 100);
  outbox.acknowledge("journey", 100);
  outbox.close();
  copyFileSync(path, join(dir, "backup"));
  outbox = open();
  add(outbox, 50);
  outbox.acknowledge("journey", 150);
  outbox.close();
  renameSync(join(dir, "backup"), path);
  // Twice without a line: what it recorded meanwhile was never sent.
  for (let life = 0; life < 2; life += 1) {
    const common = { commitMs: 250, clock, log: SILENT_LOG, random: () => 0 };
    outbox = openOutbox({ path, capBytes: 64e6, ...common });
    add(outbox, 30);
    if (life === 0) outbox.close();
  }
  opened.push(outbox);
  assert.equal(outbox.hasUnsent, true);
  assert.equal(outbox.acknowledge("journey", 150), "ahead");
  outbox.beginNewEpoch("it is ahead");
  const fresh = contentOf(outbox).events.filter((n) => n > 100);
  assert.deepEqual(
    fresh,
    Array.from({ length: 60 }, (_, n) => 101 + n),
  );
});

test("what was sent before a crash may be acknowledged after it", () => {
  const outbox = open();
  add(outbox, 50);
  for (const suffix of ["", "-wal"]) copyFileSync(path + suffix, join(dir, `cut${suffix}`));
  outbox.close();
  for (const suffix of ["", "-wal"]) renameSync(join(dir, `cut${suffix}`), path + suffix);
  const common = { commitMs: 250, clock, log: SILENT_LOG, random: () => 0 };
  const next = openOutbox({ path, capBytes: 64e6, ...common });
  opened.push(next);
  assert.equal(next.hasUnsent, false);
  assert.equal(next.acknowledge("journey", 50), "new");
});

test("every stream of a sound file is taken over whole", () => {
  const outbox = open();
  for (const stream of STREAMS) add(outbox, 1234, stream);
  outbox.beginNewEpoch("a test");
  for (const stream of STREAMS) assert.equal(contentOf(outbox, stream).events.length, 1234);
});
