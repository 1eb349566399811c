import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { epochMs } from "../core/brand.ts";
import { NO_TALLY, planCommit, settle, storeChanges, type Tally } from "./plan-commit.ts";
import type { BatchRecord } from "./repository.ts";

const HOUR = 3_600_000;

const event = (n: number, storeId = "s"): BatchRecord => ({
  ...{ kind: "event", storeId, at: epochMs(n * 1000), id: `e${n}` },
  ...{ type: "vitrine.entered", body: "{}" },
});

/** What a stream holds at each number; a gap may later stand for numbers that had been events. */
type Cell = "event" | "aside" | "shed";
const cells = fc.array(fc.constantFrom<Cell>("event", "event", "aside", "shed"), {
  minLength: 1,
  maxLength: 40,
});

/** Records of the numbers `first` to `last`; neighbours that were shed make one gap. */
function recordsOf(stream: readonly Cell[], first: number, last: number): BatchRecord[] {
  const records: BatchRecord[] = [];
  for (let n = first; n <= last; n += 1) {
    const cell = stream[n - 1];
    const before = records.at(-1);
    if (cell === "event") records.push(event(n));
    else if (cell === "aside") records.push({ kind: "quarantined", reason: "r", body: "{}" });
    else if (before?.kind === "gap") records[records.length - 1] = { ...before, to: n };
    else records.push({ kind: "gap", from: n, to: n, why: "cap" });
  }
  return records;
}

const total = (tally: Tally): number => tally.stored + tally.known + tally.shed + tally.quarantined;

test("whatever batches come in whatever order, each number is accounted for once and in order", () => {
  const part = fc.record({
    first: fc.integer({ min: 1, max: 40 }),
    length: fc.integer({ min: 1, max: 15 }),
    // The gateway may have shed more by the time it sends a part again.
    shedUpTo: fc.integer({ min: 0, max: 40 }),
  });
  fc.assert(
    fc.property(cells, fc.array(part, { maxLength: 40 }), (stream, parts) => {
      let tally = NO_TALLY;
      const seen: number[] = [];
      for (const { first, length, shedUpTo } of parts) {
        const last = Math.min(stream.length, first + length - 1);
        if (first > last) continue;
        const now = stream.map((cell, index): Cell => (index < shedUpTo ? "shed" : cell));
        const plan = planCommit({ first, records: recordsOf(now, first, last) }, tally);
        assert.equal(plan.need, first > tally.seq + 1 ? tally.seq + 1 : null);
        seen.push(...plan.events.map(({ seq }) => seq), ...plan.quarantined.map(({ seq }) => seq));
        for (const { from, to, n } of plan.gaps) {
          assert.equal(n, to - from + 1);
          for (let seq = from; seq <= to; seq += 1) seen.push(seq);
        }
        assert.ok(plan.after.seq >= tally.seq);
        tally = plan.after;
        assert.equal(total(tally), tally.seq);
      }
      const sorted = [...seen].sort((a, b) => a - b);
      assert.deepEqual(
        sorted,
        Array.from({ length: tally.seq }, (_, index) => index + 1),
      );
    }),
    { numRuns: 500 },
  );
});

test("a batch that was committed plans nothing", () => {
  fc.assert(
    fc.property(cells, (stream) => {
      const batch = { first: 1, records: recordsOf(stream, 1, stream.length) };
      const { after } = planCommit(batch, NO_TALLY);
      const again = planCommit(batch, after);
      assert.deepEqual([again.events, again.gaps, again.quarantined], [[], [], []]);
      assert.deepEqual(again.after, after);
    }),
  );
});

test("events known already move from stored to known, and the sum stays", () => {
  const { after } = planCommit({ first: 1, records: [event(1), event(2), event(3)] }, NO_TALLY);
  const settled = settle(after, 2);
  assert.deepEqual([settled.seq, settled.stored, settled.known], [3, 1, 2]);
});

test("new events are gathered by store, with their hours named once and in order", () => {
  const records = [event(7200, "b"), event(1, "b"), event(3601, "a"), event(2, "b")];
  const events = records.flatMap((record, index) =>
    record.kind === "event" ? [{ seq: index + 1, record }] : [],
  );
  assert.deepEqual(storeChanges(events), [
    { storeId: "a", events: 1, firstAt: 3_601_000, lastAt: 3_601_000, hours: [HOUR] },
    { storeId: "b", events: 3, firstAt: 1000, lastAt: 7_200_000, hours: [0, 2 * HOUR] },
  ]);
});
